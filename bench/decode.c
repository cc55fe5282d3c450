/* What decoding a delta patch costs on Cortex-M4, counted by the simulator on the decoder's ARM binary.
 *
 * bench-decode DECODE.bin FROM PATCH TO [CHUNK]
 * CHUNK: patch bytes that are fed at a time (64). Decodes twice: once comparing every byte with TO, once counting
 * instructions. Prints one JSON object; fails if the result is not TO.
 */
#include "test/sweep/bench_board.h"

#include <stdlib.h>
#include <string.h>

#define JOB    0x08010000u
#define IMAGES 0x08010800u /* source, patch and target from here on, each at a multiple of 16 */
#define FLASH  0x08100000u
#define RAM    0x20000000u
#define STACK  0x20018000u
#define DEPTH  4096u
#define PAINT  0xC3u
#define PC_OK  0x5AC33CA5u

static struct bench_board board;

struct job {
  uint32_t source, source_size, patch, patch_size, target, target_size, chunk, check;
};

static uint32_t put(const char *path, uint32_t *at, uint32_t *size)
{
  uint32_t address = *at;
  *size = (uint32_t)bench_load_file(&board, path, address, 0);
  *at = (address + *size + 15u) & ~15u;
  if (*at > FLASH)
    exit(2);
  return address;
}

static uint64_t decode(struct job *job, uint32_t result[4], uint32_t *stack)
{
  struct soc_stats stats;
  uint8_t paint[DEPTH];
  memset(paint, PAINT, sizeof paint);
  soc_flash_erase(board.soc, JOB, 2048);
  bench_load(&board, JOB, job, sizeof *job);
  if (soc_powered(board.soc))
    soc_power_off(board.soc);
  soc_power_on(board.soc);
  soc_mem_write(board.soc, STACK - DEPTH, paint, DEPTH);
  soc_clear_stats(board.soc);
  (void)soc_run(board.soc, 4000000000u);
  soc_get_stats(board.soc, &stats);
  if (!soc_mem_read(board.soc, RAM, result, 16) || !soc_mem_read(board.soc, STACK - DEPTH, paint, DEPTH))
    exit(2);
  uint32_t untouched = 0;
  while (untouched < DEPTH && paint[untouched] == PAINT)
    untouched++;
  *stack = DEPTH - untouched;
  return stats.instructions;
}

int main(int count, char **values)
{
  if (count < 5) {
    fprintf(stderr, "usage: bench-decode DECODE.bin FROM PATCH TO [CHUNK]\n");
    return 2;
  }
  uint32_t at = IMAGES, result[4], stack;
  struct job job = {.chunk = count > 5 ? (uint32_t)strtoul(values[5], NULL, 0) : 64, .check = 1};
  bench_open(&board, "stm32l476");
  bench_load_file(&board, values[1], 0x08000000, 0);
  job.source = put(values[2], &at, &job.source_size);
  job.patch = put(values[3], &at, &job.patch_size);
  job.target = put(values[4], &at, &job.target_size);
  (void)decode(&job, result, &stack);
  if (result[0] != PC_OK || result[1] != job.target_size || result[2] != 1) {
    fprintf(stderr, "bench-decode: %s: status 0x%08x, %u of %u bytes, same: %u\n", values[3], result[0], result[1],
            job.target_size, result[2]);
    return 1;
  }
  job.check = 0;
  uint64_t instructions = decode(&job, result, &stack);
  printf("{\"instructions\": %llu, \"target\": %u, \"per_byte\": %.2f, \"state\": %u, \"stack\": %u}\n",
         (unsigned long long)instructions, job.target_size, (double)instructions / job.target_size, result[3], stack);
  return 0;
}
