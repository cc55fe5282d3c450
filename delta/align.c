/* Alignment: see align.h.
 *
 * One pass over the target. At each offset there are tracks: source offsets from which a copy may be running, each with
 * its cost so far, and the alternative of a gap. A track pays for each unit that the decoder would predict wrongly; a
 * gap pays for literals. The cheapest history of the end is the answer.
 */
#include "delta/align.h"

#include "delta/predict.h"

#include <stdlib.h>
#include <string.h>

#define HASH_BITS 18
#define TRACKS    1024
#define DIAGONALS 48 /* distances target - source that are tried everywhere */

/* Images with megabytes of data behind the program: a copy that goes right for so many bytes goes on, and nothing else
 * is considered until near the run's end. */
#define SKIP_IMAGE (1u << 20) /* bytes of a target that has such */
#define SKIP_RUN   4096u
#define SKIP_EVERY 256u /* how often it is looked for */
#define SKIP_REST  1024u

#define NODES_LEAST (1u << 20) /* that many, before those are thrown out that no history holds any more */

struct node {
  int32_t parent;
  uint32_t target, source;
  bool copy; /* else the beginning of a gap */
};

struct track {
  uint32_t source;
  uint32_t next; /* target offset of its next unit */
  float cost;
  int32_t node;
  bool data, missed;
};

struct aligner {
  const struct plan_images *images;
  uint32_t source_base, target_base;
  uint16_t *source_shape, *target_shape; /* halfwords with references blanked out */
  int32_t *shape_head, *shape_next, *byte_head, *byte_next;
  int32_t diagonals[DIAGONALS];
  size_t diagonal_count;
  uint8_t *slots; /* per target word: named by a load */
  int32_t *seen;  /* per diagonal: its track */
  struct node *nodes;
  size_t node_count, node_room, node_limit;
};

/* ---------- indexes ---------- */

static uint32_t hash(const uint8_t *p, size_t size)
{
  uint32_t h = 0;
  while (size-- > 0) {
    h = (h ^ *p++) * 0x9e3779b1u;
    h ^= h >> 15;
  }
  return h >> (32 - HASH_BITS);
}

static uint32_t shape_hash(const uint16_t *shape, uint32_t offset)
{
  return hash((const uint8_t *)(shape + offset / 2), 8);
}

/* An image's halfwords, with everything that changes when code moves replaced by its kind. */
static uint16_t *blanked(const uint8_t *image, uint32_t size, uint32_t base)
{
  uint16_t *shape = calloc(size / 2 + 8, sizeof *shape);
  if (!shape)
    return NULL;
  for (uint32_t i = 0; i + 2 <= size; i += 2)
    shape[i / 2] = (uint16_t)delta_load16(image + i);
  for (uint32_t i = 0; i + 4 <= size; i += 2) {
    uint32_t word = delta_load32(image + i);
    enum thumb_kind kind = thumb_kind(word);
    bool pointer = !(i & 3u) && word - base < size;
    if (pointer || (!(i & 3u) && delta_place(word) != DELTA_NOWHERE)) {
      shape[i / 2] = pointer ? 1 : 2;
      shape[i / 2 + 1] = 1;
      i += 2;
    } else if (thumb_is_long(word)) {
      if (kind != THUMB_NONE) {
        shape[i / 2] = (uint16_t)(0xf000u + kind);
        shape[i / 2 + 1] = (uint16_t)(thumb_with_distance(kind, word, 0) >> 16);
      }
      i += 2;
    } else if (kind != THUMB_NONE && kind != THUMB_ADR) {
      shape[i / 2] = (uint16_t)thumb_with_distance(kind, word, 0);
    }
  }
  return shape;
}

static int by_count(const void *a, const void *b)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? 1 : x > y ? -1 : 0;
}

/* The diagonals on which most of the target matches. */
static bool find_diagonals(struct aligner *a)
{
  uint32_t source_size = a->images->source_size, target_size = a->images->target_size;
  size_t span = (size_t)source_size + target_size + 1, found = 0;
  uint32_t *counts = calloc(span, sizeof *counts);
  if (!counts)
    return false;
  for (uint32_t t = 0; t + 8 <= target_size; t += 2) {
    int tries = 64;
    for (int32_t s = a->shape_head[shape_hash(a->target_shape, t)]; s >= 0 && tries-- > 0; s = a->shape_next[s / 2])
      if (!memcmp(a->source_shape + s / 2, a->target_shape + t / 2, 8))
        counts[t + source_size - (uint32_t)s]++;
  }
  for (size_t i = 0; i < span; i++)
    found += counts[i] > 12;
  uint64_t *order = malloc((found + 1) * sizeof *order);
  if (!order) {
    free(counts);
    return false;
  }
  found = 0;
  for (size_t i = 0; i < span; i++)
    if (counts[i] > 12)
      order[found++] = (uint64_t)counts[i] << 32 | i;
  qsort(order, found, sizeof *order, by_count);
  a->diagonal_count = found < DIAGONALS ? found : DIAGONALS;
  for (size_t i = 0; i < a->diagonal_count; i++)
    a->diagonals[i] = (int32_t)((uint32_t)order[i] - source_size);
  free(order);
  free(counts);
  return true;
}

static bool build_index(struct aligner *a)
{
  const struct plan_images *images = a->images;
  uint32_t source_size = images->source_size, target_size = images->target_size;
  size_t heads = (size_t)1 << HASH_BITS;
  a->source_shape = blanked(images->source, source_size, a->source_base);
  a->target_shape = blanked(images->target, target_size, a->target_base);
  a->shape_head = malloc(heads * sizeof *a->shape_head);
  a->byte_head = malloc(heads * sizeof *a->byte_head);
  a->shape_next = malloc((source_size / 2 + 8) * sizeof *a->shape_next);
  a->byte_next = malloc(((size_t)source_size + 8) * sizeof *a->byte_next);
  a->slots = calloc(target_size / 4 + 600, 1);
  a->seen = malloc(((size_t)source_size + target_size + 1) * sizeof *a->seen);
  if (!a->source_shape || !a->target_shape || !a->shape_head || !a->byte_head || !a->shape_next || !a->byte_next ||
      !a->slots || !a->seen)
    return false;
  memset(a->shape_head, 0xff, heads * sizeof *a->shape_head);
  memset(a->byte_head, 0xff, heads * sizeof *a->byte_head);
  memset(a->seen, 0xff, ((size_t)source_size + target_size + 1) * sizeof *a->seen);
  for (uint32_t s = 0; s + 8 <= source_size; s += 2) {
    uint32_t h = shape_hash(a->source_shape, s);
    a->shape_next[s / 2] = a->shape_head[h];
    a->shape_head[h] = (int32_t)s;
  }
  for (uint32_t s = 0; s + 5 <= source_size; s++) {
    uint32_t h = hash(images->source + s, 5);
    a->byte_next[s] = a->byte_head[h];
    a->byte_head[h] = (int32_t)s;
  }
  for (uint32_t t = 0; t + 4 <= target_size; t += 2) {
    uint32_t word = delta_load32(images->target + t);
    enum thumb_kind kind = thumb_kind(word);
    if (kind == THUMB_LDR || (kind >= THUMB_LDRW && kind < THUMB_POINTER)) {
      uint32_t slot = thumb_pc(kind, t) + thumb_distance(kind, word);
      if (slot - t <= 1024)
        a->slots[slot / 4] = 1;
    }
    if (thumb_is_long(word))
      t += 2;
  }
  return find_diagonals(a);
}

struct aligner *align_start(const struct plan_images *images, uint32_t source_base, uint32_t target_base)
{
  struct aligner *a = calloc(1, sizeof *a);
  if (!a)
    return NULL;
  a->images = images;
  a->source_base = source_base;
  a->target_base = target_base;
  if (!build_index(a)) {
    align_free(a);
    return NULL;
  }
  return a;
}

void align_free(struct aligner *a)
{
  if (!a)
    return;
  free(a->source_shape);
  free(a->target_shape);
  free(a->shape_head);
  free(a->shape_next);
  free(a->byte_head);
  free(a->byte_next);
  free(a->slots);
  free(a->seen);
  free(a->nodes);
  free(a);
}

/* ---------- costs ---------- */

static float half_cost(uint32_t from, uint32_t to)
{
  uint32_t difference = (to - from) & 0xffffu;
  if (difference == 0)
    return 0;
  return ((difference + 4) & 0xffffu) < 9 ? 6 : ((difference + 255) & 0xffffu) < 511 ? 10 : 18;
}

/* The price of a copied unit whose right value is `value`. known: the map is believed. */
static float unit_cost(const struct align_costs *costs, const struct delta_unit *u, uint32_t value, bool known)
{
  if (value == u->predicted || (value == u->old && u->kind != THUMB_NONE && u->kind < THUMB_FAR))
    return u->size == 1 ? 0.05f : 0.03f;
  if (!known && u->kind != THUMB_NONE) {
    /* Nobody knows yet where references go: what is a reference of the same kind again is as good as right. */
    if (u->kind < THUMB_POINTER && thumb_kind(value) == u->kind)
      return 0.5f;
    if (u->kind == THUMB_POINTER || (u->kind == THUMB_RAM && delta_place(value) != DELTA_NOWHERE))
      return 0.3f;
  }
  float price = costs->miss - 5;
  if (u->size == 1)
    return price + 7;
  if (u->kind != THUMB_NONE) {
    if (value == u->old)
      return price + 0.5f;
    if (u->kind < THUMB_POINTER ? thumb_kind(value) == u->kind : value - u->predicted + 0x40000u < 0x80000u)
      return price + 3 + (u->kind < THUMB_FAR ? 4 : 12);
    price++;
  }
  if (u->size == 2)
    return price + half_cost(u->old, value);
  return price + 1 + half_cost(u->old & 0xffffu, value & 0xffffu) + half_cost(u->old >> 16, value >> 16);
}

/* The price of beginning a copy `away` from the expected source. */
static float begin_cost(const struct align_costs *costs, uint32_t away)
{
  uint32_t distance = away >> 31 ? 0u - away : away;
  if (distance == 0)
    return costs->begin - 9;
  return costs->begin - 7 + 0.9f * (float)(31 - __builtin_clz(distance));
}

/* ---------- the search ---------- */

static int32_t add_node(struct aligner *a, int32_t parent, uint32_t target, uint32_t source, bool copy)
{
  if (a->node_count == a->node_room) {
    size_t room = a->node_room * 2 + 4096;
    struct node *nodes = realloc(a->nodes, room * sizeof *nodes);
    if (!nodes)
      return -2;
    a->nodes = nodes;
    a->node_room = room;
  }
  a->nodes[a->node_count] = (struct node){parent, target, source, copy};
  return (int32_t)a->node_count++;
}

static bool read_history(const struct aligner *a, int32_t last, struct plan *plan)
{
  size_t count = 0;
  for (int32_t i = last; i >= 0; i = a->nodes[i].parent)
    count += a->nodes[i].copy;
  if (count > plan->copy_room) {
    struct plan_copy *copies = realloc(plan->copies, count * sizeof *copies);
    if (!copies)
      return false;
    plan->copies = copies;
    plan->copy_room = count;
  }
  uint32_t end = a->images->target_size;
  plan->copy_count = 0;
  for (int32_t i = last; i >= 0; i = a->nodes[i].parent) {
    const struct node *node = &a->nodes[i];
    if (node->copy && end > node->target)
      plan->copies[plan->copy_count++] =
          (struct plan_copy){.target = node->target, .source = node->source, .size = end - node->target};
    end = node->target;
  }
  for (size_t i = 0; i < plan->copy_count / 2; i++) {
    struct plan_copy swap = plan->copies[i];
    plan->copies[i] = plan->copies[plan->copy_count - 1 - i];
    plan->copies[plan->copy_count - 1 - i] = swap;
  }
  return true;
}

struct search {
  struct aligner *a;
  const struct align_costs *costs;
  struct track tracks[TRACKS];
  int32_t count;
  uint32_t target;   /* offset */
  float best;        /* cost of the cheapest history up to here */
  int32_t best_node; /* and its last event */
  uint32_t expected; /* and its next source offset */
  bool failed;
};

/* Consider a copy from `source` to the present offset. */
static void try_copy(struct search *s, uint32_t source)
{
  const struct plan_images *images = s->a->images;
  if (source >= images->source_size || (s->target > source && s->target - source > images->behind))
    return;
  float cost = s->best + begin_cost(s->costs, source - s->expected);
  int32_t *seen = &s->a->seen[s->target + images->source_size - source], i = *seen;
  if (i < 0 || i >= s->count || s->tracks[i].source != source) {
    if (s->count == TRACKS)
      return;
    i = s->count++;
    *seen = i;
    s->tracks[i] = (struct track){.source = source, .next = s->target, .cost = 1e30f};
  }
  if (s->tracks[i].next == s->target && cost < s->tracks[i].cost) {
    int32_t node = add_node(s->a, s->best_node, s->target, source, true);
    s->failed |= node < -1;
    s->tracks[i] =
        (struct track){.source = source, .next = s->target, .cost = cost, .node = node, .data = s->target == 0};
  }
}

static void try_copies(struct search *s)
{
  const struct aligner *a = s->a;
  const struct plan_images *images = a->images;
  uint32_t t = s->target, left = images->target_size - t;
  int tries = 48;
  if (!(t & 1u) && left >= 8)
    for (int32_t o = a->shape_head[shape_hash(a->target_shape, t)]; o >= 0 && tries-- > 0; o = a->shape_next[o / 2])
      if (!memcmp(a->source_shape + o / 2, a->target_shape + t / 2, 8))
        try_copy(s, (uint32_t)o);
  tries = 24;
  if (left >= 5)
    for (int32_t o = a->byte_head[hash(images->target + t, 5)]; o >= 0 && tries-- > 0; o = a->byte_next[o])
      if (!memcmp(images->source + o, images->target + t, 5) && (!(t & 1u) || (o & 1)))
        try_copy(s, (uint32_t)o);
  try_copy(s, s->expected);
  if (!(t & 3u))
    for (size_t i = 0; i < a->diagonal_count; i++)
      try_copy(s, t - (uint32_t)a->diagonals[i]);
}

/* One byte on. Tracks that cannot win any more are left behind. */
static void advance(struct search *s, struct delta_decoder *m, bool known)
{
  const struct plan_images *images = s->a->images;
  float limit = s->best + s->costs->begin + 12;
  int32_t kept = 0;
  for (int32_t i = 0; i < s->count; i++) {
    struct track t = s->tracks[i];
    if (t.cost > limit)
      continue;
    if (t.next == s->target) {
      if (t.source >= images->source_size)
        continue;
      uint32_t left = images->target_size - s->target;
      if (left > images->source_size - t.source)
        left = images->source_size - t.source;
      struct delta_unit u;
      m->data = t.data;
      delta_predict(m, images->source + t.source, t.source, s->target, left,
                    !(s->target & 3u) && s->a->slots[s->target / 4], &u);
      uint32_t value = images->target[s->target];
      if (u.size == 2)
        value = delta_load16(images->target + s->target);
      else if (u.size == 4)
        value = delta_load32(images->target + s->target);
      t.data = u.data;
      t.cost += unit_cost(s->costs, &u, value, known) - (t.missed && value != u.predicted ? 4 : 0);
      t.missed = value != u.predicted;
      t.next += u.size;
    }
    t.source++;
    s->a->seen[s->target + 1 + images->source_size - t.source] = kept;
    s->tracks[kept++] = t;
  }
  s->count = kept;
}

/* Throw out the events that no live history has: of millions a few thousand stay. */
static void collect(struct search *s, int32_t *gap_node)
{
  struct aligner *a = s->a;
  size_t kept = 0;
  int32_t *place = calloc(a->node_count, sizeof *place); /* 1: in use; then: where it is now */
  if (!place) {
    s->failed = true;
    return;
  }
  place[*gap_node] = 1;
  for (int32_t i = 0; i < s->count; i++)
    place[s->tracks[i].node] = 1;
  for (size_t i = a->node_count; i-- > 0;)
    if (place[i] && a->nodes[i].parent >= 0)
      place[a->nodes[i].parent] = 1; /* parents come before their children */
  for (size_t i = 0; i < a->node_count; i++) {
    if (!place[i])
      continue;
    struct node node = a->nodes[i];
    if (node.parent >= 0)
      node.parent = place[node.parent];
    place[i] = (int32_t)kept;
    a->nodes[kept++] = node;
  }
  *gap_node = place[*gap_node];
  for (int32_t i = 0; i < s->count; i++)
    s->tracks[i].node = place[s->tracks[i].node];
  free(place);
  a->node_count = kept;
  a->node_limit = kept * 2 < NODES_LEAST ? NODES_LEAST : kept * 2;
}

/* How many bytes can be passed over with the best track alone; 0: none. */
static uint32_t skip(const struct search *s, const struct track *best)
{
  const struct plan_images *images = s->a->images;
  if (images->target_size <= SKIP_IMAGE || s->target % SKIP_EVERY != 0)
    return 0;
  uint32_t left = images->target_size - s->target, run = 0;
  if (left > images->source_size - best->source)
    left = images->source_size - best->source;
  const uint8_t *source = images->source + best->source, *target = images->target + s->target;
  while (left - run >= SKIP_RUN && memcmp(source + run, target + run, SKIP_RUN) == 0)
    run += SKIP_RUN;
  return run > SKIP_REST ? run - SKIP_REST : 0;
}

/* Bytes from here on that are as good as random, and new: compressed pictures that were exchanged. Nothing of the
 * source helps there. 0: there may be something. */
static uint32_t all_new(const struct search *s)
{
  const struct aligner *a = s->a;
  const struct plan_images *images = a->images;
  const uint8_t *target = images->target + s->target;
  uint32_t counts[256] = {0}, squares = 0;
  if (images->target_size <= SKIP_IMAGE || s->target % SKIP_EVERY != 0 || images->target_size - s->target < SKIP_RUN)
    return 0;
  for (uint32_t i = 0; i < SKIP_RUN; i++)
    counts[target[i]]++;
  for (uint32_t i = 0; i < 256; i++)
    squares += counts[i] * counts[i];
  if (squares > SKIP_RUN * (SKIP_RUN / 256u + 4u)) /* random bytes: SKIP_RUN / 256 + 1 */
    return 0;
  for (uint32_t at = 0; at < SKIP_RUN; at += SKIP_EVERY / 4)
    for (int32_t o = a->byte_head[hash(target + at, 5)]; o >= 0; o = a->byte_next[o])
      if (images->source_size - (uint32_t)o >= 16 && memcmp(images->source + o, target + at, 16) == 0)
        return 0;
  return SKIP_RUN;
}

bool align_search(struct aligner *a, const struct align_costs *costs, const float *literals, const struct plan *known,
                  struct plan *plan)
{
  struct search *s = calloc(1, sizeof *s);
  struct delta_decoder model;
  if (!s)
    return false;
  plan_model(known, a->images, a->source_base, a->target_base, &model);
  s->a = a;
  s->costs = costs;
  a->node_count = 0;
  a->node_limit = NODES_LEAST;
  float gap = 0; /* cost of the history that ends in a gap here */
  uint32_t gap_expected = 0;
  int32_t gap_node = add_node(a, -1, 0, 0, false);
  s->failed = gap_node < 0;
  for (;; s->target++) {
    const struct track *best = NULL;
    s->best = gap;
    for (int32_t i = 0; i < s->count; i++)
      if (s->tracks[i].next == s->target && s->tracks[i].cost < s->best) {
        best = &s->tracks[i];
        s->best = best->cost;
      }
    s->best_node = best ? best->node : gap_node;
    if (s->target == a->images->target_size || s->failed)
      break;
    const uint32_t skipped = best ? skip(s, best) : 0;
    if (skipped != 0) {
      s->tracks[0] = *best;
      s->count = 1;
      a->seen[s->target + a->images->source_size - s->tracks[0].source] = 0;
      s->tracks[0].source += skipped;
      s->tracks[0].next += skipped;
      s->tracks[0].missed = false;
      gap = 1e30f; /* to be set by the track at once */
      s->target += skipped - 1;
      continue;
    }
    const uint32_t new_bytes = all_new(s);
    if (new_bytes != 0) {
      if (best) {
        gap = s->best;
        gap_expected = best->source;
        gap_node = add_node(a, best->node, s->target, 0, false);
        s->failed |= gap_node < 0;
      }
      for (uint32_t i = 0; i < new_bytes; i++)
        gap += literals[s->target + i];
      gap_expected += new_bytes;
      s->count = 0;
      s->target += new_bytes - 1;
      continue;
    }
    if (a->node_count > a->node_limit) {
      const int32_t at = best ? (int32_t)(best - s->tracks) : -1;
      collect(s, &gap_node);
      if (s->failed)
        break;
      s->best_node = at >= 0 ? s->tracks[at].node : gap_node;
    }
    s->expected = best ? best->source : gap_expected;
    if (best) {
      gap = s->best;
      gap_expected = best->source;
      gap_node = add_node(a, best->node, s->target, 0, false);
      s->failed |= gap_node < 0;
    }
    try_copies(s);
    advance(s, &model, known != NULL);
    gap += literals[s->target];
    gap_expected++;
  }
  bool done = !s->failed && read_history(a, s->best_node, plan);
  free(s);
  return done;
}

bool align_is_slot(const struct aligner *a, uint32_t offset)
{
  return a->slots[offset / 4];
}
