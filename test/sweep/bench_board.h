/* A simulated board in this process: firmware in, console out, power cuts. For sweeps and measurements that would be
 * slow through a separate stm32sim. */
#ifndef TEST_SWEEP_BENCH_BOARD_H
#define TEST_SWEEP_BENCH_BOARD_H

#include "sim/soc/soc.h"

struct bench_board {
  struct soc *soc;
  char console[65536]; /* what was sent since the last power-on or bench_clear(), NUL-terminated */
  size_t length;
  const char *until;
  bool seen;
  bool verbose;                   /* console and log to stdout */
  void (*listener)(uint8_t byte); /* told of every byte sent, after `console` has it; may be NULL */
};

/* A blank device of that model; the program ends with a message on any failure. */
void bench_open(struct bench_board *board, const char *model);
void bench_load(struct bench_board *board, uint32_t addr, const void *bytes, size_t size);
/* A whole file at an address, from `skip` bytes into it; returns the bytes loaded. */
size_t bench_load_file(struct bench_board *board, const char *path, uint32_t addr, size_t skip);
/* A .sfb as a candidate in a download slot of `page` bytes a page: header and wish, then the image. */
void bench_candidate(struct bench_board *board, uint32_t slot, uint32_t page, const uint8_t *sfb, size_t size);
void *bench_read_file(const char *path, size_t *size);
void bench_clear(struct bench_board *board);
/* Run until `text` has been sent (since the last bench_clear), or something else ends the run: SOC_STOP_REQUEST means
 * seen. */
enum soc_stop bench_run(struct bench_board *board, const char *text, uint64_t max_instructions);

#endif
