/* Behind the call gate: every request comes here with a service number and three words, none of them trusted. */
#include "engine/counter.h"
#include "engine/states.h"

#include <string.h>

struct engine_state engine;
struct crypto_cbc engine_cbc __attribute__((section(".secret")));

const struct engine_slot *engine_slot(uintptr_t image)
{
  if (image < 1 || image > engine_board.images || image > ENGINE_IMAGES)
    return NULL;
  return &engine_board.image[image - 1];
}

/* A caller's buffer: not empty, not wrapping, and outside everything that is the engine's. */
pc_status engine_outside(uintptr_t at, uintptr_t size)
{
  if (at == 0 || size == 0 || size - 1 > UINTPTR_MAX - at)
    return PC_ERR_PARAM;
  for (uint32_t i = 0; i < sizeof engine_board.own / sizeof engine_board.own[0]; i++) {
    const struct engine_range *own = &engine_board.own[i];
    if (own->size != 0 && at <= own->base + (own->size - 1) && at + (size - 1) >= own->base)
      return PC_ERR_PARAM;
  }
  return PC_OK;
}

static pc_status init(void)
{
  if (engine.ready == ENGINE_YES)
    return PC_ERR_STATE;
  memset(&engine, 0, sizeof engine);
  pc_status status = log_open(&engine.journal, &engine_board.journal);
  if (status == PC_OK)
    status = counter_open();
  for (uint32_t i = 0; i < ENGINE_IMAGES; i++)
    if (engine.minimum[i] < engine_board.minimum)
      engine.minimum[i] = engine_board.minimum; /* the board's own counts, too */
  if (status != PC_OK)
    return status;
  engine.open = ENGINE_YES;
  engine.ready = ENGINE_YES;
  return PC_OK;
}

void engine_describe(const uint8_t *header, const struct image_info *info, struct engine_image_info *out)
{
  out->version = info->version;
  out->size = info->size;
  out->protocol = info->protocol;
  out->product = info->product;
  memcpy(out->tag, header + IMAGE_AT_TAG, IMAGE_TAG_SIZE);
}

/* An image that runs was authenticated at this reset: what was found then is told without another verification. */
static pc_status get_info(uintptr_t image, struct engine_image_info *out)
{
  uint8_t *header = engine.verify.header;
  struct image_info info;
  if (engine_slot(image) == NULL)
    return PC_ERR_PARAM;
  if ((engine.verified >> (image - 1) & 1u) != 0) {
    *out = engine.running[image - 1];
    return PC_OK;
  }
  if (ENGINE_IMAGES > 1 && engine.open != ENGINE_YES && engine.verified != 0)
    return PC_ERR_BLANK;   /* all that is there was authenticated: a header without its image counts for nothing here */
  engine.verify.image = 0; /* its header buffer is used here */
  pc_status status = engine_header_load((uint32_t)image, ENGINE_SOURCE_ACTIVE, header);
  if (status == PC_OK)
    status = engine_header_check(header, &info);
  if (status != PC_OK)
    return PC_ERR_BLANK;
  engine_describe(header, &info, out);
  return PC_OK;
}

/* The states are not signed: they are told as they are read. */
static pc_status get_state(uintptr_t image, uint32_t *state)
{
  if (engine_slot(image) == NULL)
    return PC_ERR_PARAM;
  engine.verify.image = 0;
  pc_status status = engine_header_load((uint32_t)image, ENGINE_SOURCE_ACTIVE, engine.verify.header);
  if (status == PC_OK)
    *state = engine_states.read(engine.verify.header);
  return status;
}

/* A caller's header is judged in our RAM, where nobody changes it meanwhile. */
pc_status engine_check_header(const uint8_t *header, struct image_info *info)
{
  engine.verify.image = 0;
  memcpy(engine.verify.header, header, IMAGE_HEADER_SIZE);
  return engine_header_check(engine.verify.header, info);
}

static pc_status check_candidate(const uint8_t *header)
{
  struct image_info info;
  uint32_t old_size;
  pc_status status = engine_check_header(header, &info);
  return status == PC_OK ? engine_rules(&info, &old_size) : status;
}

static pc_status header_write(uintptr_t image, const uint8_t *from)
{
  struct image_info info;
  engine.verified = 0; /* what was verified may be about to change */
  pc_status status = engine_check_header(from, &info);
  if (status != PC_OK)
    return status;
  if (info.image != image)
    return PC_ERR_PARAM;
  return engine_header_store((uint32_t)image, engine.verify.header);
}

static pc_status validate(uintptr_t image)
{
  if (image != ENGINE_ALL_IMAGES && engine_slot(image) == NULL)
    return PC_ERR_PARAM;
  return engine_states.validate((uint32_t)image);
}

static pc_status raise_minimum(uintptr_t image)
{
  const struct engine_verify *v = &engine.verify;
  if ((engine.verified >> (image - 1) & 1u) == 0 || v->info.image != image)
    return PC_ERR_STATE;
  /* The buffer may have held another image's header meanwhile. */
  if (ENGINE_IMAGES > 1 && engine_header_load((uint32_t)image, ENGINE_SOURCE_ACTIVE, engine.verify.header) != PC_OK)
    return PC_ERR_STATE;
  uint32_t state = engine_states.read(v->header);
  if (state != IMAGE_STATE_VALID && state != IMAGE_STATE_VALID_ALL)
    return PC_OK;
  pc_status status = engine_raise_minimum(&v->info);
  /* There was room when the image was accepted; now cells have failed. That is no reason not to start it. */
  return status == PC_ERR_LOG_FULL ? PC_OK : status;
}

static pc_status decrypt_start(uintptr_t image, const uint8_t *iv)
{
  const struct engine_slot *slot = engine_slot(image);
  uint8_t key[CRYPTO_KEY_SIZE];
  uint8_t own_iv[CRYPTO_BLOCK];
  memcpy(own_iv, iv, sizeof own_iv);
  slot->encryption_key(key);
  crypto_cbc_start(&engine_cbc, key, own_iv);
  crypto_wipe(key, sizeof key);
  engine.cbc_ready = ENGINE_YES;
  return PC_OK;
}

/* The images that must have been authenticated before this one is started: itself, and all others that the board has,
 * unless nothing at all lies in their slots. */
static uint32_t images_needed(uintptr_t image)
{
  uint32_t needed = engine_bit((uint32_t)image);
  for (uint32_t n = 1; ENGINE_IMAGES > 1 && engine_slot(n) != NULL; n++) {
    const struct flash_area *active = &engine_slot(n)->slots.active;
    if (n != image && flash_is_blank(active, 0, active->size) != PC_OK)
      needed |= engine_bit(n);
  }
  return engine_bits_doubled(needed);
}

static pc_status launch(uintptr_t image, uint32_t *vectors)
{
  const struct engine_slot *slot = engine_slot(image);
  const uint32_t needed = images_needed(image);
  crypto_cbc_end(&engine_cbc);
  engine.open = ENGINE_NO;
  /* The address only comes out right if the verification ran to its end and the tags were equal: there is no single
   * branch between a refused image and a running one. */
  *vectors = slot->slots.active.base ^ engine.verify.mismatch ^ (engine.verified ^ needed) ^
             (engine.flow ^ (ENGINE_FLOW_START + ENGINE_FLOW_SIGNATURE + ENGINE_FLOW_TAG));
  if (ENGINE_IMAGES > 1) /* flow and mismatch are those of the last verification */
    *vectors ^= engine.verify.info.image ^ image;
  if (engine.verified != needed || (ENGINE_IMAGES > 1 && engine.verify.info.image != image))
    return PC_ERR_STATE;
  if (engine.verify.mismatch != 0 || engine.flow != ENGINE_FLOW_START + ENGINE_FLOW_SIGNATURE + ENGINE_FLOW_TAG)
    return PC_ERR_FLOW;
  return PC_OK;
}

static pc_status boot_service(uint32_t service, uintptr_t a, uintptr_t b, uintptr_t c)
{
  const bool has_image = service == ENGINE_HEADER_READ || service == ENGINE_HEADER_WRITE ||
                         service == ENGINE_DECRYPT_START || service == ENGINE_VERIFY_START ||
                         service == ENGINE_LAUNCH || service == ENGINE_SET_STATE || service == ENGINE_RAISE_MINIMUM;
  if (has_image && engine_slot(a) == NULL)
    return PC_ERR_PARAM;
  switch (service) {
  case ENGINE_HEADER_READ:
    if (engine_outside(b, IMAGE_HEADER_SIZE) != PC_OK)
      return PC_ERR_PARAM;
    return engine_header_load((uint32_t)a, ENGINE_SOURCE_ACTIVE, (uint8_t *)b);
  case ENGINE_HEADER_WRITE:
    if (engine_outside(b, IMAGE_HEADER_SIZE) != PC_OK)
      return PC_ERR_PARAM;
    return header_write(a, (const uint8_t *)b);
  case ENGINE_JOURNAL_GET:
    if (engine_outside(b, 4) != PC_OK || (b & 3u) != 0)
      return PC_ERR_PARAM;
    *(uint32_t *)b = engine.journal.last;
    return PC_OK;
  case ENGINE_JOURNAL_PUT:
    engine.verified = 0;
    return log_put(&engine.journal, (uint32_t)a);
  case ENGINE_JOURNAL_CONFIRM:
    return log_confirm(&engine.journal);
  case ENGINE_DECRYPT_START:
    if (engine_outside(b, CRYPTO_BLOCK) != PC_OK)
      return PC_ERR_PARAM;
    return decrypt_start(a, (const uint8_t *)b);
  case ENGINE_DECRYPT:
    if (engine_outside(a, c) != PC_OK || engine_outside(b, c) != PC_OK || engine.cbc_ready != ENGINE_YES)
      return PC_ERR_PARAM;
    return crypto_cbc_decrypt(&engine_cbc, (const uint8_t *)a, (uint8_t *)b, c);
  case ENGINE_VERIFY_START:
    if (engine_outside(c, 4) != PC_OK || (c & 3u) != 0)
      return PC_ERR_PARAM;
    return engine_verify_start((uint32_t)a, (uint32_t)b, (uint32_t *)c);
  case ENGINE_VERIFY_STEP:
    if (engine_outside(b, 4) != PC_OK || (b & 3u) != 0)
      return PC_ERR_PARAM;
    return engine_verify_step((uint32_t)a, (uint32_t *)b);
  case ENGINE_VERIFY_END:
    return engine_verify_end();
  case ENGINE_LAUNCH:
    if (engine_outside(b, 4) != PC_OK || (b & 3u) != 0)
      return PC_ERR_PARAM;
    return launch(a, (uint32_t *)b);
  case ENGINE_HEADER_CHECK: {
    struct image_info info;
    return engine_outside(a, IMAGE_HEADER_SIZE) == PC_OK ? engine_check_header((const uint8_t *)a, &info)
                                                         : PC_ERR_PARAM;
  }
  case ENGINE_SET_STATE:
    return engine_states.set((uint32_t)a, (uint32_t)b);
  case ENGINE_RAISE_MINIMUM:
    return raise_minimum(a);
  case ENGINE_VERIFY_RECEIVED:
    return engine_outside(a, IMAGE_HEADER_SIZE) == PC_OK ? engine_verify_received((const uint8_t *)a) : PC_ERR_PARAM;
  case ENGINE_LOCK:
    crypto_cbc_end(&engine_cbc);
    engine.open = ENGINE_NO;
    return PC_OK;
  default:
    return PC_ERR_PARAM;
  }
}

pc_status engine_dispatch(uint32_t service, uintptr_t a, uintptr_t b, uintptr_t c);
pc_status engine_dispatch(uint32_t service, uintptr_t a, uintptr_t b, uintptr_t c)
{
  if (service == ENGINE_INIT)
    return init();
  if (engine.ready != ENGINE_YES)
    return PC_ERR_STATE;
  switch (service) {
  case ENGINE_GET_INFO:
    if (engine_outside(b, sizeof(struct engine_image_info)) != PC_OK || (b & 3u) != 0)
      return PC_ERR_PARAM;
    return get_info(a, (struct engine_image_info *)b);
  case ENGINE_GET_STATE:
    if (engine_outside(b, 4) != PC_OK || (b & 3u) != 0)
      return PC_ERR_PARAM;
    return get_state(a, (uint32_t *)b);
  case ENGINE_VALIDATE:
    return validate(a);
  case ENGINE_CHECK_CANDIDATE:
    if (engine_outside(a, IMAGE_HEADER_SIZE) != PC_OK)
      return PC_ERR_PARAM;
    return check_candidate((const uint8_t *)a);
  case ENGINE_PATCH_BEGIN:
  case ENGINE_PATCH_TARGET:
  case ENGINE_PATCH_DATA:
  case ENGINE_PATCH_END:
  case ENGINE_IN_PLACE_START:
  case ENGINE_IN_PLACE_STEP:
    return engine_patch(service, a, b);
  default:
    break;
  }
  if (engine.open != ENGINE_YES)
    return PC_ERR_STATE;
  return boot_service(service, a, b, c);
}
