/* The command layer of the secure boot loader: any bytes, keyed or plain, USART or SPI. The input's first byte chooses;
 * then records: raw bytes, or special commands with the right complements and checks around the input's bytes, among
 * them the right licence and a right image, so that the deep states are reached. */
#include "test/sfi/target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sfi_install install;
static struct sfi_command command;
static uint8_t licence[SFI_LICENCE_SIZE], image[4096];
static uint32_t image_size;

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
    }
    return 1;
  case 1:
    special(0x50, 0x11, image, 28, NULL, 0);
    return 1;
  case 2:
    if (size < 3)
      return 1;
    special(0x50, 0x12, image + (p[1] % 2 ? 28 : p[2] * 16u % (image_size - 30)), 30, NULL, 0);
    return 3;
  case 3: {
    const uint8_t offset[4] = {0, 0, (uint8_t)(install.taken >> 8), (uint8_t)install.taken};
    uint32_t at = 58 + install.taken, left = image_size > at ? image_size - at : 0;
    special(0x51, 0x13, offset, 4, image + at, left < 1024 ? left : 256);
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
    image_size = test_image(image, 1, 900);
  }
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
