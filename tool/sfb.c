/* .sfb files in and out. The header's own rules are in image/header.c, shared with the device. */
#include "tool/sfb.h"

#include "tool/crypto.h"
#include "tool/keys.h"
#include "tool/objfile/file.h"

#include <stdlib.h>
#include <string.h>

#define SFB_LIMIT (65u << 20)

static uint32_t get(const uint8_t *p, unsigned bytes)
{
  uint32_t value = 0;
  while (bytes-- > 0)
    value = value << 8 | p[bytes];
  return value;
}

const char *sfb_explain(const uint8_t h[IMAGE_HEADER_SIZE])
{
  uint32_t protocol = get(h + IMAGE_AT_PROTOCOL, 2), size = get(h + IMAGE_AT_SIZE, 4);
  uint32_t offset = get(h + IMAGE_AT_PARTIAL_OFFSET, 4), part = get(h + IMAGE_AT_PARTIAL_SIZE, 4);
  if (memcmp(h, "SFU", 3) != 0 || h[3] < '1' || h[3] > '3')
    return "not a firmware image: no magic SFU1, SFU2 or SFU3 at offset 0";
  if (protocol != IMAGE_PROTOCOL_VENDOR && protocol != IMAGE_PROTOCOL)
    return "header: protocol is neither 1 nor 2";
  if (size == 0 || size % IMAGE_BLOCK != 0)
    return "header: firmware size is 0 or no multiple of 16";
  if (part == 0 || part % IMAGE_BLOCK != 0 || part > size || offset > size - part)
    return "header: partial range lies outside the image or is no multiple of 16";
  if (protocol == IMAGE_PROTOCOL) {
    if (get(h + IMAGE_AT_VERSION, 4) >> 16 != get(h + IMAGE_AT_VERSION16, 2))
      return "header: its two version fields contradict each other";
    if ((get(h + IMAGE_AT_FLAGS, 4) & ~IMAGE_FLAGS_KNOWN) != 0)
      return "header: unknown flags";
    if (get(h + IMAGE_AT_EXTERNAL, 4) >= size)
      return "header: external segment lies outside the image";
    if (get(h + IMAGE_AT_ZERO, 4) != 0 || get(h + IMAGE_AT_ZERO + 4, 4) != 0)
      return "header: bytes 120-127 are not zero";
  }
  return "header: refused";
}

bool sfb_parse(const char *name, const uint8_t *bytes, size_t size, struct sfb *sfb, struct problem *problem)
{
  memset(sfb, 0, sizeof *sfb);
  if (size < IMAGE_HEADER_SIZE)
    return problem_set(problem, CLI_INPUT, "%s: %zu bytes; a firmware header alone has %u", name, size,
                       IMAGE_HEADER_SIZE);
  memcpy(sfb->header, bytes, IMAGE_HEADER_SIZE);
  if (image_header_parse(sfb->header, UINT32_MAX, &sfb->info) != PC_OK)
    return problem_set(problem, CLI_INPUT, "%s: %s", name, sfb_explain(sfb->header));
  if (size <= IMAGE_FILE_OFFSET)
    return true;
  sfb->payload_size = size - IMAGE_FILE_OFFSET;
  sfb->payload = malloc(sfb->payload_size);
  if (sfb->payload == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  memcpy(sfb->payload, bytes + IMAGE_FILE_OFFSET, sfb->payload_size);
  return true;
}

bool sfb_read(const char *path, struct sfb *sfb, struct problem *problem)
{
  size_t size;
  memset(sfb, 0, sizeof *sfb);
  problem->code = CLI_INPUT;
  uint8_t *bytes = objfile_slurp(path, SFB_LIMIT, &size, problem->text, sizeof problem->text);
  if (bytes == NULL)
    return false;
  bool ok = sfb_parse(path, bytes, size, sfb, problem);
  free(bytes);
  return ok;
}

void sfb_free(struct sfb *sfb)
{
  free(sfb->payload);
  memset(sfb, 0, sizeof *sfb);
}

bool sfb_complete(const char *name, const struct sfb *sfb, struct problem *problem)
{
  if (sfb->payload_size == sfb->info.partial_size)
    return true;
  return problem_set(problem, CLI_REFUSED, "%s: holds %zu bytes of image after offset %u; its header says %u", name,
                     sfb->payload_size, IMAGE_FILE_OFFSET, sfb->info.partial_size);
}

bool sfb_authentic(const char *name, const struct sfb *sfb, const uint8_t point[64], struct problem *problem)
{
  uint8_t digest[32];
  if (!crypto_sha256(sfb->header, IMAGE_SIGNED_SIZE, digest, problem))
    return false;
  return keys_verify(point, digest, sfb->header + IMAGE_AT_SIGNATURE) ||
         problem_set(problem, CLI_REFUSED, "%s: the header's signature is not this key's", name);
}

bool sfb_decrypt(const char *name, const struct sfb *sfb, const uint8_t key[16], uint8_t *clear,
                 struct problem *problem)
{
  uint8_t tag[32];
  if (!sfb_complete(name, sfb, problem) ||
      !crypto_cbc(false, key, sfb->header + IMAGE_AT_IV, sfb->payload, clear, sfb->payload_size, problem) ||
      !crypto_sha256(clear, sfb->payload_size, tag, problem))
    return false;
  bool full = sfb->info.partial_size == sfb->info.size;
  if (memcmp(tag, sfb->header + IMAGE_AT_PARTIAL_TAG, 32) != 0 ||
      (full && memcmp(tag, sfb->header + IMAGE_AT_TAG, 32) != 0))
    return problem_set(problem, CLI_REFUSED,
                       "%s: the decrypted image does not match the header's tag (damaged, or "
                       "encrypted with another key)",
                       name);
  return true;
}

bool sfb_write(const char *path, const uint8_t header[IMAGE_HEADER_SIZE], const uint8_t *payload, size_t size,
               struct problem *problem)
{
  uint8_t *bytes = malloc(IMAGE_FILE_OFFSET + size);
  if (bytes == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  memset(bytes, 0xFF, IMAGE_FILE_OFFSET);
  memcpy(bytes, header, IMAGE_HEADER_SIZE);
  memcpy(bytes + IMAGE_FILE_OFFSET, payload, size);
  problem->code = CLI_INPUT;
  bool ok = objfile_spit(path, bytes, IMAGE_FILE_OFFSET + size, 0666, problem->text, sizeof problem->text);
  free(bytes);
  return ok;
}

const char *sfb_state_name(enum image_state state)
{
  switch (state) {
  case IMAGE_STATE_NEW:
    return "new";
  case IMAGE_STATE_SELFTEST:
    return "selftest";
  case IMAGE_STATE_VALID:
    return "valid";
  case IMAGE_STATE_VALID_ALL:
    return "valid-all";
  case IMAGE_STATE_INVALID:
    return "invalid";
  case IMAGE_STATE_TORN:
    break;
  }
  return "torn";
}
