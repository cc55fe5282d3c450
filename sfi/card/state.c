/* The card's state: to bytes and back, and its durable replacement. */
#include "sfi/card/state.h"

#include "sfi/crypto/crypto.h"

#include <string.h>

static const uint8_t magic[8] = {'P', 'C', 'L', 'C', 'A', 'R', 'D', '1'};

static void put32(uint8_t *p, uint32_t value)
{
  for (unsigned i = 0; i < 4; i++)
    p[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t get32(const uint8_t *p)
{
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static pc_status unpack(const uint8_t *bytes, size_t size, struct card_state *state)
{
  uint8_t digest[32];
  if (size < 80 + 32 || memcmp(bytes, magic, sizeof magic) != 0 || bytes[8] != 1)
    return PC_ERR_FORMAT;
  if (sfi_sha256(bytes, size - 32, digest) != PC_OK || !sfi_equal(digest, bytes + size - 32, 32))
    return PC_ERR_FORMAT;
  state->identifier_size = bytes[9];
  memcpy(state->identifier, bytes + 10, sizeof state->identifier);
  memcpy(state->key, bytes + 42, sizeof state->key);
  memcpy(state->nonce, bytes + 58, sizeof state->nonce);
  state->maximum = get32(bytes + 70);
  state->left = get32(bytes + 74);
  state->ca_size = (uint16_t)(bytes[78] | bytes[79] << 8);
  if (state->ca_size == 0 || state->ca_size > CARD_CA_MAX || size != 80u + state->ca_size + 32u)
    return PC_ERR_FORMAT;
  if (sfi_identifier_check(state->identifier, state->identifier_size) != PC_OK || state->maximum == 0 ||
      state->left > state->maximum)
    return PC_ERR_FORMAT;
  memcpy(state->ca, bytes + 80, state->ca_size);
  return PC_OK;
}

pc_status card_state_load(const struct card_io *io, struct card_state *state)
{
  uint8_t bytes[CARD_STATE_MAX];
  long size = io->read(io->context, bytes, sizeof bytes);
  if (size == -1)
    return PC_ERR_BLANK;
  if (size < 0)
    return PC_ERR_FLASH;
  pc_status status = unpack(bytes, (size_t)size, state);
  sfi_wipe(bytes, sizeof bytes);
  if (status != PC_OK)
    sfi_wipe(state, sizeof *state);
  return status;
}

static size_t pack(const struct card_state *state, uint8_t bytes[CARD_STATE_MAX])
{
  size_t size = 80u + state->ca_size;
  memset(bytes, 0, CARD_STATE_MAX);
  memcpy(bytes, magic, sizeof magic);
  bytes[8] = 1;
  bytes[9] = state->identifier_size;
  memcpy(bytes + 10, state->identifier, state->identifier_size);
  memcpy(bytes + 42, state->key, sizeof state->key);
  memcpy(bytes + 58, state->nonce, sizeof state->nonce);
  put32(bytes + 70, state->maximum);
  put32(bytes + 74, state->left);
  bytes[78] = (uint8_t)state->ca_size;
  bytes[79] = (uint8_t)(state->ca_size >> 8);
  memcpy(bytes + 80, state->ca, state->ca_size);
  return sfi_sha256(bytes, size, bytes + size) == PC_OK ? size + 32 : 0;
}

pc_status card_state_save(const struct card_io *io, const struct card_state *state)
{
  uint8_t bytes[CARD_STATE_MAX];
  size_t size = pack(state, bytes);
  /* The bytes must be on the disk before the name points to them, and the name before anything leaves the card. */
  bool ok = size != 0 && io->create(io->context) && io->write(io->context, bytes, size) && io->sync(io->context) &&
            io->rename(io->context) && io->sync_folder(io->context);
  sfi_wipe(bytes, sizeof bytes);
  return ok ? PC_OK : PC_ERR_FLASH;
}
