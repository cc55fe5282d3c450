/* .sfbp files in: see sfbp.h. The headers' own rules are in image/, shared with the device. */
#include "tool/sfbp.h"

#include "tool/crypto.h"
#include "tool/keys.h"
#include "tool/objfile/file.h"
#include "tool/patchfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SFBP_LIMIT (65u << 20)

bool sfbp_is(const uint8_t *bytes, size_t size)
{
  return size >= 3 && patch_magic(bytes);
}

bool sfbp_is_file(const char *path)
{
  uint8_t start[3];
  FILE *file = fopen(path, "rb");
  bool is = file != NULL && fread(start, 1, sizeof start, file) == sizeof start && sfbp_is(start, sizeof start);
  if (file != NULL)
    (void)fclose(file);
  return is;
}

bool sfbp_parse(const char *name, const uint8_t *bytes, size_t size, struct sfbp *patch, struct problem *problem)
{
  memset(patch, 0, sizeof *patch);
  if (size < PATCH_FILE_OFFSET)
    return problem_set(problem, CLI_INPUT, "%s: %zu bytes; the headers of a .sfbp alone have %u", name, size,
                       PATCH_FILE_OFFSET);
  memcpy(patch->header, bytes, PATCH_HEADER_SIZE);
  memset(patch->to_header, 0xFF, IMAGE_HEADER_SIZE);
  memcpy(patch->to_header, bytes + PATCH_HEADER_SIZE, PATCH_TARGET_SIZE);
  if (patch_header_parse(patch->header, UINT32_MAX, &patch->info) != PC_OK)
    return problem_set(problem, CLI_INPUT, "%s: not a .sfbp: a field of its patch header is out of its bounds", name);
  if (image_header_parse(patch->to_header, UINT32_MAX, &patch->to) != PC_OK)
    return problem_set(problem, CLI_INPUT, "%s: a field of the new firmware's header is out of its bounds", name);
  patch->payload_size = size - PATCH_FILE_OFFSET;
  patch->payload = malloc(patch->payload_size + 1);
  if (patch->payload == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  memcpy(patch->payload, bytes + PATCH_FILE_OFFSET, patch->payload_size);
  return true;
}

bool sfbp_read(const char *path, struct sfbp *patch, struct problem *problem)
{
  size_t size;
  memset(patch, 0, sizeof *patch);
  problem->code = CLI_INPUT;
  uint8_t *bytes = objfile_slurp(path, SFBP_LIMIT, &size, problem->text, sizeof problem->text);
  if (bytes == NULL)
    return false;
  bool ok = sfbp_parse(path, bytes, size, patch, problem);
  free(bytes);
  return ok;
}

void sfbp_free(struct sfbp *patch)
{
  free(patch->payload);
  memset(patch, 0, sizeof *patch);
}

static bool complete(const char *name, const struct sfbp *patch, struct problem *problem)
{
  return patch->payload_size == patch->info.cipher_size ||
         problem_set(problem, CLI_REFUSED, "%s: holds %zu bytes of patch; its header says %u", name,
                     patch->payload_size, patch->info.cipher_size);
}

bool sfbp_authentic(const char *name, const struct sfbp *patch, const uint8_t point[64], struct problem *problem)
{
  uint8_t digest[32];
  if (!crypto_sha256(patch->header, PATCH_SIGNED_SIZE, digest, problem))
    return false;
  if (!keys_verify(point, digest, patch->header + PATCH_AT_SIGNATURE))
    return problem_set(problem, CLI_REFUSED, "%s: the patch header's signature is not this key's", name);
  if (!crypto_sha256(patch->to_header, IMAGE_SIGNED_SIZE, digest, problem))
    return false;
  if (memcmp(digest, patch->header + PATCH_AT_TO_DIGEST, 32) != 0 || patch->info.image != patch->to.image)
    return problem_set(problem, CLI_REFUSED,
                       "%s: the new firmware's header is not the one that this patch was made for", name);
  if (!keys_verify(point, digest, patch->to_header + IMAGE_AT_SIGNATURE))
    return problem_set(problem, CLI_REFUSED, "%s: the signature of the new firmware's header is not this key's", name);
  return complete(name, patch, problem);
}

static bool is_source(const char *name, const struct sfbp *patch, const uint8_t *from, size_t from_size,
                      struct problem *problem)
{
  uint8_t tag[32];
  if (patch->info.from_size == 0)
    return true;
  if (from == NULL)
    return problem_set(problem, CLI_USAGE, "%s is a patch: the firmware that it is for is needed, too (--base)", name);
  return from_size == patch->info.from_size
             ? crypto_sha256(from, from_size, tag, problem) &&
                   (memcmp(tag, patch->header + PATCH_AT_FROM_TAG, 32) == 0 ||
                    problem_set(problem, CLI_REFUSED, "%s is for another firmware than the one given: the tags differ",
                                name))
             : problem_set(problem, CLI_REFUSED, "%s is for a firmware of %u bytes, not of %zu", name,
                           patch->info.from_size, from_size);
}

bool sfbp_apply(const char *name, const struct sfbp *patch, const uint8_t key[16], const uint8_t *from,
                size_t from_size, uint8_t **clear, struct problem *problem)
{
  uint8_t tag[32];
  size_t size = 0;
  *clear = NULL;
  if (!complete(name, patch, problem) || !is_source(name, patch, from, from_size, problem))
    return false;
  uint8_t *delta = malloc(patch->payload_size + 1);
  if (delta == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  bool ok = crypto_cbc(false, key, patch->header + PATCH_AT_IV, patch->payload, delta, patch->payload_size, problem);
  if (ok) {
    struct delta_in_place how;
    pc_status status = patch->info.in_place != 0 ? delta_in_place_parse(patch->info.how, &how) : PC_OK;
    if (status == PC_OK && patch->info.in_place != 0)
      status = delta_apply_in_place(from, patch->info.from_size, &how, delta, patch->info.size, clear, &size);
    else if (status == PC_OK)
      status = delta_apply(from, patch->info.from_size, delta, patch->info.size, clear, &size);
    ok = status == PC_OK ||
         problem_set(problem, CLI_REFUSED, "%s: the patch is damaged, or encrypted with another key", name);
  }
  free(delta);
  ok = ok && crypto_sha256(*clear, size, tag, problem);
  if (ok && (size != patch->to.size || memcmp(tag, patch->to_header + IMAGE_AT_TAG, 32) != 0))
    ok = problem_set(problem, CLI_REFUSED, "%s: the result does not match the new firmware's tag", name);
  if (!ok) {
    free(*clear);
    *clear = NULL;
  }
  return ok;
}
