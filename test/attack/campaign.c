/* Fault attacks on the ARM boot loader: between reset and the refusal of a bad image, one thing goes wrong at a time:
 * an instruction is skipped, two in a row, or a bit of r0 is flipped where a call returns. Whatever happens then, the
 * bad image must not run.
 *
 * campaign --boot BIN --setup BIN --symbols FILE --put ADDR FILE ... --bad ADDR [--good ADDR [--also ADDR]] --end TEXT
 *          [--never ADDR FILE] [--share N] [--kinds spf] [--jobs N]
 * --setup: a boot loader that sets the static protections, run first. --symbols: "ADDR SIZE KIND" lines: KIND p, a
 * function of the cryptographic primitives; v, the signature check, whose result is looked up after a fault when its
 * inputs are those of the uninjured run, the good image's start included. --bad: reaching this address is a bypass;
 * --good: the application that may run, --also: another; if then what is in FILE lies at ADDR, that is a bypass, too.
 * --end: what the uninjured run says when it has decided. --share: every N-th injection only.
 *
 * The path is walked once to list the instructions. Then it is walked again in stretches, each in a process of its own;
 * a snapshot of the chip in front of each injection brings the run back. A damaged run whose state is that of the
 * uninjured one at the end of the stretch has converged: the rest is known. Prints one JSON object; exit 1 if there was
 * a bypass. */
#include "sim/soc/soc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SETTLE    3000u /* instructions between the last injection of a stretch and the comparison */
#define STRETCH   4000u /* longest stretch */
#define BATCH     160u  /* most injections of a stretch */
#define TRACE_MAX 160000000u
#define LIMIT     20000000u /* instructions after the injection; then it hangs */
#define MEMO      32u
#define MEMO_SIZE 160u

enum kind { SKIP = 's', PAIR = 'p', FLIP = 'f' };
enum outcome { CONVERGED, REFUSED, RESET, HANG, LOADER, BYPASS, OUTCOMES };
static const char *const outcome_names[OUTCOMES] = {"no_effect", "refused", "reset", "hang", "loader", "bypass"};

struct injection {
  uint32_t at; /* instructions since power-on */
  uint8_t kind, bit;
};
struct function {
  uint32_t start, size;
  char kind;
};
struct put {
  uint32_t at;
  uint8_t *bytes;
  size_t size;
};
struct memo {
  uint8_t input[MEMO_SIZE];
  uint32_t result;
};

static struct {
  const char *boot, *setup, *end, *kinds;
  struct function functions[256];
  unsigned function_count;
  struct put puts[8], never;
  unsigned put_count;
  uint32_t bad, good, also, verify;
  unsigned share, jobs;
} job = {.kinds = "spf", .share = 1, .jobs = 2};

/* Shared by all processes. */
static struct {
  uint64_t outcomes[3][OUTCOMES];
  uint64_t watchdog_refreshed, watchdog_runs, watchdog_bites;
  uint32_t trace_length;
  uint64_t next_flash, next_ops; /* at the uninjured run's reset, behind which the good image runs; 0: there is none */
  struct memo memo[MEMO];
  unsigned memos;
} * tally;
static uint16_t *trace; /* pc of each instruction, as its place in the boot loader in halfwords */
#define TRACED(pc) ((pc)-0x08000000u < 0x20000u ? (uint16_t)(((pc)-0x08000000u) / 2) : (uint16_t)0xFFFF)
#define PC_OF(i)   (0x08000000u + 2u * trace[i])

static struct soc *soc;
static char console[65536];
static size_t said;
static const char *until;
static bool seen, was_reset;
static uint64_t start_ops;

static void die(const char *what)
{
  fprintf(stderr, "campaign: %s\n%s\n", what, console);
  exit(2);
}

static void uart_tx(void *ctx, unsigned uart, uint8_t byte)
{
  (void)ctx, (void)uart;
  if (said + 1 < sizeof console) {
    console[said++] = (char)byte;
    console[said] = 0;
  }
  if (until != NULL && !seen) {
    size_t size = strlen(until);
    if (said >= size && memcmp(console + said - size, until, size) == 0) {
      seen = true;
      soc_stop(soc);
    }
  }
}

static void on_reset(void *ctx, bool power_on)
{
  (void)ctx;
  if (!power_on) {
    was_reset = true;
    soc_stop(soc);
  }
}

static uint8_t *read_file(const char *path, size_t *size)
{
  FILE *file = fopen(path, "rb");
  long length = -1;
  if (file != NULL && fseek(file, 0, SEEK_END) == 0)
    length = ftell(file);
  uint8_t *bytes = length > 0 ? malloc((size_t)length) : NULL;
  if (bytes == NULL || fseek(file, 0, SEEK_SET) != 0 || fread(bytes, 1, (size_t)length, file) != (size_t)length)
    die(path);
  (void)fclose(file);
  *size = (size_t)length;
  return bytes;
}

static void load(const char *path, uint32_t at)
{
  size_t size;
  uint8_t *bytes = read_file(path, &size);
  if (!soc_flash_load(soc, at, bytes, size))
    die("cannot load");
  free(bytes);
}

static uint32_t half(uint32_t at)
{
  uint8_t b[2] = {0};
  (void)soc_mem_read(soc, at, b, 2);
  return (uint32_t)b[0] | (uint32_t)b[1] << 8;
}

static uint64_t count(void)
{
  return cpu_instructions(soc_cpu(soc));
}

static uint64_t origin; /* instruction count at power-on */

static void set_up(void)
{
  char message[256];
  soc = soc_new("stm32l476", NULL, message, sizeof message);
  if (soc == NULL)
    die(message);
  const struct soc_host host = {.uart_tx = uart_tx, .reset = on_reset};
  soc_attach(soc, &host);
  soc_skip_idle(soc, true);
  soc_pin(soc, 'C', 13, true);
  if (job.setup != NULL) {
    load(job.setup, 0x08000000);
    soc_power_on(soc);
    until = "successfully passed";
    for (unsigned i = 0; i < 10 && !seen; i++)
      (void)soc_run(soc, 50000000);
    if (!seen)
      die("the set-up does not get through");
    soc_power_off(soc);
  }
  load(job.boot, 0x08000000);
  for (unsigned i = 0; i < job.put_count; i++)
    if (!soc_flash_load(soc, job.puts[i].at, job.puts[i].bytes, job.puts[i].size))
      die("cannot load an image");
  soc_power_on(soc);
  was_reset = seen = false;
  said = 0;
  start_ops = soc_flash_ops(soc);
  origin = count();
  until = job.end;
}

/* ---- where a function is ---- */
static char function_kind(uint32_t pc)
{
  for (unsigned i = 0; i < job.function_count; i++)
    if (pc - job.functions[i].start < job.functions[i].size)
      return job.functions[i].kind;
  return 0;
}

/* ---- the state that decides what comes next ---- */
struct state {
  uint64_t hash, flash_ops, said;
};
static struct state reference; /* of the uninjured run at the end of the stretch */

static struct state state_now(void)
{
  return (struct state){soc_hash(soc, NULL, 0), soc_flash_ops(soc), said};
}

/* A place to come back to: the chip, and what this program knows about the run. Nothing is taken from the console. */
struct place {
  struct soc_snapshot *chip;
  size_t said;
  bool seen, was_reset;
};

static struct place remember(void)
{
  return (struct place){soc_save_snapshot(soc), said, seen, was_reset};
}

static void come_back(const struct place *to)
{
  struct cpu *cpu = soc_cpu(soc);
  soc_load_snapshot(soc, to->chip);
  said = to->said;
  console[said] = 0;
  seen = to->seen;
  was_reset = to->was_reset;
  (void)cpu_breakpoint(cpu, job.bad, false);
  (void)cpu_breakpoint(cpu, job.good, false);
  (void)cpu_breakpoint(cpu, job.also, false);
  (void)cpu_breakpoint(cpu, job.verify, false);
}

/* ---- the signature check, looked up ---- */
static void verify_input(uint8_t to[MEMO_SIZE])
{
  struct cpu *cpu = soc_cpu(soc);
  (void)soc_mem_read(soc, cpu_get(cpu, 0), to, 64);
  (void)soc_mem_read(soc, cpu_get(cpu, 1), to + 64, 64);
  (void)soc_mem_read(soc, cpu_get(cpu, 2), to + 128, 32);
}

/* At its first instruction. False: inputs never seen, it has to run. */
static bool verify_known(void)
{
  struct cpu *cpu = soc_cpu(soc);
  uint8_t input[MEMO_SIZE] = {0};
  verify_input(input);
  for (unsigned i = 0; i < tally->memos; i++)
    if (memcmp(input, tally->memo[i].input, MEMO_SIZE) == 0 && cpu_get(cpu, 3) == 32) {
      cpu_set(cpu, 0, tally->memo[i].result);
      cpu_set(cpu, CPU_PC, cpu_get(cpu, CPU_LR) & ~1u);
      return true;
    }
  return false;
}

/* ---- after an injection ---- */
static bool in_image(uint32_t pc)
{
  return pc >= 0x08088000 && pc < 0x08100000;
}

/* What must not be installed is. Its beginning is enough: what has begun is ended. */
static bool never_is_there(void)
{
  uint8_t there[256];
  return job.never.bytes != NULL && soc_mem_read(soc, job.never.at, there, sizeof there) &&
         memcmp(there, job.never.bytes, sizeof there) == 0;
}

/* What the flash holds. */
static uint64_t flash_now(void)
{
  static uint64_t bytes[0x100000 / 8];
  uint64_t hash = 1;
  if (!soc_mem_read(soc, 0x08000000, bytes, sizeof bytes))
    die("the flash cannot be read");
  for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
    hash = (hash ^ bytes[i]) * 0x9E3779B97F4A7C15u;
  return hash;
}

static enum outcome run_to_end(void)
{
  struct cpu *cpu = soc_cpu(soc);
  uint64_t last = count() + LIMIT;
  unsigned resets = 0;
  seen = false;
  (void)cpu_breakpoint(cpu, job.bad, true);
  if (job.good != 0)
    (void)cpu_breakpoint(cpu, job.good, true);
  if (job.also != 0)
    (void)cpu_breakpoint(cpu, job.also, true);
  (void)cpu_breakpoint(cpu, job.verify, true);
  while (count() < last) {
    enum soc_stop stop = soc_run(soc, last - count());
    uint32_t pc = cpu_get(cpu, CPU_PC);
    if (stop == SOC_STOP_DEBUG && pc == job.verify) {
      if (!verify_known())
        last += 20000000;
      continue;
    }
    if (stop == SOC_STOP_DEBUG && pc == job.bad)
      return BYPASS;
    if (stop == SOC_STOP_DEBUG && (pc == job.good || pc == job.also))
      return never_is_there() ? BYPASS : REFUSED;
    if (was_reset) {
      was_reset = false;
      last = count() + LIMIT;
      /* With flash as it was, the next boot is the uninjured one. An image in the active slot is judged again at each.
       */
      if (soc_flash_ops(soc) == start_ops || job.good == 0)
        return strstr(console, "CRITICAL FAILURE") != NULL ? REFUSED : RESET;
      /* The candidate is gone, as after the uninjured run: the next boot is the one that starts the good image. */
      if (soc_flash_ops(soc) - start_ops == tally->next_ops && flash_now() == tally->next_flash)
        return REFUSED;
      if (++resets == 4)
        return RESET;
      continue;
    }
    if (seen && job.good == 0)
      return REFUSED;
    seen = false;
    if (stop == SOC_STOP_LOCKUP)
      return HANG;
    if (stop == SOC_STOP_POWER || stop == SOC_STOP_IDLE)
      return HANG;
    if (strstr(console, "YMODEM> Send") != NULL && !in_image(pc))
      return LOADER;
  }
  if (in_image(cpu_get(cpu, CPU_PC)))
    return BYPASS;
  return strstr(console, "YMODEM> Send") != NULL ? LOADER : HANG;
}

/* A run that hangs: does the watchdog end it? One that is still refreshed is waited for, six seconds at 80 MHz and
 * more. Of those that are not, or that go round in a state that comes again, a sample. */
#define IWDG_KR 0x40003000u
#define SILENT  60000000u /* more than any two refreshes lie apart: a signature verified twice takes 40 million */
/* Run on. False: it was reset, the time is over, or it stands still. True: a stop that somebody asked for. */
static bool go_on(uint64_t last)
{
  while (count() < last && !was_reset) {
    enum soc_stop stop = soc_run(soc, last - count());
    if (stop == SOC_STOP_LOCKUP || stop == SOC_STOP_POWER || stop == SOC_STOP_IDLE)
      return false;
    if (stop == SOC_STOP_DEBUG)
      return true;
  }
  return false;
}

/* Does it go round in one place, all as it was before? */
static bool goes_round(void)
{
  struct cpu *cpu = soc_cpu(soc);
  const uint32_t here = cpu_get(cpu, CPU_PC);
  const uint64_t before = soc_hash(soc, NULL, 0), last = count() + 100000u;
  bool round = false;
  (void)cpu_breakpoint(cpu, here, true);
  for (unsigned i = 0; i < 16 && !round && !was_reset && count() < last; i++)
    if (soc_run(soc, last - count()) == SOC_STOP_DEBUG && cpu_get(cpu, CPU_PC) == here)
      round = soc_hash(soc, NULL, 0) == before;
  (void)cpu_breakpoint(cpu, here, false);
  return round;
}

static enum outcome hanging(bool sampled)
{
  struct cpu *cpu = soc_cpu(soc);
  uint64_t last = count() + SILENT;
  bool refreshed = false;
  uint32_t at = 0;
  if (!sampled && goes_round())
    return HANG;
  (void)cpu_watchpoint(cpu, IWDG_KR, 4, false, true, true);
  while (!refreshed && go_on(last)) {
    if (cpu_get(cpu, CPU_PC) == job.bad)
      return BYPASS;
    refreshed = cpu_watch_hit(cpu, &at);
  }
  (void)cpu_watchpoint(cpu, IWDG_KR, 4, false, true, false);
  if (refreshed)
    __atomic_add_fetch(&tally->watchdog_refreshed, 1, __ATOMIC_RELAXED);
  if (!refreshed && !sampled && !was_reset)
    return HANG;
  __atomic_add_fetch(&tally->watchdog_runs, 1, __ATOMIC_RELAXED);
  last = count() + 700000000u;
  while (go_on(last))
    if (cpu_get(cpu, CPU_PC) == job.bad)
      return BYPASS;
  if (was_reset)
    __atomic_add_fetch(&tally->watchdog_bites, 1, __ATOMIC_RELAXED);
  else
    printf("HANG without end at 0x%08x:\n%s\n", cpu_get(cpu, CPU_PC), console);
  return HANG;
}

static int kind_index(uint8_t kind)
{
  return kind == SKIP ? 0 : kind == PAIR ? 1 : 2;
}

static void inject(const struct injection *in, uint64_t stretch_end)
{
  struct cpu *cpu = soc_cpu(soc);
  uint32_t pc = cpu_get(cpu, CPU_PC);
  if (in->kind == FLIP) {
    cpu_set(cpu, 0, cpu_get(cpu, 0) ^ 1u << in->bit);
  } else {
    cpu_skip(cpu);
    if (in->kind == PAIR)
      cpu_skip(cpu);
  }
  enum outcome result = OUTCOMES;
  /* Breakpoints from the start: the bad image may run before the comparison. */
  (void)cpu_breakpoint(cpu, job.bad, true);
  while (result == OUTCOMES && count() < origin + stretch_end) {
    enum soc_stop stop = soc_run(soc, origin + stretch_end - count());
    if (stop == SOC_STOP_LIMIT)
      break;
    if (stop == SOC_STOP_DEBUG && cpu_get(cpu, CPU_PC) == job.bad)
      result = BYPASS;
    else if (was_reset || stop == SOC_STOP_LOCKUP || seen)
      break;
  }
  if (result == OUTCOMES && !was_reset && !seen && count() == origin + stretch_end) {
    const struct state mine = state_now();
    if (mine.hash == reference.hash && mine.flash_ops == reference.flash_ops && mine.said == reference.said)
      result = CONVERGED;
  }
  if (result == OUTCOMES && was_reset && (soc_flash_ops(soc) == start_ops || job.good == 0)) {
    result = strstr(console, "CRITICAL FAILURE") != NULL ? REFUSED : RESET;
  } else if (result == OUTCOMES && seen && job.good == 0) {
    result = REFUSED;
  }
  if (result == OUTCOMES) {
    was_reset = false;
    result = run_to_end();
  }
  if (result == HANG)
    result = hanging(tally->outcomes[kind_index(in->kind)][HANG] % 64 == 0);
  __atomic_add_fetch(&tally->outcomes[kind_index(in->kind)][result], 1, __ATOMIC_RELAXED);
  if (result == BYPASS || (result == LOADER && job.share == 0))
    printf("%s: %c bit %u at instruction %u, pc 0x%08x\n", outcome_names[result], in->kind, in->bit, in->at, pc);
}

static void run_until(uint64_t at)
{
  while (count() < origin + at)
    if (soc_run(soc, origin + at - count()) != SOC_STOP_LIMIT && (was_reset || seen))
      return;
}

/* ---- pass 1: the path ---- */
static void note_verified(const uint8_t input[MEMO_SIZE], uint32_t result)
{
  for (unsigned i = 0; i < tally->memos; i++)
    if (memcmp(input, tally->memo[i].input, MEMO_SIZE) == 0)
      return;
  if (tally->memos == MEMO)
    return;
  memcpy(tally->memo[tally->memos].input, input, MEMO_SIZE);
  tally->memo[tally->memos++].result = result;
}

/* What comes behind the decision, up to a good image: its signature is checked there, which is so behind most faults.
 */
static void record_the_rest(void)
{
  struct cpu *cpu = soc_cpu(soc);
  const uint64_t last = count() + 200000000u;
  uint8_t input[MEMO_SIZE] = {0};
  uint32_t back = 0;
  (void)cpu_breakpoint(cpu, job.good, true);
  (void)cpu_breakpoint(cpu, job.verify, true);
  while (count() < last) {
    const enum soc_stop stop = soc_run(soc, last - count());
    const uint32_t pc = cpu_get(cpu, CPU_PC);
    if (stop == SOC_STOP_DEBUG && pc == job.good)
      return;
    if (was_reset && tally->next_ops == 0) {
      tally->next_flash = flash_now();
      tally->next_ops = soc_flash_ops(soc) - start_ops;
    }
    if (stop == SOC_STOP_DEBUG && pc == job.verify && back == 0) {
      verify_input(input);
      back = cpu_get(cpu, CPU_LR) & ~1u;
      (void)cpu_breakpoint(cpu, back, true);
    } else if (stop == SOC_STOP_DEBUG && pc == back) {
      note_verified(input, cpu_get(cpu, 0));
      (void)cpu_breakpoint(cpu, back, false);
      back = 0;
    }
  }
  die("the good image does not run after the uninjured run");
}

static void record(void)
{
  struct cpu *cpu = soc_cpu(soc);
  uint32_t n = 0;
  uint8_t input[MEMO_SIZE] = {0};
  uint32_t back = 0, stack = 0;
  bool inside = false;
  while (!seen && !was_reset && n < TRACE_MAX) {
    uint32_t pc = cpu_get(cpu, CPU_PC);
    if (pc == job.verify && !inside) {
      verify_input(input);
      back = cpu_get(cpu, CPU_LR) & ~1u;
      stack = cpu_get(cpu, CPU_SP);
      inside = true;
    } else if (inside && pc == back && cpu_get(cpu, CPU_SP) == stack) {
      inside = false;
      note_verified(input, cpu_get(cpu, 0));
    }
    trace[n++] = TRACED(pc);
    (void)soc_run(soc, 1);
    if (count() != origin + n) /* time jumped over a polling loop */
      die("instructions went uncounted");
  }
  if (!seen)
    die("the uninjured run does not end as it should");
  tally->trace_length = n;
  if (job.good != 0)
    record_the_rest();
}

/* ---- the list of injections ---- */
static struct injection *list;
static size_t listed, room;

static void add(uint32_t at, uint8_t kind, uint8_t bit)
{
  if (strchr(job.kinds, kind) == NULL)
    return;
  if (listed == room) {
    room = room == 0 ? 65536 : room * 2;
    list = realloc(list, room * sizeof *list);
    if (list == NULL)
      die("no memory");
  }
  list[listed++] = (struct injection){at, kind, bit};
}

static uint32_t random_state = 20260101;
static uint32_t next_random(void)
{
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

/* Per instruction of the primitives: executions seen so far, and the chosen ones. */
#define SPAN   0x10000u
#define RANDOM 2u
static struct site {
  uint32_t executions, first, last, chosen[RANDOM];
} * sites;

static bool is_return(uint32_t pc)
{
  uint32_t code = half(pc);
  if ((code & 0xFF87) == 0x4700) /* bx */
    return true;
  if ((code & 0xFF00) == 0xBD00) /* pop {..., pc} */
    return true;
  return code == 0xE8BD && (half(pc + 2) & 0x8000) != 0; /* pop.w {..., pc} */
}

static int by_time(const void *a, const void *b)
{
  const struct injection *x = a, *y = b;
  return x->at != y->at       ? (x->at < y->at ? -1 : 1)
         : x->kind != y->kind ? (x->kind < y->kind ? -1 : 1)
                              : x->bit - y->bit;
}

static void plan(void)
{
  sites = calloc(SPAN / 2, sizeof *sites);
  if (sites == NULL)
    die("no memory");
  const uint32_t n = tally->trace_length;
  for (uint32_t i = 0; i < n; i++) {
    const uint32_t pc = PC_OF(i);
    const bool primitive = function_kind(pc) != 0;
    if (primitive) {
      struct site *s = &sites[(pc & (SPAN - 1)) / 2];
      if (s->executions == 0)
        s->first = i;
      s->last = i;
      s->executions++;
      for (unsigned r = 0; r < RANDOM; r++)
        if (next_random() % s->executions == 0)
          s->chosen[r] = i;
    } else {
      add(i, SKIP, 0);
      add(i, PAIR, 0);
    }
    if (i + 1 < n && is_return(pc) && (!primitive || function_kind(PC_OF(i + 1)) == 0))
      for (uint8_t bit = 0; bit < 32; bit++)
        add(i + 1, FLIP, bit);
  }
  for (uint32_t s = 0; s < SPAN / 2; s++) {
    const struct site *site = &sites[s];
    if (site->executions == 0)
      continue;
    uint32_t at[2 + RANDOM] = {site->first, site->last};
    unsigned count_at = site->last == site->first ? 1 : 2;
    for (unsigned r = 0; r < RANDOM; r++) {
      bool new = true;
      for (unsigned k = 0; k < count_at; k++)
        new = new &&at[k] != site->chosen[r];
      if (new)
        at[count_at++] = site->chosen[r];
    }
    for (unsigned k = 0; k < count_at; k++) {
      add(at[k], SKIP, 0);
      add(at[k], PAIR, 0);
    }
  }
  qsort(list, listed, sizeof *list, by_time);
  if (job.share > 1) {
    size_t kept = 0;
    for (size_t i = 0; i < listed; i++)
      if (next_random() % job.share == 0)
        list[kept++] = list[i];
    listed = kept;
  }
}

/* ---- pass 2: stretches ---- */
static unsigned running;
static bool broken;

static void collect(unsigned at_most)
{
  while (running > at_most) {
    int status = 0;
    if (wait(&status) < 0)
      die("wait");
    running--;
    broken = broken || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  }
}

static void walk(const struct injection *from, size_t injections)
{
  uint64_t end = from[injections - 1].at + SETTLE;
  if (end > tally->trace_length - 1u)
    end = tally->trace_length - 1u;
  struct place place = remember();
  uint64_t at = count();
  run_until(end);
  reference = state_now();
  come_back(&place);
  for (size_t i = 0; i < injections; i++) {
    run_until(from[i].at);
    if (count() != at) {
      soc_free_snapshot(soc, place.chip);
      place = remember();
      at = count();
    }
    inject(&from[i], end);
    come_back(&place);
  }
  soc_free_snapshot(soc, place.chip);
}

static void all_stretches(void)
{
  size_t i = 0;
  while (i < listed) {
    size_t n = 1;
    while (i + n < listed && n < BATCH && list[i + n].at - list[i].at < STRETCH)
      n++;
    run_until(list[i].at);
    collect(job.jobs - 1);
    (void)fflush(stdout);
    pid_t walker = fork();
    if (walker < 0)
      die("fork");
    if (walker == 0) {
      walk(list + i, n);
      (void)fflush(stdout);
      _exit(0);
    }
    running++;
    i += n;
  }
  collect(0);
}

/* ---- arguments and report ---- */
static void symbols(const char *path)
{
  FILE *file = fopen(path, "r");
  char line[80];
  if (file == NULL)
    die(path);
  while (fgets(line, sizeof line, file) != NULL && job.function_count < 256) {
    char *end;
    struct function *f = &job.functions[job.function_count];
    f->start = (uint32_t)strtoul(line, &end, 16);
    f->size = (uint32_t)strtoul(end, &end, 16);
    f->kind = end[0] == ' ' ? end[1] : 0;
    if (f->kind == 'v')
      job.verify = f->start;
    job.function_count++;
  }
  (void)fclose(file);
}

static uint32_t number(const char *text)
{
  return (uint32_t)strtoul(text, NULL, 0);
}

static void arguments(int argc, char **argv)
{
  for (int i = 1; i + 1 < argc; i += 2) {
    const char *value = argv[i + 1];
    if (strcmp(argv[i], "--boot") == 0) {
      job.boot = value;
    } else if (strcmp(argv[i], "--setup") == 0) {
      job.setup = value;
    } else if (strcmp(argv[i], "--symbols") == 0) {
      symbols(value);
    } else if (strcmp(argv[i], "--bad") == 0) {
      job.bad = number(value);
    } else if (strcmp(argv[i], "--good") == 0) {
      job.good = number(value);
    } else if (strcmp(argv[i], "--also") == 0) {
      job.also = number(value);
    } else if (strcmp(argv[i], "--end") == 0) {
      job.end = value;
    } else if (strcmp(argv[i], "--share") == 0) {
      job.share = number(value);
    } else if (strcmp(argv[i], "--kinds") == 0) {
      job.kinds = value;
    } else if (strcmp(argv[i], "--jobs") == 0) {
      job.jobs = number(value);
    } else if (strcmp(argv[i], "--put") == 0 && i + 2 < argc && job.put_count < 8) {
      struct put *put = &job.puts[job.put_count++];
      put->at = number(value);
      put->bytes = read_file(argv[i + 2], &put->size);
      i++;
    } else if (strcmp(argv[i], "--never") == 0 && i + 2 < argc) {
      job.never.at = number(value);
      job.never.bytes = read_file(argv[i + 2], &job.never.size);
      if (job.never.size < 256)
        die("--never: too short");
      i++;
    } else {
      die(argv[i]);
    }
  }
  if (job.boot == NULL || job.end == NULL || job.bad == 0 || job.verify == 0 || job.jobs == 0)
    die("arguments missing");
}

int main(int argc, char **argv)
{
  arguments(argc, argv);
  tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  trace = mmap(NULL, TRACE_MAX * sizeof *trace, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (tally == MAP_FAILED || trace == MAP_FAILED)
    die("mmap");
  set_up();
  pid_t child = fork();
  if (child == 0) {
    record();
    _exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
    die("the path could not be walked");
  plan();
  all_stretches();
  static const char *const kinds[] = {"skip", "pair", "flip"};
  uint64_t bypasses = 0;
  printf("{\"path\": %u", tally->trace_length);
  for (unsigned k = 0; k < 3; k++) {
    printf(", \"%s\": {", kinds[k]);
    for (unsigned o = 0; o < OUTCOMES; o++)
      printf("%s\"%s\": %llu", o == 0 ? "" : ", ", outcome_names[o], (unsigned long long)tally->outcomes[k][o]);
    printf("}");
    bypasses += tally->outcomes[k][BYPASS];
  }
  printf(", \"watchdog_refreshed\": %llu, \"watchdog_waited_for\": %llu, \"watchdog_bit\": %llu}\n",
         (unsigned long long)tally->watchdog_refreshed, (unsigned long long)tally->watchdog_runs,
         (unsigned long long)tally->watchdog_bites);
  return broken ? 2 : bypasses != 0 || tally->watchdog_runs != tally->watchdog_bites;
}
