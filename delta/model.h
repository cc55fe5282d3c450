/* The statistical model of a delta stream, one definition for both directions, so that they cannot disagree.
 *
 * The including file says how one binary decision is coded and then includes this one. It defines DELTA_CODER, a struct
 * tag whose struct has a member `struct delta_decoder model`, and
 *
 *   static uint32_t delta_bit(struct delta_decoder *d, uint16_t *p, uint32_t bit);
 *     a decision with the adaptive probability *p, which is updated (delta_learn below)
 *   static uint32_t delta_even(struct delta_decoder *d, uint32_t bit);
 *     a decision of probability one half
 *
 * Both return the decision. An encoder is given it in `bit`; a decoder ignores `bit`. So every function here that takes
 * a `value` codes that value in an encoder, and finds it in a decoder. docs/delta-format.md describes the same in
 * prose.
 */
#ifndef DELTA_MODEL_H
#define DELTA_MODEL_H

#include "delta/predict.h"

#include <stdbool.h>
#include <stdint.h>

/* ---------- probabilities ---------- */

/* A probability that the bit is 1: 13 bits above a count of how often it was used, up to 7. Kept with its highest bit
 * turned over, so that zeroed memory means one half. */
#define DELTA_TURN           0x8000u
#define DELTA_SELDOM         0x9003u                   /* 1/16, already settled a little */
#define DELTA_PROBABILITY(p) (((p) ^ DELTA_TURN) | 7u) /* out of 65536, never 0 or 65536 */
#define DELTA_EVEN           0x8000u

/* Coarse steps at first, fine ones later: shifts 2 2 3 3 4 4 5 5. */
static inline void delta_learn(uint16_t *p, uint32_t bit)
{
  uint32_t count = *p & 7u, value = (*p & ~7u) ^ DELTA_TURN;
  int32_t towards = (int32_t)(bit ? 0xfff8u - value : 0u - value);
  value += (uint32_t)(towards >> ((count + 4u) >> 1));
  *p = (uint16_t)(((value & ~7u) ^ DELTA_TURN) | (count < 7 ? count + 1 : 7));
}

/* ---------- numbers ---------- */

static uint32_t delta_tree(struct delta_decoder *d, uint16_t *p, uint32_t bits, uint32_t value)
{
  uint32_t node = 1, at = bits;
  while (at-- > 0)
    node = node * 2 + delta_bit(d, &p[node], value >> at & 1u);
  return node - (1u << bits);
}

/* value + 1 as exponent (a tree of `bits` bits), then the bits below its highest one: even ones but for the lowest two.
 * `n`: four probabilities for those, the sign's in [4], then the tree's. */
static uint32_t delta_number(struct delta_decoder *d, uint16_t *n, uint32_t bits, uint32_t value)
{
  uint32_t result = 1;
  value++;
  uint32_t exponent = delta_tree(d, n + 4, bits, 31u - (uint32_t)__builtin_clz(value));
  while (exponent-- > 0) {
    uint32_t bit = value >> exponent & 1u;
    result = result * 2 + (exponent > 1 ? delta_even(d, bit) : delta_bit(d, &n[exponent * 2 + (result & 1u)], bit));
  }
  return result - 1;
}

/* Two's complement: the magnitude, then the sign unless it is zero. */
static uint32_t delta_signed(struct delta_decoder *d, uint16_t *n, uint32_t bits, uint32_t value)
{
  uint32_t sign = value >> 31;
  uint32_t magnitude = delta_number(d, n, bits, sign ? 0u - value : value);
  return magnitude && delta_bit(d, &n[4], sign) ? 0u - magnitude : magnitude;
}

/* ---------- literals ---------- */

/* Four nibbles, the highest first; a byte is the last two. Contexts: for the first nibble the previous halfword's, for
 * the others the first; the second half of a long instruction: bits of the first half. */
static uint32_t delta_nibbles(struct delta_decoder *d, uint32_t first, uint32_t context, uint32_t value)
{
  static const uint16_t rows[] = {0, 24, 24 + 20, 24 + 20 + 18};
  uint32_t result = 0;
  for (uint32_t i = first; i < 4; i++) {
    if (d->second)
      context = 16u + ((uint32_t)(d->before >> (9 + i)) & (7u >> i));
    result = result << 4 | delta_tree(d, d->u.literals + (rows[i] + context) * 15u, 4, value >> (12 - 4 * i) & 15u);
    if (i == 0)
      context = result;
  }
  return result;
}

static uint32_t delta_literal(struct delta_decoder *d, uint32_t value)
{
  value = delta_nibbles(d, 0, d->before >> 12, value);
  d->second = !d->second && thumb_is_long(value);
  d->before = (uint16_t)value;
  return value;
}

static void delta_literal_restart(struct delta_decoder *d)
{
  d->before = 0;
  d->second = false;
}

/* A byte at an odd offset, or the last one of a gap. */
static uint32_t delta_literal_byte(struct delta_decoder *d, uint32_t value)
{
  delta_literal_restart(d);
  return delta_nibbles(d, 2, 6, value);
}

/* ---------- units that are not as predicted ---------- */

/* A halfword other than `old`: by one of the last four differences, a new small one, or a literal. */
static uint32_t delta_changed_half(struct delta_decoder *d, uint32_t old, uint32_t value)
{
  uint32_t difference = (value - old) & 0xffffu, i = 0;
  while (i < 4 && d->differences[i] != difference)
    i++;
  if (delta_bit(d, &d->p.change[0], i < 4)) {
    i = delta_tree(d, d->p.which, 2, i);
    difference = d->differences[i];
  } else {
    i = 3;
    if (delta_bit(d, &d->p.change[1], (uint16_t)(difference + 255u) < 511u)) {
      difference = delta_signed(d, d->p.difference, DELTA_BITS_DIFFERENCE, thumb_extend(difference, 16));
    } else {
      delta_literal_restart(d);
      difference = delta_literal(d, value) - old;
    }
  }
  for (; i > 0; i--)
    d->differences[i] = d->differences[i - 1];
  d->differences[0] = (uint16_t)difference;
  return (old + difference) & 0xffffu;
}

static uint32_t delta_changed(struct delta_decoder *d, const struct delta_unit *u, uint32_t value)
{
  uint32_t low = u->old & 0xffffu, high = u->old >> 16;
  if (u->size == 1)
    return delta_literal_byte(d, value);
  if (u->size == 2)
    return delta_changed_half(d, low, value);
  if (!delta_bit(d, &d->p.change[2], (value & 0xffffu) != low))
    return delta_changed_half(d, high, value >> 16) << 16 | low;
  low = delta_changed_half(d, low, value & 0xffffu);
  if (delta_bit(d, &d->p.change[3], value >> 16 != high))
    high = delta_changed_half(d, high, value >> 16);
  return high << 16 | low;
}

/* By how much the target of a reference is wrong, if that explains `value`; 0 if not. */
static uint32_t delta_error(const struct delta_unit *u, uint32_t value)
{
  uint32_t by = value - u->predicted;
  if (u->kind >= THUMB_POINTER)
    return by + 0x40000u < 0x80000u ? by : 0;
  if (thumb_kind(value) != u->kind)
    return 0;
  by = thumb_distance(u->kind, value) - (u->to - u->pc);
  return thumb_refer(u->kind, u->old, u->to + by - u->pc) == value ? by : 0;
}

/* A unit of a block that is not all as predicted. */
static uint32_t delta_copied(struct delta_decoder *d, const struct delta_unit *u, uint32_t value)
{
  if (!delta_bit(d, &d->p.hit[u->class], value != u->predicted))
    return u->predicted;
  if (u->kind != THUMB_NONE) {
    if (u->predicted != u->old && delta_bit(d, &d->p.as_old[u->kind], value == u->old))
      return u->old;
    uint32_t by = delta_error(u, value), scale = u->kind < THUMB_POINTER;
    if (delta_bit(d, &d->p.corrected[u->kind], by != 0)) {
      by = u->to + (delta_signed(d, d->p.correction, DELTA_BITS_CORRECTION, (uint32_t)((int32_t)by >> scale)) << scale);
      if (u->kind >= THUMB_FAR) {
        uint32_t slot = delta_fix_slot(u->from);
        d->fixes[slot].from = u->from;
        d->fixes[slot].to = by;
      }
      return thumb_refer(u->kind, u->old, by - u->pc);
    }
  }
  return delta_changed(d, u, value);
}

/* ---------- header and table ---------- */

static uint32_t delta_direct(struct delta_decoder *d, uint32_t bits, uint32_t value)
{
  uint32_t result = 0;
  while (bits-- > 0)
    result = result * 2 + delta_even(d, value >> bits & 1u);
  return result;
}

/* The model of a zeroed struct. */
static void delta_model_start(struct delta_decoder *d, uint32_t source_size)
{
  d->source_size = d->sum = source_size;
  d->data = true;
  for (uint32_t i = 0; i < DELTA_CLASSES; i++)
    d->p.hit[i] = DELTA_SELDOM;
}

/* Source bytes that the literals are taught with: 0, 1, 2, 4 ... 64 KiB. */
static inline uint32_t delta_prime_bytes(uint32_t code)
{
  return 1u << code >> 1 << 10;
}

/* The header after its first byte. */
static void delta_header(struct delta_decoder *d)
{
  uint16_t *n = d->u.table.step;
  d->target_size = delta_number(d, n, DELTA_BITS_STEP, d->target_size);
  d->source_base = delta_number(d, n, DELTA_BITS_STEP, d->source_base >> 8 ^ 0x80000u) << 8 ^ 0x8000000u;
  d->target_base = d->source_base + (delta_signed(d, n, DELTA_BITS_STEP, (d->target_base - d->source_base) >> 8) << 8);
  d->prime_size = (uint8_t)delta_direct(d, 3, d->prime_size);
  if (d->prime_size)
    d->prime_start = (uint8_t)delta_direct(d, 8, d->prime_start);
  d->segments = (uint8_t)delta_number(d, n, DELTA_BITS_STEP, d->segments);
  d->shifts = (uint8_t)delta_number(d, n, DELTA_BITS_STEP, d->shifts);
}

/* The copies of the table, ascending in the source: how far each begins behind the end of the one before, and its size.
 * They wait in the map for their place in the target. */
static void delta_segment(struct delta_decoder *d, uint32_t step, uint32_t size)
{
  step = delta_signed(d, d->u.table.step, DELTA_BITS_STEP, step);
  size = delta_number(d, d->u.table.size, DELTA_BITS_SIZE, size);
  d->next_source += step;
  d->map[d->entries].from = d->next_source << 8;
  d->map[d->entries++].to = DELTA_UNPLACED | size;
  d->next_source += size;
}

/* The next copy in the target: how many of those that wait lie between it and the last one (backwards: below zero), and
 * the gap before it. False: impossible. */
static bool delta_place_segment(struct delta_decoder *d, uint32_t distance, uint32_t gap)
{
  uint32_t i = d->last_placed, step = 1;
  distance = delta_signed(d, d->u.table.distance, DELTA_BITS_DISTANCE, distance);
  gap = delta_number(d, d->u.table.gap, DELTA_BITS_GAP, gap);
  if (distance + d->entries >= 2u * d->entries)
    return false;
  if (distance >> 31) {
    step = d->entries - 1u;
    distance = ~distance;
    i += step;
  }
  for (;; i += step) {
    if (i >= d->entries)
      i -= d->entries;
    if ((d->map[i].to & DELTA_UNPLACED) && distance-- == 0)
      break;
  }
  d->last_placed = (uint8_t)(i + 1);
  uint32_t left = d->target_size - d->position, size = d->map[i].to & ~DELTA_UNPLACED;
  if (gap >= DELTA_NO_COPY || gap > left || size > left - gap)
    return false;
  d->position += gap;
  d->map[i].from |= gap >> 8;
  d->map[i].to = d->position << 8 | (gap & 0xffu);
  d->position += size;
  return true;
}

/* The copies are all known: go on with the regions beside the image, of which nothing moves before the first shift. */
static void delta_regions(struct delta_decoder *d)
{
  d->next_source = DELTA_PLACE_RAM;
  delta_map_add(d, DELTA_PLACE_RAM, DELTA_PLACE_RAM, DELTA_NO_COPY);
}

/* One shift of a region beside the image. next_source runs along. */
static void delta_region_shift(struct delta_decoder *d, uint32_t step, uint32_t shift)
{
  d->next_source += delta_number(d, d->u.table.step, DELTA_BITS_STEP, step);
  shift = delta_signed(d, d->u.table.size, DELTA_BITS_SIZE, shift);
  delta_map_add(d, d->next_source, d->next_source + shift, DELTA_NO_COPY);
}

/* Find the copy whose gap begins at d->position: its gap and source; and where the next gap begins. False: none. */
static bool delta_next_segment(const struct delta_decoder *d, uint32_t *gap, uint32_t *source, uint32_t *end)
{
  bool found = false;
  *end = d->target_size;
  for (uint32_t i = 0; i < d->entries; i++) {
    uint32_t before = (d->map[i].from & 0xffu) << 8 | (d->map[i].to & 0xffu), start = (d->map[i].to >> 8) - before;
    if (before == DELTA_NO_COPY)
      continue;
    if (start == d->position) {
      found = true;
      *gap = before;
      *source = d->map[i].from >> 8;
    } else if (start > d->position && start < *end) {
      *end = start;
    }
  }
  return found;
}

/* The sum that the patch's end confirms. */
static inline void delta_add(struct delta_decoder *d, uint32_t value)
{
  d->sum = (d->sum ^ value) * 0x01000193u;
}

#endif
