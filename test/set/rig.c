/* See rig.h. */
#include "test/set/rig.h"

#include "board/slots.h"
#include "boot/boot.h"
#include "engine/internal.h"
#include "port/port.h"
#include "portcullis/update.h"
#include "test/set/maker.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_IMAGES 2048
/* The longest boot: three swaps of full slots take about a thousand operations; wiping and worn cells come on top. */
#define MAX_OPERATIONS 20000u

struct rig rig;
struct port_shared port_shared;
static struct rig_image *images[MAX_IMAGES];
static unsigned image_count;
static struct boot boot_memory;
static jmp_buf leave;
static uint32_t operations_before;
static enum rig_end ended;
static uint32_t time_now;
static struct update updates[RIG_IMAGES];

pc_status engine_dispatch(uint32_t service, uintptr_t a, uintptr_t b, uintptr_t c);
pc_status engine_call(uint32_t service, uintptr_t a, uintptr_t b, uintptr_t c)
{
  if (rig.engine_fault != NULL && rig.engine_fault(service))
    return PC_ERR_STATE;
  return engine_dispatch(service, a, b, c);
}

_Noreturn void rig_fail(const char *what)
{
  (void)fflush(stdout);
  fprintf(stderr, "rig: %s (%s, reset %u)\nconsole of this boot:%s\n", what, rig.note, (unsigned)rig.resets,
          rig.console);
  for (uint32_t n = 1; n <= MAP_IMAGES; n++) {
    const struct rig_image *active = rig_active(n);
    fprintf(stderr, "image %u: %s %08x, state %04x\n", (unsigned)n,
            active != NULL        ? "version"
            : rig_active_blank(n) ? "blank"
                                  : "nobody's",
            active != NULL ? (unsigned)active->version : 0, (unsigned)rig_state(n));
  }
  abort();
}

/* ---- the chip ---- */

/* Addresses stay inside what the tests own by simflash_allow(). */
static pc_status flash_read_(uint32_t addr, void *to, uint32_t size)
{
  return simflash_driver.read(addr, to, size);
}
static pc_status flash_program_(uint32_t addr, const void *from, uint32_t size)
{
  if (simflash_counts().operations - operations_before > MAX_OPERATIONS)
    rig_fail("a boot without an end");
  if (rig.flash_fault != NULL && rig.flash_fault(false, addr))
    return PC_ERR_FLASH;
  return simflash_driver.program(addr, from, size);
}
static pc_status flash_erase_(uint32_t addr)
{
  if (simflash_counts().operations - operations_before > MAX_OPERATIONS)
    rig_fail("a boot without an end");
  if (rig.flash_fault != NULL && rig.flash_fault(true, addr))
    return PC_ERR_FLASH;
  return simflash_driver.erase(addr);
}
const struct flash_driver port_flash = {flash_read_, flash_program_, flash_erase_};

void port_init(void) {}

void port_console_put(uint8_t byte)
{
  if (rig.length + 1 < sizeof rig.console) {
    rig.console[rig.length++] = (char)byte;
    rig.console[rig.length] = 0;
  }
}

static _Noreturn void end(enum rig_end how)
{
  ended = how;
  longjmp(leave, 1);
}

int port_console_get(uint32_t timeout_ms)
{
  (void)timeout_ms;
  if (rig.loader != NULL)
    rig.loader();
  end(RIG_WAITS);
}

uint32_t port_milliseconds(void)
{
  return time_now++;
}

bool port_button(void)
{
  return rig.button;
}

enum port_reset port_reset_cause(void)
{
  return rig.power_on ? PORT_RESET_POWER : PORT_RESET_SOFTWARE;
}

_Noreturn void port_reset(void)
{
  end(RIG_RESET);
}

void port_watchdog_refresh(void) {}

static void judge_launch(uint32_t vectors)
{
  if (vectors != MAP_ACTIVE_BASE)
    rig_fail("something else than image 1 is started");
  for (uint32_t n = 1; n <= MAP_IMAGES; n++) {
    const struct engine_slot *slot = engine_slot(n);
    /* As the hardware reads it at this moment: weak cells may have read otherwise when it was authenticated. */
    uint8_t bytes[MAP_ACTIVE_SIZE];
    if (flash_read(&slot->slots.active, 0, bytes, slot->slots.active.size) != PC_OK)
      rig_fail("a slot that cannot be read runs");
    uint32_t used = slot->slots.active.size;
    while (used != 0 && bytes[used - 1] == 0xFF)
      used--;
    if (used == 0 && n != 1)
      continue;
    bool known = false;
    for (unsigned i = 0; i < image_count && !known; i++)
      known =
          images[i]->number == n && used <= images[i]->size && memcmp(bytes, images[i]->clear, images[i]->size) == 0;
    if (!known)
      rig_fail("something runs that nobody signed");
  }
}

_Noreturn void port_launch(uint32_t vectors)
{
  judge_launch(vectors);
  if (rig.application != NULL)
    rig.application();
  end(RIG_RUNS);
}

/* ---- boots ---- */

static void session(void *unused)
{
  (void)unused;
  if (setjmp(leave) != 0)
    return;
  /* What start-up code does. */
  memset(&engine, 0, sizeof engine);
  memset(&boot_memory, 0, sizeof boot_memory);
  if (rig.power_on)
    memset(&port_shared, 0x5A, sizeof port_shared);
  boot_run(&boot_memory);
}

enum rig_end rig_boot(void)
{
  rig.length = 0;
  rig.console[0] = 0;
  rig.resets++;
  operations_before = simflash_counts().operations;
  if (!simflash_run(session, NULL))
    ended = RIG_CUT;
  rig.power_on = ended == RIG_CUT;
  return ended;
}

enum rig_end rig_settle(uint32_t most)
{
  enum rig_end how = RIG_RESET;
  for (uint32_t i = 0; i < most && how == RIG_RESET; i++)
    how = rig_boot();
  if (how == RIG_RESET)
    rig_fail("resets for ever");
  return how;
}

void rig_power_off(void)
{
  rig.power_on = true;
}

bool rig_said(const char *text)
{
  return strstr(rig.console, text) != NULL;
}

/* ---- images ---- */

void rig_drop_images(void)
{
  while (image_count != 0) {
    struct rig_image *image = images[--image_count];
    free(image->clear);
    free(image->cipher);
    free(image);
  }
}

void rig_reset(uint32_t seed)
{
  static bool keys;
  if (!keys)
    maker_new_keys();
  keys = true;
  rig_drop_images();
  memset(&rig, 0, sizeof rig);
  memset(updates, 0, sizeof updates);
  rig.power_on = true;
  simflash_reset(seed);
  simflash_add(MAP_FLASH_BASE, RIG_FLASH_SIZE / MAP_FLASH_PAGE, MAP_FLASH_PAGE, MAP_FLASH_UNIT);
  simflash_allow(MAP_HEADER_BASE(1), MAP_IMAGES * MAP_FLASH_PAGE);
  simflash_allow(MAP_JOURNAL_BASE, 2 * MAP_FLASH_PAGE);
  simflash_allow(MAP_COUNTER_BASE, MAP_IMAGES * 2 * MAP_FLASH_PAGE);
  /* Each slot with its neighbour in between: simflash takes eight ranges. */
  simflash_allow(MAP_ACTIVE_BASE, MAP_ACTIVE_SIZE);
  simflash_allow(MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE);
#ifdef MAP_SCRATCH_BASE
  simflash_allow(MAP_SCRATCH_BASE, MAP_SCRATCH_SIZE);
  simflash_allow(MAP_CHECKPOINT_BASE, MAP_CHECKPOINT_SIZE);
#endif
#if MAP_IMAGES >= 2
  simflash_allow(MAP_ACTIVE_BASE_2, MAP_DOWNLOAD_BASE_2 + MAP_DOWNLOAD_SIZE_2 - MAP_ACTIVE_BASE_2);
#endif
#if MAP_IMAGES >= 3
  simflash_allow(MAP_ACTIVE_BASE_3, MAP_DOWNLOAD_BASE_3 + MAP_DOWNLOAD_SIZE_3 - MAP_ACTIVE_BASE_3);
#endif
}

static struct rig_image *make(uint32_t number, uint32_t version, uint32_t size, uint32_t offset, uint32_t part,
                              const struct rig_image *from)
{
  struct rig_image *image = calloc(1, sizeof *image);
  if (image == NULL || image_count == MAX_IMAGES || (image->clear = malloc(size)) == NULL ||
      (image->cipher = malloc(part)) == NULL)
    abort();
  images[image_count++] = image;
  image->number = number;
  image->version = version;
  image->size = size;
  image->offset = offset;
  image->part = part;
  image->base = from;
  for (uint32_t i = 0; i < size; i++)
    image->clear[i] = i % 96 < 24 ? 0xFF : (uint8_t)(simflash_random() >> 9);
  if (from != NULL) {
    for (uint32_t i = 0; i < size && i < from->size; i++)
      if (i < offset || i - offset >= part)
        image->clear[i] = from->clear[i];
  }
  if (offset == 0)
    image->clear[0] = (uint8_t)version; /* the first unit is not blank */
  const struct image_info info = {.image = number,
                                  .protocol = IMAGE_PROTOCOL,
                                  .version = version,
                                  .size = size,
                                  .partial_offset = offset,
                                  .partial_size = part,
                                  .product = BOARD_PRODUCT,
                                  .minimum = version,
                                  .flags = (version & RIG_RAISES) != 0 ? IMAGE_FLAG_RAISE_MINIMUM : 0};
  maker_pack(&info, image->clear, image->header, image->cipher);
  return image;
}

struct rig_image *rig_image_make(uint32_t number, uint32_t version, uint32_t size)
{
  return make(number, version, size, 0, size, NULL);
}

struct rig_image *rig_image_make_partial(const struct rig_image *from, uint32_t version, uint32_t size, uint32_t offset,
                                         uint32_t part)
{
  return make(from->number, version, size, offset, part, from);
}

void rig_put_active(const struct rig_image *image)
{
  const struct engine_slot *slot = engine_slot(image->number);
  uint8_t header[IMAGE_HEADER_SIZE];
  memcpy(header, image->header, sizeof header);
  image_header_set_state(header, IMAGE_STATE_VALID);
  memset(header + IMAGE_AT_FINGERPRINT, 0, IMAGE_TAG_SIZE);
  simflash_fill(slot->slots.active.base, 0xFF, slot->slots.active.size);
  simflash_fill(slot->header.base, 0xFF, slot->header.size);
  simflash_load(slot->header.base, header, sizeof header);
  simflash_load(slot->slots.active.base, image->clear, image->size);
}

void rig_put_candidate(const struct rig_image *image)
{
  const struct flash_area *download = &engine_slot(image->number)->slots.download;
  simflash_fill(download->base, 0xFF, download->page);
  simflash_fill(download->base + download->page, 0x5A, download->size - download->page);
  simflash_load(download->base, image->header, IMAGE_HEADER_SIZE);
  simflash_load(download->base + download->page, image->cipher, image->part);
  simflash_load(download->base + IMAGE_HEADER_SIZE, "INSTALL1", 8);
}

pc_status rig_receive(const struct rig_image *image)
{
  static _Alignas(8) uint8_t filling[IMAGE_FILE_OFFSET - IMAGE_HEADER_SIZE];
  struct update *u = &updates[image->number - 1];
  pc_status status = update_init_image(u, image->number);
  if (status == PC_OK)
    status = update_begin(u, IMAGE_FILE_OFFSET + image->part);
  if (status == PC_OK)
    status = update_write(u, image->header, IMAGE_HEADER_SIZE);
  if (status == PC_OK)
    status = update_write(u, filling, sizeof filling);
  if (status == PC_OK)
    status = update_write(u, image->cipher, image->part);
  return status == PC_OK ? update_finish(u) : status;
}

pc_status rig_request(uint32_t images)
{
  struct update *set[RIG_IMAGES];
  uint32_t count = 0;
  for (uint32_t n = 1; n <= MAP_IMAGES; n++)
    if ((images >> n & 1u) != 0)
      set[count++] = &updates[n - 1];
  return count == 1 ? update_install(set[0]) : update_install_set(set, count);
}

const struct rig_image *rig_active(uint32_t number)
{
  const struct engine_slot *slot = engine_slot(number);
  for (unsigned i = 0; i < image_count; i++) {
    const struct rig_image *image = images[i];
    if (image->number == number && simflash_equals(slot->header.base, image->header, IMAGE_AT_STATE) &&
        simflash_equals(slot->slots.active.base, image->clear, image->size) &&
        simflash_equals(slot->slots.active.base + image->size, NULL, slot->slots.active.size - image->size))
      return image;
  }
  return NULL;
}

bool rig_active_blank(uint32_t number)
{
  const struct engine_slot *slot = engine_slot(number);
  return simflash_equals(slot->slots.active.base, NULL, slot->slots.active.size);
}

uint32_t rig_state(uint32_t number)
{
  uint8_t header[IMAGE_HEADER_SIZE];
  if (flash_read(&engine_slot(number)->header, 0, header, sizeof header) != PC_OK)
    return IMAGE_STATE_TORN;
  return image_header_state(header);
}
