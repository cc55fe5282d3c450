/* p256-m refers to a random source for key generation, which this build never does: it fails, always. */
#include <psa/crypto.h>

psa_status_t psa_generate_random(uint8_t *output, size_t output_size)
{
  (void)output;
  (void)output_size;
  return PSA_ERROR_NOT_SUPPORTED;
}
