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

/* The same at d->position, and a note of the instruction that it ends. */
static uint32_t delta_literal_noted(struct delta_decoder *d, uint32_t value)
{
  uint32_t word = d->before, position = d->position;
  bool second = d->second;
  value = delta_literal(d, value);
  if (d->second)
    return value;
  if (second)
    delta_note(d, position - 2, word | value << 16);
  else
    delta_note(d, position, value);
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
  if (u->size == 1)
    return delta_literal_byte(d, value);
  uint32_t result = 0;
  for (uint32_t at = 0; at < 8 * u->size; at += 16) {
    uint32_t half = u->old >> at & 0xffffu, right = value >> at & 0xffffu;
    if (u->size == 2 || delta_bit(d, &d->p.change[2 + at / 16], half != right))
      half = delta_changed_half(d, half, right);
    result |= half << at;
  }
  return result;
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
    if (u->predicted != u->old && delta_bit(d, &d->p.as_old, value == u->old))
      return u->old;
    uint32_t by = delta_error(u, value), scale = u->kind < THUMB_POINTER;
    if (delta_bit(d, &d->p.corrected, by != 0)) {
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

#define DELTA_UNPLACED 0x80000000u /* a size, which no copy that has its place could have */
#define DELTA_GAP_MAX  0xfffeu     /* empty copies split longer ones */

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
  d->source_size = source_size;
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
  d->sum = d->source_size;
  d->target_size = d->sum + delta_signed(d, n, DELTA_BITS_STEP, d->target_size - d->sum);
  d->source_base = delta_number(d, n, DELTA_BITS_STEP, d->source_base >> 8 ^ 0x80000u) << 8 ^ 0x8000000u;
  d->target_base = d->source_base + (delta_signed(d, n, DELTA_BITS_STEP, (d->target_base - d->source_base) >> 8) << 8);
  d->prime_size = (uint8_t)delta_direct(d, 3, d->prime_size);
  d->prime_start = (uint8_t)delta_number(d, n, DELTA_BITS_STEP, d->prime_start);
  d->segments = (uint8_t)delta_number(d, n, DELTA_BITS_STEP, d->segments);
  d->shifts = (uint8_t)delta_number(d, n, DELTA_BITS_STEP, d->shifts);
}

/* The copies of the table, ascending in the source: how far each begins behind the end of the one before, and its size,
 * which waits in the map for the copy's place in the target. */
static void delta_segment(struct delta_decoder *d, uint32_t step, uint32_t size)
{
  step = delta_signed(d, d->u.table.step, DELTA_BITS_STEP, step);
  size = delta_number(d, d->u.table.size, DELTA_BITS_SIZE, size);
  d->next_source += step;
  delta_map_add(d, d->next_source, 0);
  d->to[d->entries - 1] = size | DELTA_UNPLACED;
  d->next_source += size;
}

/* The next copy in the target: which entry of the table, counted from the one after the last, and the gap before it.
 * False: impossible. */
static bool delta_place_segment(struct delta_decoder *d, uint32_t distance, uint32_t gap)
{
  uint32_t i = d->last_placed + delta_signed(d, d->u.table.distance, DELTA_BITS_DISTANCE, distance);
  gap = delta_number(d, d->u.table.gap, DELTA_BITS_GAP, gap);
  if (i >= d->entries)
    return false;
  d->last_placed = (uint8_t)(i + 1);
  d->order[d->next++] = (uint8_t)i;
  uint32_t left = d->target_size - d->position, size = d->to[i] ^ DELTA_UNPLACED;
  if (gap > DELTA_GAP_MAX || gap > left || size > left - gap)
    return false;
  d->position += gap;
  d->from[i] |= gap >> 8;
  d->to[i] = d->position << 8 | (gap & 0xffu);
  d->position += size;
  return true;
}

/* The copies are all known: go on with the regions beside the image, of which nothing moves before the first shift. */
static void delta_regions(struct delta_decoder *d)
{
  d->next_source = DELTA_PLACE_RAM;
  delta_map_add(d, DELTA_PLACE_RAM, DELTA_PLACE_RAM);
}

/* One shift of a region beside the image. next_source runs along. */
static void delta_region_shift(struct delta_decoder *d, uint32_t step, uint32_t shift)
{
  d->next_source += delta_number(d, d->u.table.step, DELTA_BITS_STEP, step);
  shift = delta_signed(d, d->u.table.size, DELTA_BITS_SIZE, shift);
  delta_map_add(d, d->next_source, d->next_source + shift);
}

static inline uint32_t delta_gap(const struct delta_decoder *d, uint32_t i)
{
  return (d->from[i] & 0xffu) << 8 | (d->to[i] & 0xffu);
}

/* The place where the next gap begins. */
static inline uint32_t delta_gap_begin(const struct delta_decoder *d)
{
  uint32_t i = d->order[d->next];
  return d->next < d->segments ? (d->to[i] >> 8) - delta_gap(d, i) : d->target_size;
}

#define DELTA_SUM 0x01000193u

/* The sum of all units, which the patch's end confirms. */
static inline void delta_add(struct delta_decoder *d, uint32_t value)
{
  d->sum = (d->sum ^ value) * DELTA_SUM;
}

#endif
