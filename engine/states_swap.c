/* Image states for the dual slot with swap: three fields of 32 bytes behind the signed part of the active header,
 * written one after the other without an erase. They are not signed, so nothing is believed of them but what a torn
 * write cannot fake: a field counts as written only when all of it is there. Programming zeros may be repeated, which
 * is how a torn field is made whole. */
#include "engine/states.h"

#include <string.h>

#define FIELD       32u
#define FINGERPRINT 3u /* the field behind the states */

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

static pc_status write_field(uint32_t image, uint32_t field, uint8_t value)
{
  uint8_t bytes[FIELD];
  memset(bytes, value, sizeof bytes);
  return flash_program(&engine_slot(image)->header, IMAGE_AT_STATE + field * FIELD, bytes, FIELD);
}

static pc_status write_zeros(uint32_t image, uint32_t field)
{
  return write_field(image, field, 0);
}

static pc_status current(uint32_t image, uint32_t *state)
{
  engine.verify.image = 0; /* its header buffer is used here */
  pc_status status = engine_header_load(image, ENGINE_SOURCE_ACTIVE, engine.verify.header);
  *state = state_read(engine.verify.header);
  return status;
}

/* All that are under test, by one write: VALID_ALL in the header of the first of them (that is the master's, if it is
 * under test). The boot loader reads it at the next reset and makes it good for each of them. */
static pc_status validate_all(void)
{
  uint32_t state, first = 0, tested = 0, valid = 0;
  for (uint32_t n = 1; engine_slot(n) != NULL; n++) {
    /* A header whose image is gone says nothing. */
    if ((engine.verified & engine_bit(n)) == 0 || current(n, &state) != PC_OK)
      continue;
    if (state == IMAGE_STATE_VALID_ALL)
      return PC_OK;
    valid += state == IMAGE_STATE_VALID;
    if (state == IMAGE_STATE_SELFTEST && tested++ == 0)
      first = n;
  }
  if (tested == 0)
    return valid != 0 ? PC_OK : PC_ERR_STATE;
  return write_field(first, 1, tested > 1 ? 0x55 : 0);
}

static pc_status validate(uint32_t image)
{
  uint32_t state;
  if (image == ENGINE_ALL_IMAGES) {
    if (ENGINE_IMAGES > 1 && engine_board.images > 1)
      return validate_all();
    image = 1;
  }
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
  if (ENGINE_IMAGES > 1 && engine_board.images > 1 && (state == IMAGE_STATE_VALID || state == ENGINE_STATE_KEEP)) {
    if (state == IMAGE_STATE_VALID)
      status = write_zeros(image, 2);
    if (state == IMAGE_STATE_VALID && status == PC_OK)
      status = write_zeros(image, 1);
    return status == PC_OK ? write_zeros(image, FINGERPRINT) : status;
  }
  /* Also when it reads as written: a torn field may, at one look and not at the next. */
  if ((now == IMAGE_STATE_NEW || now == IMAGE_STATE_SELFTEST) && state == IMAGE_STATE_SELFTEST)
    return write_zeros(image, 2);
  /* A torn VALID reads as SELFTEST from time to time. The boot loader, which read VALID, makes it whole; and so does
   * the engine when it is the one to read VALID: only an application that validates itself begins to write it. */
  if (engine_board.images == 1 && now == IMAGE_STATE_VALID && state == IMAGE_STATE_SELFTEST)
    return write_zeros(image, 1);
  if ((now == IMAGE_STATE_VALID || now == IMAGE_STATE_SELFTEST) && state == IMAGE_STATE_VALID)
    return write_zeros(image, 1);
  /* The boot loader read SELFTEST; that must not go on one look and come back on another. */
  if ((now == IMAGE_STATE_NEW || now == IMAGE_STATE_SELFTEST) && state == IMAGE_STATE_INVALID) {
    status = write_zeros(image, 2);
    return status == PC_OK ? write_zeros(image, 0) : status;
  }
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
