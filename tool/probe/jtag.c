/* JTAG over remote_bitbang: see jtag.h. */
#include "tool/probe/jtag.h"

#include "sfi/programmer/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPU_IR_BITS      4u
#define BOUNDARY_IR_BITS 5u
#define BYPASS           0x1Fu
#define DATA_BITS        35u
#define BURST            1024u /* characters of one scan at most */
#define PATIENCE_MS      10000u

struct jtag {
  struct wire *wire;
  unsigned instruction; /* in the CPU's TAP; 0: not known */
  uint8_t burst[BURST];
  size_t size, reads;
};

struct jtag *jtag_open(const char *port, struct problem *problem)
{
  char spec[300];
  struct jtag *jtag = calloc(1, sizeof *jtag);
  if (jtag == NULL || strchr(port, ':') == NULL || (size_t)snprintf(spec, sizeof spec, "tcp:%s", port) >= sizeof spec) {
    problem_set(problem, CLI_USAGE, "%.40s: must be HOST:PORT", port);
    free(jtag);
    return NULL;
  }
  jtag->wire = wire_open(spec, problem);
  if (jtag->wire != NULL)
    return jtag;
  free(jtag);
  return NULL;
}

void jtag_close(struct jtag *jtag)
{
  if (jtag == NULL)
    return;
  wire_close(jtag->wire);
  free(jtag);
}

/* ---- bits ---- */
static void put(struct jtag *jtag, char c)
{
  if (jtag->size < BURST)
    jtag->burst[jtag->size++] = (uint8_t)c;
}

/* One clock: TMS and TDI while TCK is low, TDO read there, then the rising edge. */
static void clock_bit(struct jtag *jtag, bool tms, bool tdi, bool read)
{
  char pins = (char)((tms ? 2 : 0) | (tdi ? 1 : 0));
  put(jtag, (char)('0' + pins));
  if (read) {
    put(jtag, 'R');
    jtag->reads++;
  }
  put(jtag, (char)('4' + pins));
}

static void walk(struct jtag *jtag, const char *tms)
{
  for (; *tms != '\0'; tms++)
    clock_bit(jtag, *tms == '1', true, false);
}

/* Send what was collected; up to 64 bits come back, the first one lowest. */
static bool flush(struct jtag *jtag, uint64_t *bits, struct problem *problem)
{
  uint8_t answers[64];
  size_t reads = jtag->reads < sizeof answers ? jtag->reads : sizeof answers;
  bool ok = wire_put(jtag->wire, jtag->burst, jtag->size, problem) &&
            wire_get(jtag->wire, answers, reads, PATIENCE_MS, problem);
  jtag->size = jtag->reads = 0;
  *bits = 0;
  for (size_t i = 0; ok && i < reads; i++) {
    if (answers[i] != '0' && answers[i] != '1')
      return problem_set(problem, CLI_INPUT, "what answers there does not speak remote_bitbang");
    *bits |= (uint64_t)(answers[i] - '0') << i;
  }
  return ok;
}

bool jtag_srst(struct jtag *jtag, bool asserted, struct problem *problem)
{
  uint64_t none;
  put(jtag, asserted ? 's' : 'r');
  return flush(jtag, &none, problem);
}

bool jtag_identify(struct jtag *jtag, uint32_t *idcode, struct problem *problem)
{
  uint64_t bits;
  walk(jtag, "111110100"); /* reset, idle, Shift-DR: the identity is there */
  for (unsigned i = 0; i < 32; i++)
    clock_bit(jtag, i == 31, true, true);
  walk(jtag, "10");
  jtag->instruction = 0;
  if (!flush(jtag, &bits, problem))
    return false;
  *idcode = (uint32_t)bits;
  return true;
}

/* The CPU's TAP is nearest to TDO: its bits go first. The boundary-scan TAP is bypassed, one bit of data. */
bool jtag_scan(struct jtag *jtag, unsigned instruction, uint64_t in, uint64_t *out, struct problem *problem)
{
  uint64_t bits;
  if (jtag->instruction != instruction) {
    unsigned all = instruction | BYPASS << CPU_IR_BITS, count = CPU_IR_BITS + BOUNDARY_IR_BITS;
    walk(jtag, "1100");
    for (unsigned i = 0; i < count; i++)
      clock_bit(jtag, i == count - 1, all >> i & 1u, false);
    walk(jtag, "10");
    jtag->instruction = instruction;
  }
  walk(jtag, "100");
  for (unsigned i = 0; i <= DATA_BITS; i++)
    clock_bit(jtag, i == DATA_BITS, i < DATA_BITS && (in >> i & 1u), i < DATA_BITS);
  walk(jtag, "1000"); /* with a clock in idle, for the transfer */
  if (!flush(jtag, &bits, problem))
    return false;
  if (out != NULL)
    *out = bits;
  return true;
}
