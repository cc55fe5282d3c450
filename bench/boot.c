/* What a boot and an install cost, counted by the simulator on the ARM binary: instructions, erases, programs, stack.
 *
 * bench-boot BOOT.bin ENGINE_STACK BOOT_STACK SIZES OLD.sfb OLD.bin NEW.sfb NEW.bin MODE
 * MODE boot: OLD is installed and started. MODE kept: the same with NEW lying in clear in the download slot, as an
 * install leaves it. MODE swap: OLD is installed, NEW downloaded; until NEW runs. MODE overwrite: the same on the
 * B-L475E-IOT01A, with the download slot in external flash. Prints one JSON object.
 */
#include "test/sweep/bench_board.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGE  2048u
#define PAINT 0xC3u
#define LIMIT 4000000000ull

static struct bench_board board;

/* NUCLEO-L476RG, or for MODE overwrite B-L475E-IOT01A. */
static struct {
  const char *device;
  uint32_t header, active, download, download_page;
} map = {"stm32l476", 0x08080000, 0x08088000, 0x08008000, PAGE};

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
  const bool overwrite = strcmp(mode, "overwrite") == 0, installs = overwrite || strcmp(mode, "swap") == 0;
  if (overwrite) {
    map.device = "stm32l475";
    map.header = 0x08008000;
    map.active = 0x08010000;
    map.download = 0x90000000;
    map.download_page = 4096;
  }
  bench_open(&board, map.device);
  bench_load_file(&board, values[1], 0x08000000, 0);
  header_at(values[5], map.header);
  bench_load_file(&board, values[6], map.active, 0);
  if (strcmp(mode, "kept") == 0) {
    header_at(values[7], map.download + PAGE);
    bench_load_file(&board, values[8], map.download + 2 * PAGE, 0);
  } else if (installs) {
    size_t size;
    uint8_t *bytes = bench_read_file(values[7], &size);
    bench_candidate(&board, map.download, map.download_page, bytes, size);
    free(bytes);
  }
  soc_pin(board.soc, 'C', 13, true);
  soc_power_on(board.soc);
  paint(engine_stack, engine_size);
  paint(boot_stack, boot_size);
  clock_t start = clock();
  (void)bench_run(&board, "STATE: EXECUTE USER FIRMWARE", LIMIT);
  const uint32_t engine_used = stack_used(engine_stack, engine_size), boot_used = stack_used(boot_stack, boot_size);
  if (bench_run(&board, installs ? "TINY new runs" : "TINY old runs", LIMIT) != SOC_STOP_REQUEST) {
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
