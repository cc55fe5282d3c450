/* Power cuts on the ARM boot loader with a single slot: the real binary receives an image over YMODEM straight into the
 * active slot, and the power goes at flash operation after flash operation. After each cut the board must run the old
 * image, or the new one, or wait for a download; the next transfer must bring the new one in.
 *
 * single (options of one_slot.h)
 */
#include "test/sweep/one_slot.h"

#include <stdio.h>
#include <string.h>

/* ---- the sender ---- */
enum { SOH = 1, STX = 2, EOT = 4, ACK = 6, NAK = 0x15, CAN = 0x18 };
static enum { ASLEEP, OFFER, OFFERED, TAKEN, DATA, ENDED, NEXT, CLOSED, OVER } step;
static size_t sent;
static bool refused;

static void packet(uint8_t number, const uint8_t *bytes, size_t count, size_t size)
{
  uint8_t p[1024 + 5];
  uint16_t crc = 0;
  p[0] = size == 128 ? SOH : STX;
  p[1] = number;
  p[2] = (uint8_t)~number;
  memset(p + 3, number == 0 ? 0 : 0x1A, size);
  memcpy(p + 3, bytes, count);
  for (size_t i = 0; i < size; i++) {
    crc ^= (uint16_t)(p[3 + i] << 8);
    for (int bit = 0; bit < 8; bit++)
      crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
  }
  p[3 + size] = (uint8_t)(crc >> 8);
  p[4 + size] = (uint8_t)crc;
  soc_uart_rx(one_slot.board.soc, 2, p, size + 5);
}

static void data(void)
{
  size_t left = one_slot.new_sfb_size - sent;
  if (left == 0) {
    const uint8_t eot = EOT;
    step = ENDED;
    soc_uart_rx(one_slot.board.soc, 2, &eot, 1);
    return;
  }
  packet((uint8_t)(sent / 1024 + 1), one_slot.new_sfb + sent, left < 1024 ? left : 1024, 1024);
  step = DATA;
}

static void answer(uint8_t byte)
{
  const uint8_t eot = EOT;
  char name[64];
  if (byte == CAN && step > OFFER && step < OVER) {
    refused = true;
    step = OVER;
  }
  switch (step) {
  case OFFER:
    if (byte == 'C') {
      int length = snprintf(name, sizeof name, "fw.sfb%c%zu ", 0, one_slot.new_sfb_size);
      packet(0, (const uint8_t *)name, (size_t)length, 128);
      step = OFFERED;
    }
    break;
  case OFFERED:
    if (byte == ACK)
      step = TAKEN;
    break;
  case TAKEN:
    if (byte == 'C') {
      sent = 0;
      data();
    }
    break;
  case DATA:
    if (byte == ACK)
      sent = sent + 1024 < one_slot.new_sfb_size ? sent + 1024 : one_slot.new_sfb_size;
    if (byte == ACK || byte == NAK)
      data();
    break;
  case ENDED:
    if (byte == NAK)
      soc_uart_rx(one_slot.board.soc, 2, &eot, 1);
    else if (byte == ACK)
      step = NEXT;
    break;
  case NEXT:
    if (byte == 'C') {
      packet(0, (const uint8_t *)"", 0, 128);
      step = CLOSED;
    }
    break;
  case CLOSED:
    if (byte == ACK)
      step = OVER;
    break;
  default:
    break;
  }
}

/* ---- the board ---- */
static void asleep(void)
{
  step = ASLEEP;
}

static bool send(void)
{
  step = OFFER;
  return one_slot_go_on();
}

static bool wait_for_download(void)
{
  struct soc *soc = one_slot.board.soc;
  soc_pin(soc, 'C', 13, false);
  soc_reset_pin(soc);
  const bool running = one_slot_go_on();
  soc_pin(soc, 'C', 13, true);
  return running;
}

static const char *pursue(bool running)
{
  if (running && one_slot.seen == OLD_RUNS)
    running = wait_for_download();
  if (running && one_slot.seen == WAITS)
    (void)send();
  return NULL;
}

static const char *uncut(void)
{
  return send() && one_slot.seen == NEW_RUNS ? one_slot_judge(0) : "the board does not get there";
}

/* A file whose body is damaged must be wiped and leave the device waiting, for the right one. */
static const char *damaged_one(void)
{
  static uint8_t now[ONE_SLOT_MAX];
  one_slot.new_sfb[1000] ^= 1;
  if (!send() || one_slot.seen != WAITS || !refused)
    return "the damaged image is not refused";
  if (!soc_mem_read(one_slot.board.soc, one_slot.active, now, one_slot.slot_size))
    return "the slot cannot be read";
  for (size_t i = 0; i < one_slot.slot_size; i++)
    if (now[i] != 0xFF)
      return "the damaged image was not wiped";
  if (strstr(one_slot.board.console, "Firmware signature check error") == NULL)
    return "the reason is not told";
  one_slot.new_sfb[1000] ^= 1;
  refused = false;
  if (!send() || one_slot.seen != NEW_RUNS)
    return "the right image does not come in afterwards";
  return one_slot_judge(1);
}

static int damaged(const struct cut *cut)
{
  (void)cut;
  return one_slot_report(damaged_one());
}

int main(int count, char **values)
{
  one_slot.name = "single";
  one_slot.answer = answer;
  one_slot.prepare = asleep;
  one_slot.beginning = 8;
  one_slot.ways = 4;
  one_slot.way_back = 400;
  one_slot.pursue = pursue;
  one_slot.worn = 1;
  one_slot.worn_by_cut = 2;
  one_slot_arguments(count, values, NULL);
  one_slot_open();
  soc_pin(one_slot.board.soc, 'C', 13, false);
  one_slot_power_on();
  if (one_slot.new_sfb_size < 1024 || !one_slot_go_on() || one_slot.seen != WAITS) {
    fprintf(stderr, "single: the boot loader does not wait for a download:\n%s\n", one_slot.board.console);
    return 1;
  }
  soc_pin(one_slot.board.soc, 'C', 13, true);
  cases_alone(damaged, NULL);
  const uint64_t operations = one_slot_count(uncut);
  step = OFFER;
  one_slot.seen = NOTHING;
  return one_slot_sweep(operations);
}
