/* Walking, opening and building .sfi and .smi files. */
#include "sfi/host/container.h"

#include "sfi/crypto/crypto.h"
#include "tool/objfile/file.h"

#include <stdlib.h>
#include <string.h>

bool container_is(const uint8_t *bytes, size_t size)
{
  return size >= 8 && (memcmp(bytes, "SFIMAGIC", 8) == 0 || memcmp(bytes, "SMIMAGIC", 8) == 0);
}

static bool parse_areas(const char *name, const uint8_t *bytes, size_t size, struct container *c,
                        struct problem *problem)
{
  struct sfi_order order;
  size_t at = SFI_HEADER_SIZE;
  sfi_order_start(&order, c->kind, c->count);
  for (uint32_t i = 0; i < c->count; i++) {
    struct container_part *p = &c->parts[i];
    if (size - at < SFI_AREA_SIZE)
      return problem_set(problem, CLI_INPUT, "%s: offset %zu: area %u of %u is missing, or cut off", name, at, i + 1,
                         c->count);
    pc_status status = sfi_order_next(&order, bytes + at, &p->area);
    if (status != PC_OK && status != PC_ERR_UNSUPPORTED)
      return problem_set(problem, CLI_INPUT,
                         "%s: offset %zu: area %u of %u has an impossible descriptor (type 0x%02x, version %u, index "
                         "%u, size %u, address 0x%08x, %u areas)",
                         name, at, i + 1, c->count, p->area.type, p->area.version, p->area.index, p->area.size,
                         p->area.address, p->area.areas);
    p->later = status == PC_ERR_UNSUPPORTED;
    p->descriptor = bytes + at;
    at += SFI_AREA_SIZE;
    if (size - at < p->area.size)
      return problem_set(problem, CLI_INPUT, "%s: offset %zu: area %u has %u bytes, the file holds only %zu more", name,
                         at, i + 1, p->area.size, size - at);
    p->cipher = bytes + at;
    at += p->area.size;
  }
  if (at != size)
    return problem_set(problem, CLI_INPUT, "%s: offset %zu: %zu bytes after the last area", name, at, size - at);
  return true;
}

bool container_parse(const char *name, const uint8_t *bytes, size_t size, struct container *c, struct problem *problem)
{
  memset(c, 0, sizeof *c);
  pc_status status = size >= SFI_HEADER_SIZE ? sfi_header_parse(bytes, &c->kind, &c->count) : PC_ERR_FORMAT;
  if (status == PC_ERR_UNSUPPORTED)
    return problem_set(problem, CLI_INPUT, "%s: protocol %u; only 1 is known", name, bytes[8] | bytes[9] << 8);
  if (status != PC_OK)
    return problem_set(problem, CLI_INPUT, "%s: %s", name,
                       size < SFI_HEADER_SIZE ? "shorter than a header" : "no valid .sfi or .smi header");
  if ((size - SFI_HEADER_SIZE) / SFI_AREA_SIZE < c->count)
    return problem_set(problem, CLI_INPUT, "%s: announces %u areas, which do not fit its %zu bytes", name, c->count,
                       size);
  c->parts = calloc(c->count, sizeof *c->parts);
  if (c->parts == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  return parse_areas(name, bytes, size, c, problem);
}

void container_free(struct container *c)
{
  free(c->parts);
  memset(c, 0, sizeof *c);
}

bool container_decrypt(const struct container_part *part, const uint8_t key[16], const uint8_t nonce[12],
                       uint8_t *clear)
{
  uint8_t iv[SFI_NONCE_SIZE];
  sfi_iv(nonce, part->area.index, iv);
  return sfi_gcm_open(key, iv, part->descriptor, SFI_AREA_AAD, part->cipher, clear, part->area.size,
                      part->descriptor + SFI_AREA_AAD) == PC_OK;
}

bool container_authentic(const char *name, const uint8_t *bytes, const struct container *c, const uint8_t key[16],
                         const uint8_t nonce[12], struct problem *problem)
{
  uint8_t iv[SFI_NONCE_SIZE], none[1];
  sfi_iv(nonce, 0, iv);
  if (sfi_gcm_open(key, iv, bytes, SFI_HEADER_AAD, none, none, 0, bytes + SFI_HEADER_AAD) != PC_OK)
    return problem_set(problem, CLI_REFUSED, "%s: header: the tag does not match: altered, or another key or nonce",
                       name);
  for (uint32_t i = 0; i < c->count; i++) {
    const struct container_part *p = &c->parts[i];
    uint8_t *clear = malloc((size_t)p->area.size + 1);
    if (clear == NULL)
      return problem_set(problem, CLI_INPUT, "out of memory");
    bool ok = container_decrypt(p, key, nonce, clear);
    sfi_wipe(clear, p->area.size);
    free(clear);
    if (!ok)
      return problem_set(problem, CLI_REFUSED, "%s: area %u: the tag does not match: altered", name, p->area.index);
  }
  return true;
}

static bool seal_piece(const struct container_piece *piece, const struct sfi_area *area, const uint8_t key[16],
                       const uint8_t nonce[12], uint8_t *to)
{
  uint8_t iv[SFI_NONCE_SIZE];
  sfi_area_build(to, area);
  sfi_iv(nonce, area->index, iv);
  return sfi_gcm_seal(key, iv, to, SFI_AREA_AAD, piece->clear, to + SFI_AREA_SIZE, piece->size, to + SFI_AREA_AAD) ==
         PC_OK;
}

uint8_t *container_build(enum sfi_kind kind, uint8_t version, const struct container_piece *pieces, size_t count,
                         const uint8_t key[16], const uint8_t nonce[12], size_t *size, struct problem *problem)
{
  uint8_t iv[SFI_NONCE_SIZE], none[1] = {0};
  if (count == 0 || count > SFI_MAX_AREAS) {
    problem_set(problem, CLI_REFUSED, "%zu areas; an image has 1 to %u", count, SFI_MAX_AREAS);
    return NULL;
  }
  *size = SFI_HEADER_SIZE;
  for (size_t i = 0; i < count; i++)
    *size += SFI_AREA_SIZE + (size_t)pieces[i].size;
  uint8_t *bytes = malloc(*size);
  if (bytes == NULL) {
    problem_set(problem, CLI_INPUT, "out of memory");
    return NULL;
  }
  sfi_header_build(bytes, kind, (uint32_t)count);
  sfi_iv(nonce, 0, iv);
  bool ok = sfi_gcm_seal(key, iv, bytes, SFI_HEADER_AAD, none, none, 0, bytes + SFI_HEADER_AAD) == PC_OK;
  uint8_t *at = bytes + SFI_HEADER_SIZE;
  for (size_t i = 0; ok && i < count; i++) {
    const struct sfi_area area = {.type = pieces[i].type,
                                  .version = version,
                                  .index = (uint16_t)(i + 1),
                                  .areas = (uint16_t)count,
                                  .size = pieces[i].size,
                                  .address = pieces[i].address};
    ok = seal_piece(&pieces[i], &area, key, nonce, at);
    at += SFI_AREA_SIZE + (size_t)pieces[i].size;
  }
  if (!ok) {
    problem_set(problem, CLI_INPUT, "AES-128-GCM failed");
    free(bytes);
    return NULL;
  }
  return bytes;
}

bool container_load_nonce(const char *path, uint8_t nonce[12], struct problem *problem)
{
  size_t size;
  problem->code = CLI_INPUT;
  uint8_t *bytes = objfile_slurp(path, 65536, &size, problem->text, sizeof problem->text);
  if (bytes == NULL)
    return false;
  bool ok = size == SFI_NONCE_SIZE ||
            problem_set(problem, CLI_INPUT, "%s: %zu bytes; a nonce has %u", path, size, SFI_NONCE_SIZE);
  if (ok)
    memcpy(nonce, bytes, SFI_NONCE_SIZE);
  free(bytes);
  return ok;
}
