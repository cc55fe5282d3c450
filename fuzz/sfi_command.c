/* The command layer of the secure boot loader: any bytes, keyed or plain, USART or SPI. The input's first byte chooses;
 * then records: raw bytes, or special commands with the right complements and checks around the input's bytes, among
 * them the right licences and a right image with a module, so that the deep states are reached; or the clear bytes of a
 * module that its OEM has made up. */
#include "test/sfi/target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sfi_install install;
static struct sfi_command command;
static uint8_t licence[SFI_LICENCE_SIZE], image[4096];
static uint32_t image_size, area_at; /* the descriptor that was sent last */

static void reply(void *ctx, uint8_t code, const uint8_t *data, uint32_t size)
{
  /* Every byte of an answer must exist. */
  unsigned sum = code;
  (void)ctx;
  for (uint32_t i = 0; i < size; i++)
    sum += data[i];
  *(volatile unsigned *)&test_finished += sum == 0;
}

static void put(const uint8_t *bytes, size_t size)
{
  for (size_t i = 0; i < size && !command.finish; i++)
    sfi_command_byte(&command, bytes[i]);
}

static void put_checked(const uint8_t *bytes, size_t size)
{
  uint8_t sum = 0;
  for (size_t i = 0; i < size; i++)
    sum ^= bytes[i];
  put(bytes, size);
  put(&sum, 1);
}

static void put_packet(const uint8_t *bytes, size_t size)
{
  uint8_t packet[2 + 2048];
  packet[0] = (uint8_t)(size >> 8);
  packet[1] = (uint8_t)size;
  if (size != 0)
    memcpy(packet + 2, bytes, size);
  put_checked(packet, size + 2);
}

static void special(uint8_t code, uint8_t low, const uint8_t *first, size_t first_size, const uint8_t *second,
                    size_t second_size)
{
  const uint8_t frame[] = {0x5A, code, (uint8_t)~code}, opcode[] = {1, low};
  put(command.link->framed ? frame : frame + 1, command.link->framed ? 3 : 2);
  put_checked(opcode, 2);
  put_packet(first, first_size);
  if (code == 0x51)
    put_packet(second, second_size);
}

/* The descriptor of the area whose turn it is; the first one when all were there. */
static uint32_t next_area(void)
{
  uint32_t at = 28;
  for (uint32_t i = 1; i < install.order.next && i < 3; i++)
    at += 30 + ((uint32_t)image[at + 4] | (uint32_t)image[at + 5] << 8);
  return at;
}

/* What the image's key has opened may be anything. */
static void module_bytes(const uint8_t *data, size_t size)
{
  static struct sfi_module module;
  struct sfi_area outer = {SFI_MODULE, 0, 1, 1, (uint32_t)size, 0x08002000}, inner;
  uint8_t bytes[4096];
  module.licensed = true;
  if (size > sizeof bytes || !sfi_module_area(&module, &outer, &inner))
    return;
  memcpy(bytes, data, size);
  pc_status status = PC_OK;
  for (size_t at = 0; at < size && status == PC_OK; at += 64) {
    uint32_t n = size - at < 64 ? (uint32_t)(size - at) : 64;
    uint8_t *from = bytes + at;
    status = sfi_module_take(&module, &inner, &from, &n);
    if (from + n > bytes + at + 64 || from + n > bytes + size)
      abort();
  }
  if (status == PC_OK && sfi_module_end(&module) == PC_OK)
    abort(); /* nobody guesses a tag */
  sfi_module_wipe(&module);
}

/* One record; returns how much of the input it took. */
static size_t record(const uint8_t *p, size_t size)
{
  size_t n = size > 2 ? (size_t)p[1] * 8 % (size - 2 + 1) : 0;
  switch (p[0] % 8) {
  case 0: /* a licence; the elliptic curve only seldom, for it is slow */
    if (size > 7 && p[1] == 0xEC)
      special(0x51, 0x10, NULL, 0, licence, sizeof licence);
    else if (install.state == SFI_IDLE && install.target->identity != NULL) {
      memcpy(install.key, test_key, sizeof install.key);
      memcpy(install.nonce, test_nonce, sizeof install.nonce);
      install.state = SFI_LICENSED;
    } else if (install.state == SFI_OPEN) {
      memcpy(install.module.key, test_module_key, sizeof install.module.key);
      memcpy(install.module.nonce, test_module_nonce, sizeof install.module.nonce);
      install.module.licensed = true;
    }
    return 1;
  case 1:
    special(0x50, 0x11, image, 28, NULL, 0);
    return 1;
  case 2:
    if (size < 3)
      return 1;
    area_at = p[1] % 2 ? next_area() : p[2] * 16u % (image_size - 30);
    special(0x50, 0x12, image + area_at, 30, NULL, 0);
    return 3;
  case 3: {
    const uint8_t offset[4] = {0, 0, (uint8_t)(install.taken >> 8), (uint8_t)install.taken};
    uint32_t at = area_at + 30 + install.taken, left = install.area.size - install.taken;
    if (at + 1024 > sizeof image)
      return 1;
    special(0x51, 0x13, offset, 4, image + at, left < 1024 ? left : 1024);
    return 1;
  }
  case 4:
    if (size < 2)
      return 1;
    special(0x50, p[1] % 0x20, p + 2, size > 2 && n < 128 ? n : 0, NULL, 0);
    return 2 + (size > 2 && n < 128 ? n : 0);
  case 5:
    sfi_install_work(&install);
    return 1;
  case 6:
    sfi_command_timeout(&command);
    return 1;
  default:
    if (size < 3)
      return 1;
    put(p + 2, n);
    return 2 + n;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct sfi_link link = {.reply = reply};
  if (size == 0)
    return 0;
  test_target_new(4);
  if (image_size == 0) {
    test_licence(licence);
    image_size = test_module_image(image, 600);
  }
  if (data[0] & 4) {
    module_bytes(data + 1, size - 1);
    return 0;
  }
  area_at = 28;
  link.framed = data[0] & 1;
  const struct sfi_target *target = data[0] & 2 ? &test_plain : &test_keyed;
  sfi_install_start(&install, target);
  sfi_command_start(&command, target, &link, &install);
  put(link.framed ? (const uint8_t *)"\x5A" : (const uint8_t *)"\x7F", 1);
  data++;
  size--;
  while (size != 0 && !command.finish) {
    size_t n = record(data, size);
    data += n;
    size -= n;
  }
  /* A keyed device that has not finished holds nothing in clear that it would tell, and is never complete by accident.
   */
  if (install.records.last.type == (uint32_t)SFI_READY && install.flow != 0)
    abort();
  return 0;
}
