/* A request ended in a fault inside the engine (the port's gate caught it): whatever it had begun counts for nothing.
 */
#include "engine/internal.h"

pc_status engine_abort(void)
{
  if (engine.open != ENGINE_NO) /* behind the lock its place is the application's, and it was wiped before */
    crypto_cbc_end(&engine_cbc);
  engine_patch_abort();
  engine.cbc_ready = ENGINE_NO;
  engine.verify.image = 0;
  engine.verified = 0;
  return PC_ERR_PARAM; /* the port's pointer checks passed, so it led out of the memory there is */
}
