/* Updates from a USB drive (contract in drive.h; what is chosen, in loader/drive/drive.h).
 *
 * A file that was handed over is remembered over resets, in RAM that survives them: if it is refused when it is
 * installed, or is rolled back, it is not taken again. When the memory is full, nothing more is tried until the power
 * goes: so no drive keeps a device from its application for ever. As long as the active version only rises, which ends
 * by itself, just the file that brought it there is remembered: chains may have any length. */
#include "boot/drive.h"

#include "board/slots.h"
#include "boot/console.h"
#include "boot/mode.h"
#include "image/patch.h"
#include "loader/drive/drive.h"
#include "loader/update_patch.h"
#include "port/drive.h"
#include "portcullis/engine.h"

#include <string.h>

#define TRIED_MAX   6u
#define TRIED_CHECK 0x7D41F0E2u
#define TRIES       3u /* files in one boot */
#define ROLLED_BACK UINT32_MAX

/* Any content after power-on: it counts only with its check value. */
struct tried {
  uint32_t active; /* version at the last look; ROLLED_BACK: it has fallen since the power came */
  uint32_t count;
  uint32_t identity[TRIED_MAX];
  uint32_t check;
};
static struct tried tried __attribute__((section(".shared.tried")));

static uint32_t check_of(const struct tried *t)
{
  uint32_t sum = (TRIED_CHECK ^ t->count) + t->active;
  for (uint32_t i = 0; i < TRIED_MAX; i++)
    sum = (sum << 5 | sum >> 27) ^ t->identity[i];
  return sum;
}

static void remember(uint32_t identity)
{
  tried.identity[tried.count++] = identity;
  tried.check = check_of(&tried);
}

/* What runs now, after the files that were tried so far. */
static void recall(uint32_t active)
{
  if (tried.check != check_of(&tried) || tried.count > TRIED_MAX) {
    memset(&tried, 0, sizeof tried);
    tried.active = active;
  } else if (active < tried.active) {
    tried.active = ROLLED_BACK; /* which nothing is below again, or above */
  } else if (active > tried.active && tried.count > 0) {
    tried.active = active;
    tried.identity[0] = tried.identity[tried.count - 1];
    tried.count = 1;
  }
  tried.check = check_of(&tried);
}

static uint32_t comparable(const struct image_info *info)
{
  return info->protocol == IMAGE_PROTOCOL_VENDOR ? info->version << 16 : info->version;
}

static pc_status inspect(void *ctx, const uint8_t *head, uint32_t length, uint32_t size, struct drive_update *update)
{
  struct image_info info;
  (void)ctx;
  (void)size;
  struct patch_info patch;
  const bool is_patch = update_board_patch != NULL && length >= PATCH_FILE_OFFSET && patch_magic(head);
  if (is_patch) {
    pc_status status = patch_header_parse(head, UINT32_MAX, &patch);
    if (status != PC_OK)
      return status;
    head += PATCH_HEADER_SIZE; /* the TO header; what is read behind its signed part does not matter */
  } else if (length < IMAGE_HEADER_SIZE) {
    return PC_ERR_FORMAT;
  }
  pc_status status = image_header_parse(head, UINT32_MAX, &info);
  if (status != PC_OK)
    return status;
  if (info.image != BOOT_IMAGE || info.partial_size != info.size)
    return PC_ERR_UNSUPPORTED; /* a partial image says nothing of the version it is for */
  update->kind = DRIVE_FULL;
  if (is_patch && patch.from_size != 0) { /* a compressed image fits any version, as a full one does */
    update->kind = DRIVE_PATCH;
    update->from = patch.from_version;
  }
  update->to = comparable(&info);
  update->product = info.product;
  return PC_OK;
}

/* The file as YMODEM would bring it; `head` of the drive is free once it is chosen. */
static pc_status deliver(struct boot *boot, struct drive *d)
{
  struct ymodem_sink sink;
  boot_mode_receive(boot, &sink);
  pc_status status = sink.begin(sink.ctx, d->entry.name, d->file.size);
  for (uint32_t done = 0; status == PC_OK && done < d->file.size;) {
    const uint32_t left = d->file.size - done, n = left < DRIVE_HEAD ? left : DRIVE_HEAD;
    status = fat_read(&d->fat, &d->file, done, d->head, n);
    if (status == PC_OK)
      status = sink.data(sink.ctx, done, d->head, n);
    done += n;
  }
  if (status == PC_OK)
    status = sink.end(sink.ctx);
  if (status != PC_OK)
    sink.abort(sink.ctx, status);
  return status;
}

static void say(const struct drive *d)
{
  console_note("USB drive: ");
  console_text(d->entry.name);
  console_text(", version ");
  if (d->update.kind == DRIVE_PATCH) {
    console_version(d->update.from);
    console_text(" -> ");
  }
  console_version(d->update.to);
}

static struct drive drive;

pc_status boot_drive(struct boot *boot)
{
  struct engine_image_info active;
  if (port_drive.sectors(port_drive.ctx) == 0)
    return PC_ERR_BLANK;
  struct drive_rules rules = {.product = BOARD_PRODUCT, .max_size = MAP_DOWNLOAD_SIZE, .inspect = inspect};
  if (boot_image_present() && engine_call(ENGINE_GET_INFO, BOOT_IMAGE, (uintptr_t)&active, 0) == PC_OK) {
    rules.has_active = true;
    rules.active = active.protocol == IMAGE_PROTOCOL_VENDOR ? active.version << 16 : active.version;
  }
  recall(rules.active);
  for (uint32_t i = 0; i < TRIES && tried.count < TRIED_MAX; i++) {
    rules.tried = tried.identity;
    rules.tried_count = tried.count;
    pc_status status = drive_pick(&drive, &port_drive, &rules);
    if (status != PC_OK) {
      if (status != PC_ERR_BLANK)
        console_note("USB drive: it cannot be read, or its file system is damaged.");
      return status;
    }
    say(&drive);
    remember(drive.identity); /* before it is read: whatever happens then, it is not tried again */
    status = deliver(boot, &drive);
    if (status == PC_OK)
      return PC_OK;
    console_note("Refused: ");
    console_text(boot_download_text(status));
  }
  return PC_ERR_BLANK;
}
