/* Updates served to applications: portcullis/patch.h on portcullis/update.h. One update, in the boot loader's RAM,
 * which launching an application zeroes and whose place no application uses.
 */
#include "portcullis/patch.h"

#include "flash/flash.h"
#include "image/patch.h"
#include "loader/patch_board.h"
#include "portcullis/engine.h"
#include "portcullis/update.h"

#include <stddef.h>
#include <string.h>

#define IMAGE 1u
#define BUSY  0x6D2B11E9u

static struct {
  struct update update;
  uint32_t busy;
  uint32_t open;          /* a start without an end */
  uint32_t total, delay;  /* of the start */
  uint32_t polls;         /* until the restart; 0: none is due */
  uint32_t asked;         /* the wish is written */
  uint32_t code, is_last; /* how the last one ended */
} api;

/* ---------- the codes ---------- */

const char *patch_code_text(uint32_t code)
{
  static const char *const texts[PATCH_CODES] = {
      "none",
      "completed",
      "invalid argument",
      "invalid patch image",
      "invalid source image",
      "invalid target image",
      "patch is for another image",
      "image too large",
      "image too small",
      "slot not available",
      "slot cannot be erased",
      "slot cannot be written",
      "version refused",
      "for another product or image",
      "tag of the result is wrong",
      "kind of image not supported",
      "image cannot be decrypted",
      "invalid state",
      "invalid order",
      "too few bytes",
      "patch is damaged",
      "patch cannot be decrypted",
      "installation cannot be asked for",
      "flash cannot be read",
      "external segment not supported",
      "external flash cipher",
  };
  return code < PATCH_CODES ? texts[code] : "unknown";
}

/* A tag that is not the active image's: is that another version, or a damaged image? u->header still holds the patch
 * header. */
static uint32_t source_code(const struct update *u)
{
  struct engine_image_info active;
  if (engine_call(ENGINE_GET_INFO, IMAGE, (uintptr_t)&active, 0) != PC_OK)
    return PATCH_INVALID_SOURCE_IMAGE;
  return memcmp(active.tag, u->header + PATCH_AT_FROM_TAG, sizeof active.tag) == 0 ? PATCH_INVALID_SOURCE_IMAGE
                                                                                   : PATCH_INVALID_PATCH_TAG;
}

/* What an error means depends on how far the file had come. */
static uint32_t code_of(const struct update *u, pc_status status)
{
  const bool patch = u->is_patch != 0, headers = u->received < (patch ? PATCH_FILE_OFFSET : UPDATE_HEADER_SIZE);
  const bool first = patch && u->received < PATCH_HEADER_SIZE;
  switch (status) {
  case PC_ERR_VERSION:
    return PATCH_IMAGE_VERSION_FAILURE;
  case PC_ERR_PRODUCT:
    return PATCH_INVALID_SECTION_KEY;
  case PC_ERR_PARAM: /* the headers are another image's; later: the engine does not take these bytes */
    return headers ? PATCH_INVALID_SECTION_KEY : PATCH_IMAGE_DECRYPT_FAILURE;
  case PC_ERR_SIZE:
  case PC_ERR_TRANSFER: /* only where the length was not announced: more than the headers say */
    return PATCH_IMAGE_TOO_LARGE;
  case PC_ERR_STATE:
    return PATCH_SECTION_NOT_AVAILABLE;
  case PC_ERR_FLASH:
    return u->erased <= u->target.slot->page && headers ? PATCH_SECTION_ERASE_FAILURE : PATCH_SECTION_WRITE_FAILURE;
  case PC_ERR_ECC:
    return PATCH_FLASH_ERROR;
  case PC_ERR_TAG:
    return first ? source_code(u) : headers ? PATCH_INVALID_TARGET_IMAGE : PATCH_IMAGE_VERIFY_TAG_FAILURE;
  case PC_ERR_UNSUPPORTED:
    return headers ? PATCH_IMAGE_VERIFY_ALG_FAILURE : PATCH_DECRYPTION_ERROR;
  case PC_ERR_FORMAT:
  case PC_ERR_SIGNATURE:
    return first || (u->received < 3 && !patch) ? PATCH_INVALID_PATCH_IMAGE
           : headers                            ? PATCH_INVALID_TARGET_IMAGE
                                                : PATCH_PARSER_ERROR;
  default:
    return PATCH_IMAGE_DECRYPT_FAILURE;
  }
}

/* ---------- status ---------- */

static void show(struct patch_status *status)
{
  const struct update *u = &api.update;
  const bool done = api.is_last != 0 && api.code == PATCH_COMPLETED;
  status->code = (uint8_t)api.code;
  status->completed = done;
  status->error = api.is_last != 0 && !done;
  status->stage = done ? PATCH_STAGE_VERIFIED : api.open != 0 ? PATCH_STAGE_UPDATE : PATCH_STAGE_IDLE;
  status->total_bytes = api.total == UPDATE_ANY_SIZE ? 0 : api.total;
  status->accumulated_bytes = u->received;
}

/* An answer that leaves the update as it is. */
static uint32_t refuse(struct patch_status *status, uint32_t code)
{
  if (status != NULL) {
    status->error = true;
    status->code = (uint8_t)code;
  }
  return PATCH_ERROR;
}

/* The end of an update. */
static uint32_t end(struct patch_status *status, uint32_t code)
{
  api.open = 0;
  api.is_last = 1;
  api.code = code;
  show(status);
  return code == PATCH_COMPLETED ? PATCH_SUCCESS : PATCH_ERROR;
}

static bool enter(void)
{
  /* An interrupt that comes between the two finds either state, and leaves it as it was. */
  if (api.busy == BUSY)
    return false;
  api.busy = BUSY;
  return true;
}

static uint32_t leave(uint32_t result)
{
  api.busy = 0;
  return result;
}

uint32_t patch_init_status(struct patch_status *status)
{
  if (status == NULL)
    return PATCH_ERROR;
  memset(status, 0, sizeof *status);
  return PATCH_SUCCESS;
}

uint32_t patch_print_status(const struct patch_status *status)
{
  if (status == NULL)
    return PATCH_ERROR;
  patch_board_text("\r\n= [PATCH] ");
  patch_board_text(patch_code_text(status->code));
  patch_board_text(", ");
  patch_board_number(status->accumulated_bytes);
  patch_board_text(" of ");
  patch_board_number(status->total_bytes);
  patch_board_text(" bytes");
  return PATCH_SUCCESS;
}

/* ---------- the update ---------- */

static uint32_t start(struct patch_status *status, const struct patch_start_info *info)
{
  if (info == NULL || info->type > PATCH_APP)
    return refuse(status, PATCH_INVALID_ARG);
  if (api.open != 0)
    return refuse(status, PATCH_INVALID_ORDER);
  const uint32_t length = info->length == 0 ? UPDATE_ANY_SIZE : info->length;
  if (length < PATCH_FILE_OFFSET + IMAGE_BLOCK)
    return refuse(status, PATCH_IMAGE_TOO_SMALL);
  if (update_init_image(&api.update, IMAGE) != PC_OK)
    return refuse(status, PATCH_SECTION_NOT_AVAILABLE);
  if (update_begin(&api.update, length) != PC_OK)
    return refuse(status, PATCH_IMAGE_TOO_LARGE);
  api.open = 1;
  api.is_last = api.asked = api.polls = 0;
  api.code = PATCH_NONE;
  api.total = length;
  api.delay = info->reboot_delay;
  show(status);
  return PATCH_SUCCESS;
}

uint32_t patch_start(struct patch_status *status, const struct patch_start_info *info)
{
  if (status == NULL)
    return PATCH_ERROR;
  return enter() ? leave(start(status, info)) : refuse(status, PATCH_INVALID_STATE);
}

/* Spread over the window: the same device and image give the same place, others another. */
static uint32_t place_in_window(uint32_t window)
{
  uint32_t mixed = patch_board_unique();
  for (uint32_t i = 0; i < 16; i++)
    mixed = (mixed ^ api.update.header[IMAGE_AT_TAG + i]) * 0x01000193u;
  return (mixed ^ mixed >> 15) % window + 1u;
}

static uint32_t ask(struct patch_status *status)
{
  if (api.asked == 0 && update_install(&api.update) != PC_OK)
    return end(status, PATCH_INSTALL_ERROR);
  api.asked = 1;
  return end(status, PATCH_COMPLETED);
}

/* Was it refused for a second segment, which the board has not, or has elsewhere? */
static bool foreign_segment(const struct update *u, pc_status why)
{
  uint32_t offset;
  memcpy(&offset, u->header + IMAGE_AT_EXTERNAL, sizeof offset);
  return (why == PC_ERR_UNSUPPORTED || why == PC_ERR_FORMAT) && memcmp(u->header, "SFU", 3) == 0 &&
         u->header[IMAGE_AT_PROTOCOL] == IMAGE_PROTOCOL && offset != 0;
}

static uint32_t data(struct patch_status *status, const void *bytes, uint32_t length)
{
  struct update *u = &api.update;
  if (api.open == 0)
    return refuse(status, PATCH_INVALID_STATE);
  if (bytes == NULL || length > api.total - u->received)
    return refuse(status, PATCH_INVALID_ARG);
  pc_status done = update_write(u, bytes, length);
  api.total = u->size;
  if (foreign_segment(u, done))
    return end(status, PATCH_FLASH_SEGMENT_ERROR);
  const uint32_t at = u->received;
  if (done == PC_OK && at == api.total)
    done = update_finish(u);
  if (done != PC_OK)
    return end(status, code_of(u, done));
  if (at < api.total) {
    show(status);
    return PATCH_SUCCESS;
  }
  if (api.delay == PATCH_REBOOT_COMMAND)
    return end(status, PATCH_COMPLETED);
  if (api.delay != PATCH_REBOOT_NEXT)
    api.polls = api.delay == PATCH_REBOOT_IMMEDIATE ? 1u : place_in_window(api.delay);
  return ask(status);
}

uint32_t patch_data(struct patch_status *status, const void *bytes, uint32_t length)
{
  if (status == NULL)
    return PATCH_ERROR;
  return enter() ? leave(data(status, bytes, length)) : refuse(status, PATCH_INVALID_STATE);
}

static uint32_t install(struct patch_status *status)
{
  if (api.open != 0)
    return refuse(status, PATCH_TOO_FEW_BYTES);
  if (api.is_last == 0 || api.code != PATCH_COMPLETED)
    return refuse(status, PATCH_INVALID_STATE);
  return ask(status);
}

uint32_t patch_install_at_next_reset(struct patch_status *status)
{
  if (status == NULL)
    return PATCH_ERROR;
  return enter() ? leave(install(status)) : refuse(status, PATCH_INVALID_STATE);
}

static uint32_t give_up(struct patch_status *status)
{
  pc_status done = PC_OK;
  if (api.open != 0 || api.is_last != 0)
    done = update_abort(&api.update);
  if (done != PC_OK)
    return refuse(status, PATCH_SECTION_ERASE_FAILURE);
  memset(&api, 0, sizeof api);
  api.busy = BUSY;
  return patch_init_status(status);
}

uint32_t patch_abort(struct patch_status *status)
{
  if (status == NULL)
    return PATCH_ERROR;
  return enter() ? leave(give_up(status)) : refuse(status, PATCH_INVALID_STATE);
}

uint32_t patch_poll(struct patch_status *status)
{
  if (status == NULL)
    return PATCH_ERROR;
  if (!enter())
    return refuse(status, PATCH_INVALID_STATE);
  if (api.polls != 0 && api.asked != 0 && --api.polls == 0)
    patch_board_restart();
  show(status);
  return leave(PATCH_SUCCESS);
}

/* ---------- what runs ---------- */

uint32_t patch_active_info(struct patch_firmware_info *info)
{
  struct engine_image_info active;
  if (info == NULL || engine_call(ENGINE_GET_INFO, IMAGE, (uintptr_t)&active, 0) != PC_OK)
    return PATCH_ERROR;
  info->version = active.protocol == IMAGE_PROTOCOL_VENDOR ? active.version << 16 : active.version;
  info->size = active.size;
  memcpy(info->tag, active.tag, sizeof info->tag);
  return PATCH_SUCCESS;
}

uint32_t patch_boot_version(char *text, uint32_t length)
{
  const char *version = patch_board_version();
  if (text == NULL || length == 0)
    return PATCH_ERROR;
  uint32_t i = 0;
  for (; i + 1 < length && version[i] != 0; i++)
    text[i] = version[i];
  text[i] = 0;
  return PATCH_SUCCESS;
}

uint32_t patch_user_data(void *to, uint32_t length)
{
  if (to == NULL || length == 0 || length > PATCH_USER_DATA)
    return PATCH_ERROR;
  return patch_board_user_data(to, length) == PC_OK ? PATCH_SUCCESS : PATCH_ERROR;
}
