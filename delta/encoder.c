/* The encoder of delta patches: see encoder.h. Aligns the images (align.c), derives what the map needs, writes the plan
 * (plan.c), does so again with what it learnt, with several assumptions about costs, and keeps the smallest. How often
 * is counted in bytes gone through, not in seconds: the same input gives the same patch on every machine.
 */
#include "delta/encoder.h"

#include "delta/align.h"
#include "delta/plan.h"
#include "delta/predict.h"

#include <stdlib.h>
#include <string.h>

struct encoder {
  struct plan_images images;
  struct aligner *aligner;
  float *literals;
  struct plan plan; /* the one at hand */
  uint8_t *out, *best;
  size_t room, best_size;
  struct plan best_plan;
  const struct delta_options *options;
  uint64_t work, work_max, work_expected; /* bytes gone through, a pass of the aligner counting ALIGN_WORK times */
  bool failed;                            /* out of memory */
};

#define ALIGN_WORK  16u
#define EFFORT_WORK (UINT64_C(110) << 20)

static void worked(struct encoder *e, uint32_t passes)
{
  e->work += (uint64_t)passes * (e->images.target_size + 64u);
  if (e->options->progress) {
    uint64_t percent = e->work * 100 / e->work_expected;
    e->options->progress(e->options->context, percent > 99 ? 99 : (unsigned)percent);
  }
}

static bool work_left(const struct encoder *e)
{
  return e->work < e->work_max && !e->failed;
}

static int by_size(const void *a, const void *b)
{
  const struct plan_copy *x = *(struct plan_copy *const *)a, *y = *(struct plan_copy *const *)b;
  return x->size != y->size ? (x->size < y->size ? 1 : -1) : x->target < y->target ? -1 : x->target > y->target;
}

/* Put the largest copies into the table: those of `least` bytes or more whose source is not mostly there already. */
static bool choose_table(struct encoder *e, uint32_t least)
{
  struct plan *plan = &e->plan;
  struct plan_copy **order =
      malloc((plan->copy_count + 1) * sizeof(struct plan_copy *)); // NOLINT(bugprone-sizeof-expression)
  uint8_t *used = calloc(e->images.source_size + 1, 1);
  size_t entries = 0, room = DELTA_ENTRIES - 3 - plan->shift_count;
  if (order && used) {
    for (size_t i = 0; i < plan->copy_count; i++) {
      plan->copies[i].table = false;
      order[i] = &plan->copies[i];
    }
    qsort(order, plan->copy_count, sizeof(struct plan_copy *), by_size); // NOLINT(bugprone-sizeof-expression)
    for (size_t i = 0; i < plan->copy_count && entries < room && order[i]->size >= least; i++) {
      uint32_t twice = 0;
      for (uint32_t k = 0; k < order[i]->size; k++)
        twice += used[order[i]->source + k];
      if (twice * 2 > order[i]->size)
        continue;
      memset(used + order[i]->source, 1, order[i]->size);
      order[i]->table = true;
      entries++;
    }
  }
  free(order);
  free(used);
  return order && used;
}

/* Copies inside gaps begin where literals can end, and have at least 4 bytes. */
static void tidy(struct plan *plan)
{
  size_t kept = 0;
  for (size_t i = 0; i < plan->copy_count; i++) {
    struct plan_copy copy = plan->copies[i];
    bool behind = kept > 0 && plan->copies[kept - 1].target + plan->copies[kept - 1].size == copy.target;
    if (!copy.table && (copy.target & 1u) && !behind) {
      copy.target++;
      copy.source++;
      copy.size--;
    }
    if (copy.table || (copy.size >= 4 && copy.size < 1u << 31))
      plan->copies[kept++] = copy;
  }
  plan->copy_count = kept;
}

static int by_place(const void *a, const void *b)
{
  const struct plan_shift *x = a, *y = b;
  if (x->place != y->place)
    return x->place < y->place ? -1 : 1;
  return x->by < y->by ? -1 : x->by > y->by;
}

#define SHIFT_COST   26.0f /* bits of an entry */
#define WRONG_COST   15.0f /* bits of a reference that the map sends elsewhere */
#define SHIFTS_KNOWN 256

/* The shifts of RAM, from the words that the copies hold: the step function that explains them most cheaply. */
static bool find_shifts(struct encoder *e)
{
  struct plan *plan = &e->plan;
  const struct plan_images *images = &e->images;
  size_t count = 0, shifts = 1;
  uint32_t shift[SHIFTS_KNOWN] = {0};
  struct plan_shift *seen = malloc((images->target_size / 4 + 1) * sizeof *seen);
  plan->shift_count = 0;
  if (!seen)
    return false;
  for (size_t i = 0; i < plan->copy_count; i++) {
    const struct plan_copy *copy = &plan->copies[i];
    if ((copy->target ^ copy->source) & 3u)
      continue;
    for (uint32_t k = (4 - (copy->target & 3u)) & 3u; k + 4 <= copy->size; k += 4) {
      uint32_t from = delta_place(delta_load32(images->source + copy->source + k));
      uint32_t to = delta_place(delta_load32(images->target + copy->target + k));
      if (from != DELTA_NOWHERE && to != DELTA_NOWHERE && align_is_slot(e->aligner, copy->target + k))
        seen[count++] = (struct plan_shift){from & ~1u, to - from};
    }
  }
  qsort(seen, count, sizeof *seen, by_place);
  for (size_t i = 0; i < count; i++) {
    size_t k = 0;
    while (k < shifts && shift[k] != seen[i].by)
      k++;
    if (k == shifts && shifts < SHIFTS_KNOWN)
      shift[shifts++] = seen[i].by;
  }
  float cost[SHIFTS_KNOWN];
  uint8_t *from = malloc(count * shifts + 1), *begins = malloc(count * shifts + 1);
  if (from && begins) {
    for (size_t k = 0; k < shifts; k++)
      cost[k] = k ? SHIFT_COST : 0;
    for (size_t i = 0; i < count; i++) {
      size_t cheapest = 0;
      for (size_t k = 1; k < shifts; k++)
        if (cost[k] < cost[cheapest])
          cheapest = k;
      float change = cost[cheapest] + SHIFT_COST;
      for (size_t k = 0; k < shifts; k++) {
        bool begin = i > 0 && seen[i].place != seen[i - 1].place && change < cost[k];
        begins[i * shifts + k] = begin || (i == 0 && k > 0);
        from[i * shifts + k] = (uint8_t)(begin ? cheapest : k);
        cost[k] = (begin ? change : cost[k]) + (shift[k] == seen[i].by ? 0 : WRONG_COST);
      }
    }
    size_t at = 0;
    for (size_t k = 1; k < shifts; k++)
      if (cost[k] < cost[at])
        at = k;
    for (size_t i = count; i-- > 0;) {
      if (begins[i * shifts + at] && plan->shift_count < 40)
        plan->shifts[plan->shift_count++] = (struct plan_shift){seen[i].place, shift[at]};
      at = from[i * shifts + at];
    }
    for (size_t i = 0; i < plan->shift_count / 2; i++) {
      struct plan_shift swap = plan->shifts[i];
      plan->shifts[i] = plan->shifts[plan->shift_count - 1 - i];
      plan->shifts[plan->shift_count - 1 - i] = swap;
    }
  }
  bool done = from && begins;
  free(from);
  free(begins);
  free(seen);
  return done;
}

static void plan_copy_to(struct encoder *e, struct plan *to, const struct plan *from)
{
  struct plan_copy *copies = to->copies;
  if (to->copy_room < from->copy_count) {
    copies = realloc(copies, from->copy_count * sizeof *copies);
    if (!copies) {
      e->failed = true;
      return;
    }
    to->copies = copies;
    to->copy_room = from->copy_count;
  }
  size_t room = to->copy_room;
  *to = *from;
  to->copies = copies;
  to->copy_room = room;
  if (copies && from->copies)
    memcpy(copies, from->copies, from->copy_count * sizeof *copies);
}

/* Write the plan at hand; keep it if it is the smallest yet. */
static size_t try_plan(struct encoder *e)
{
  size_t size = plan_write(&e->plan, &e->images, DELTA_MODE_PATCH, e->out, e->room, NULL);
  worked(e, 1);
  if (size < e->best_size && size <= e->room) {
    e->best_size = size;
    memcpy(e->best, e->out, size);
    plan_copy_to(e, &e->best_plan, &e->plan);
  }
  return size;
}

/* Make copies of the table of those that are at least so large, bytes: each is tried. */
static const uint32_t least_sizes[] = {12, 20, 32, 48, 80, 160};
#define LEAST_SIZES (sizeof least_sizes / sizeof *least_sizes)

static void with_table(struct encoder *e, const struct plan *found, uint32_t least)
{
  plan_copy_to(e, &e->plan, found);
  e->failed |= !choose_table(e, least);
  tidy(&e->plan);
}

/* Search with these costs, over again with the map that results, as long as the patch becomes smaller. Returns the size
 * of the smallest. */
static size_t search(struct encoder *e, const struct align_costs *costs, int rounds, struct plan *smallest)
{
  struct plan known = {0}, found = {0};
  size_t before = SIZE_MAX, size = SIZE_MAX;
  for (int round = 0; round < rounds && (round < 2 || work_left(e)) && !e->failed; round++) {
    size_t best = SIZE_MAX;
    uint32_t best_least = least_sizes[0];
    e->failed |= !align_search(e->aligner, costs, e->literals, round ? &known : NULL, &e->plan) || !find_shifts(e);
    worked(e, ALIGN_WORK);
    plan_copy_to(e, &found, &e->plan);
    for (size_t i = 0; i < LEAST_SIZES && !e->failed; i++) {
      with_table(e, &found, least_sizes[i]);
      size_t now = try_plan(e);
      if (now < size) {
        size = now;
        plan_copy_to(e, smallest, &e->plan);
      }
      if (now < best) {
        best = now;
        best_least = least_sizes[i];
      }
    }
    if (best >= before)
      break;
    before = best;
    with_table(e, &found, best_least);
    plan_copy_to(e, &known, &e->plan);
  }
  free(found.copies);
  free(known.copies);
  return size;
}

static void remove_copy(struct plan *plan, size_t i)
{
  plan->copy_count--;
  if (plan->copies)
    memmove(&plan->copies[i], &plan->copies[i + 1], (plan->copy_count - i) * sizeof *plan->copies);
}

enum { REMOVE, TOGGLE, EARLIER, LATER, LONGER, SHORTER, SWALLOW, SWALLOW_ALL, MOVES };

/* Change one copy; false: this move makes no sense here. */
static bool move(struct encoder *e, size_t i, int kind, uint32_t by)
{
  struct plan *plan = &e->plan;
  struct plan_copy *copy = &plan->copies[i], *next = i + 1 < plan->copy_count ? copy + 1 : NULL;
  uint32_t before = i > 0 ? copy[-1].target + copy[-1].size : 0, end = next ? next->target : e->images.target_size;
  switch (kind) {
  case REMOVE:
    remove_copy(plan, i);
    return true;
  case TOGGLE:
    copy->table = !copy->table;
    return true;
  case EARLIER: /* begin earlier; what is before gives way */
    if (copy->source < by || copy->target < by)
      return false;
    if (copy->target - by < before) {
      if (copy[-1].size <= by)
        return false;
      copy[-1].size -= by - (copy->target - before);
    }
    copy->source -= by;
    copy->target -= by;
    copy->size += by;
    return true;
  case LATER:
    if (copy->size <= by)
      return false;
    copy->source += by;
    copy->target += by;
    copy->size -= by;
    return true;
  case SHORTER:
    if (copy->size <= by)
      return false;
    copy->size -= by;
    return true;
  case LONGER:
    if (copy->source + copy->size + by > e->images.source_size ||
        copy->target + copy->size + by > e->images.target_size)
      return false;
    if (copy->target + copy->size + by > end) {
      uint32_t over = copy->target + copy->size + by - end;
      if (!next || next->size <= over)
        return false;
      next->target += over;
      next->source += over;
      next->size -= over;
    }
    copy->size += by;
    return true;
  case SWALLOW:
  case SWALLOW_ALL:
    if (!next)
      return false;
    end = next->target + next->size;
    if (kind == SWALLOW_ALL)
      end = i + 2 < plan->copy_count ? copy[2].target : e->images.target_size;
    if (copy->source + (end - copy->target) > e->images.source_size)
      return false;
    copy->size = end - copy->target;
    remove_copy(plan, i + 1);
    return true;
  default:
    return false;
  }
}

/* Try the plan at hand; if it is smaller than `size`, it becomes `plan`. */
static bool improves(struct encoder *e, struct plan *plan, size_t *size)
{
  size_t now = try_plan(e);
  if (now >= *size)
    return false;
  *size = now;
  plan_copy_to(e, plan, &e->plan);
  return true;
}

/* Improve a plan by small changes, as long as that makes it smaller and work may be done. */
static void polish(struct encoder *e, struct plan *plan)
{
  static const uint32_t steps[] = {2, 4, 1, 8, 16, 32};
  bool better = true;
  plan_copy_to(e, &e->plan, plan);
  size_t size = try_plan(e);
  while (better) {
    better = false;
    for (size_t i = 0; i < plan->copy_count; i++)
      for (int kind = 0; kind < MOVES; kind++)
        for (size_t k = 0; k < (kind >= EARLIER && kind <= SHORTER ? sizeof steps / sizeof *steps : 1u); k++) {
          if (i >= plan->copy_count)
            continue;
          if (!work_left(e))
            return;
          plan_copy_to(e, &e->plan, plan);
          if (move(e, i, kind, steps[k]))
            better |= improves(e, plan, &size);
        }
    for (size_t i = 0; i < plan->shift_count && work_left(e); i++) {
      plan_copy_to(e, &e->plan, plan);
      e->plan.shift_count--;
      memmove(&e->plan.shifts[i], &e->plan.shifts[i + 1], (e->plan.shift_count - i) * sizeof *e->plan.shifts);
      better |= improves(e, plan, &size);
    }
  }
}

/* Teaching takes the decoder time: at most this, a small part of the target, and more for patches that are large
 * anyway. */
static uint32_t priming_most(const struct encoder *e)
{
  return e->images.target_size / 40u + (uint32_t)e->best_size * 2u;
}

/* Where the literals are best taught, and with how much: worth its time only when there are literals. */
static void choose_priming(struct encoder *e)
{
  plan_copy_to(e, &e->plan, &e->best_plan);
  /* Every try writes all of the patch: of a large image fewer beginnings. */
  const uint32_t step = (e->images.target_size > 1u << 20 ? e->images.target_size >> 20 : 0) + 1u;
  for (uint32_t size = 0; size < 6; size++)
    for (uint32_t start = 0; start << 12 < e->images.source_size && (size || !start) && start < 256;
         start += step * step) {
      if (!work_left(e))
        return;
      e->plan.prime_start = start;
      e->plan.prime_size = size;
      if (1u << size >> 1 << 10 <= priming_most(e))
        try_plan(e);
    }
}

/* The smallest first, as long as work may be done. */
static void polish_all(struct encoder *e, struct plan *plans, size_t *sizes, size_t count)
{
  uint32_t start = e->best_plan.prime_start, size = e->best_plan.prime_size;
  for (size_t done = 0; done < count && work_left(e); done++) {
    size_t next = 0;
    for (size_t i = 1; i < count; i++)
      if (sizes[i] < sizes[next])
        next = i;
    if (sizes[next] == SIZE_MAX)
      return;
    plans[next].prime_start = start;
    plans[next].prime_size = size;
    polish(e, &plans[next]);
    sizes[next] = SIZE_MAX;
  }
}

/* What each assumption about costs led to is polished: what was best before need not be best after. */
static const struct align_costs assumed[] = {{20, 13}, {26, 13}, {15, 13}, {20, 10}, {20, 17}};
#define ASSUMED (sizeof assumed / sizeof *assumed)

static void encode(struct encoder *e)
{
  struct plan found[ASSUMED] = {{0}};
  size_t sizes[ASSUMED];
  e->plan.prime_start = 1;
  e->plan.prime_size = e->images.target_size < 0x10000 ? 0 : 1;
  e->literals = calloc((size_t)e->images.target_size + 8, sizeof *e->literals);
  e->aligner = align_start(&e->images, e->plan.source_base, e->plan.target_base);
  if (!e->literals || !e->aligner) {
    e->failed = true;
    return;
  }
  plan_literal_costs(&e->plan, &e->images, e->literals);
  for (size_t i = 0; i < ASSUMED; i++)
    sizes[i] = (i == 0 || e->work < e->work_max / 2) && !e->failed ? search(e, &assumed[i], 4, &found[i]) : SIZE_MAX;
  if (e->best_size != SIZE_MAX && !e->failed) {
    choose_priming(e);
    polish_all(e, found, sizes, ASSUMED);
  }
  for (size_t i = 0; i < ASSUMED; i++)
    free(found[i].copies);
}

/* A patch that needs no source: literals alone. */
static size_t encode_image(struct encoder *e)
{
  struct plan plan = {.source_base = 0x08000000, .target_base = 0x08000000};
  struct plan_images images = e->images;
  images.source_size = 0;
  size_t size = plan_write(&plan, &images, DELTA_MODE_IMAGE, e->out, e->room, NULL);
  worked(e, 1);
  return size <= e->room ? size : SIZE_MAX;
}

static bool verify(const struct encoder *e, const uint8_t *patch, size_t size)
{
  uint8_t *target;
  size_t target_size;
  if (delta_apply(e->images.source, e->images.source_size, patch, size, &target, &target_size) != PC_OK)
    return false;
  bool same = target_size == e->images.target_size && memcmp(target, e->images.target, target_size) == 0;
  free(target);
  return same;
}

/* The patch, or the compressed image if that is not larger or if no patch came about. */
static enum delta_outcome choose(struct encoder *e, struct delta_result *result)
{
  result->patch_size = e->best_size;
  bool patch = e->best_size != SIZE_MAX && verify(e, e->best, e->best_size);
  result->image_size = encode_image(e);
  if (result->image_size == SIZE_MAX && !patch)
    return DELTA_TOO_LARGE;
  result->mode = patch ? DELTA_MODE_PATCH : DELTA_MODE_IMAGE;
  result->size = e->best_size;
  if (!patch || result->image_size <= e->best_size) {
    result->mode = DELTA_MODE_IMAGE;
    result->size = result->image_size;
    memcpy(e->best, e->out, result->size);
    if (!verify(e, e->best, result->size))
      return DELTA_NOT_VERIFIED;
  }
  return DELTA_MADE;
}

static uint8_t *padded(const uint8_t *image, size_t size)
{
  uint8_t *copy = calloc(size + 16, 1);
  if (copy && size)
    memcpy(copy, image, size);
  return copy;
}

static bool is_base(uint32_t base)
{
  return base == DELTA_BASE_UNKNOWN || (base & 0xffu) == 0;
}

static void find_bases(struct encoder *e, struct delta_result *result)
{
  uint32_t from = e->options->source_base, to = e->options->target_base;
  if (from == DELTA_BASE_UNKNOWN)
    from = delta_find_base(e->images.source, e->images.source_size);
  if (to == DELTA_BASE_UNKNOWN)
    to = delta_find_base(e->images.target, e->images.target_size);
  if (from == DELTA_BASE_UNKNOWN)
    from = to == DELTA_BASE_UNKNOWN ? 0x08000000 : to;
  if (to == DELTA_BASE_UNKNOWN)
    to = from;
  result->source_base = e->plan.source_base = from;
  result->target_base = e->plan.target_base = to;
}

#define EFFORT_DEFAULT 5u
#define EFFORT_MOST    9u

/* How far behind its place in the target the best plan reads. */
static uint32_t reach(const struct plan *plan)
{
  uint32_t most = 0;
  for (size_t i = 0; i < plan->copy_count; i++) {
    const struct plan_copy *copy = &plan->copies[i];
    if (copy->size > 0 && copy->target > copy->source && copy->target - copy->source > most)
      most = copy->target - copy->source;
  }
  return most;
}

static enum delta_outcome make(const uint8_t *source, size_t source_size, const uint8_t *target, size_t target_size,
                               const struct delta_options *options, uint32_t behind, struct delta_result *result)
{
  struct encoder encoder = {0}, *e = &encoder;
  static const struct delta_options none = {DELTA_BASE_UNKNOWN, DELTA_BASE_UNKNOWN, 0, NULL, NULL};
  e->options = options ? options : &none;
  *result = (struct delta_result){0};
  if (source_size > DELTA_MAX_SIZE || target_size > DELTA_MAX_SIZE)
    return DELTA_TOO_LARGE;
  if (e->options->effort > EFFORT_MOST || !is_base(e->options->source_base) || !is_base(e->options->target_base))
    return DELTA_BAD_OPTIONS;
  enum delta_outcome outcome = DELTA_NO_MEMORY;
  uint8_t *s = padded(source, source_size), *t = padded(target, target_size);
  e->images = (struct plan_images){s, t, (uint32_t)source_size, (uint32_t)target_size, behind};
  e->room = target_size + target_size / 4 + 4096;
  e->out = malloc(e->room);
  e->best = malloc(e->room);
  e->best_size = SIZE_MAX;
  e->work_max = EFFORT_WORK * (e->options->effort ? e->options->effort : EFFORT_DEFAULT);
  if (target_size > 1u << 20) /* megabytes of data, of which every pass takes long and finds little */
    e->work_max /= 4;
  e->work_expected = (uint64_t)2000 * (target_size + 64);
  if (e->work_expected > e->work_max)
    e->work_expected = e->work_max;
  if (s && t && e->out && e->best) {
    find_bases(e, result);
    encode(e);
    if (!e->failed)
      outcome = choose(e, result);
  }
  result->behind = result->mode == DELTA_MODE_PATCH ? reach(&e->best_plan) : 0;
  align_free(e->aligner);
  free(s);
  free(t);
  free(e->out);
  free(e->literals);
  free(e->plan.copies);
  free(e->best_plan.copies);
  if (outcome == DELTA_MADE)
    result->bytes = e->best;
  else
    free(e->best);
  if (outcome == DELTA_MADE && e->options->progress)
    e->options->progress(e->options->context, 100);
  return outcome;
}

enum delta_outcome delta_make(const uint8_t *source, size_t source_size, const uint8_t *target, size_t target_size,
                              const struct delta_options *options, struct delta_result *result)
{
  return make(source, source_size, target, target_size, options, PLAN_ANYWHERE, result);
}

/* ---------- in place ---------- */

static uint32_t pages(size_t bytes, uint32_t page)
{
  return (uint32_t)((bytes + page - 1) / page);
}

/* Moving the old image up writes every page of it once more: only for a patch that is so much smaller. */
static bool much_smaller(size_t size, size_t than)
{
  return size + size / 4 + 64 < than;
}

/* A shift that is needed for a patch as good as any other, or as much of it as there is room for. */
static enum delta_outcome shifted(const uint8_t *source, size_t source_size, const uint8_t *target, size_t target_size,
                                  const struct delta_options *options, const struct delta_board *board,
                                  struct delta_result *free_one, struct delta_result *result,
                                  struct delta_in_place *how)
{
  struct delta_in_place moved = *how;
  struct delta_result other = {0};
  const uint32_t room = board->slot - pages(source_size, board->page);
  const uint32_t wanted = pages(free_one->behind - delta_in_place_behind(how), board->page);
  enum delta_outcome outcome = DELTA_MADE;
  moved.shift = wanted < room ? wanted : room;
  if (moved.shift == 0)
    return DELTA_MADE;
  if (moved.shift == wanted) {
    other = *free_one;
    *free_one = (struct delta_result){0};
  } else {
    outcome = make(source, source_size, target, target_size, options, delta_in_place_behind(&moved), &other);
  }
  if (outcome == DELTA_MADE &&
      (much_smaller(other.size, result->size) || (result->size > board->patch && other.size < result->size))) {
    const struct delta_result swap = *result;
    *result = other;
    other = swap;
    *how = moved;
  }
  delta_result_free(&other);
  return outcome;
}

enum delta_outcome delta_make_in_place(const uint8_t *source, size_t source_size, const uint8_t *target,
                                       size_t target_size, const struct delta_options *options,
                                       const struct delta_board *board, struct delta_result *result,
                                       struct delta_in_place *how)
{
  const uint32_t scratch = board->scratch < DELTA_IN_PLACE_SCRATCH ? board->scratch : DELTA_IN_PLACE_SCRATCH;
  uint8_t head[DELTA_IN_PLACE_SIZE], *out = NULL;
  size_t out_size = 0;
  *result = (struct delta_result){0};
  /* Half of the scratch pages for what is being decoded: larger groups need fewer checkpoints, more lag no shift. */
  *how = (struct delta_in_place){.page = board->page, .slot = board->slot, .group = scratch > 1 ? scratch / 2 : 1};
  how->lag = scratch / how->group - (scratch > 0);
  if (scratch == 0 || (board->page & (board->page - 1)) != 0 || board->slot > UINT16_MAX)
    return DELTA_BAD_OPTIONS;
  delta_in_place_build(how, head);
  if (delta_in_place_parse(head, how) != PC_OK || how->page != board->page)
    return DELTA_BAD_OPTIONS;
  if (pages(source_size, board->page) > board->slot || pages(target_size, board->page) > board->slot)
    return DELTA_NO_ROOM;
  enum delta_outcome outcome = delta_make(source, source_size, target, target_size, options, result);
  if (outcome == DELTA_MADE && result->behind > delta_in_place_behind(how)) {
    struct delta_result free_one = *result;
    outcome = make(source, source_size, target, target_size, options, delta_in_place_behind(how), result);
    if (outcome == DELTA_MADE && (much_smaller(free_one.size, result->size) || result->size > board->patch))
      outcome = shifted(source, source_size, target, target_size, options, board, &free_one, result, how);
    delta_result_free(&free_one);
  }
  if (outcome != DELTA_MADE)
    return outcome;
  if (result->size > board->patch) {
    const size_t size = result->size;
    delta_result_free(result);
    result->size = size;
    return DELTA_NO_ROOM;
  }
  bool same = delta_apply_in_place(source, source_size, how, result->bytes, result->size, &out, &out_size) == PC_OK &&
              out_size == target_size && (target_size == 0 || memcmp(out, target, target_size) == 0);
  free(out);
  if (same)
    return DELTA_MADE;
  delta_result_free(result);
  return DELTA_NOT_VERIFIED;
}

void delta_result_free(struct delta_result *result)
{
  free(result->bytes);
  *result = (struct delta_result){0};
}
