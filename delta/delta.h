/* Delta patches: the device's decoder.
 *
 * A patch turns one firmware image (the source) into another (the target). It is decoded as it arrives, in pieces of
 * any size; the source is read through a callback, at any offset; the target is written through a callback, strictly in
 * order. The format is docs/delta-format.md; portcullis' encoder is delta/encoder.h.
 *
 * The decoder is total: whatever bytes it is fed, it reads no source byte outside 0..source_size-1, writes at most
 * target_max bytes, and ends. It does not authenticate: the patch, the source and the target are to be checked by the
 * caller (a .sfbp's signature, FROM tag and TO tag). A 16-bit check value at the end of each patch only tells
 * accidents.
 *
 * All state is in the caller's struct: DELTA_RAM bytes at most on a 32-bit machine, stack of the calls (callbacks not
 * counted) included. No heap, no recursion.
 */
#ifndef DELTA_DELTA_H
#define DELTA_DELTA_H

#include "portcullis/status.h"

#include <stdbool.h>
#include <stdint.h>

#define DELTA_RAM      4096u     /* bytes: state and stack, held by a test */
#define DELTA_MAX_SIZE 0x800000u /* bytes of a source or target */
#define DELTA_WRITE    32u       /* bytes of each write but the last */

/* First byte of a patch: what kind it is. Others are reserved. */
#define DELTA_MODE_PATCH    0xd0u /* needs the source that it was made from */
#define DELTA_MODE_IMAGE    0xd1u /* a whole image, compressed: reads no source */
#define DELTA_MODE_IN_PLACE 0xd2u /* one of these behind a head for boards with a single slot: in_place.h */

/* How the decoder reaches the images. Each returns PC_OK, or an error that ends the decoding and is handed on. */
struct delta_io {
  void *context;
  /* Copy `size` bytes (1..32) at `offset` of the source; the range is inside the source. */
  pc_status (*read)(void *context, uint32_t offset, void *to, uint32_t size);
  /* The next `size` bytes of the target: DELTA_WRITE of them, fewer only at the end. */
  pc_status (*write)(void *context, const void *from, uint32_t size);
};

/* ---------- the state, nothing that a caller needs ---------- */

#define DELTA_ENTRIES  88u /* of the map */
#define DELTA_FIXES    4u
#define DELTA_CLASSES  58u
#define DELTA_INPUT    32u /* bytes that one step of the decoder may consume */
#define DELTA_WINDOW   32u
#define DELTA_BLOCK    64u /* bytes that share a flag "all as predicted": units that begin in them */
#define DELTA_LITERALS (79u * 15u)

/* The probabilities of one sort of number, whose exponent takes `bits` bits. */
#define DELTA_NUMBER(bits) (4u + (1u << (bits)))
enum {
  DELTA_BITS_DIFFERENCE = 4,
  DELTA_BITS_CORRECTION = 5,
  DELTA_BITS_INSERT = 4,
  DELTA_BITS_SOURCE = 5,
  DELTA_BITS_STEP = 5,
  DELTA_BITS_SIZE = 5,
  DELTA_BITS_DISTANCE = 3,
  DELTA_BITS_GAP = 4
};

/* Adaptive probabilities, uint16_t each. */
struct delta_odds {
  uint16_t hit[DELTA_CLASSES], as_old, corrected;
  uint16_t clean[4], change[4], which[4], insert[2];
  uint16_t difference[DELTA_NUMBER(DELTA_BITS_DIFFERENCE)], correction[DELTA_NUMBER(DELTA_BITS_CORRECTION)];
  uint16_t insert_size[DELTA_NUMBER(DELTA_BITS_INSERT)], insert_source[DELTA_NUMBER(DELTA_BITS_SOURCE)];
};

/* Those of the header and the table: gone when the copying begins. */
struct delta_table_odds {
  uint16_t step[DELTA_NUMBER(DELTA_BITS_STEP)], size[DELTA_NUMBER(DELTA_BITS_SIZE)];
  uint16_t distance[DELTA_NUMBER(DELTA_BITS_DISTANCE)], gap[DELTA_NUMBER(DELTA_BITS_GAP)];
};

/* Small fields first: they are reached by short instructions. The encoder keeps its model in one of these, too. */
struct delta_decoder {
  uint8_t state;                   /* what the next step is */
  uint8_t segments, shifts;        /* entries of the table still to come */
  uint8_t entries, last_placed;    /* of the map */
  uint8_t next;                    /* copy of the table, in the order of the target */
  uint8_t prime_start, prime_size; /* in 4 KiB, and code */
  uint8_t clean_context;           /* of the next block's flag */
  uint8_t input_first, input_count, output_count;
  bool dirty;              /* this block is not all as predicted */
  bool ended;              /* no more bytes will come */
  bool training;           /* probabilities are taught, nothing is decoded */
  bool second;             /* literals: the next one is the second half of a long instruction */
  bool data;               /* the last unit was no instruction */
  bool inserted;           /* the last operation in a gap was a copy */
  uint16_t before;         /* literals: the previous halfword, 0 after a copy */
  uint16_t differences[4]; /* last differences of changed halfwords */
  uint32_t range, code;
  uint32_t lesson; /* training: the bits to come, from the highest */
  pc_status status;
  const struct delta_io *io;
  uint32_t source_size, target_size, target_max;
  uint32_t source_base, target_base;    /* load addresses */
  uint32_t position;                    /* in the target */
  uint32_t copy_start, copy_size;       /* the copy being made: its range of the source */
  uint32_t copy_shift, copy_end;        /* source - target, and its end in the target */
  uint32_t block_end;                   /* of the block being copied, in the target */
  uint32_t gap_left;                    /* bytes up to the next copy of the table */
  uint32_t segment_source, segment_end; /* that copy's source, and its end in the target */
  uint32_t next_source;                 /* where the next copy is expected to begin */
  uint32_t sum;                         /* check value */
  uint32_t window_start;                /* source offset of the bytes in window */
  uint32_t slots[8];                    /* a bit per target word of the next KiB: named by a load */
  uint8_t input[DELTA_INPUT], output[DELTA_WRITE + 4], window[DELTA_WINDOW];
  struct {
    uint32_t from, to;
  } fixes[DELTA_FIXES]; /* last corrected references */
  struct delta_odds p;
  /* The map, ascending in the source: what lay at place from[i] and behind it moved to place to[i]. Places are in the
   * upper 24 bits; the lower 8 of both hold the bytes of the target between the copy before and this one. */
  uint32_t from[DELTA_ENTRIES], to[DELTA_ENTRIES];
  uint8_t order[DELTA_ENTRIES]; /* indexes of the copies, ascending in the target */
  union {
    uint16_t literals[DELTA_LITERALS + 1];
    struct delta_table_odds table;
  } u;
};

/* ---------- use ---------- */

/* Begin. `io` stays the caller's and must live as long as the decoding. source_size: bytes of the source image, at most
 * DELTA_MAX_SIZE (0 is allowed). target_max: room for the target in bytes. PC_ERR_PARAM: source_size too large. */
pc_status delta_start(struct delta_decoder *d, const struct delta_io *io, uint32_t source_size, uint32_t target_max);

/* The next `size` bytes of the patch. PC_OK: go on. Otherwise the patch is refused for good, and each later call says
 * the same: PC_ERR_FORMAT (damaged, or more bytes than the patch has), PC_ERR_UNSUPPORTED (a mode that this decoder
 * does not have), PC_ERR_SIZE (the target is larger than target_max), PC_ERR_TAG (check value: damaged, or another
 * source), or what a callback returned. */
pc_status delta_feed(struct delta_decoder *d, const void *bytes, uint32_t size);

/* All bytes were fed. PC_OK: the whole target is written. PC_ERR_FORMAT: the patch is cut short. Else as delta_feed().
 */
pc_status delta_finish(struct delta_decoder *d);

/* From within write(): no more steps after the one at hand, which may write up to DELTA_AHEAD bytes more; then
 * delta_feed() returns, and the struct may be copied, kept and gone on with later. True: the byte that was fed last is
 * to be fed again then. Only with bytes fed one at a time, and with zeros fed behind the last one instead of
 * delta_finish(), until delta_done(). */
#define DELTA_AHEAD (2u * DELTA_WRITE)
static inline bool delta_hold(struct delta_decoder *d)
{
  if (d->input_count == 0)
    return false; /* the step has used it already */
  d->input_count--;
  return true;
}

/* The whole target is written and its check value was right; and bytes that were fed and not needed: as many as zeros
 * were fed behind the patch, or fewer, else the patch has too many. */
#define DELTA_STATE_DONE 7u
static inline bool delta_done(const struct delta_decoder *d)
{
  return d->state == DELTA_STATE_DONE && d->status == PC_OK;
}
static inline uint32_t delta_unread(const struct delta_decoder *d)
{
  return d->input_count;
}

/* Bytes of the target, 0 before the header was read; and how many of them are decoded. */
static inline uint32_t delta_target_size(const struct delta_decoder *d)
{
  return d->target_size;
}
static inline uint32_t delta_progress(const struct delta_decoder *d)
{
  return d->position;
}

#endif
