/* The parts of stm32sim that need no device: commands, options, texts, pacing, symbols, and gdb's protocol over a
 * target made of a few arrays. */
#include "sim/host/command.h"
#include "sim/host/gdb_server.h"
#include "sim/host/options.h"
#include "sim/host/pace.h"
#include "sim/host/symbols.h"
#include "sim/host/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- texts ---- */

static unsigned count_matches(const char *text, const char *stream)
{
  struct watch w;
  unsigned n = 0;
  assert_true(watch_init(&w, text));
  for (; *stream; stream++)
    n += watch_byte(&w, (uint8_t)*stream);
  return n;
}

static void a_text_is_found_wherever_it_starts(void **state)
{
  (void)state;
  assert_int_equal(count_matches("abc", "xxabcabcxab"), 2);
  assert_int_equal(count_matches("aab", "aaab"), 1); /* a naive restart would miss it */
  assert_int_equal(count_matches("abab", "abababab"), 3);
  assert_int_equal(count_matches("abcabd", "abcabcabd"), 1);
  assert_int_equal(count_matches("x", "axbx"), 2);
  char longest[258];
  struct watch w;
  memset(longest, 'q', sizeof longest);
  longest[255] = 0;
  assert_int_equal(count_matches(longest, longest), 1);
  longest[255] = 'q';
  longest[256] = 0;
  assert_false(watch_init(&w, longest));
  assert_false(watch_init(&w, ""));
}

/* ---- commands ---- */

static struct command parse(const char *line)
{
  struct command c;
  char err[200] = "";
  if (!command_parse(line, &c, err, sizeof err))
    fail_msg("'%s': %s", line, err);
  return c;
}

static void commands_mean_what_the_manual_says(void **state)
{
  (void)state;
  assert_int_equal(parse("button press").kind, COMMAND_BUTTON);
  assert_true(parse("button press").on);
  assert_false(parse("button release").on);
  struct command c = parse("  pin  PC13\t0 ");
  assert_int_equal(c.kind, COMMAND_PIN);
  assert_int_equal(c.pin.port, 'C');
  assert_int_equal(c.pin.pin, 13);
  assert_int_equal(c.pin.level, PIN_LOW);
  assert_int_equal(parse("pin pa0 1").pin.level, PIN_HIGH);
  assert_int_equal(parse("pin PA0 z").pin.level, PIN_FLOATING);
  assert_false(parse("reset").on);
  assert_true(parse("reset halt").on);
  assert_true(parse("power on").on);
  assert_int_equal(parse("power-cycle").kind, COMMAND_POWER_CYCLE);
  c = parse("cut after 12 flash operations");
  assert_int_equal(c.cut.operations, 12);
  assert_int_equal(c.cut.mode, SOC_CUT_CLEAN);
  c = parse("cut after 1 flash operation torn 0xffffffff");
  assert_int_equal(c.cut.mode, SOC_CUT_TORN);
  assert_int_equal(c.cut.seed, UINT32_MAX);
  assert_int_equal(parse("cut after 3 flash operations weak 7").cut.mode, SOC_CUT_WEAK);
  assert_int_equal(parse("cut after 3 flash operations before").cut.mode, SOC_CUT_BEFORE);
  assert_int_equal(parse("cut none").cut.operations, 0);
  assert_int_equal(parse("stats").kind, COMMAND_STATS);
  assert_int_equal(parse("stats clear").kind, COMMAND_STATS_CLEAR);
  c = parse("read 0x08000000 65536");
  assert_int_equal(c.addr, 0x08000000);
  assert_int_equal(c.size, 65536);
  c = parse("write 536870912 00fFA5");
  assert_int_equal(c.addr, 0x20000000);
  assert_int_equal(c.size, 3);
  assert_memory_equal(c.data, "\x00\xff\xa5", 3);
  const char *line = "load a file with spaces.bin@0x08000000";
  c = parse(line);
  assert_string_equal(c.path, "a file with spaces.bin@0x08000000");
  assert_ptr_equal(c.path, line + 5);
  assert_int_equal(parse("wait asleep").wait, WAIT_ASLEEP);
  c = parse("option WRP1AR=0x00030002");
  assert_int_equal(c.kind, COMMAND_OPTION);
  assert_string_equal(c.option.name, "WRP1AR");
  assert_int_equal(c.option.value, 0x00030002);
  c = parse("probe read 0x20000000 8");
  assert_int_equal(c.kind, COMMAND_PROBE_READ);
  assert_int_equal(c.addr, 0x20000000);
  assert_int_equal(c.size, 8);
  c = parse("probe write 0x20000000 00fF");
  assert_int_equal(c.kind, COMMAND_PROBE_WRITE);
  assert_int_equal(c.size, 2);
  assert_true(parse("probe attach").on);
  assert_int_equal(parse("probe detach").kind, COMMAND_PROBE);
  assert_int_equal(parse("probe status").kind, COMMAND_PROBE_STATUS);
  c = parse("break 0x08000101");
  assert_true(c.kind == COMMAND_BREAK && c.on && c.addr == 0x08000101);
  assert_false(parse("break none").on);
  static const char *const plain[] = {"run", "stop", "status", "options", "save", "quit", "help", "erase"};
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    parse(plain[i]);
}

static void what_is_no_command_is_refused_with_a_reason(void **state)
{
  (void)state;
  static const char *const lines[] = {
      "",
      "   ",
      "reboot",
      "button",
      "button push",
      "pin PC13",
      "pin PC16 0",
      "pin P 0",
      "pin PL0 0",
      "pin QC13 0",
      "pin PC13 2",
      "pin PC13 01",
      "pin PC-1 0",
      "power",
      "power up",
      "cut",
      "cut after 0 flash operations",
      "cut after -1 flash operations",
      "cut after 1 flash operations half",
      "cut after 1 flash operations clean 5",
      "cut after 1 flash operations torn 4294967296",
      "cut after 1 flash operations torn 1 2",
      "cut after 99999999999999999999 flash operations",
      "read 0 0",
      "read 0 65537",
      "read 0x100000000 4",
      "read 0x 4",
      "read 0x0g 4",
      "read 0",
      "write 0 1",
      "write 0 zz",
      "write 0",
      "wait",
      "wait done",
      "stats all",
      "quit now please",
      "option",
      "option OPTR",
      "option =1",
      "option OPTR=",
      "option OPTR=0x100000000",
      "option OPTR=1 2",
      "option OPTRNAMETOOLONGX=1",
      "probe",
      "probe read 0",
      "probe read 0 0",
      "probe read 0 4 4",
      "probe run",
      "probe write 0 1",
      "probe stats clear x",
      "break",
      "break main",
      "break 1 2",
      "load",
      "a b c d e f g h i j k l",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    struct command c;
    char err[200] = "";
    assert_false(command_parse(lines[i], &c, err, sizeof err));
    assert_true(strlen(err) > 5);
    assert_null(strpbrk(err, "\r\n"));
  }
  static const char *const usages[][2] = {
      {"read", "say: read ADDR LEN"},
      {"cut after 5", "say: cut after N flash operations [before|clean|torn SEED|weak SEED], or: cut none"},
      {"stats x", "say: stats, or: stats clear"},
      {"nonsense", "unknown command: 'nonsense'; 'help' lists them"}};
  for (size_t i = 0; i < sizeof usages / sizeof usages[0]; i++) {
    struct command c;
    char err[200];
    assert_false(command_parse(usages[i][0], &c, err, sizeof err));
    assert_string_equal(err, usages[i][1]);
  }
  /* what comes from outside is shown without its control characters, and cut */
  struct command c;
  char err[120], line[1200];
  assert_false(command_parse("x\033[31m\n\x7f\xff", &c, err, sizeof err));
  for (const char *p = err; *p; p++)
    assert_in_range(*p, 0x20, 0x7e);
  memset(line, 'x', sizeof line);
  line[1024] = 0;
  assert_false(command_parse(line, &c, err, sizeof err));
  memset(line, 'x', sizeof line);
  line[sizeof line - 1] = 0;
  assert_false(command_parse(line, &c, err, sizeof err));
  memset(line, ' ', 600);
  memcpy(line, "write 0 ", 8);
  memset(line + 8, 'a', 514);
  line[8 + 512] = 0;
  assert_true(command_parse(line, &c, err, sizeof err));
  assert_int_equal(c.size, 256);
  memcpy(line + 8 + 512, "aa", 3);
  assert_false(command_parse(line, &c, err, sizeof err));
}

/* ---- options ---- */

static enum options_result options_of(struct options *o, const char *line)
{
  static char copy[512];
  char *argv[40];
  int argc = 0;
  argv[argc++] = "stm32sim";
  snprintf(copy, sizeof copy, "%s", line);
  for (char *save, *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
    argv[argc++] = w;
  argv[argc] = NULL;
  return options_parse(o, argc, argv);
}

static void options_have_the_defaults_of_the_manual(void **state)
{
  (void)state;
  struct options o;
  assert_int_equal(options_of(&o, ""), OPTIONS_RUN);
  assert_string_equal(o.board->name, "nucleo-l476rg");
  assert_string_equal(o.device, "stm32l476");
  assert_string_equal(o.uart_spec[0], "none");
  assert_int_equal(o.uart_index[0], 2);
  assert_int_equal(o.pace, PACE_FAST);
  options_free(&o);
  static const struct {
    const char *line;
    enum pace_mode pace;
  } paces[] = {{"--uart pty", PACE_IDLE},         {"--uart tcp:0", PACE_IDLE},    {"--uart unix:x", PACE_IDLE},
               {"--uart stdio", PACE_FAST},       {"--uart2 3=tcp:0", PACE_IDLE}, {"--uart pty --pace fast", PACE_FAST},
               {"--pace realtime", PACE_REALTIME}};
  for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
    assert_int_equal(options_of(&o, paces[i].line), OPTIONS_RUN);
    assert_int_equal(o.pace, paces[i].pace);
    options_free(&o);
  }
  assert_int_equal(options_of(&o, "--load a.bin@0x08008000 --load b@home.elf --cut 5:torn:9 --press-button=2.5"),
                   OPTIONS_RUN);
  assert_string_equal(o.loads[0].path, "a.bin");
  assert_true(o.loads[0].has_addr);
  assert_int_equal(o.loads[0].addr, 0x08008000);
  assert_string_equal(o.loads[1].path, "b@home.elf");
  assert_false(o.loads[1].has_addr);
  assert_int_equal(o.cut.operations, 5);
  assert_int_equal(o.cut.mode, SOC_CUT_TORN);
  assert_int_equal(o.cut.seed, 9);
  assert_true(o.press_button > 2.4 && o.press_button < 2.6);
  options_free(&o);
}

static void wrong_options_are_refused(void **state)
{
  (void)state;
  static const char *const lines[] = {
      "--nonsense",
      "--uart",
      "--load x.bin@",
      "--load x.bin@0x",
      "--load @0x08000000",
      "--cut 0",
      "--cut 5:half",
      "--cut 5:clean:1",
      "--cut x",
      "--pin PC13",
      "--pin PC13=5",
      "--pin LongName=1",
      "--pace slow",
      "--board uno",
      "--device stm32f4",
      "--uart-index 0",
      "--uart-index 17",
      "--uart2 tcp:0",
      "--uart2 2=tcp:0",
      "--uart2 12345=tcp:0",
      "--uart stdio --uart2 3=stdio",
      "--max-instructions 0",
      "--max-seconds 0",
      "--max-seconds -1",
      "--max-seconds nan",
      "--max-seconds 1s",
      "--press-button=0",
      "--device stm32l476 --press-button",
      "--wait-client",
      "--halt",
      "firmware.elf",
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    struct options o;
    if (options_of(&o, lines[i]) != OPTIONS_WRONG)
      fail_msg("accepted: %s", lines[i]);
  }
}

/* ---- pacing ---- */

static void idle_time_waits_and_work_does_not(void **state)
{
  (void)state;
  struct pace p = {.mode = PACE_IDLE};
  assert_true(pace_wait(&p, true, 10, 0) <= 0);    /* the first look */
  double wait = pace_wait(&p, true, 10.05, 0.001); /* 50 ms of polling in 1 ms */
  assert_true(wait > 0.048 && wait < 0.050);
  assert_true(pace_wait(&p, true, 10.05, 0.051) <= 0); /* waited for */
  assert_true(pace_wait(&p, true, 12, 0.052) <= 0);    /* two seconds at once: work */
  pace_work(&p, 12.09, 0.053);                         /* bytes went over the line */
  assert_true(pace_wait(&p, true, 12.0901, 0.0531) <= 0);
  assert_true(pace_wait(&p, true, 12.0905, 5) <= 0); /* a slow PC makes no debt */
  assert_true(pace_wait(&p, true, 12.0925, 5) > 0.001);
  p = (struct pace){.mode = PACE_FAST};
  pace_wait(&p, true, 1, 0);
  assert_true(pace_wait(&p, true, 1.05, 0) <= 0);
}

static void realtime_waits_for_everything_and_forgets_a_long_stop(void **state)
{
  (void)state;
  struct pace p = {.mode = PACE_REALTIME};
  pace_wait(&p, false, 1, 0);
  double wait = pace_wait(&p, false, 3, 0.5);
  assert_true(wait > 1.49 && wait < 1.51);
  pace_wait(&p, false, 3, 1000); /* held by a debugger */
  wait = pace_wait(&p, false, 4, 1000);
  assert_true(wait > 0.89 && wait < 0.91);
}

/* ---- symbols ---- */

static void addresses_in_reports_get_names(void **state)
{
  (void)state;
  struct symbols s = {0};
  struct objfile f = {.symbols = calloc(3, sizeof *f.symbols), .symbol_count = 3};
  f.symbols[0] = (struct objfile_symbol){0x08000100, 0x20, strdup("flash_program")};
  f.symbols[1] = (struct objfile_symbol){0x08000110, 0, strdup("inner_label")};
  f.symbols[2] = (struct objfile_symbol){0x20000000, 4, strdup("counter")};
  symbols_add(&s, &f);
  char text[200], tight[24];
  symbols_annotate(&s, "HardFault at pc 0x0800010a: write to 0x20000003, 0x20000004, 0x1, 0x080001000", text,
                   sizeof text);
  assert_string_equal(
      text, "HardFault at pc 0x0800010a (flash_program+0xa): write to 0x20000003 (counter+0x3), 0x20000004, 0x1, "
            "0x080001000");
  symbols_annotate(&s, "pc 0x0800010a and more", tight, sizeof tight);
  assert_int_equal(strlen(tight), sizeof tight - 1);
  assert_true(symbols_name(&s, 0x08000100, text, sizeof text));
  assert_string_equal(text, "flash_program+0x0");
  assert_false(symbols_name(&s, 0x080000ff, text, sizeof text));
  symbols_free(&s);
}

/* ---- gdb packets ---- */

static void packets_survive_every_byte(void **state)
{
  (void)state;
  static uint8_t frame[GDB_FRAME_MAX], payload[GDB_PACKET_MAX];
  static struct gdb_reader r;
  for (size_t i = 0; i < sizeof payload; i++)
    payload[i] = (uint8_t)(i * 7 + i / 256);
  size_t n = gdb_frame(payload, sizeof payload, frame);
  memset(&r, 0, sizeof r);
  for (size_t i = 0; i + 1 < n; i++)
    assert_int_equal(gdb_reader_byte(&r, frame[i]), GDB_NOTHING);
  assert_int_equal(gdb_reader_byte(&r, frame[n - 1]), GDB_PACKET);
  assert_int_equal(r.size, sizeof payload);
  assert_memory_equal(r.data, payload, sizeof payload);
}

static enum gdb_event feed(struct gdb_reader *r, const char *bytes)
{
  enum gdb_event e = GDB_NOTHING;
  for (; *bytes; bytes++)
    e = gdb_reader_byte(r, (uint8_t)*bytes);
  return e;
}

static void broken_packets_are_asked_for_again(void **state)
{
  (void)state;
  static struct gdb_reader r;
  memset(&r, 0, sizeof r);
  assert_int_equal(feed(&r, "$g#67"), GDB_PACKET);
  assert_int_equal(feed(&r, "$g#68"), GDB_BROKEN);
  assert_int_equal(feed(&r, "$g#6x"), GDB_BROKEN);
  assert_int_equal(feed(&r, "$g#x"), GDB_BROKEN);
  assert_int_equal(feed(&r, "$lost$g#67"), GDB_PACKET); /* the end of the first got lost */
  assert_int_equal(r.size, 1);
  assert_int_equal(feed(&r, "noise+"), GDB_ACK);
  assert_int_equal(feed(&r, "-"), GDB_RETRY);
  assert_int_equal(feed(&r, "\x03"), GDB_INTERRUPT);
  feed(&r, "$");
  for (unsigned i = 0; i < GDB_PACKET_MAX + 1; i++)
    gdb_reader_byte(&r, 0);
  assert_int_equal(feed(&r, "#00"), GDB_BROKEN);
  assert_int_equal(feed(&r, "$#00"), GDB_PACKET);
  assert_int_equal(r.size, 0);
}

/* ---- gdb server ---- */

struct fake {
  uint64_t regs[3];
  uint8_t memory[64];
  char said[40000];
  size_t said_size;
  unsigned points, resumed, interrupted, left, restarted;
  enum gdb_resume how;
};

static uint64_t fake_get(void *ctx, unsigned reg)
{
  return ((struct fake *)ctx)->regs[reg];
}

static void fake_set(void *ctx, unsigned reg, uint64_t value)
{
  ((struct fake *)ctx)->regs[reg] = value;
}

static bool fake_read(void *ctx, uint32_t addr, void *to, size_t size)
{
  struct fake *f = ctx;
  if (addr >= sizeof f->memory || size > sizeof f->memory - addr)
    return false;
  memcpy(to, f->memory + addr, size);
  return true;
}

static bool fake_write(void *ctx, uint32_t addr, const void *from, size_t size)
{
  struct fake *f = ctx;
  if (addr >= sizeof f->memory || size > sizeof f->memory - addr)
    return false;
  memcpy(f->memory + addr, from, size);
  return true;
}

static bool fake_erase(void *ctx, uint32_t addr, size_t size)
{
  struct fake *f = ctx;
  if (addr >= sizeof f->memory || size > sizeof f->memory - addr)
    return false;
  memset(f->memory + addr, 0xff, size);
  return true;
}

static bool fake_point(void *ctx, enum gdb_point kind, uint32_t addr, uint32_t size, bool set)
{
  struct fake *f = ctx;
  (void)kind, (void)addr, (void)size;
  f->points = set ? f->points + 1 : f->points - 1;
  return true;
}

static void fake_resume(void *ctx, enum gdb_resume how, uint32_t start, uint32_t end)
{
  struct fake *f = ctx;
  (void)start, (void)end;
  f->resumed++;
  f->how = how;
}

static void fake_interrupt(void *ctx)
{
  ((struct fake *)ctx)->interrupted++;
}

static char *fake_monitor(void *ctx, const char *command)
{
  (void)ctx;
  return strcmp(command, "hi") == 0 ? strdup("hello\n") : NULL;
}

static void fake_leave(void *ctx, bool kill)
{
  ((struct fake *)ctx)->left += kill ? 10 : 1;
}

static void fake_restart(void *ctx)
{
  ((struct fake *)ctx)->restarted++;
}

static void fake_send(void *ctx, const void *bytes, size_t size)
{
  struct fake *f = ctx;
  assert_true(f->said_size + size < sizeof f->said);
  memcpy(f->said + f->said_size, bytes, size);
  f->said_size += size;
  f->said[f->said_size] = 0;
}

static const struct gdb_register fake_registers[] = {
    {"a", "r0", "uint32", 32}, {"a", "r1", "uint32", 32}, {"b", "d0", "ieee_double", 64}};
static const struct gdb_region fake_regions[] = {{0, 32, 16}, {32, 32, 0}};
static struct fake fake;
static struct gdb_target fake_target;
static struct gdb_server server;

static int setup(void **state)
{
  (void)state;
  memset(&fake, 0, sizeof fake);
  fake_target = (struct gdb_target){
      .ctx = &fake,
      .registers = fake_registers,
      .register_count = 3,
      .regions = fake_regions,
      .region_count = 2,
      .get = fake_get,
      .set = fake_set,
      .read = fake_read,
      .write = fake_write,
      .flash_erase = fake_erase,
      .flash_write = fake_write,
      .point = fake_point,
      .resume = fake_resume,
      .interrupt = fake_interrupt,
      .monitor = fake_monitor,
      .leave = fake_leave,
      .restart = fake_restart,
      .send = fake_send,
  };
  gdb_server_start(&server, &fake_target);
  return 0;
}

/* Sends a packet; returns the payload of the (last) answer. */
static const char *ask_bytes(const char *payload, size_t size)
{
  static uint8_t frame[2000];
  assert_true(size < 900);
  fake.said_size = 0;
  fake.said[0] = 0;
  gdb_server_input(&server, frame, gdb_frame(payload, size, frame));
  char *hash = strrchr(fake.said, '#');
  if (!hash)
    return fake.said;
  *hash = 0;
  return strrchr(fake.said, '$') + 1;
}

static const char *ask(const char *payload)
{
  return ask_bytes(payload, strlen(payload));
}

static void registers_and_memory_can_be_read_and_written(void **state)
{
  (void)state;
  fake.regs[0] = 0x12345678;
  fake.regs[2] = 0x1122334455667788;
  assert_string_equal(ask("g"), "78563412000000008877665544332211");
  assert_string_equal(ask("p2"), "8877665544332211");
  assert_string_equal(ask("P1=efbeadde"), "OK");
  assert_int_equal(fake.regs[1], 0xdeadbeef);
  assert_string_equal(ask("G01000000020000000300000000000000"), "OK");
  assert_int_equal(fake.regs[2], 3);
  assert_string_equal(ask("M4,3:aBc0ff"), "OK");
  assert_string_equal(ask("m3,5"), "00abc0ff00");
  assert_string_equal(ask_bytes("X8,4:#$}\x03", 9), "OK");
  assert_memory_equal(fake.memory + 8, "#$}\x03", 4);
  assert_string_equal(ask("X0,0:"), "OK");
  assert_string_equal(ask("vFlashErase:0,10"), "OK");
  assert_int_equal(fake.memory[8], 0xff);
  assert_string_equal(ask_bytes("vFlashWrite:2:*\x00z", 17), "OK");
  assert_memory_equal(fake.memory + 2, "*\x00z", 3);
  assert_string_equal(ask("vFlashDone"), "OK");
}

static void requests_that_do_not_add_up_change_nothing(void **state)
{
  (void)state;
  static const char *const wrong[] = {
      "p3",
      "p",
      "pffffffff",
      "p100000000",
      "P0",
      "P0=12",
      "P0=123456xx",
      "P3=00000000",
      "G00",
      "m",
      "m0",
      "m0,",
      "m40,1",
      "m0,41",
      "mffffffff,2",
      "M0,2:00",
      "M0,2:000",
      "M0,1:0000",
      "M0,1:zz",
      "M40,1:00",
      "X0,2:a",
      "X0,1:abc",
      "X0,fffffff0:a",
      "Z0",
      "Z0,1",
      "Z0,1,",
      "vFlashErase:0",
      "vFlashErase:0,ffffffff",
      "vFlashWrite:",
      "vFlashWrite:0",
      "vFlashWrite:ffffffff:ab",
      "vFlashDoneX",
      "vCont;x",
      "vCont;",
      "vCont;r1",
      "c100000000",
      "Cx",
      "qRcmd,0",
      "qRcmd,zz",
  };
  uint8_t before[sizeof fake.memory];
  memcpy(before, fake.memory, sizeof before);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    const char *answer = ask(wrong[i]);
    if (strcmp(answer, "E01") != 0 && strcmp(wrong[i], "qRcmd,0") != 0)
      fail_msg("%s: %s", wrong[i], answer);
  }
  assert_memory_equal(fake.memory, before, sizeof before);
  assert_int_equal(fake.resumed, 0);
  static const char *const unknown[] = {"", "b", "qNothing", "vNothing", "QNothing", "Z5,0,2", "qAttachedX", "qC1"};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
    assert_string_equal(ask(unknown[i]), "");
}

static void descriptions_are_given_in_pieces(void **state)
{
  (void)state;
  assert_non_null(strstr(ask("qSupported:swbreak+;hwbreak+"), "PacketSize=4000"));
  const char *all = ask("qXfer:features:read:target.xml:0,2000");
  assert_int_equal(all[0], 'l');
  assert_non_null(strstr(all, "<feature name=\"b\"><reg name=\"d0\" bitsize=\"64\" regnum=\"2\""));
  assert_string_equal(ask("qXfer:features:read:target.xml:0,5"), "m<?xml");
  assert_string_equal(ask("qXfer:features:read:target.xml:2,3"), "mxml");
  assert_string_equal(ask("qXfer:features:read:target.xml:2000,3"), "E01");
  assert_non_null(strstr(ask("qXfer:memory-map:read::0,1000"), "type=\"flash\" start=\"0x0\" length=\"0x20\">"));
}

static void the_core_runs_and_stops_with_a_reason(void **state)
{
  (void)state;
  assert_string_equal(ask("?"), "T05thread:1;");
  ask("qSupported:swbreak+;hwbreak+");
  struct gdb_stop stop = {.signal = 5, .reason = "hwbreak"};
  gdb_server_stopped(&server, &stop); /* was not running: nothing is sent */
  assert_string_equal(ask("vCont;s:1;c"), "+");
  assert_int_equal(fake.how, GDB_STEP);
  fake.said_size = 0;
  gdb_server_stopped(&server, &stop);
  assert_non_null(strstr(fake.said, "$T05thread:1;hwbreak:;#"));
  ask("c");
  stop = (struct gdb_stop){5, "awatch", 0x20000004};
  fake.said_size = 0;
  gdb_server_stopped(&server, &stop);
  assert_non_null(strstr(fake.said, "$T05thread:1;awatch:20000004;#"));
  ask("vCont;r8000,8010:1");
  assert_int_equal(fake.how, GDB_STEP_RANGE);
  gdb_server_input(&server, (const uint8_t *)"\x03", 1);
  assert_int_equal(fake.interrupted, 1);
  fake.said_size = 0;
  gdb_server_console(&server, "A");
  assert_non_null(strstr(fake.said, "$O41#"));
  stop = (struct gdb_stop){.signal = 2};
  gdb_server_stopped(&server, &stop);
  assert_non_null(strstr(ask("?"), "T02"));
}

static void answers_are_sent_again_on_request_and_acks_can_be_left_out(void **state)
{
  (void)state;
  ask("qC");
  fake.said_size = 0;
  gdb_server_input(&server, (const uint8_t *)"-", 1);
  assert_string_equal(fake.said, "$QC1#c5");
  fake.said_size = 0;
  gdb_server_input(&server, (const uint8_t *)"$qC#00", 6);
  assert_string_equal(fake.said, "-");
  assert_string_equal(ask("QStartNoAckMode"), "OK");
  fake.said_size = 0;
  gdb_server_input(&server, (const uint8_t *)"$qC#b4", 6);
  assert_string_equal(fake.said, "$QC1#c5");
}

static void monitor_detach_and_kill(void **state)
{
  (void)state;
  ask("qRcmd,6869");
  assert_non_null(strstr(fake.said, "$O68656c6c6f0a#"));
  assert_non_null(strstr(fake.said, "$OK"));
  assert_string_equal(ask("Z0,100,2"), "OK");
  assert_string_equal(ask("z0,100,2"), "OK");
  ask("R00");
  assert_int_equal(fake.restarted, 1);
  assert_string_equal(ask("D;1"), "OK");
  assert_int_equal(fake.left, 1);
  assert_true(server.gone);
  setup(NULL);
  ask("k");
  assert_int_equal(fake.left, 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_text_is_found_wherever_it_starts),
      cmocka_unit_test(commands_mean_what_the_manual_says),
      cmocka_unit_test(what_is_no_command_is_refused_with_a_reason),
      cmocka_unit_test(options_have_the_defaults_of_the_manual),
      cmocka_unit_test(wrong_options_are_refused),
      cmocka_unit_test(idle_time_waits_and_work_does_not),
      cmocka_unit_test(realtime_waits_for_everything_and_forgets_a_long_stop),
      cmocka_unit_test(addresses_in_reports_get_names),
      cmocka_unit_test(packets_survive_every_byte),
      cmocka_unit_test(broken_packets_are_asked_for_again),
      cmocka_unit_test_setup(registers_and_memory_can_be_read_and_written, setup),
      cmocka_unit_test_setup(requests_that_do_not_add_up_change_nothing, setup),
      cmocka_unit_test_setup(descriptions_are_given_in_pieces, setup),
      cmocka_unit_test_setup(the_core_runs_and_stops_with_a_reason, setup),
      cmocka_unit_test_setup(answers_are_sent_again_on_request_and_acks_can_be_left_out, setup),
      cmocka_unit_test_setup(monitor_detach_and_kill, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
