/* The range coder's encoding side: see range_encoder.h. A 32-bit range; a carry runs back through the pending bytes. */
#include "delta/range_encoder.h"

void range_encoder_start(struct range_encoder *e, uint8_t *out, size_t room)
{
  *e = (struct range_encoder){.range = UINT32_MAX, .out = out, .room = room};
}

static void put_byte(struct range_encoder *e, uint32_t byte)
{
  /* The very first byte is always 0: `low` has not reached it yet. It is not kept. */
  if (e->size++ > 0 && e->size - 2 < e->room)
    e->out[e->size - 2] = (uint8_t)byte;
}

static void shift(struct range_encoder *e)
{
  uint32_t carry = (uint32_t)(e->low >> 32);
  if (carry || (uint32_t)e->low < 0xff000000u) {
    put_byte(e, e->cache + carry);
    for (; e->pending > 0; e->pending--)
      put_byte(e, 0xffu + carry);
    e->cache = (uint8_t)(e->low >> 24);
  } else {
    e->pending++;
  }
  e->low = (e->low & 0x00ffffffu) << 8;
  e->shifts++;
}

void range_encoder_put(struct range_encoder *e, uint32_t probability, uint32_t bit)
{
  uint32_t bound = (e->range >> 16) * probability;
  if (bit) {
    e->range = bound;
  } else {
    e->low += bound;
    e->range -= bound;
  }
  while (e->range < 1u << 24) {
    e->range <<= 8;
    shift(e);
  }
}

void range_encoder_end(struct range_encoder *e)
{
  /* Of the values that lie in the final range, the one with most zeros at its end. */
  for (int bits = 32; bits >= 0; bits--) {
    uint64_t mask = (UINT64_C(1) << bits) - 1, value = (e->low + mask) & ~mask;
    if (value < e->low + e->range) {
      e->low = value;
      break;
    }
  }
  for (int i = 0; i < 5; i++)
    shift(e);
  e->size--;
  while (e->size > 0 && e->size <= e->room && e->out[e->size - 1] == 0)
    e->size--;
}
