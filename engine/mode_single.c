/* A board with a single slot: an image was received straight into it, and its header becomes the active one only when
 * the image has been authenticated in full. */
#include "engine/internal.h"

#include <string.h>

pc_status engine_verify_received(const uint8_t header[IMAGE_HEADER_SIZE])
{
  struct engine_verify *v = &engine.verify;
  uint32_t old_size;
  v->image = 0;
  engine.verified = 0;
  engine.flow = 0;
  memcpy(v->header, header, IMAGE_HEADER_SIZE); /* judged in our RAM, where nobody changes it meanwhile */
  pc_status status = engine_header_check(v->header, &v->info);
  if (status == PC_OK)
    status = engine_rules(&v->info, &old_size);
  if (status != PC_OK)
    return status;
  if (engine.flow != ENGINE_FLOW_SIGNATURE + ENGINE_FLOW_RULES)
    return PC_ERR_FLOW;
  engine.flow = ENGINE_FLOW_SIGNATURE + ENGINE_FLOW_START; /* from here on as for the active image */
  crypto_hash_start(&v->hash);
  v->done = 0;
  v->mismatch = UINT32_MAX;
  v->source = ENGINE_SOURCE_ACTIVE;
  v->image = v->info.image;
  return PC_OK;
}
