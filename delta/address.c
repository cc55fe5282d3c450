/* The load address of a Cortex-M image, from what its words point at. See encoder.h. */
#include "delta/encoder.h"

#include "delta/predict.h"

#include <stdlib.h>

/* Does something that a pointer would name begin at `offset`: a function that saves registers (odd pointers), or a
 * text. */
static bool is_function(const uint8_t *image, uint32_t offset)
{
  uint32_t half = delta_load16(image + offset);
  return (half & 0xff00u) == 0xb500u || half == 0xe92du;
}

static bool printable(uint8_t c)
{
  return c >= 32 && c < 127;
}

static bool is_text(const uint8_t *image, uint32_t offset)
{
  return image[offset - 1] == 0 && printable(image[offset]) && printable(image[offset + 1]) &&
         printable(image[offset + 2]);
}

static int compare(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

#define MEGABYTES 4

/* The MiB of addresses that most words lie in, of those that may be program memory; the densest first. */
static size_t dense_megabytes(const uint32_t *words, size_t count, uint32_t megabytes[MEGABYTES])
{
  size_t found = 0, most[MEGABYTES];
  for (size_t i = 0, next; i < count; i = next) {
    uint32_t megabyte = words[i] >> 20;
    for (next = i; next < count && words[next] >> 20 == megabyte;)
      next++;
    if (delta_place(words[i]) != DELTA_NOWHERE || (megabyte >= 0x200 && megabyte >> 4 != 0x90))
      continue;
    size_t at = found < MEGABYTES ? found++ : MEGABYTES;
    for (; at > 0 && next - i > most[at - 1]; at--)
      if (at < MEGABYTES) {
        most[at] = most[at - 1];
        megabytes[at] = megabytes[at - 1];
      }
    if (at < MEGABYTES) {
      most[at] = next - i;
      megabytes[at] = megabyte;
    }
  }
  return found;
}

/* How many words point at something if the image is loaded at `base`. `first`: index of a word at or below base + 4. */
static uint32_t score(const uint8_t *image, size_t size, const uint32_t *words, size_t count, size_t first,
                      uint32_t base)
{
  uint32_t reset = delta_load32(image + 4), sum = (reset & 1u) && reset - base < size ? 3 : 0;
  for (size_t i = first; i < count && words[i] - base <= size - 4; i++) {
    uint32_t offset = words[i] - base;
    if (offset >= 4)
      sum += offset & 1u ? is_function(image, offset - 1) : is_text(image, offset);
  }
  return sum;
}

uint32_t delta_find_base(const uint8_t *image, size_t size)
{
  uint32_t best = DELTA_BASE_UNKNOWN, best_score = 4, megabytes[MEGABYTES];
  size_t count = 0, distinct = 0;
  if (size < 64 || size > DELTA_MAX_SIZE)
    return best;
  uint32_t *words = malloc(size);
  if (!words)
    return best;
  for (size_t i = 0; i + 4 <= size; i += 4)
    words[count++] = delta_load32(image + i);
  qsort(words, count, sizeof *words, compare);
  for (size_t i = 0; i < count; i++)
    if (distinct == 0 || words[i] != words[distinct - 1])
      words[distinct++] = words[i];
  size_t found = dense_megabytes(words, distinct, megabytes);
  for (size_t k = 0; k < found; k++) {
    uint32_t middle = megabytes[k] << 20, reach = (uint32_t)size & ~0xffu;
    uint32_t base = middle > reach ? middle - reach : 0;
    size_t first = 0;
    for (; base < middle + 0x100000; base += 0x100) {
      while (first < distinct && words[first] < base)
        first++;
      uint32_t s = score(image, size, words, distinct, first, base);
      if (s > best_score) {
        best_score = s;
        best = base;
      }
    }
  }
  free(words);
  return best;
}
