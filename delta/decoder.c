/* The device's decoder of delta patches: see delta.h for its use, model.h for what is coded, docs/delta-format.md for
 * the format. Touches nothing but the caller's struct and callbacks.
 */
#include "delta/delta.h"

#include <string.h>

static uint32_t delta_bit(struct delta_decoder *d, uint16_t *p, uint32_t bit);
static uint32_t delta_even(struct delta_decoder *d, uint32_t bit);
#include "delta/model.h"

enum { STATE_MODE, STATE_TABLE, STATE_PLACE, STATE_SHIFTS, STATE_NEXT, STATE_GAP, STATE_COPY, STATE_DONE };
_Static_assert(STATE_DONE == DELTA_STATE_DONE, "delta_done() tells it");

#define NO_WINDOW 0x80000000u /* far from every offset of a source */

static __attribute__((noinline)) void fail(struct delta_decoder *d, pc_status status)
{
  d->status = status;
  d->block_end = 0; /* ends copy_step()'s loop */
}

/* ---------- the range decoder ---------- */

static void shift_in(struct delta_decoder *d)
{
  uint32_t byte = 0; /* beyond the end of a patch there are zeros */
  if (d->input_count > 0) {
    byte = d->input[d->input_first++ % DELTA_INPUT];
    d->input_count--;
  } else if (!d->ended) {
    fail(d, PC_ERR_FORMAT); /* no step of a good patch takes more than DELTA_INPUT bytes */
  }
  d->code = d->code << 8 | byte;
}

static uint32_t decide(struct delta_decoder *d, uint32_t probability)
{
  uint32_t bound = (d->range >> 16) * probability, bit = d->code < bound;
  if (bit) {
    d->range = bound;
  } else {
    d->code -= bound;
    d->range -= bound;
  }
  while (d->range < 1u << 24) {
    d->range <<= 8;
    shift_in(d);
  }
  return bit;
}

static uint32_t delta_bit(struct delta_decoder *d, uint16_t *p, uint32_t bit)
{
  (void)bit;
  if (d->training) {
    bit = d->lesson >> 31;
    d->lesson <<= 1;
  } else {
    bit = decide(d, DELTA_PROBABILITY(*p));
  }
  delta_learn(p, bit);
  return bit;
}

static uint32_t delta_even(struct delta_decoder *d, uint32_t bit)
{
  (void)bit;
  return decide(d, DELTA_EVEN);
}

/* ---------- source and target ---------- */

static inline void store32(uint8_t *p, uint32_t value)
{
  __builtin_memcpy(p, &value, 4); /* a little-endian machine, and one instruction where it may be unaligned */
}

static __attribute__((noinline)) void fill_window(struct delta_decoder *d, uint32_t offset)
{
  uint32_t size = d->source_size - offset;
  d->window_start = offset;
  pc_status status = d->io->read(d->io->context, offset, d->window, size < DELTA_WINDOW ? size : DELTA_WINDOW);
  if (status != PC_OK)
    fail(d, status);
}

/* The source bytes at `offset`, at least the next 4 of them as far as the source goes. */
static inline const uint8_t *source_at(struct delta_decoder *d, uint32_t offset)
{
  if (offset - d->window_start > DELTA_WINDOW - 4)
    fill_window(d, offset);
  return d->window + (offset - d->window_start);
}

/* Write what is in the output buffer, DELTA_WRITE bytes at most. */
static void flush(struct delta_decoder *d)
{
  uint32_t size = d->output_count < DELTA_WRITE ? d->output_count : DELTA_WRITE;
  if (size > 0 && d->status == PC_OK) {
    pc_status status = d->io->write(d->io->context, d->output, size);
    if (status != PC_OK)
      fail(d, status);
  }
  store32(d->output, delta_load32(d->output + DELTA_WRITE));
  d->output_count = (uint8_t)(d->output_count - size);
}

static void emitted(struct delta_decoder *d, uint32_t size)
{
  d->position += size;
  d->output_count = (uint8_t)(d->output_count + size);
  if (d->output_count >= DELTA_WRITE)
    flush(d);
}

static void emit(struct delta_decoder *d, uint32_t value, uint32_t size)
{
  store32(d->output + d->output_count, value);
  delta_add(d, value);
  emitted(d, size);
}

/* ---------- steps ---------- */

static void copy_begin(struct delta_decoder *d, uint32_t source, uint32_t size)
{
  if (source > d->source_size || size > d->source_size - source)
    fail(d, PC_ERR_FORMAT);
  d->copy_start = source;
  d->copy_size = size;
  d->copy_shift = source - d->position;
  d->copy_end = d->position + size;
  d->block_end = d->position;
  d->clean_context = d->inserted ? 3 : 0;
  d->state = STATE_COPY;
}

/* Copy the units that come next in a clean block and are neither data nor references that leave the copy: copy_unit()
 * would do the same, and take longer. True: more may follow. */
static __attribute__((noinline)) bool copy_plain(struct delta_decoder *d)
{
  uint32_t position = d->position, shift = d->copy_shift, sum = d->sum;
  if ((position | shift) & 1u)
    return false;
  const uint8_t *start = source_at(d, position + shift), *in = start, *end = d->window + DELTA_WINDOW - 4;
  uint8_t *out = d->output + d->output_count;
  if (end > in + (d->block_end - position) - 4)
    end = in + (d->block_end - position) - 4;
  if (end >= in + DELTA_WRITE - d->output_count)
    end = in + DELTA_WRITE - d->output_count - 1;
  while (in <= end) {
    uint32_t word = delta_load32(in), size = 2;
    if (!(position & 3u)) {
      if (*delta_slot_bits(d, position) & delta_slot_bit(position))
        break;
      if (!(shift & 3u) && (d->data || word - d->source_base < d->source_size))
        break;
    }
    if (THUMB_MAY_REFER >> (word >> 11 & 31u) & 1u) {
      enum thumb_kind kind = thumb_kind(word);
      if (kind != THUMB_NONE && ((uint32_t)kind - THUMB_BCC > THUMB_BCCW - THUMB_BCC ||
                                 position + shift + 4 + thumb_distance(kind, word) - d->copy_start >= d->copy_size))
        break;
    }
    if (thumb_is_long(word))
      size = 4;
    else
      word &= 0xffffu;
    d->data = false;
    store32(out, word);
    sum = (sum ^ word) * DELTA_SUM;
    in += size;
    out += size;
    position += size;
  }
  d->sum = sum;
  emitted(d, position - d->position);
  return in != start && in > end;
}

static void copy_unit(struct delta_decoder *d)
{
  struct delta_unit u;
  uint32_t position = d->position, source = position + d->copy_shift;
  delta_predict(d, source_at(d, source), source, position, d->copy_end - position, delta_take_slot(d, position), &u);
  uint32_t value = u.predicted;
  if (d->dirty)
    value = delta_copied(d, &u, 0);
  delta_note_unit(d, position, &u, value);
  emit(d, value, u.size);
}

/* Copy a block that is all as predicted, or one unit of another block. */
static __attribute__((noinline)) void copy_step(struct delta_decoder *d)
{
  uint32_t position = d->position;
  if (position >= d->block_end) {
    d->block_end = position + DELTA_BLOCK < d->copy_end ? position + DELTA_BLOCK : d->copy_end;
    d->dirty = delta_bit(d, &d->p.clean[d->clean_context], 0);
    if (!d->inserted)
      d->clean_context = (uint8_t)(1 + d->dirty);
  }
  do {
    if (!d->dirty && copy_plain(d))
      continue;
    if (d->position < d->block_end)
      copy_unit(d);
  } while (d->position < d->block_end && !d->dirty);
  if (d->position == d->copy_end) {
    d->next_source = d->copy_end + d->copy_shift;
    delta_literal_restart(d);
    d->state = d->inserted ? STATE_GAP : STATE_NEXT;
  }
}

static void gap_step(struct delta_decoder *d)
{
  if (d->gap_left == 0) {
    d->inserted = false;
    d->state = STATE_NEXT;
    if (d->segment_end > d->position)
      copy_begin(d, d->segment_source, d->segment_end - d->position);
    return;
  }
  uint32_t position = d->position, size = 1, value;
  if (delta_bit(d, &d->p.insert[d->inserted], 0)) {
    size = delta_number(d, d->p.insert_size, DELTA_BITS_INSERT, 0) + 4;
    if (size > d->gap_left)
      fail(d, PC_ERR_FORMAT);
    d->inserted = true;
    copy_begin(d, d->next_source + delta_signed(d, d->p.insert_source, DELTA_BITS_SOURCE, 0), size);
  } else {
    d->inserted = false;
    d->data = false;
    if ((position & 1u) || d->gap_left < 2) {
      value = delta_literal_byte(d, 0);
    } else {
      size = 2;
      value = delta_literal_noted(d, 0);
    }
    d->next_source += size;
    emit(d, value, size);
  }
  d->gap_left -= size;
}

/* Teach the literals what this program's code looks like. */
static void prime(struct delta_decoder *d)
{
  uint32_t at = (uint32_t)d->prime_start << 12, end = at + delta_prime_bytes(d->prime_size);
  memset(&d->u, 0, sizeof d->u);
  d->training = true;
  for (; at < end && at + 2 <= d->source_size && d->status == PC_OK; at += 2) {
    d->lesson = delta_load16(source_at(d, at)) << 16;
    delta_literal(d, 0);
  }
  d->training = false;
  delta_literal_restart(d);
}

static void step(struct delta_decoder *d)
{
  uint32_t source;
  switch (d->state) {
  case STATE_MODE:
    for (uint32_t i = 0; i < 5; i++) {
      if (i == 1) {
        if (d->code == DELTA_MODE_IMAGE)
          d->source_size = 0;
        else if (d->code != DELTA_MODE_PATCH)
          d->status = PC_ERR_UNSUPPORTED;
      }
      shift_in(d);
    }
    if (d->status != PC_OK)
      break;
    delta_header(d);
    if (d->target_size > d->target_max || d->target_size > DELTA_MAX_SIZE)
      d->status = PC_ERR_SIZE;
    if (d->segments + d->shifts >= DELTA_ENTRIES)
      fail(d, PC_ERR_FORMAT);
    d->state = STATE_TABLE;
    break;
  case STATE_TABLE:
    if (d->entries < d->segments)
      delta_segment(d, 0, 0);
    else
      d->state = STATE_PLACE;
    break;
  case STATE_PLACE:
    if (d->next < d->segments) {
      if (!delta_place_segment(d, 0, 0))
        fail(d, PC_ERR_FORMAT);
    } else {
      if (d->position != d->target_size)
        fail(d, PC_ERR_FORMAT);
      delta_regions(d);
      d->state = STATE_SHIFTS;
    }
    break;
  case STATE_SHIFTS:
    if (d->shifts > 0) {
      delta_region_shift(d, 0, 0);
      d->shifts--;
    } else {
      d->position = d->next_source = d->next = 0;
      d->state = STATE_NEXT;
      prime(d);
    }
    break;
  case STATE_NEXT:
    if (d->position == d->target_size) {
      flush(d);
      if (d->status == PC_OK && delta_direct(d, 16, 0) != d->sum >> 16)
        d->status = PC_ERR_TAG;
      d->state = STATE_DONE;
      break;
    }
    /* There is one: the copies and their gaps add up to the target. */
    source = d->order[d->next++];
    d->gap_left = delta_gap(d, source);
    d->segment_source = d->from[source] >> 8;
    d->segment_end = delta_gap_begin(d);
    d->state = STATE_GAP;
    break;
  case STATE_GAP:
    gap_step(d);
    break;
  default:
    copy_step(d);
    break;
  }
}

/* ---------- use ---------- */

pc_status delta_start(struct delta_decoder *d, const struct delta_io *io, uint32_t source_size, uint32_t target_max)
{
  memset(d, 0, sizeof *d);
  d->status = PC_ERR_PARAM;
  if (source_size <= DELTA_MAX_SIZE) {
    d->status = PC_OK;
    d->io = io;
    d->target_max = target_max;
    d->range = ~0u;
    d->window_start = NO_WINDOW;
    delta_model_start(d, source_size);
  }
  return d->status;
}

/* Run steps as long as none can lack input. */
static void run(struct delta_decoder *d)
{
  while (d->status == PC_OK && d->state != STATE_DONE && (d->input_count == DELTA_INPUT || d->ended)) {
    step(d);
  }
}

pc_status delta_feed(struct delta_decoder *d, const void *bytes, uint32_t size)
{
  const uint8_t *p = bytes;
  for (; d->status == PC_OK && size > 0; size--) {
    if (d->state == STATE_DONE || d->ended) {
      fail(d, PC_ERR_FORMAT);
      break;
    }
    d->input[(d->input_first + d->input_count++) % DELTA_INPUT] = *p++;
    run(d);
  }
  return d->status;
}

pc_status delta_finish(struct delta_decoder *d)
{
  d->ended = true;
  run(d);
  if (d->status == PC_OK && d->input_count > 0)
    fail(d, PC_ERR_FORMAT);
  return d->status;
}
