/* The command line of stm32sim: parsing, defaults, help. */
#include "sim/host/options.h"

#include "sim/soc/soc.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION "stm32sim 0.1 (Portcullis)"

static const struct board boards[] = {
    {.name = "nucleo-l476rg", .device = "stm32l476", .uart = 2, .button_port = 'C', .button_pin = 13},
    {.name = "b-l475e-iot01a", .device = "stm32l475", .uart = 1, .button_port = 'C', .button_pin = 13},
    {.name = "32l496gdiscovery",
     .device = "stm32l496",
     .uart = 2,
     .button_port = 'C', /* the joystick's centre */
     .button_pin = 13,
     .button_high = true},
};

static const char usage[] = "usage: stm32sim [OPTION]...\n";

static const char help[] =
    "Simulates an STM32 microcontroller on its board and runs real firmware.\n"
    "\n"
    "The device\n"
    "  --board NAME             nucleo-l476rg (default), b-l475e-iot01a, 32l496gdiscovery\n"
    "  --device NAME            a bare chip instead of a board: stm32l476, stm32l475, stm32l496, stm32l462\n"
    "  --state DIR              keep flash, option bytes and backup registers in DIR; made when missing\n"
    "  --erase                  erase the whole flash before anything is loaded\n"
    "  --load FILE[@ADDR]       put an ELF, HEX, SREC or binary file into flash or RAM; ADDR (default\n"
    "                           0x08000000) is for binaries; may be repeated\n"
    "  --symbols ELF            names for reports, without loading; may be repeated\n"
    "  --no-run                 load, save and end\n"
    "\n"
    "The board's wires\n"
    "  --uart pty[:LINK]        a pseudo-terminal; its name is printed, LINK points to it\n"
    "         tcp:PORT          a TCP port of this machine; 0: a free one, printed\n"
    "         unix:PATH         a Unix stream socket\n"
    "         stdio             stdin and stdout\n"
    "         none              nothing (default); --until still sees the text\n"
    "  --uart-index N           which USART that is (default: the board's serial port, 2)\n"
    "  --uart2 N=SPEC           a second UART, USARTn, in the same way\n"
    "  --spi SPEC               SPI1 as a slave: a byte sent there is clocked in at 1 MHz, one comes back for it\n"
    "  --wait-client            start when somebody has connected to the UART\n"
    "  --press-button[=S]       hold the user button from power-on for S simulated seconds (default 1)\n"
    "  --drive FILE             a USB flash drive with this image (behind a block device: no USB controller yet)\n"
    "  --pin PC13=0|1|z         drive a pin from outside, from power-on; may be repeated\n"
    "  --option NAME=VALUE      an option word as at manufacture, such as OPTR=0xFFEFF8BB; may be repeated\n"
    "  --cut N[:MODE]           take the power away at the N-th flash operation: before, clean (after it;\n"
    "                           default), torn[:SEED] or weak[:SEED] (in the middle of it)\n"
    "\n"
    "Watching and steering\n"
    "  --gdb PORT               serve gdb on that TCP port; 0: a free one, printed\n"
    "  --jtag PORT              the chip's debug port for openocd (remote_bitbang); 0: a free one, printed\n"
    "  --control SOCKET         one-line commands on a Unix socket; 'help' there lists them\n"
    "  --halt                   hold the core until a debugger or 'run' comes\n"
    "  --stay                   do not end at a lockup or a --cut: wait for gdb or commands\n"
    "  --announce FILE          write ports and names to FILE as JSON once all of them can be used\n"
    "  --transcript FILE        what the UART sent\n"
    "  --stats FILE|-           figures at the end, as JSON\n"
    "  --pace idle              keep to real time while the program waits for input (default if the UART can\n"
    "                           have a client)\n"
    "         realtime          keep to real time always\n"
    "         fast              wait only while a client is connected and the program waits for it (default\n"
    "                           without one)\n"
    "  --skip-idle              let time jump while the program polls for something: quicker, with fewer\n"
    "                           instructions in the figures; time-outs that count loops get longer\n"
    "  --quiet                  errors only\n"
    "  --json                   messages as JSON, one object a line\n"
    "\n"
    "The end\n"
    "  --until TEXT             end when the UART has sent TEXT; may be repeated\n"
    "  --until-fail TEXT        the same, but it is a failure; may be repeated\n"
    "  --max-instructions N     end after N instructions\n"
    "  --max-seconds S          end after S simulated seconds\n"
    "  --version, --help\n"
    "\n"
    "Exit codes\n"
    "  0  an --until text was seen, or asked to end, or a limit was reached and there was no --until\n"
    "  1  an --until-fail text was seen\n"
    "  2  wrong usage\n"
    "  3  ended before an --until text: limit, signal, or asleep with nothing that could wake it\n"
    "  4  the core locked up\n"
    "  5  the power cut of --cut happened\n"
    "  6  a file, socket or port cannot be used\n";

enum {
  O_BOARD = 256,
  O_DEVICE,
  O_STATE,
  O_ERASE,
  O_LOAD,
  O_SYMBOLS,
  O_NO_RUN,
  O_UART,
  O_UART_INDEX,
  O_UART2,
  O_SPI,
  O_DRIVE,
  O_WAIT_CLIENT,
  O_PRESS_BUTTON,
  O_PIN,
  O_OPTION,
  O_CUT,
  O_GDB,
  O_JTAG,
  O_CONTROL,
  O_HALT,
  O_STAY,
  O_ANNOUNCE,
  O_TRANSCRIPT,
  O_STATS,
  O_PACE,
  O_SKIP_IDLE,
  O_QUIET,
  O_JSON,
  O_UNTIL,
  O_UNTIL_FAIL,
  O_MAX_INSTRUCTIONS,
  O_MAX_SECONDS,
  O_VERSION,
  O_HELP,
};

static const struct option table[] = {
    {"board", required_argument, NULL, O_BOARD},
    {"device", required_argument, NULL, O_DEVICE},
    {"state", required_argument, NULL, O_STATE},
    {"erase", no_argument, NULL, O_ERASE},
    {"load", required_argument, NULL, O_LOAD},
    {"symbols", required_argument, NULL, O_SYMBOLS},
    {"no-run", no_argument, NULL, O_NO_RUN},
    {"uart", required_argument, NULL, O_UART},
    {"uart-index", required_argument, NULL, O_UART_INDEX},
    {"uart2", required_argument, NULL, O_UART2},
    {"spi", required_argument, NULL, O_SPI},
    {"drive", required_argument, NULL, O_DRIVE},
    {"wait-client", no_argument, NULL, O_WAIT_CLIENT},
    {"press-button", optional_argument, NULL, O_PRESS_BUTTON},
    {"pin", required_argument, NULL, O_PIN},
    {"option", required_argument, NULL, O_OPTION},
    {"cut", required_argument, NULL, O_CUT},
    {"gdb", required_argument, NULL, O_GDB},
    {"jtag", required_argument, NULL, O_JTAG},
    {"control", required_argument, NULL, O_CONTROL},
    {"halt", no_argument, NULL, O_HALT},
    {"stay", no_argument, NULL, O_STAY},
    {"announce", required_argument, NULL, O_ANNOUNCE},
    {"transcript", required_argument, NULL, O_TRANSCRIPT},
    {"stats", required_argument, NULL, O_STATS},
    {"pace", required_argument, NULL, O_PACE},
    {"skip-idle", no_argument, NULL, O_SKIP_IDLE},
    {"quiet", no_argument, NULL, O_QUIET},
    {"json", no_argument, NULL, O_JSON},
    {"until", required_argument, NULL, O_UNTIL},
    {"until-fail", required_argument, NULL, O_UNTIL_FAIL},
    {"max-instructions", required_argument, NULL, O_MAX_INSTRUCTIONS},
    {"max-seconds", required_argument, NULL, O_MAX_SECONDS},
    {"version", no_argument, NULL, O_VERSION},
    {"help", no_argument, NULL, O_HELP},
    {NULL, 0, NULL, 0},
};

/* What options_parse() fills in besides the result. */
struct parse {
  struct options *o;
  const char *uart, *uart2, *spi;
  unsigned uart_index; /* 0: the board's */
  bool pace_given;
  char err[300];
};

static bool wrong(struct parse *p, const char *what, const char *text)
{
  snprintf(p->err, sizeof p->err, "%s '%.100s'", what, text);
  return false;
}

bool options_parse_load(const char *text, struct option_load *out, char *err, size_t err_size)
{
  const char *at = strrchr(text, '@');
  uint64_t addr = 0;
  memset(out, 0, sizeof *out);
  out->has_addr = at && command_parse_number(at + 1, UINT32_MAX, &addr);
  /* A name may contain an @; but what looks like a wrong address is told as one. */
  if (at && !out->has_addr && (at[1] == 0 || (at[1] >= '0' && at[1] <= '9'))) {
    snprintf(err, err_size, "not an address after the @ of '%.100s'", text);
    return false;
  }
  out->addr = (uint32_t)addr;
  out->path = out->has_addr ? strndup(text, (size_t)(at - text)) : strdup(text);
  if (!out->path || !*out->path) {
    free(out->path);
    out->path = NULL;
    snprintf(err, err_size, "no file name in '%.100s'", text);
    return false;
  }
  return true;
}

static bool seconds(const char *text, double *out)
{
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end || !(value > 0) || value > 1e6)
    return false;
  *out = value;
  return true;
}

static bool add_text(struct watch *texts, unsigned *count, struct parse *p, const char *text)
{
  if (*count == OPTIONS_TEXTS || !watch_init(&texts[*count], text))
    return wrong(p, "a text to wait for has 1 to 255 bytes, and there are at most 16:", text);
  (*count)++;
  return true;
}

static bool parse_pace(struct parse *p, const char *text)
{
  static const char *const names[] = {[PACE_FAST] = "fast", [PACE_IDLE] = "idle", [PACE_REALTIME] = "realtime"};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(text, names[i]) == 0) {
      p->o->pace = (enum pace_mode)i;
      p->pace_given = true;
      return true;
    }
  }
  return wrong(p, "--pace is idle, realtime or fast, not", text);
}

static bool parse_board(struct parse *p, const char *name)
{
  for (size_t i = 0; i < sizeof boards / sizeof *boards; i++) {
    if (strcmp(name, boards[i].name) == 0) {
      p->o->board = &boards[i];
      p->o->device = boards[i].device;
      return true;
    }
  }
  return wrong(p, "unknown board (there are nucleo-l476rg, b-l475e-iot01a and 32l496gdiscovery):", name);
}

static bool parse_device(struct parse *p, const char *name)
{
  for (const char *const *m = soc_models(); *m; m++) {
    if (strcmp(name, *m) == 0) {
      p->o->device = name;
      p->o->board = NULL;
      return true;
    }
  }
  char what[200] = "unknown device (there are";
  for (const char *const *m = soc_models(); *m; m++)
    snprintf(what + strlen(what), sizeof what - strlen(what), " %s", *m);
  snprintf(what + strlen(what), sizeof what - strlen(what), "):");
  return wrong(p, what, name);
}

static bool parse_index(struct parse *p, const char *text, unsigned *index)
{
  uint64_t value;
  if (!command_parse_number(text, 16, &value) || value == 0)
    return wrong(p, "a USART's number is 1 to 16, not", text);
  *index = (unsigned)value;
  return true;
}

static bool parse_port(struct parse *p, const char *option, const char *text, const char **to)
{
  uint64_t value;
  char what[80];
  *to = text;
  snprintf(what, sizeof what, "%s takes a port, a number from 0 to 65535, not", option);
  return command_parse_number(text, 65535, &value) || wrong(p, what, text);
}

/* Where a line ends; what can only be tried is found out when it is opened. */
static bool parse_line(struct parse *p, const char *option, const char *text, bool stdio, const char **to)
{
  uint64_t value;
  char what[160];
  *to = text;
  if (strcmp(text, "none") == 0 || strcmp(text, "pty") == 0 || strncmp(text, "pty:", 4) == 0 ||
      strncmp(text, "unix:", 5) == 0 || (stdio && strcmp(text, "stdio") == 0) ||
      (strncmp(text, "tcp:", 4) == 0 && command_parse_number(text + 4, 65535, &value)))
    return true;
  snprintf(what, sizeof what, "%s ends in pty[:LINK], tcp:PORT (0 to 65535), unix:PATH%s or none, not", option,
           stdio ? ", stdio" : "");
  return wrong(p, what, text);
}

static bool parse_uart2(struct parse *p, const char *text)
{
  const char *spec = strchr(text, '=');
  p->uart2 = text;
  return spec == NULL || parse_line(p, "--uart2", spec + 1, true, &spec); /* the rest: when the board is known */
}

static bool parse_flag(struct parse *p, int option)
{
  struct options *o = p->o;
  switch (option) {
  case O_ERASE:
    return o->erase = true;
  case O_NO_RUN:
    return o->no_run = true;
  case O_WAIT_CLIENT:
    return o->wait_client = true;
  case O_HALT:
    return o->halt = true;
  case O_STAY:
    return o->stay = true;
  case O_SKIP_IDLE:
    return o->skip_idle = true;
  case O_QUIET:
    return o->quiet = true;
  default:
    return o->json = true;
  }
}

static bool parse_option(struct parse *p, int option, const char *arg)
{
  struct options *o = p->o;
  uint64_t number;
  switch (option) {
  case O_BOARD:
    return parse_board(p, arg);
  case O_DEVICE:
    return parse_device(p, arg);
  case O_STATE:
    o->state = arg;
    return true;
  case O_LOAD:
    if (o->load_count == OPTIONS_LOADS)
      return wrong(p, "more than 16 files to load:", arg);
    if (!options_parse_load(arg, &o->loads[o->load_count], p->err, sizeof p->err))
      return false;
    o->load_count++;
    return true;
  case O_SYMBOLS:
    if (o->symbol_count == OPTIONS_LOADS)
      return wrong(p, "more than 16 files of symbols:", arg);
    o->symbols[o->symbol_count++] = arg;
    return true;
  case O_UART:
    return parse_line(p, "--uart", arg, true, &p->uart);
  case O_UART_INDEX:
    return parse_index(p, arg, &p->uart_index);
  case O_UART2:
    return parse_uart2(p, arg);
  case O_SPI:
    return parse_line(p, "--spi", arg, false, &p->spi);
  case O_PRESS_BUTTON:
    o->press_button = 1;
    return !arg || seconds(arg, &o->press_button) || wrong(p, "--press-button takes seconds, not", arg);
  case O_DRIVE:
    o->drive = arg;
    return true;
  case O_PIN:
    if (o->pin_count == OPTIONS_PINS)
      return wrong(p, "more than 32 pins:", arg);
    return command_parse_pin(arg, &o->pins[o->pin_count++], p->err, sizeof p->err);
  case O_OPTION:
    if (o->option_word_count == OPTIONS_WORDS)
      return wrong(p, "more than 16 option words:", arg);
    return command_parse_option(arg, &o->option_words[o->option_word_count++], p->err, sizeof p->err);
  case O_CUT:
    return command_parse_cut(arg, &o->cut, p->err, sizeof p->err);
  case O_GDB:
    return parse_port(p, "--gdb", arg, &o->gdb);
  case O_JTAG:
    return parse_port(p, "--jtag", arg, &o->jtag);
  case O_CONTROL:
    o->control = arg;
    return true;
  case O_ANNOUNCE:
    o->announce = arg;
    return true;
  case O_TRANSCRIPT:
    o->transcript = arg;
    return true;
  case O_STATS:
    o->stats = arg;
    return true;
  case O_PACE:
    return parse_pace(p, arg);
  case O_UNTIL:
    return add_text(o->until, &o->until_count, p, arg);
  case O_UNTIL_FAIL:
    return add_text(o->until_fail, &o->until_fail_count, p, arg);
  case O_MAX_INSTRUCTIONS:
    if (!command_parse_number(arg, UINT64_MAX, &number) || number == 0)
      return wrong(p, "--max-instructions takes a number of 1 or more, not", arg);
    o->max_instructions = number;
    return true;
  case O_MAX_SECONDS:
    return seconds(arg, &o->max_seconds) || wrong(p, "--max-seconds takes seconds, not", arg);
  default:
    return parse_flag(p, option);
  }
}

static bool finish(struct parse *p)
{
  struct options *o = p->o;
  o->uart_spec[0] = p->uart ? p->uart : "none";
  o->uart_index[0] = p->uart_index                         ? p->uart_index
                     : o->board                            ? o->board->uart
                     : strcmp(o->device, "stm32l462") == 0 ? 1
                                                           : 2;
  o->uart_count = 1;
  if (p->uart2) {
    char number[4];
    size_t n = strcspn(p->uart2, "=");
    if (n >= sizeof number || p->uart2[n] != '=')
      return wrong(p, "--uart2 takes N=SPEC, such as 3=tcp:0, not", p->uart2);
    memcpy(number, p->uart2, n);
    number[n] = 0;
    if (!parse_index(p, number, &o->uart_index[1]))
      return false;
    if (o->uart_index[1] == o->uart_index[0])
      return wrong(p, "both UARTs have the number", number);
    o->uart_spec[1] = p->uart2 + n + 1;
    o->uart_count = 2;
  }
  if (p->uart2 && strcmp(o->uart_spec[0], "stdio") == 0 && strcmp(o->uart_spec[1], "stdio") == 0)
    return wrong(p, "only one UART can have", "stdio");
  if (p->spi) {
    o->uart_index[o->uart_count] = SOC_SPI1;
    o->uart_spec[o->uart_count++] = p->spi;
  }
  if (!p->pace_given) {
    o->pace = PACE_FAST;
    for (unsigned i = 0; i < o->uart_count; i++) {
      const char *s = o->uart_spec[i];
      /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): there are uart_count of them */
      if (strcmp(s, "none") != 0 && strcmp(s, "stdio") != 0)
        o->pace = PACE_IDLE;
    }
  }
  if (o->press_button > 0 && !o->board)
    return wrong(p, "a bare chip has no button; use --pin instead of", "--press-button");
  if (o->wait_client && strcmp(o->uart_spec[0], "none") == 0)
    return wrong(p, "--wait-client needs a UART that can have a client, not", "none");
  if (o->halt && !o->gdb && !o->jtag && !o->control)
    return wrong(p, "nobody could let the core run: --gdb, --jtag or --control is needed with", "--halt");
  return true;
}

enum options_result options_parse(struct options *o, int argc, char **argv)
{
  struct parse p = {.o = o};
  memset(o, 0, sizeof *o);
  o->board = &boards[0];
  o->device = boards[0].device;
  int option;
  opterr = 0;
  optind = 0;
  while ((option = getopt_long(argc, argv, ":", table, NULL)) != -1) {
    if (option == O_HELP || option == O_VERSION) {
      if (option == O_HELP)
        printf("%s%s", usage, help);
      else
        puts(VERSION);
      return OPTIONS_DONE;
    }
    bool ok;
    if (option == '?')
      ok = wrong(&p, "unknown or ambiguous option", argv[optind - 1]);
    else if (option == ':')
      ok = wrong(&p, "an argument is missing after", argv[optind - 1]);
    else
      ok = parse_option(&p, option, optarg);
    if (!ok)
      goto bad;
  }
  if (optind < argc)
    wrong(&p, "unexpected argument (firmware is given with --load):", argv[optind]);
  else if (finish(&p))
    return OPTIONS_RUN;
bad:
  fprintf(stderr, "stm32sim: %s\n%sTry 'stm32sim --help'.\n", p.err, usage);
  options_free(o);
  return OPTIONS_WRONG;
}

void options_free(struct options *o)
{
  for (unsigned i = 0; i < o->load_count; i++)
    free(o->loads[i].path);
  o->load_count = 0;
}
