/* See bench_board.h. */
#include "test/sweep/bench_board.h"

#include <stdlib.h>
#include <string.h>

static void uart_tx(void *ctx, unsigned uart, uint8_t byte)
{
  struct bench_board *board = ctx;
  (void)uart;
  if (board->verbose)
    putchar(byte);
  if (board->length + 1 < sizeof board->console) {
    board->console[board->length++] = (char)byte;
    board->console[board->length] = 0;
  }
  if (board->listener != NULL)
    board->listener(byte);
  if (board->until != NULL && !board->seen) {
    size_t size = strlen(board->until);
    if (board->length >= size && memcmp(board->console + board->length - size, board->until, size) == 0) {
      board->seen = true;
      soc_stop(board->soc);
    }
  }
}

static void log_line(void *ctx, const char *line)
{
  const struct bench_board *board = ctx;
  if (board->verbose)
    printf("[sim] %s\n", line);
}

void bench_open(struct bench_board *board, const char *model)
{
  char message[256];
  memset(board, 0, sizeof *board);
  board->soc = soc_new(model, NULL, message, sizeof message);
  if (board->soc == NULL) {
    fprintf(stderr, "%s\n", message);
    exit(2);
  }
  const struct soc_host host = {.ctx = board, .uart_tx = uart_tx, .log = log_line};
  soc_attach(board->soc, &host);
}

void bench_load(struct bench_board *board, uint32_t addr, const void *bytes, size_t size)
{
  if (!soc_flash_load(board->soc, addr, bytes, size)) {
    fprintf(stderr, "cannot load %zu bytes at 0x%08x\n", size, addr);
    exit(2);
  }
}

void bench_candidate(struct bench_board *board, uint32_t slot, uint32_t page, const uint8_t *sfb, size_t size)
{
  bench_load(board, slot, sfb, 320);
  bench_load(board, slot + 320, "INSTALL1", 8); /* docs/format.md, "In the slots" */
  bench_load(board, slot + page, sfb + 512, size - 512);
}

void *bench_read_file(const char *path, size_t *size)
{
  FILE *file = fopen(path, "rb");
  long length = -1;
  if (file != NULL && fseek(file, 0, SEEK_END) == 0)
    length = ftell(file);
  void *bytes = length > 0 ? malloc((size_t)length) : NULL;
  if (bytes == NULL || fseek(file, 0, SEEK_SET) != 0 || fread(bytes, 1, (size_t)length, file) != (size_t)length) {
    fprintf(stderr, "cannot read %s\n", path);
    exit(2);
  }
  (void)fclose(file);
  *size = (size_t)length;
  return bytes;
}

size_t bench_load_file(struct bench_board *board, const char *path, uint32_t addr, size_t skip)
{
  size_t size;
  uint8_t *bytes = bench_read_file(path, &size);
  if (size <= skip) {
    fprintf(stderr, "%s: nothing behind byte %zu\n", path, skip);
    exit(2);
  }
  bench_load(board, addr, bytes + skip, size - skip);
  free(bytes);
  return size - skip;
}

void bench_clear(struct bench_board *board)
{
  board->length = 0;
  board->console[0] = 0;
  board->seen = false;
}

enum soc_stop bench_run(struct bench_board *board, const char *text, uint64_t max_instructions)
{
  board->seen = false;
  board->until = text;
  enum soc_stop stop = soc_run(board->soc, max_instructions);
  board->until = NULL;
  return stop;
}
