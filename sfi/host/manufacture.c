/* See manufacture.h. */
#include "sfi/host/manufacture.h"

#include "tool/keys.h"
#include "tool/objfile/file.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* sfi/device/target.h: magic, size of the certificate, private key, public key, certificate */
#define IDENTITY_MAGIC       0x49464350u
#define IDENTITY_HEAD        104u
#define IDENTITY_CERTIFICATE 1024u

/* ---- Intel HEX ---- */
struct text {
  char *at;
  size_t size, room;
};

static bool line(struct text *t, uint8_t count, uint16_t address, uint8_t type, const uint8_t *bytes)
{
  if (t->room - t->size < 12u + 2u * count) {
    size_t room = t->room * 2 + 4096;
    char *more = realloc(t->at, room);
    if (more == NULL)
      return false;
    t->at = more;
    t->room = room;
  }
  unsigned sum = count + (address >> 8) + (address & 0xFFu) + type;
  int n = snprintf(t->at + t->size, 10, ":%02X%04X%02X", count, address, type);
  t->size += (size_t)n;
  for (unsigned i = 0; i < count; i++) {
    sum += bytes[i];
    t->size += (size_t)snprintf(t->at + t->size, 3, "%02X", bytes[i]);
  }
  t->size += (size_t)snprintf(t->at + t->size, 4, "%02X\n", (0u - sum) & 0xFFu);
  return true;
}

static bool block(struct text *t, uint32_t address, const uint8_t *bytes, size_t size)
{
  while (size != 0) {
    const uint8_t high[2] = {(uint8_t)(address >> 24), (uint8_t)(address >> 16)};
    size_t n = size < 16 ? size : 16;
    if (n > 0x10000u - (address & 0xFFFFu))
      n = 0x10000u - (address & 0xFFFFu);
    if (!line(t, 2, 0, 4, high) || !line(t, (uint8_t)n, (uint16_t)address, 0, bytes))
      return false;
    address += (uint32_t)n;
    bytes += n;
    size -= n;
  }
  return true;
}

static void put32(uint8_t *to, uint32_t value)
{
  for (unsigned i = 0; i < 4; i++)
    to[i] = (uint8_t)(value >> (8 * i));
}

/* ---- the parts ---- */
static bool program(struct text *t, const char *folder, const char *name, uint32_t address, uint32_t room,
                    struct problem *problem)
{
  char path[KEYS_PATH];
  size_t size;
  if (!keys_join(folder, name, path, problem))
    return false;
  problem->code = CLI_INPUT;
  uint8_t *bytes = objfile_slurp(path, 1u << 20, &size, problem->text, sizeof problem->text);
  if (bytes == NULL)
    return false;
  bool ok = size <= room || problem_set(problem, CLI_REFUSED, "%s: %zu bytes do not fit %u", path, size, room);
  ok = ok && (block(t, address, bytes, size) || problem_set(problem, CLI_INPUT, "out of memory"));
  free(bytes);
  return ok;
}

static bool identity(struct text *t, uint32_t address, const struct certificate_device *device, struct problem *problem)
{
  uint8_t bytes[IDENTITY_HEAD + IDENTITY_CERTIFICATE];
  size_t size = device->certificate_der.size;
  if (size > IDENTITY_CERTIFICATE)
    return problem_set(problem, CLI_REFUSED, "a certificate of %zu bytes: a device holds %u", size,
                       IDENTITY_CERTIFICATE);
  put32(bytes, IDENTITY_MAGIC);
  put32(bytes + 4, (uint32_t)size);
  memcpy(bytes + 8, device->private_key, 32);
  memcpy(bytes + 40, device->point, 64);
  memcpy(bytes + IDENTITY_HEAD, device->certificate_der.bytes, size);
  bool ok = block(t, address, bytes, IDENTITY_HEAD + size);
  OPENSSL_cleanse(bytes, sizeof bytes);
  return ok || problem_set(problem, CLI_INPUT, "out of memory");
}

static bool settings(struct text *t, const struct sfi_maker *maker, const char *uid, struct problem *problem)
{
  uint8_t id[12], words[8];
  bool ok = true;
  for (unsigned i = 0; i < sizeof id; i++) {
    const char digits[3] = {uid[2 * i], uid[2 * i + 1], '\0'};
    id[i] = (uint8_t)strtoul(digits, NULL, 16);
  }
  ok = block(t, maker->uid, id, sizeof id);
  for (size_t i = 0; ok && i < maker->option_count; i++) {
    put32(words, maker->options[i]);
    put32(words + 4, ~maker->options[i]);
    ok = block(t, maker->option_bytes + 8 * (uint32_t)i, words, sizeof words);
  }
  return (ok && line(t, 0, 0, 1, NULL)) || problem_set(problem, CLI_INPUT, "out of memory");
}

bool manufacture_hex(const struct sfi_device *chip, const char *folder, const struct certificate_device *device,
                     const char *uid, struct blob *hex, struct problem *problem)
{
  const struct sfi_maker *maker = chip->maker;
  struct text t = {0};
  if (maker == NULL)
    return problem_set(problem, CLI_USAGE, "--program: there is no boot loader for %s yet", chip->name);
  bool ok = program(&t, folder, "secure-boot.bin", maker->secure_boot, maker->secure_boot_size, problem) &&
            program(&t, folder, "loader.bin", maker->loader, maker->loader_size, problem) &&
            identity(&t, maker->identity, device, problem) && settings(&t, maker, uid, problem);
  if (ok)
    *hex = (struct blob){(uint8_t *)t.at, t.size};
  else
    blob_free(&(struct blob){(uint8_t *)t.at, t.size});
  return ok;
}
