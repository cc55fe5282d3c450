/* Plans into patches: see plan.h. The coding itself is model.h, the same as the decoder's. */
#include "delta/plan.h"

#include "delta/range_encoder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The model is kept where the decoder keeps it: the functions of model.h are handed `model`, and lead back here. */
struct writer {
  struct delta_decoder model;
  struct range_encoder encoder;
  struct plan_account *account;
  double *category;
};

static void put(struct delta_decoder *model, uint32_t probability, uint32_t bit)
{
  struct writer *w = (struct writer *)model;
  if (w->category)
    *w->category -= log2((bit ? probability : 65536u - probability) / 65536.0);
  range_encoder_put(&w->encoder, probability, bit);
}

static uint32_t delta_bit(struct delta_decoder *d, uint16_t *p, uint32_t bit);
static uint32_t delta_even(struct delta_decoder *d, uint32_t bit);
#include "delta/model.h"

static uint32_t delta_bit(struct delta_decoder *d, uint16_t *p, uint32_t bit)
{
  if (!d->training)
    put(d, DELTA_PROBABILITY(*p), bit);
  delta_learn(p, bit);
  return bit;
}

static uint32_t delta_even(struct delta_decoder *d, uint32_t bit)
{
  put(d, DELTA_EVEN, bit);
  return bit;
}

static void count_as(struct writer *w, int category)
{
  if (w->account)
    w->category = &w->account->bits[category];
}

static uint32_t target_unit(const struct plan_images *images, uint32_t position, uint32_t size)
{
  const uint8_t *p = images->target + position;
  return size == 1 ? *p : size == 2 ? delta_load16(p) : delta_load32(p);
}

/* What the decoder does after each unit. */
static void written(struct writer *w, uint32_t value, uint32_t size)
{
  delta_add(&w->model, value);
  w->model.position += size;
}

static void prime(struct writer *w, const struct plan_images *images)
{
  struct delta_decoder *m = &w->model;
  uint32_t at = (uint32_t)m->prime_start << 12, end = at + delta_prime_bytes(m->prime_size);
  memset(&m->u, 0, sizeof m->u);
  w->model.training = true;
  for (; at < end && at + 2 <= m->source_size; at += 2)
    delta_literal(&w->model, delta_load16(images->source + at));
  w->model.training = false;
  delta_literal_restart(m);
}

static void predict(struct delta_decoder *m, const struct plan_images *images, uint32_t source, uint32_t left,
                    struct delta_unit *u)
{
  delta_predict(m, images->source + source, source, m->position, left, delta_take_slot(m, m->position), u);
}

/* Will the next block of this copy come out as predicted? */
static bool block_is_clean(struct delta_decoder *m, const struct plan_images *images, uint32_t source, uint32_t left)
{
  uint32_t position = m->position, slots[8];
  bool data = m->data, clean = true;
  memcpy(slots, m->slots, sizeof slots);
  while (m->position - position < DELTA_BLOCK && left > 0 && clean) {
    struct delta_unit u;
    predict(m, images, source, left, &u);
    clean = u.predicted == target_unit(images, m->position, u.size);
    delta_note_unit(m, m->position, &u, u.predicted);
    m->position += u.size;
    source += u.size;
    left -= u.size;
  }
  m->position = position;
  m->data = data;
  memcpy(m->slots, slots, sizeof slots);
  return clean;
}

static void write_copy(struct writer *w, const struct plan_images *images, uint32_t source, uint32_t size)
{
  struct delta_decoder *m = &w->model;
  uint32_t context = m->inserted ? 3 : 0, left = size;
  m->copy_start = source;
  m->copy_size = size;
  while (left > 0) {
    count_as(w, PLAN_CLEAN);
    bool dirty = !block_is_clean(m, images, source, left);
    delta_bit(&w->model, &m->p.clean[context], dirty);
    if (!m->inserted)
      context = dirty ? 2 : 1;
    uint32_t begin = m->position;
    while (m->position - begin < DELTA_BLOCK && left > 0) {
      struct delta_unit u;
      predict(m, images, source, left, &u);
      uint32_t value = target_unit(images, m->position, u.size);
      if (dirty) {
        count_as(w, value == u.predicted ? PLAN_HITS : u.kind ? PLAN_REFERENCES : PLAN_CHANGED);
        if (w->account && value != u.predicted)
          w->account->misses++;
        delta_copied(&w->model, &u, value);
      }
      delta_note_unit(m, m->position, &u, value);
      written(w, value, u.size);
      source += u.size;
      left -= u.size;
    }
  }
  m->next_source = source;
  delta_literal_restart(m);
}

/* A halfword, or a byte. */
static void write_literal(struct writer *w, const struct plan_images *images, uint32_t gap_end)
{
  struct delta_decoder *m = &w->model;
  uint32_t position = m->position, size = (position & 1u) || gap_end - position < 2 ? 1 : 2;
  uint32_t value = target_unit(images, position, size);
  count_as(w, PLAN_FLAGS);
  delta_bit(m, &m->p.insert[m->inserted], 0);
  count_as(w, PLAN_LITERALS);
  if (size == 1) {
    delta_literal_byte(m, value);
  } else {
    delta_literal_noted(m, value);
  }
  m->inserted = false;
  m->data = false;
  m->next_source += size;
  written(w, value, size);
}

/* A gap is at most this long; empty copies split a longer one. */
#define GAP_MAX DELTA_GAP_MAX

/* The copies of the table, with the empty ones that are needed, ascending in the target. False: too many. */
static bool list_table(const struct plan *plan, uint32_t target_size, struct plan_copy *list, size_t *count)
{
  uint32_t at = 0, source = 0;
  *count = 0;
  for (size_t i = 0; i <= plan->copy_count; i++) {
    struct plan_copy copy = {.target = target_size, .source = source, .table = true};
    if (i < plan->copy_count)
      copy = plan->copies[i];
    if (!copy.table || (i == plan->copy_count && at == target_size))
      continue;
    for (; copy.target - at > GAP_MAX && *count < DELTA_ENTRIES; at += GAP_MAX)
      list[(*count)++] = (struct plan_copy){.target = at + GAP_MAX, .source = source};
    if (*count == DELTA_ENTRIES)
      return false;
    list[(*count)++] = copy;
    at = copy.target + copy.size;
    source = copy.source + copy.size;
  }
  return true;
}

static int by_source(const void *a, const void *b)
{
  const struct plan_copy *x = a, *y = b;
  if (x->source != y->source)
    return x->source < y->source ? -1 : 1;
  return x->target < y->target ? -1 : x->target > y->target;
}

static void write_table(struct writer *w, const struct plan_copy *list, size_t count)
{
  struct delta_decoder *m = &w->model;
  struct plan_copy sorted[DELTA_ENTRIES];
  memcpy(sorted, list, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, by_source);
  for (size_t i = 0; i < count; i++)
    delta_segment(&w->model, sorted[i].source - w->model.next_source, sorted[i].size);
  for (size_t i = 0; i < count; i++) {
    uint32_t at = 0;
    while (by_source(&sorted[at], &list[i]) != 0)
      at++;
    delta_place_segment(m, at - m->last_placed, list[i].target - m->position);
  }
}

size_t plan_write(const struct plan *plan, const struct plan_images *images, uint8_t mode, uint8_t *out, size_t room,
                  struct plan_account *account)
{
  struct writer writer = {.account = account}, *w = &writer;
  struct delta_decoder *m = &w->model;
  struct plan_copy list[DELTA_ENTRIES];
  size_t entries;
  if (!list_table(plan, images->target_size, list, &entries) || entries + plan->shift_count >= DELTA_ENTRIES)
    return PLAN_IMPOSSIBLE;
  delta_model_start(m, images->source_size);
  if (room < 1)
    return PLAN_IMPOSSIBLE;
  out[0] = mode;
  range_encoder_start(&w->encoder, out + 1, room - 1);
  m->target_size = images->target_size;
  m->source_base = plan->source_base;
  m->target_base = plan->target_base;
  m->prime_start = (uint8_t)plan->prime_start;
  m->prime_size = (uint8_t)plan->prime_size;
  m->segments = (uint8_t)entries;
  m->shifts = (uint8_t)plan->shift_count;
  if (account)
    *account = (struct plan_account){0};
  count_as(w, PLAN_HEADER);
  delta_header(&w->model);
  count_as(w, PLAN_TABLE);
  write_table(w, list, entries);
  count_as(w, PLAN_SHIFTS);
  delta_regions(m);
  for (size_t i = 0; i < plan->shift_count; i++) {
    delta_region_shift(&w->model, plan->shifts[i].place - m->next_source, plan->shifts[i].by);
  }
  m->position = m->next_source = m->next = 0;
  prime(w, images);

  size_t next = 0;
  while (m->position < images->target_size) {
    uint32_t entry = m->order[m->next++], source = m->from[entry] >> 8;
    uint32_t gap_end = m->position + delta_gap(m, entry), end = delta_gap_begin(m);
    while (m->position < gap_end) {
      /* Copies inside a gap begin and end at even offsets of the target, unless the gap does not. */
      while (next < plan->copy_count && plan->copies[next].target < m->position)
        next++;
      const struct plan_copy *copy = next < plan->copy_count ? &plan->copies[next] : NULL;
      if (copy && !copy->table && copy->target == m->position && copy->size >= 4) {
        count_as(w, PLAN_INSERTS);
        delta_bit(&w->model, &m->p.insert[m->inserted], 1);
        delta_number(m, m->p.insert_size, DELTA_BITS_INSERT, copy->size - 4);
        delta_signed(m, m->p.insert_source, DELTA_BITS_SOURCE, copy->source - m->next_source);
        m->inserted = true;
        write_copy(w, images, copy->source, copy->size);
      } else {
        write_literal(w, images, gap_end);
      }
    }
    m->inserted = false;
    if (end > m->position)
      write_copy(w, images, source, end - m->position);
  }
  count_as(w, PLAN_HEADER);
  delta_direct(m, 16, m->sum >> 16);
  range_encoder_end(&w->encoder);
  return w->encoder.size + 1;
}

void plan_model(const struct plan *plan, const struct plan_images *images, uint32_t source_base, uint32_t target_base,
                struct delta_decoder *model)
{
  struct plan_copy list[DELTA_ENTRIES];
  size_t count;
  memset(model, 0, sizeof *model);
  model->source_size = images->source_size;
  model->target_size = images->target_size;
  model->source_base = source_base;
  model->target_base = target_base;
  if (!plan || !list_table(plan, images->target_size, list, &count) || count + plan->shift_count >= DELTA_ENTRIES)
    return;
  qsort(list, count, sizeof *list, by_source);
  for (size_t i = 0; i < count; i++)
    delta_map_add(model, list[i].source, list[i].target);
  delta_regions(model);
  for (size_t i = 0; i < plan->shift_count; i++)
    delta_map_add(model, plan->shifts[i].place, plan->shifts[i].place + plan->shifts[i].by);
}

void plan_literal_costs(const struct plan *plan, const struct plan_images *images, float *costs)
{
  struct plan_account account = {0};
  struct writer writer = {.account = &account}, *w = &writer;
  delta_model_start(&w->model, images->source_size);
  w->model.prime_start = (uint8_t)plan->prime_start;
  w->model.prime_size = (uint8_t)plan->prime_size;
  prime(w, images);
  range_encoder_start(&w->encoder, NULL, 0);
  struct writer primed = writer;
  for (uint32_t i = 0; i < images->target_size; i += 2) {
    account.bits[PLAN_LITERALS] = 0;
    count_as(w, PLAN_LITERALS);
    delta_literal(&w->model, delta_load16(images->target + i));
    costs[i] = costs[i + 1] = (float)account.bits[PLAN_LITERALS] / 2 + 0.3f;
    memcpy(&w->model.u, &primed.model.u, sizeof w->model.u);
  }
}
