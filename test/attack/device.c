/* Attacks that need a hand on the chip rather than code in it: a debug probe at each level, code put into RAM while the
 * boot loader runs, power lost while option bytes are written. Every byte that leaves the chip is searched for pieces
 * of the keys. And what only a look at the chip from outside tells: that time tells nothing of secrets, and how long
 * interrupts wait.
 *
 * device SECURE_BOOT PLAIN_BOOT KEY KEY_CODE_ADDR KEY_CODE_SIZE OLD.head OLD.bin ATTACKER.head ATTACKER.bin NEW.sfb
 *   COMPARE_ADDR SETKEY_ADDR DECRYPT_ADDR */
#include "test/sweep/bench_board.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_AT 0x08080000u
#define ACTIVE    0x08088000u
#define DOWNLOAD  0x08008000u
#define PAGE      2048u

static char **files;
enum {
  SECURE = 1,
  PLAIN,
  KEY,
  CODE_AT,
  CODE_SIZE,
  OLD_HEAD,
  OLD_BIN,
  ATTACKER_HEAD,
  ATTACKER_BIN,
  NEW_SFB,
  COMPARE,
  SETKEY,
  DECRYPT,
  FILES
};

static struct bench_board board;
static unsigned checks, failures;
static uint8_t key[16], key_code[512];
static uint32_t code_at, code_size;

/* bench_run() for a board that may be in a loop of resets, in which instructions hardly pass but time does. */
static bool run_for(const char *text, double seconds)
{
  double end = soc_seconds(board.soc) + seconds;
  board.seen = false;
  board.until = text;
  enum soc_stop stop = SOC_STOP_LIMIT;
  while (!board.seen && soc_seconds(board.soc) < end && stop == SOC_STOP_LIMIT)
    stop = soc_run(board.soc, 5000);
  board.until = NULL;
  return board.seen;
}

static void check(bool good, const char *what)
{
  checks++;
  if (!good) {
    failures++;
    printf("FAILED: %s\n%s\n", what, board.console);
  }
}

/* ---- what must never be seen outside ---- */
static bool holds_secret(const uint8_t *bytes, size_t size)
{
  for (size_t i = 0; i + 4 <= size; i++) {
    for (unsigned k = 0; k + 4 <= sizeof key; k++)
      if (memcmp(bytes + i, key + k, 4) == 0)
        return true;
    for (unsigned k = 0; k + 8 <= code_size && i + 8 <= size; k += 4)
      if (memcmp(bytes + i, key_code + k, 8) == 0)
        return true;
  }
  return false;
}

static void nothing_was_said(const char *when)
{
  check(!holds_secret((const uint8_t *)board.console, board.length), when);
}

static void start_over(void)
{
  soc_free(board.soc);
  bench_open(&board, "stm32l476");
  soc_pin(board.soc, 'C', 13, true);
  soc_skip_idle(board.soc, true);
}

/* The secure board with an application; its option bytes set by its first start. */
static void secure(int head, int image)
{
  start_over();
  bench_load_file(&board, files[SECURE], 0x08000000, 0);
  bench_load_file(&board, files[head], HEADER_AT, 0);
  bench_load_file(&board, files[image], ACTIVE, 0);
  soc_power_on(board.soc);
  check(run_for(head == OLD_HEAD ? "TINY old runs" : "ATTACKER runs", 10),
        "the application of a fresh secure board starts");
  soc_power_off(board.soc);
  bench_clear(&board);
}

/* What a probe gets of a stretch of memory; refused words are left out. Returns the words it got. */
static unsigned probe(uint32_t from, uint32_t size, uint8_t *to, size_t *used)
{
  unsigned words = 0;
  *used = 0;
  for (uint32_t at = from; at < from + size; at += 4) {
    uint32_t value;
    if (soc_dap_open(board.soc) && soc_dap_read(board.soc, at, 4, &value)) {
      memcpy(to + *used, &value, 4);
      *used += 4;
      words++;
    }
  }
  return words;
}

static uint8_t probed[0x20000];

static void probe_everything(const char *when)
{
  static const struct {
    uint32_t from, size;
  } parts[] = {{0x08000000, 0x8000},  {0x08080000, 0x4000}, {0x08088000, 0x4000}, {0x08008000, 0x4000},
               {0x20000000, 0x18000}, {0x10000000, 0x8000}, {0x00000000, 0x8000}};
  for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    size_t used;
    (void)probe(parts[i].from, parts[i].size, probed, &used);
    check(!holds_secret(probed, used), when);
  }
}

/* ---- the debug probe ---- */
static void at_level_0_a_probe_sees_everything(void)
{
  size_t used;
  start_over();
  bench_load_file(&board, files[PLAIN], 0x08000000, 0);
  soc_power_on(board.soc);
  soc_dap_attach(board.soc, true);
  check(probe(0x08000000, 0x8000, probed, &used) == 0x2000, "a board without protections can be read");
  check(holds_secret(probed, used), "the search finds the keys where they are");
}

/* The probe comes at any moment of an install, or over the reset after it. */
static void at_level_1_a_probe_sees_no_flash_and_no_key(void)
{
  size_t used;
  static const char *const moments[] = {"STATE: CHECK STATUS", "STATE: CHECK USER", "STATE: INSTALL", "Image verified",
                                        "STATE: VERIFY"};
  for (unsigned i = 0; i < 2 * sizeof moments / sizeof moments[0]; i++) {
    uint8_t *bytes;
    size_t size;
    secure(OLD_HEAD, OLD_BIN);
    bytes = bench_read_file(files[NEW_SFB], &size);
    bench_candidate(&board, DOWNLOAD, PAGE, bytes, size);
    free(bytes);
    soc_power_on(board.soc);
    check(run_for(moments[i / 2], 10), moments[i / 2]);
    (void)soc_run(board.soc, 3000u + 40000u * i); /* into the middle */
    check(!soc_dap_open(board.soc), "the debug pins are closed while the boot loader runs");
    if (i % 2 == 1)
      soc_reset_pin(board.soc); /* and open again at reset, before its first instruction */
    soc_dap_attach(board.soc, true);
    check(probe(0x08000000, 0x8000, probed, &used) == 0, "flash is closed to a probe");
    check(probe(0x10000000, 0x1000, probed, &used) == 0, "SRAM2 is closed to a probe");
    probe_everything("a probe at level 1 sees a key");
    if (i % 2 == 1)
      check(probe(0x20000000, 0x1000, probed, &used) != 0, "SRAM1 is open to a probe at reset: the search searched it");
    nothing_was_said("the console says a key");
  }
}

static void at_level_2_there_is_no_probe(void)
{
  uint32_t option[2];
  secure(OLD_HEAD, OLD_BIN);
  check(soc_factory_load(board.soc, 0x1FFF7800, NULL, 8), "option bytes can be set");
  (void)soc_mem_read(board.soc, 0x1FFF7800, option, 8);
  option[0] = (option[0] & ~0xFFu) | 0xCC;
  option[1] = ~option[0];
  check(soc_factory_load(board.soc, 0x1FFF7800, option, 8), "read protection level 2 can be set");
  soc_power_on(board.soc);
  check(!soc_dap_open(board.soc), "no probe reaches the chip at level 2");
  check(run_for("TINY old runs", 10), "at level 2 the board starts");
}

/* ---- code where none belongs ---- */
static void code_outside_the_boot_loader_does_not_run_while_it_does(void)
{
  static const uint8_t code[] = {0x00, 0xBF, 0x00, 0xBF, 0xFE, 0xE7}; /* nop, nop, b . */
  static const uint32_t places[] = {0x20000E00,     0x20008000,      0x10001000,
                                    ACTIVE + 0x400, DOWNLOAD + PAGE, 0x20000000 + 0x17000};
  for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
    secure(OLD_HEAD, OLD_BIN);
    soc_power_on(board.soc);
    check(run_for("STATE: VERIFY", 10), "the boot loader verifies");
    if (places[i] < 0x08000000 || places[i] >= 0x20000000)
      (void)soc_mem_write(board.soc, places[i], code, sizeof code);
    cpu_set(soc_cpu(board.soc), CPU_PC, places[i]);
    (void)soc_run(board.soc, 1);
    check(cpu_last_fault(soc_cpu(board.soc))->exception == 4, "the MPU refuses the fetch");
    check(run_for("Memory fault", 10), "the next boot tells of the memory fault");
    check(run_for("TINY old runs", 10), "and starts the application");
  }
}

/* ---- the power goes while a hostile application takes the option bytes away ---- */
static void a_cut_in_option_bytes_shows_nothing(void)
{
  unsigned starts = 0, stopped = 0;
  for (uint32_t seed = 1; seed <= 24; seed++) {
    secure(ATTACKER_HEAD, ATTACKER_BIN);
    soc_power_on(board.soc);
    (void)run_for("ATTACKER runs", 10);
    soc_cut(board.soc, 1, SOC_CUT_TORN, seed);
    (void)soc_uart_rx(board.soc, 2, "o", 1);
    check(!run_for("no such text", 2) && !soc_powered(board.soc), "the power goes");
    nothing_was_said("the console says a key before the cut");
    bench_clear(&board);
    soc_power_on(board.soc);
    soc_dap_attach(board.soc, true);
    probe_everything("a probe after the cut sees a key");
    soc_power_off(board.soc);
    soc_dap_attach(board.soc, false);
    soc_power_on(board.soc);
    bool running = run_for("ATTACKER runs", 4);
    running ? starts++ : stopped++;
    nothing_was_said("the console says a key after the cut");
  }
  printf("power lost in option bytes: %u boards came back by themselves, %u need a regression\n", starts, stopped);
}

#define BOOT_CODE 0x08006000u /* not the engine's */

/* A board that has got to this function, inside the engine. */
static struct cpu *inside(int symbol, const char *what)
{
  const uint32_t entry = (uint32_t)strtoul(files[symbol], NULL, 0) & ~1u;
  size_t size;
  secure(OLD_HEAD, OLD_BIN);
  struct cpu *cpu = soc_cpu(board.soc);
  uint8_t *file = bench_read_file(files[NEW_SFB], &size);
  bench_candidate(&board, DOWNLOAD, PAGE, file, size);
  free(file);
  soc_power_on(board.soc);
  (void)cpu_breakpoint(cpu, entry, true);
  for (unsigned i = 0; i < 100 && cpu_get(cpu, CPU_PC) != entry; i++)
    (void)soc_run(board.soc, 5000000);
  check(cpu_get(cpu, CPU_PC) == entry, what);
  (void)cpu_breakpoint(cpu, entry, false);
  return cpu;
}

/* ---- no way out of the engine but its exit ---- */
/* A jump to any other code, as a fault or a smashed stack would make it: even to the boot loader's. */
static void leaving_the_engine_anywhere_else_resets(void)
{
  struct soc_stats before, after;
  struct cpu *cpu = inside(COMPARE, "the engine is not reached");
  soc_get_stats(board.soc, &before);
  cpu_set(cpu, CPU_PC, BOOT_CODE);
  (void)soc_run(board.soc, 1); /* more would come back into the engine, which is a reset anyway */
  soc_get_stats(board.soc, &after);
  check(after.resets == before.resets + 1, "the engine was left by another way than its exit, and nothing happened");
}

/* ---- time tells nothing ---- */
/* Instructions of a function from its entry until it returns, for its true input and for others: bytes of the argument
 * in register `reg` changed, the first, the last, one in the middle, all. */
static void takes_as_long_for_any_input(int symbol, unsigned reg, uint32_t bytes, const char *what)
{
  struct cpu *cpu = inside(symbol, what);
  uint64_t first = 0;
  struct soc_snapshot *there = soc_save_snapshot(board.soc);
  for (uint32_t other = 0; other < 5; other++) {
    soc_load_snapshot(board.soc, there);
    const uint32_t at = cpu_get(cpu, reg), back = cpu_get(cpu, CPU_LR) & ~1u;
    for (uint32_t i = 0; i < bytes; i++) {
      uint8_t byte = 0;
      (void)soc_mem_read(board.soc, at + i, &byte, 1);
      byte ^= (uint8_t)(other == 1 && i == 0           ? 1
                        : other == 2 && i == bytes - 1 ? 0x80
                        : other == 3 && i == bytes / 2 ? 0xFF
                        : other == 4                   ? i * 37 + 1
                                                       : 0);
      (void)soc_mem_write(board.soc, at + i, &byte, 1);
    }
    (void)cpu_breakpoint(cpu, back, true);
    const uint64_t began = cpu_instructions(cpu);
    (void)soc_run(board.soc, 1000000);
    const uint64_t took = cpu_instructions(cpu) - began;
    check(cpu_get(cpu, CPU_PC) == back, what);
    (void)cpu_breakpoint(cpu, back, false);
    if (other == 0)
      first = took;
    check(took == first && took > bytes, what);
  }
  soc_free_snapshot(board.soc, there);
}

static void secrets_take_as_long_whatever_they_are(void)
{
  takes_as_long_for_any_input(COMPARE, 0, 32, "a comparison of secrets tells by its time where they differ");
  takes_as_long_for_any_input(SETKEY, 1, 16, "making the key schedule tells by its time of the key");
  takes_as_long_for_any_input(DECRYPT, 1, 16, "decrypting tells by its time of the text");
}

/* ---- how long interrupts wait ---- */
#define GATE            0x08000204u
#define VERIFY_START    0x29u /* of portcullis/engine.h: the header of a candidate is judged */
#define SOURCE_DOWNLOAD 0x5A02u

/* Simulated seconds in the engine while it judges a candidate's header. */
static double judgement(int boot)
{
  size_t size;
  start_over();
  struct cpu *cpu = soc_cpu(board.soc);
  uint8_t *file = bench_read_file(files[NEW_SFB], &size);
  bench_load_file(&board, files[boot], 0x08000000, 0);
  bench_load_file(&board, files[OLD_HEAD], HEADER_AT, 0);
  bench_load_file(&board, files[OLD_BIN], ACTIVE, 0);
  bench_candidate(&board, DOWNLOAD, PAGE, file, size);
  free(file);
  soc_power_on(board.soc);
  for (unsigned i = 0; i < 1000; i++) {
    (void)cpu_breakpoint(cpu, GATE, true);
    (void)soc_run(board.soc, 5000000);
    (void)cpu_breakpoint(cpu, GATE, false);
    if (cpu_get(cpu, CPU_PC) == GATE && cpu_get(cpu, 0) == VERIFY_START && cpu_get(cpu, 2) == SOURCE_DOWNLOAD)
      break;
    (void)soc_run(board.soc, 1);
  }
  const double began = soc_seconds(board.soc);
  const uint32_t back = cpu_get(cpu, CPU_LR) & ~1u;
  (void)cpu_breakpoint(cpu, back, true);
  (void)soc_run(board.soc, 200000000);
  (void)cpu_breakpoint(cpu, back, false);
  check(cpu_get(cpu, CPU_PC) == back, "the engine judges a header");
  return soc_seconds(board.soc) - began;
}

static void interrupts_wait_as_long_as_the_documents_say(void)
{
  const double plain = judgement(PLAIN), twice = judgement(SECURE);
  printf("a header is judged in %.2f s, with protections in %.2f s\n", plain, twice);
  check(plain > 0.5 && plain < 1, "the better part of a second");
  check(twice > 1 && twice < 2, "with protections more than a second, and less than two");
}

int main(int count, char **values)
{
  size_t size;
  if (count != FILES)
    return 2;
  files = values;
  uint8_t *bytes = bench_read_file(files[KEY], &size);
  memcpy(key, bytes, sizeof key);
  free(bytes);
  code_at = (uint32_t)strtoul(files[CODE_AT], NULL, 0);
  code_size = (uint32_t)strtoul(files[CODE_SIZE], NULL, 0);
  bytes = bench_read_file(files[SECURE], &size);
  if (code_size > sizeof key_code || code_at - 0x08000000u + code_size > size)
    return 2;
  memcpy(key_code, bytes + (code_at - 0x08000000u), code_size);
  free(bytes);
  (void)setvbuf(stdout, NULL, _IOLBF, 0);
  bench_open(&board, "stm32l476");
  at_level_0_a_probe_sees_everything();
  at_level_1_a_probe_sees_no_flash_and_no_key();
  at_level_2_there_is_no_probe();
  code_outside_the_boot_loader_does_not_run_while_it_does();
  a_cut_in_option_bytes_shows_nothing();
  leaving_the_engine_anywhere_else_resets();
  secrets_take_as_long_whatever_they_are();
  interrupts_wait_as_long_as_the_documents_say();
  printf("%u checks, %u failed\n", checks, failures);
  return failures != 0;
}
