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

static uint32_t delta_place(uint32_t address)
{
  uint32_t megabyte = address >> 20;
  if ((megabyte & ~0x340u) != 0 || megabyte < 0x100u)
    return DELTA_NOWHERE;
  return DELTA_PLACE_RAM | (megabyte >> 4 & 4u) << 20 | (megabyte >> 8) << 20 | (address & 0xfffffu);
}

/* What is to be added to something that lay at `place`: the shift of the nearest entry at or below it. Both the image
 * and RAM begin with an entry or have a shift of 0 before their first. */
static uint32_t delta_shift(const struct delta_decoder *d, uint32_t place)
{
  uint32_t low = 0, high = d->entries, key = place << 8 | 0xffu;
  while (low < high) {
    uint32_t middle = (low + high) >> 1;
    if (d->map[middle].from <= key)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0)
    return 0;
  return (uint32_t)((int32_t)((d->map[low - 1].to & ~0xffu) - (d->map[low - 1].from & ~0xffu)) >> 8);
}

/* An entry of the map; `gap`: bytes of the target between the previous copy and this one, DELTA_NO_COPY: no copy at
 * all. */
#define DELTA_NO_COPY  0xffffu
#define DELTA_UNPLACED 0x80000000u
static inline void delta_map_add(struct delta_decoder *d, uint32_t from, uint32_t to, uint32_t gap)
{
  d->map[d->entries].from = from << 8 | gap >> 8;
  d->map[d->entries++].to = to << 8 | (gap & 0xffu);
}

/* ---------- predicting a copied unit ---------- */

/* Contexts of the hit flag: 0-31 the top five bits of a plain unit's first halfword; where those never are plain,
 * something else; then the kinds of references, each twice: predicted as it was, predicted to change. */
enum {
  DELTA_CLASS_SLOT = 0x09, /* a literal-pool word that is no address */
  DELTA_CLASS_BYTE = 0x14,
  DELTA_CLASS_ODD = 0x1b,  /* a halfword from an odd source offset */
  DELTA_CLASS_MOVW = 0x1c, /* MOVW, MOVT */
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

static inline uint32_t delta_load16(const uint8_t *p)
{
  return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t delta_load32(const uint8_t *p)
{
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint32_t delta_fix_slot(uint32_t from)
{
  return from >> 1 & (DELTA_FIXES - 1u);
}

/* Where the thing at place `from` went: by a recent correction, or by the map. */
static uint32_t delta_moved(const struct delta_decoder *d, uint32_t from)
{
  uint32_t slot = delta_fix_slot(from);
  return d->fixes[slot].from == from ? d->fixes[slot].to : from + delta_shift(d, from);
}

/* Is the target word at `position` a literal-pool word that a load named? Tells once. */
static inline bool delta_take_slot(struct delta_decoder *d, uint32_t position)
{
  uint32_t *bits = &d->slots[position >> 7 & 7u], bit = 1u << (position >> 2 & 31u);
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
      if ((word & 0x8000fb70u) == 0xf240u)
        class = DELTA_CLASS_MOVW;
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
  if (u->kind < THUMB_FAR && u->from - d->copy_start < d->copy_size &&
      (u->kind >= THUMB_BCC || !((position - source) & 3u))) {
    /* A short reference inside the copy moves with it. */
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

static inline uint32_t delta_call_slot(uint32_t function)
{
  return function >> 1 & (DELTA_CALLS - 1u);
}

/* Take note of an instruction at `position` of the target: loads name the words that they load, calls the functions. */
static void delta_note_reference(struct delta_decoder *d, uint32_t position, enum thumb_kind kind, uint32_t word)
{
  uint32_t place = thumb_pc(kind, position) + thumb_distance(kind, word);
  if (kind == THUMB_BL)
    d->calls[delta_call_slot(place)] = place;
  else if ((kind == THUMB_LDR || kind >= THUMB_LDRW) && place - position <= 1024u)
    d->slots[place >> 7 & 7u] |= 1u << (place >> 2 & 31u);
}

static inline void delta_note(struct delta_decoder *d, uint32_t position, enum thumb_kind kind, uint32_t word)
{
  if (kind != THUMB_NONE)
    delta_note_reference(d, position, kind, word);
}

/* The call of a function from `position`. */
static uint32_t delta_call(uint32_t position, uint32_t function)
{
  return thumb_with_distance(THUMB_BL, 0xd000f000u, function - thumb_pc(THUMB_BL, position));
}

#endif
