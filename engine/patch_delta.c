/* Patches: the new image put together from the active one, page by page into the download slot, encrypted: all of it,
 * or only what differs from the active one (slot_writer.h). The install authenticates it as any other image.
 */
#include "delta/delta.h"
#include "engine/patch_judge.h"
#include "engine/slot_writer.h"

#include <string.h>

/* Wide constants, in this order. */
#define CLOSED 0u
#define BEGUN  0x5B3C0F01u
#define OPEN   0x24C3F0A6u

static struct {
  uint32_t step;
  uint32_t image, from_size;
  uint32_t patch_left, cipher_left; /* bytes to come, in clear and as ciphertext */
  struct slot_writer target;
  struct image_info to;
  uint8_t to_digest[CRYPTO_HASH_SIZE], to_tag[CRYPTO_HASH_SIZE];
  struct crypto_hash hash;
  struct delta_decoder decoder;
} patch;

/* Keys: of the patch that comes, and of the image that goes to the slot. */
/* Not in ".secret": this service stays open to applications, to whom that memory belongs then. Behind the firewall
 * instead. */
static struct crypto_cbc incoming, outgoing;

static void close(void)
{
  crypto_cbc_end(&incoming);
  crypto_cbc_end(&outgoing);
  crypto_wipe(&patch, sizeof patch);
}

static const struct install_slot *slots(void)
{
  return &engine_slot(patch.image)->slots;
}

/* ---------- what the decoder works on ---------- */

static pc_status read_source(void *context, uint32_t offset, void *to, uint32_t size)
{
  (void)context;
  return flash_read(&slots()->active, offset, to, size);
}

static pc_status write_target(void *context, const void *from, uint32_t size)
{
  (void)context;
  if (delta_target_size(&patch.decoder) != patch.to.size)
    return PC_ERR_FORMAT; /* so `size` is a multiple of 16 */
  crypto_hash_add(&patch.hash, from, size);
  if (patch.target.written % slots()->download.page == 0)
    engine_progress(); /* a few bytes of a patch can be a whole image: seconds, and the caller cannot do this meanwhile
                        */
  return slot_writer_add(&patch.target, from, size);
}

static const struct delta_io io = {NULL, read_source, write_target};

/* ---------- the services ---------- */

static pc_status begin(const uint8_t *from)
{
  uint8_t *header = engine.verify.header; /* in our RAM, where nobody changes it meanwhile */
  struct patch_info info;
  uint8_t key[CRYPTO_KEY_SIZE];
  if (INSTALL_RECORD_STEP(engine.journal.last) != INSTALL_NONE)
    return PC_ERR_STATE; /* both slots hold parts of images */
  engine.verify.image = 0;
  memcpy(header, from, PATCH_HEADER_SIZE);
  pc_status status = patch_header_parse(header, DELTA_MAX_SIZE, &info);
  if (status != PC_OK)
    return status;
  const struct engine_slot *slot = engine_slot(info.image);
  if (slot == NULL)
    return PC_ERR_FORMAT;
  if (info.in_place != 0)
    return PC_ERR_UNSUPPORTED; /* for a board with a single slot */
  status = engine_patch_authentic(slot, header, &patch.hash);
  if (status != PC_OK)
    return status;
  patch.image = info.image;
  patch.from_size = info.from_size;
  status = engine_patch_source(&slots()->active, patch.from_size, header + PATCH_AT_FROM_TAG, &patch.hash);
  if (status != PC_OK)
    return status;
  patch.patch_left = info.size;
  patch.cipher_left = info.cipher_size;
  memcpy(patch.to_digest, header + PATCH_AT_TO_DIGEST, sizeof patch.to_digest);
  slot->encryption_key(key);
  crypto_cbc_start(&incoming, key, header + PATCH_AT_IV);
  crypto_wipe(key, sizeof key);
  patch.step = BEGUN;
  return status;
}

static pc_status target(const uint8_t *from)
{
  uint8_t key[CRYPTO_KEY_SIZE], digest[CRYPTO_HASH_SIZE];
  uint32_t old_size;
  pc_status status = engine_check_header(from, &patch.to);
  if (status == PC_OK)
    status = engine_rules(&patch.to, &old_size);
  if (status != PC_OK)
    return status;
  if (patch.to.partial_size != patch.to.size)
    return PC_ERR_UNSUPPORTED; /* a patch makes whole images */
  const uint8_t *header = engine.verify.header;
  engine_digest(&patch.hash, header, IMAGE_SIGNED_SIZE, digest);
  status = engine_digests_equal(digest, patch.to_digest);
  if (status != PC_OK || patch.to.image != patch.image)
    return PC_ERR_TAG;
  memcpy(patch.to_tag, header + IMAGE_AT_TAG, sizeof patch.to_tag);
  engine_slot(patch.image)->encryption_key(key);
  crypto_cbc_start_encrypt(&outgoing, key, header + IMAGE_AT_IV);
  crypto_wipe(key, sizeof key);
  crypto_hash_start(&patch.hash);
  patch.target =
      (struct slot_writer){.slots = slots(), .cipher = &outgoing, .from_size = patch.from_size, .size = patch.to.size};
  slot_writer_start(&patch.target);
  patch.step = OPEN;
  return delta_start(&patch.decoder, &io, patch.from_size, patch.to.size);
}

static pc_status data(const uint8_t *from, uint32_t size)
{
  uint8_t clear[CRYPTO_BLOCK];
  pc_status status = PC_OK;
  if (size > patch.cipher_left)
    return PC_ERR_TRANSFER;
  patch.cipher_left -= size;
  for (; size != 0 && status == PC_OK; size -= CRYPTO_BLOCK, from += CRYPTO_BLOCK) {
    uint32_t take = patch.patch_left < CRYPTO_BLOCK ? patch.patch_left : CRYPTO_BLOCK;
    status = crypto_cbc_decrypt(&incoming, from, clear, CRYPTO_BLOCK);
    if (status == PC_OK)
      status = delta_feed(&patch.decoder, clear, take);
    patch.patch_left -= take;
  }
  crypto_wipe(clear, sizeof clear);
  return status;
}

static pc_status end(void)
{
  uint8_t digest[CRYPTO_HASH_SIZE];
  if (patch.cipher_left != 0)
    return PC_ERR_TRANSFER;
  pc_status status = delta_finish(&patch.decoder);
  if (status != PC_OK)
    return status;
  if (patch.target.written != patch.to.size)
    return PC_ERR_FORMAT;
  crypto_hash_end(&patch.hash, digest);
  status = engine_digests_equal(digest, patch.to_tag);
  return status == PC_OK ? slot_writer_end(&patch.target) : status;
}

pc_status engine_patch(uint32_t service, uintptr_t a, uintptr_t b)
{
  const uintptr_t size = service == ENGINE_PATCH_BEGIN    ? PATCH_HEADER_SIZE
                         : service == ENGINE_PATCH_TARGET ? IMAGE_HEADER_SIZE
                                                          : b;
  if (service > ENGINE_PATCH_END)
    return PC_ERR_UNSUPPORTED;
  /* What the caller did wrong changes nothing; any other error ends the patch. */
  if (service != ENGINE_PATCH_END &&
      (engine_outside(a, size) != PC_OK || (service == ENGINE_PATCH_DATA && size % CRYPTO_BLOCK != 0)))
    return PC_ERR_PARAM;
  if (service == ENGINE_PATCH_BEGIN)
    close();
  else if (patch.step != (service == ENGINE_PATCH_TARGET ? BEGUN : OPEN))
    return PC_ERR_STATE;
  pc_status status;
  if (service == ENGINE_PATCH_BEGIN)
    status = begin((const uint8_t *)a);
  else if (service == ENGINE_PATCH_TARGET)
    status = target((const uint8_t *)a);
  else if (service == ENGINE_PATCH_DATA)
    status = data((const uint8_t *)a, (uint32_t)size);
  else
    status = end();
  if (status != PC_OK || service == ENGINE_PATCH_END)
    close();
  return status;
}

void engine_patch_abort(void)
{
  close();
}
