/* Fuzz the framed protocol of the example application: the input is what comes over the line, with check values made
 * right where it says so. Whatever comes: no flash operation for a header that the judge has refused, and a wish only
 * for a whole image. */
#include "app/wire.h"

#include "board/slots.h"
#include "flash/flash.h"
#include "port/port.h"
#include "portcullis/engine.h"
#include "test/support/simflash.h"

#include <stdlib.h>
#include <string.h>

struct port_shared port_shared;
static bool accepted;

void port_reset(void)
{
  abort();
}

static pc_status read_port(uint32_t addr, void *to, uint32_t size)
{
  return simflash_driver.read(addr, to, size);
}

static pc_status program_port(uint32_t addr, const void *from, uint32_t size)
{
  return simflash_driver.program(addr, from, size);
}

static pc_status erase_port(uint32_t addr)
{
  return simflash_driver.erase(addr);
}

const struct flash_driver port_flash = {read_port, program_port, erase_port};

pc_status engine_call(uint32_t service, uintptr_t a, uintptr_t b, uintptr_t c)
{
  (void)service;
  (void)b;
  (void)c;
  if ((*(const uint8_t *)(a + 8) & 1u) != 0)
    return PC_ERR_SIGNATURE;
  accepted = true;
  return PC_OK;
}

static void send(void *ctx, const uint8_t *bytes, uint32_t size)
{
  (void)ctx;
  if (bytes[0] != 0x55 || size != 22)
    abort();
}

struct input {
  const uint8_t *bytes;
  size_t size;
};

/* An input byte 0..239: that many bytes of a frame's payload follow its type; its frame is made whole. 240..: that many
 * less 239 raw bytes. */
static void run(void *argument)
{
  static struct wire wire;
  const struct input *in = argument;
  uint8_t frame[256 + 10];
  uint8_t sequence = 0;
  wire_init(&wire, 1, send, NULL);
  for (size_t at = 0; at + 1 < in->size;) {
    size_t length = in->bytes[at++];
    const bool raw = length >= 240;
    if (raw)
      length -= 239;
    if (length > in->size - at - 1)
      length = in->size - at - 1;
    if (raw) {
      for (size_t i = 0; i < length; i++)
        (void)wire_byte(&wire, in->bytes[at + i]);
    } else {
      memcpy(frame, (const uint8_t[]){0x55, 0xAA, (uint8_t)length, 0, in->bytes[at], sequence}, 6);
      memcpy(frame + 6, in->bytes + at + 1, length);
      uint32_t crc = 0xFFFFFFFFu;
      for (size_t i = 2; i < 6 + length; i++) {
        crc ^= frame[i];
        for (unsigned bit = 0; bit < 8; bit++)
          crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1u)));
      }
      crc = ~crc;
      memcpy(frame + 6 + length, &crc, 4);
      for (size_t i = 0; i < 10 + length; i++)
        if (wire_byte(&wire, frame[i]) != WIRE_GOES_ON && update_asked(&board_slots[0].download) != PC_OK)
          abort();
      sequence++;
      at++;
    }
    at += length;
    if (!accepted && simflash_counts().operations != 0)
      abort();
  }
  if (update_asked(&board_slots[0].download) == PC_OK && !accepted)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct input in = {data, size};
  accepted = false;
  simflash_reset(1);
  simflash_add(MAP_DOWNLOAD_BASE, MAP_DOWNLOAD_SIZE / MAP_FLASH_PAGE, MAP_FLASH_PAGE, MAP_FLASH_UNIT);
  return simflash_run(run, &in) ? 0 : -1;
}
