/* What a boot and an install cost, counted by the simulator on the ARM binary: instructions, erases, programs, stack.
 *
 * bench-boot BOOT.bin ENGINE_STACK BOOT_STACK SIZES OLD.sfb OLD.bin NEW.sfb NEW.bin MODE
 * MODE boot: OLD is installed and started. MODE kept: the same with NEW lying in clear in the download slot, as an
 * install leaves it. MODE swap: OLD is installed, NEW downloaded; until NEW runs. Prints one JSON object.
 */
#include "test/sweep/bench_board.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGE      2048u
#define HEADER_AT 0x08080000u
#define DOWNLOAD  0x08008000u
#define ACTIVE    0x08088000u
#define PAINT     0xC3u
#define LIMIT     4000000000ull

static struct bench_board board;

/* Bytes from the lowest one that the stack changed, up to `top`. */
static uint32_t stack_used(uint32_t base, uint32_t size)
{
  uint32_t untouched = 0;
  uint8_t byte;
  while (untouched < size && soc_mem_read(board.soc, base + untouched, &byte, 1) && byte == PAINT)
    untouched++;
  return size - untouched;
}

static void paint(uint32_t base, uint32_t size)
{
  uint8_t *bytes = size != 0 ? malloc(size) : NULL;
  if (bytes == NULL)
    exit(2);
  memset(bytes, PAINT, size);
  if (!soc_mem_write(board.soc, base, bytes, size))
    exit(2);
  free(bytes);
}

static void header_at(const char *path, uint32_t header)
{
  size_t size;
  uint8_t *bytes = bench_read_file(path, &size);
  if (size < 528)
    exit(2);
  bench_load(&board, header, bytes, 320);
  free(bytes);
}

int main(int count, char **values)
{
  struct soc_stats stats;
  if (count != 10) {
    fprintf(stderr, "usage: bench-boot BOOT.bin ENGINE_STACK BOOT_STACK SIZES OLD.sfb OLD.bin NEW.sfb NEW.bin MODE\n");
    return 2;
  }
  const char *mode = values[9];
  const uint32_t engine_stack = (uint32_t)strtoul(values[2], NULL, 0),
                 boot_stack = (uint32_t)strtoul(values[3], NULL, 0);
  char *end;
  const uint32_t engine_size = (uint32_t)strtoul(values[4], &end, 0);
  const uint32_t boot_size = *end == ',' ? (uint32_t)strtoul(end + 1, NULL, 0) : 0;
  bench_open(&board, "stm32l476");
  bench_load_file(&board, values[1], 0x08000000, 0);
  header_at(values[5], HEADER_AT);
  bench_load_file(&board, values[6], ACTIVE, 0);
  if (strcmp(mode, "kept") == 0) {
    header_at(values[7], DOWNLOAD + PAGE);
    bench_load_file(&board, values[8], DOWNLOAD + 2 * PAGE, 0);
  } else if (strcmp(mode, "swap") == 0) {
    size_t size;
    uint8_t *bytes = bench_read_file(values[7], &size);
    bench_candidate(&board, DOWNLOAD, PAGE, bytes, size);
    free(bytes);
  }
  soc_pin(board.soc, 'C', 13, true);
  soc_power_on(board.soc);
  paint(engine_stack, engine_size);
  paint(boot_stack, boot_size);
  clock_t start = clock();
  (void)bench_run(&board, "STATE: EXECUTE USER FIRMWARE", LIMIT);
  const uint32_t engine_used = stack_used(engine_stack, engine_size), boot_used = stack_used(boot_stack, boot_size);
  if (bench_run(&board, strcmp(mode, "swap") == 0 ? "TINY new runs" : "TINY old runs", LIMIT) != SOC_STOP_REQUEST) {
    fprintf(stderr, "bench-boot: the application did not start:\n%s\n", board.console);
    return 1;
  }
  double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
  soc_get_stats(board.soc, &stats);
  printf("{\"instructions\": %llu, \"idle\": %llu, \"programs\": %llu, \"erases\": %llu, \"max_page_erases\": %u, "
         "\"engine_stack\": %u, \"boot_stack\": %u, \"cpu_seconds\": %.4f}\n",
         (unsigned long long)stats.instructions, (unsigned long long)stats.idle, (unsigned long long)stats.programs,
         (unsigned long long)stats.erases, stats.max_page_erases, engine_used, boot_used, seconds);
  return 0;
}
