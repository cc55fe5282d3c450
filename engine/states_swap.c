/* Image states for the dual slot with swap: three fields of 32 bytes behind the signed part of the active header,
 * written one after the other without an erase. They are not signed, so nothing is believed of them but what a torn
 * write cannot fake: a field counts as written only when all of it is there. Programming zeros may be repeated, which
 * is how a torn field is made whole. */
#include "engine/states.h"

#include <string.h>

#define FIELD 32u

static bool field_is(const uint8_t header[IMAGE_HEADER_SIZE], uint32_t field, uint8_t value)
{
  for (uint32_t i = 0; i < FIELD; i++)
    if (header[IMAGE_AT_STATE + field * FIELD + i] != value)
      return false;
  return true;
}

static uint32_t state_read(const uint8_t header[IMAGE_HEADER_SIZE])
{
  if (!field_is(header, 2, 0x00))
    return IMAGE_STATE_NEW;
  if (field_is(header, 0, 0x00))
    return IMAGE_STATE_INVALID;
  if (field_is(header, 1, 0x00))
    return IMAGE_STATE_VALID;
  return field_is(header, 1, 0x55) ? IMAGE_STATE_VALID_ALL : IMAGE_STATE_SELFTEST;
}

static pc_status write_zeros(uint32_t image, uint32_t field)
{
  uint8_t zeros[FIELD];
  memset(zeros, 0, sizeof zeros);
  return flash_program(&engine_slot(image)->header, IMAGE_AT_STATE + field * FIELD, zeros, FIELD);
}

static pc_status current(uint32_t image, uint32_t *state)
{
  engine.verify.image = 0; /* its header buffer is used here */
  pc_status status = engine_header_load(image, ENGINE_SOURCE_ACTIVE, engine.verify.header);
  *state = state_read(engine.verify.header);
  return status;
}

static pc_status validate(uint32_t image)
{
  uint32_t state;
  pc_status status = current(image, &state);
  if (status != PC_OK || state == IMAGE_STATE_VALID || state == IMAGE_STATE_VALID_ALL)
    return status;
  return state == IMAGE_STATE_SELFTEST ? write_zeros(image, 1) : PC_ERR_STATE;
}

static pc_status set(uint32_t image, uint32_t state)
{
  uint32_t now;
  pc_status status = current(image, &now);
  if (status != PC_OK)
    return status;
  if (now == IMAGE_STATE_NEW && state == IMAGE_STATE_SELFTEST)
    return write_zeros(image, 2);
  /* A torn VALID reads as SELFTEST from time to time: the boot loader, which read VALID, makes it whole. */
  if ((now == IMAGE_STATE_VALID || now == IMAGE_STATE_SELFTEST) && state == IMAGE_STATE_VALID)
    return write_zeros(image, 1);
  if (now == IMAGE_STATE_SELFTEST && state == IMAGE_STATE_INVALID)
    return write_zeros(image, 0);
  return now == state ? PC_OK : PC_ERR_STATE;
}

static pc_status backup(uint32_t image, const uint8_t header[IMAGE_HEADER_SIZE], const struct image_info *info)
{
  uint8_t active[IMAGE_HEADER_SIZE];
  uint8_t all = 0, none = 0xFF;
  pc_status status = engine_header_load(image, ENGINE_SOURCE_ACTIVE, active);
  if (status != PC_OK)
    return status;
  for (uint32_t i = 0; i < IMAGE_TAG_SIZE; i++) {
    all |= active[IMAGE_AT_FINGERPRINT + i];
    none &= active[IMAGE_AT_FINGERPRINT + i];
  }
  if (all == 0 || none == 0xFF)
    return PC_ERR_BLANK;
  status = crypto_compare(active + IMAGE_AT_FINGERPRINT, header + IMAGE_AT_SIGNATURE, IMAGE_TAG_SIZE, PC_ERR_STATE);
  return status == PC_OK ? engine_above_minimum(info) : status;
}

const struct engine_states engine_states = {state_read, validate, set, backup};
