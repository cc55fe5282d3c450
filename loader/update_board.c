/* Updates on this board: its slots, judged by its engine (contract in portcullis/update.h). */
#include "board/slots.h"
#include "image/header.h"
#include "loader/update_patch.h"
#include "port/port.h"
#include "portcullis/engine.h"
#include "portcullis/handover.h"
#include "portcullis/update.h"

static const struct flash_area *download_slot(uint32_t image)
{
  return image >= 1u && image <= MAP_IMAGES ? &board_slots[image - 1u].download : NULL;
}

/* The largest image that the slot mode installs; a partial one has to fit behind the header page. */
static uint32_t capacity(uint32_t image, const struct flash_area *slot)
{
  const uint32_t largest = board_slots[image - 1u].image_max;
  return largest < slot->size - slot->page ? largest : slot->size - slot->page;
}

static pc_status judge(void *ctx, const uint8_t *header)
{
  (void)ctx;
  return engine_call(ENGINE_CHECK_CANDIDATE, (uintptr_t)header, 0, 0);
}

pc_status update_init_target(struct update_target *target, uint32_t image)
{
  const struct flash_area *slot = download_slot(image);
  if (slot == NULL)
    return PC_ERR_PARAM;
  if (slot->size == 0)
    return PC_ERR_UNSUPPORTED;
  *target = (struct update_target){slot, image, capacity(image, slot), judge, NULL, NULL, update_board_patch};
  return PC_OK;
}

pc_status update_init_image(struct update *u, uint32_t image)
{
  struct update_target target;
  pc_status status = update_init_target(&target, image);
  if (status == PC_OK)
    update_init(u, &target);
  return status;
}

pc_status update_install_now(struct update *u)
{
  pc_status status = update_install(u);
  if (status != PC_OK)
    return status;
  handover_ask(HANDOVER_INSTALL);
  port_reset();
}

pc_status update_pending(uint32_t image, uint32_t *version)
{
  const struct flash_area *slot = download_slot(image);
  struct image_info info;
  uint8_t header[IMAGE_HEADER_SIZE];
  if (slot == NULL)
    return PC_ERR_PARAM;
  pc_status status = update_asked(slot);
  if (status == PC_OK)
    status = flash_read(slot, 0, header, sizeof header);
  if (status == PC_OK)
    status = judge(NULL, header);
  if (status == PC_OK)
    status = image_header_parse(header, UINT32_MAX, &info);
  if (status == PC_OK)
    *version = info.version;
  return status;
}

pc_status update_withdraw(uint32_t image)
{
  const struct flash_area *slot = download_slot(image);
  if (slot == NULL)
    return PC_ERR_PARAM;
  return flash_is_blank(slot, 0, slot->page) == PC_OK ? PC_OK : update_drop(slot);
}
