/* What a delta stream's two directions both believe: where things moved to, and what a copied unit becomes there. Pure
 * functions of the model's state; nothing here codes or decodes.
 */
#ifndef DELTA_PREDICT_H
#define DELTA_PREDICT_H

#include "delta/delta.h"
#include "delta/thumb.h"

#include <stdbool.h>
#include <stdint.h>

/* ---------- the map ---------- */

/* Places: an offset in the image, or one of the regions that hold no image bytes. All are below 2^24. */
#define DELTA_NOWHERE   0xffffffffu
#define DELTA_PLACE_RAM 0x800000u

static __attribute__((unused)) uint32_t delta_place(uint32_t address)
{
  uint32_t megabyte = address >> 20;
  if ((megabyte & ~0x340u) != 0 || megabyte < 0x100u)
    return DELTA_NOWHERE;
  return DELTA_PLACE_RAM | (megabyte >> 4 & 4u) << 20 | (megabyte >> 8) << 20 | (address & 0xfffffu);
}

/* What is to be added to something that lay at `place`: the shift of the nearest entry at or below it. Both the image
 * and RAM begin with an entry or have a shift of 0 before their first. */
static __attribute__((unused)) uint32_t delta_shift(const struct delta_decoder *d, uint32_t place)
{
  uint32_t low = 0, high = d->entries, key = place << 8 | 0xffu;
  while (low < high) {
    uint32_t middle = (low + high) >> 1;
    if (d->from[middle] <= key)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0)
    return 0;
  return (d->to[low - 1] >> 8) - (d->from[low - 1] >> 8);
}

static inline void delta_map_add(struct delta_decoder *d, uint32_t from, uint32_t to)
{
  d->from[d->entries] = from << 8;
  d->to[d->entries++] = to << 8;
}

/* ---------- predicting a copied unit ---------- */

/* Contexts of the hit flag: 0-31 the top five bits of a plain unit's first halfword; where those never are plain,
 * something else; then the kinds of references, each twice: predicted as it was, predicted to change. */
enum {
  DELTA_CLASS_SLOT = 0x09, /* a literal-pool word that is no address */
  DELTA_CLASS_BYTE = 0x14,
  DELTA_CLASS_ODD = 0x1b, /* a halfword from an odd source offset */
  DELTA_CLASS_REFERENCE = 0x20 - 2,
  DELTA_CLASS_POOL = DELTA_CLASS_REFERENCE + 2 * (THUMB_KINDS - THUMB_POINTER)
};

struct delta_unit {
  uint32_t old, predicted; /* the unit in the source, and as it should be in the target */
  uint32_t from, to;       /* references: the place they reach before, and as predicted */
  uint32_t pc;             /* what the new distance counts from */
  uint32_t size;           /* 1, 2 or 4 bytes */
  uint32_t class;          /* context of the hit flag */
  bool data;               /* no instruction */
  enum thumb_kind kind;
};

/* On a little-endian machine: one instruction each where loads may be unaligned. */
static inline uint32_t delta_load16(const uint8_t *p)
{
  uint16_t value;
  __builtin_memcpy(&value, p, 2);
  return value;
}

static inline uint32_t delta_load32(const uint8_t *p)
{
  uint32_t value;
  __builtin_memcpy(&value, p, 4);
  return value;
}

static inline uint32_t delta_fix_slot(uint32_t from)
{
  return from >> 1 & (DELTA_FIXES - 1u);
}

/* Where the thing at place `from` went: by a recent correction, or by the map. */
static __attribute__((unused)) uint32_t delta_moved(const struct delta_decoder *d, uint32_t from)
{
  uint32_t slot = delta_fix_slot(from);
  return d->fixes[slot].from == from ? d->fixes[slot].to : from + delta_shift(d, from);
}

/* The bit that says: the target word at `position` was named by a load. */
static inline uint32_t *delta_slot_bits(struct delta_decoder *d, uint32_t position)
{
  return &d->slots[position >> 7 & 7u];
}
static inline uint32_t delta_slot_bit(uint32_t position)
{
  return 1u << (position >> 2 & 31u);
}

/* Tells once. */
static inline bool delta_take_slot(struct delta_decoder *d, uint32_t position)
{
  uint32_t *bits = delta_slot_bits(d, position), bit = delta_slot_bit(position);
  if ((position & 3u) || !(*bits & bit))
    return false;
  *bits &= ~bit;
  return true;
}

/* Predict the unit at `position` of the target from the source bytes at `source` (`bytes`). `left`: bytes left of this
 * copy; min(left, 4) source bytes are read. `slot`: what delta_take_slot() said. */
static inline void delta_predict(const struct delta_decoder *d, const uint8_t *bytes, uint32_t source,
                                 uint32_t position, uint32_t left, bool slot, struct delta_unit *u)
{
  uint32_t word = bytes[0], class = DELTA_CLASS_BYTE;
  u->kind = THUMB_NONE;
  u->data = false;
  u->size = 1;
  if ((position & 1u) || left < 2)
    goto plain;
  word = delta_load16(bytes);
  class = word >> 11;
  u->size = 2;
  if (source & 1u) {
    class = DELTA_CLASS_ODD;
    goto plain;
  }
  if (left >= 4) {
    uint32_t full = delta_load32(bytes);
    if (!((source | position) & 3u)) {
      /* A word named by a load, or next to other data, is data; elsewhere a second halfword like 0x2000 or 0x0801 is
       * more likely an instruction. */
      uint32_t place = full - d->source_base;
      if (place < d->source_size && (slot || d->data || !thumb_is_long(word)))
        u->kind = THUMB_POINTER;
      else if ((slot || d->data) && (place = delta_place(full)) != DELTA_NOWHERE)
        u->kind = THUMB_RAM;
      if (u->kind != THUMB_NONE || slot || (d->data && full < 0x10000u)) {
        u->size = 4;
        u->data = true;
        word = full;
        class = DELTA_CLASS_SLOT;
        if (u->kind == THUMB_NONE)
          goto plain;
        u->from = place & ~1u;
        u->pc = u->from - full - (u->kind == THUMB_POINTER ? d->target_base - d->source_base : 0);
        class = slot ? DELTA_CLASS_POOL : DELTA_CLASS_REFERENCE;
        goto moved;
      }
    }
    if (thumb_is_long(word)) {
      word = full;
      u->size = 4;
    }
  } else if (thumb_is_long(word)) {
    goto plain;
  }
  if (!(THUMB_MAY_REFER >> (word >> 11 & 31u) & 1u))
    goto plain;
  u->kind = thumb_kind(word);
  if (u->kind == THUMB_NONE)
    goto plain;
  u->from = thumb_pc(u->kind, source) + thumb_distance(u->kind, word);
  if (u->from >= d->source_size) {
    u->kind = THUMB_NONE;
    goto plain;
  }
  u->pc = thumb_pc(u->kind, position);
  class = DELTA_CLASS_REFERENCE;
  u->old = u->predicted = word;
  if (u->from - d->copy_start < d->copy_size &&
      (!((position - source) & 3u) || (u->kind >= THUMB_BCC && u->kind <= THUMB_BCCW))) {
    /* A reference inside the copy moves with it. */
    u->to = u->from + position - source;
  } else {
  moved:
    u->to = delta_moved(d, u->from);
    u->old = word;
    u->predicted = thumb_refer(u->kind, word, u->to - u->pc);
  }
  u->class = class + 2u * u->kind + (u->predicted != word);
  return;
plain:
  u->old = u->predicted = word;
  u->class = class;
}

/* Take note of a reference at `position` of the target to `place`: loads name the words that they load. */
static inline void delta_note_place(struct delta_decoder *d, uint32_t position, enum thumb_kind kind, uint32_t place)
{
  if ((kind == THUMB_LDR || kind >= THUMB_LDRW) && place - position <= 1024u)
    *delta_slot_bits(d, place) |= delta_slot_bit(place);
}

/* The same of any instruction. */
static __attribute__((unused)) void delta_note(struct delta_decoder *d, uint32_t position, uint32_t word)
{
  enum thumb_kind kind = thumb_kind(word);
  if (kind != THUMB_NONE)
    delta_note_place(d, position, kind, thumb_pc(kind, position) + thumb_distance(kind, word));
}

/* And of a copied unit that became `value`. */
static inline void delta_note_unit(struct delta_decoder *d, uint32_t position, const struct delta_unit *u,
                                   uint32_t value)
{
  if (!u->data) {
    if (value != u->predicted)
      delta_note(d, position, value);
    else if (u->kind != THUMB_NONE)
      delta_note_place(d, position, u->kind, u->to);
  }
  d->data = u->data;
}

#endif
