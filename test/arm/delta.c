/* The delta decoder alone on the simulated chip, for measuring: no clock, no console. The host puts a job and the
 * images into the flash; the program decodes, leaves the result in RAM and stops at a breakpoint instruction.
 */
#include "delta/delta.h"

#include <string.h>

/* Where the host (bench/decode.c) puts things. */
struct job {
  uint32_t source, source_size, patch, patch_size, target, target_size;
  uint32_t chunk; /* bytes that are fed at a time */
  uint32_t check; /* compare what is written with the target: costs instructions of its own */
};
#define JOB ((const struct job *)0x08010000u)

struct result {
  uint32_t status, written, same, state_size;
};
__attribute__((section(".result"), used)) static volatile struct result result;
static struct delta_decoder decoder;
static uint32_t written, same;
static uint8_t block[DELTA_WRITE];

/* As a port would: two words at a time as far as they go. */
static void copy(uint8_t *to, const uint8_t *from, uint32_t size)
{
  uint32_t words[2];
  for (; size >= 8; size -= 8, to += 8, from += 8) {
    __builtin_memcpy(words, from, 8);
    __builtin_memcpy(to, words, 8);
  }
  while (size-- > 0)
    *to++ = *from++;
}

static pc_status read_source(void *context, uint32_t offset, void *to, uint32_t size)
{
  (void)context;
  copy(to, (const uint8_t *)(uintptr_t)JOB->source + offset, size);
  return PC_OK;
}

static pc_status write_target(void *context, const void *from, uint32_t size)
{
  (void)context;
  copy(block, from, size);
  if (JOB->check)
    same &= memcmp(from, (const uint8_t *)(uintptr_t)JOB->target + written, size) == 0;
  written += size;
  return PC_OK;
}

/* A breakpoint without a debugger is a fault, and one inside its handler stops the chip for good. */
static __attribute__((noreturn)) void stop(void)
{
  for (;;)
    __asm__ volatile("bkpt #0");
}

void run(void);
void run(void)
{
  static struct delta_io io;
  io.read = read_source;
  io.write = write_target;
  written = 0;
  same = 1;
  pc_status status = delta_start(&decoder, &io, JOB->source_size, JOB->target_size);
  const uint8_t *patch = (const uint8_t *)(uintptr_t)JOB->patch;
  for (uint32_t at = 0; at < JOB->patch_size && status == PC_OK; at += JOB->chunk) {
    uint32_t left = JOB->patch_size - at;
    status = delta_feed(&decoder, patch + at, left < JOB->chunk ? left : JOB->chunk);
  }
  if (status == PC_OK)
    status = delta_finish(&decoder);
  result.status = (uint32_t)status;
  result.written = written;
  result.same = same;
  result.state_size = sizeof decoder;
  stop();
}

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[4] = {0x20018000u, (uintptr_t)run,
                                                                                (uintptr_t)stop, (uintptr_t)stop};
