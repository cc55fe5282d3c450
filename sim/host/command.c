/* The grammar of the one-line commands. Knows no simulator state. */
#include "sim/host/command.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 8

const char command_help[] =
    "button press|release        the user button of the board\n"
    "pin PA0 0|1|z               drive a pin from outside, or let it float\n"
    "drive insert FILE           a USB flash drive with this image\n"
    "drive eject                 take it out\n"
    "reset [halt]                pull the reset pin; halt: stop before the first instruction\n"
    "power off|on                pull the plug (the state folder is written), put it back\n"
    "power-cycle                 power off, then on\n"
    "cut after N flash operations [before|clean|torn SEED|weak SEED]\n"
    "                            take the power away at the N-th program or erase from now\n"
    "cut none                    forget the planned cut\n"
    "stats                       figures since the start or the last 'stats clear', as JSON\n"
    "stats clear                 set all figures and wear counters to zero\n"
    "read ADDR LEN               memory, as hexadecimal digits: the judge's view, past every protection\n"
    "write ADDR HEX              RAM, registers or flash in the same way (no wear, no time)\n"
    "probe attach|detach|status  a debug probe on the chip's own port: wake it, let go, can it be reached?\n"
    "probe read ADDR LEN         what it sees: obeys read protection, firewall and PCROP\n"
    "probe write ADDR HEX        RAM and registers, words first; with the side effects that it has\n"
    "options                     read protection level and option words: in force, and stored if they differ\n"
    "option NAME=VALUE           store one (OPTR, WRP1AR, ...) as at manufacture; in force after power-on\n"
    "break ADDR|none             stop when the core comes there; one at a time\n"
    "erase                       the whole flash\n"
    "load FILE[@ADDR]            a firmware file into flash or RAM\n"
    "run                         go on after stop\n"
    "stop                        hold the core\n"
    "status                      running, stopped, asleep, lockup or off; PC; simulated seconds\n"
    "wait off|lockup|asleep|stopped\n"
    "                            answer when this has happened\n"
    "save                        write the state folder\n"
    "quit                        save and end\n"
    "help                        this list\n";

static bool fail(char *err, size_t err_size, const char *message, const char *what)
{
  /* What came from outside goes into a one-line answer: nothing but printable characters, and not too many. */
  char shown[41];
  size_t n = 0;
  for (; n < sizeof shown - 1 && *what; n++, what++)
    shown[n] = isprint((unsigned char)*what) ? *what : '?';
  shown[n] = 0;
  snprintf(err, err_size, message, shown);
  return false;
}

/* A known command with words that it does not take: how it is written, from the help. */
static bool misused(const char *line, char *err, size_t err_size)
{
  const size_t length = strcspn(line, " \t");
  size_t used = 0;
  for (const char *at = command_help; *at != '\0'; at += strcspn(at, "\n") + 1) {
    const char *end = strstr(at, "  ");
    const size_t usage = end != NULL && end < strchr(at, '\n') ? (size_t)(end - at) : strcspn(at, "\n");
    if (length == 0 || strncmp(at, line, length) != 0 || (at[length] != ' ' && at[length] != '\n') || used >= err_size)
      continue;
    used += (size_t)snprintf(err + used, err_size - used, "%s%.*s", used == 0 ? "say: " : ", or: ", (int)usage, at);
  }
  return used == 0 ? fail(err, err_size, "unknown command: '%s'; 'help' lists them", line) : false;
}

bool command_parse_number(const char *text, uint64_t max, uint64_t *out)
{
  unsigned base = 10;
  if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text += 2;
  }
  if (!*text)
    return false;
  uint64_t value = 0;
  for (; *text; text++) {
    unsigned digit;
    if (*text >= '0' && *text <= '9')
      digit = (unsigned)(*text - '0');
    else if (base == 16 && isxdigit((unsigned char)*text))
      digit = (unsigned)(tolower((unsigned char)*text) - 'a') + 10u;
    else
      return false;
    if (value > max / base || value * base > max - digit)
      return false;
    value = value * base + digit;
  }
  *out = value;
  return true;
}

/* Splits at spaces and tabs. Returns the number of words, WORDS_MAX + 1 if there are more than fit. */
static int split(char *line, char *words[WORDS_MAX])
{
  int n = 0;
  for (char *save = NULL, *w = strtok_r(line, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
    if (n == WORDS_MAX)
      return WORDS_MAX + 1;
    words[n++] = w;
  }
  return n;
}

static bool parse_mode(const char *name, const char *seed, struct command_cut *out, char *err, size_t err_size)
{
  static const struct {
    const char *name;
    enum soc_cut_mode mode;
    bool seeded;
  } modes[] = {{"before", SOC_CUT_BEFORE, false},
               {"clean", SOC_CUT_CLEAN, false},
               {"torn", SOC_CUT_TORN, true},
               {"weak", SOC_CUT_WEAK, true}};
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (strcmp(name, modes[i].name) != 0)
      continue;
    out->mode = modes[i].mode;
    out->seed = 1;
    if (!seed)
      return true;
    uint64_t value;
    if (!modes[i].seeded)
      return fail(err, err_size, "only torn and weak cuts take a seed, not '%s'", name);
    if (!command_parse_number(seed, UINT32_MAX, &value))
      return fail(err, err_size, "the seed is a number from 0 to 4294967295, not '%s'", seed);
    out->seed = (uint32_t)value;
    return true;
  }
  return fail(err, err_size, "a cut is before, clean, torn or weak, not '%s'", name);
}

bool command_parse_cut(const char *text, struct command_cut *out, char *err, size_t err_size)
{
  char copy[64];
  size_t length = strlen(text);
  if (length >= sizeof copy)
    return fail(err, err_size, "a cut is N[:before|clean|torn:SEED|weak:SEED], not '%s'", text);
  memcpy(copy, text, length + 1);
  char *mode = strchr(copy, ':'), *seed = NULL;
  if (mode) {
    *mode++ = 0;
    seed = strchr(mode, ':');
    if (seed)
      *seed++ = 0;
  }
  if (!command_parse_number(copy, UINT64_MAX, &out->operations) || out->operations == 0)
    return fail(err, err_size, "a cut needs the number of a flash operation, 1 or more, not '%s'", copy);
  return parse_mode(mode ? mode : "clean", seed, out, err, err_size);
}

static bool parse_pin_name(const char *name, struct command_pin *out)
{
  uint64_t pin;
  char port = (char)toupper((unsigned char)name[0]);
  if (port != 'P')
    return false;
  port = (char)toupper((unsigned char)name[1]);
  if (port < 'A' || port > 'K' || !command_parse_number(name + 2, 15, &pin))
    return false;
  out->port = port;
  out->pin = (unsigned)pin;
  return true;
}

static bool parse_level(const char *text, struct command_pin *out)
{
  if (strlen(text) != 1 || !strchr("01zZ", *text))
    return false;
  out->level = *text == '0' ? PIN_LOW : *text == '1' ? PIN_HIGH : PIN_FLOATING;
  return true;
}

bool command_parse_pin(const char *text, struct command_pin *out, char *err, size_t err_size)
{
  char name[8];
  const char *equals = strchr(text, '=');
  if (!equals || (size_t)(equals - text) >= sizeof name)
    return fail(err, err_size, "a pin is given as PC13=0, PC13=1 or PC13=z, not '%s'", text);
  memcpy(name, text, (size_t)(equals - text));
  name[equals - text] = 0;
  if (!parse_pin_name(name, out))
    return fail(err, err_size, "no such pin: '%s' (pins are PA0 to PK15)", name);
  if (!parse_level(equals + 1, out))
    return fail(err, err_size, "the level of a pin is 0, 1 or z, not '%s'", equals + 1);
  return true;
}

static int hex_digit(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c = (char)tolower((unsigned char)c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_address(const char *text, struct command *out, char *err, size_t err_size)
{
  uint64_t addr;
  if (!command_parse_number(text, UINT32_MAX, &addr))
    return fail(err, err_size, "an address is a number such as 0x08000000, not '%s'", text);
  out->addr = (uint32_t)addr;
  return true;
}

static bool parse_data(const char *text, struct command *out, char *err, size_t err_size)
{
  size_t length = strlen(text);
  if (length == 0 || length % 2 != 0 || length / 2 > COMMAND_WRITE_MAX)
    return fail(err, err_size, "data is 1 to 256 bytes, two hexadecimal digits each, not '%s'", text);
  for (size_t i = 0; i < length; i += 2) {
    int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0)
      return fail(err, err_size, "data is pairs of hexadecimal digits, not '%s'", text + i);
    out->data[i / 2] = (uint8_t)(high << 4 | low);
  }
  out->size = (uint32_t)(length / 2);
  return true;
}

/* cut after N flash operations [MODE [SEED]] | cut none */
static bool parse_cut_words(char **words, int n, struct command *out, char *err, size_t err_size)
{
  out->kind = COMMAND_CUT;
  memset(&out->cut, 0, sizeof out->cut);
  if (n == 2 && strcmp(words[1], "none") == 0)
    return true;
  if (n < 5 || n > 7 || strcmp(words[1], "after") != 0 || strcmp(words[3], "flash") != 0 ||
      strncmp(words[4], "operation", 9) != 0)
    return misused("cut", err, err_size);
  if (!command_parse_number(words[2], UINT64_MAX, &out->cut.operations) || out->cut.operations == 0)
    return fail(err, err_size, "a cut needs the number of a flash operation, 1 or more, not '%s'", words[2]);
  return parse_mode(n > 5 ? words[5] : "clean", n > 6 ? words[6] : NULL, &out->cut, err, err_size);
}

bool command_parse_option(const char *text, struct command_option *out, char *err, size_t err_size)
{
  const char *equals = strchr(text, '=');
  size_t length = equals ? (size_t)(equals - text) : 0;
  uint64_t value;
  if (length == 0 || length >= sizeof out->name || !command_parse_number(equals + 1, UINT32_MAX, &value))
    return fail(err, err_size, "an option word is NAME=VALUE, such as OPTR=0xFFEFF8BB, not '%s'", text);
  memcpy(out->name, text, length);
  out->name[length] = 0;
  out->value = (uint32_t)value;
  return true;
}

static bool parse_read(char **words, struct command *out, char *err, size_t err_size)
{
  uint64_t size;
  if (!command_parse_number(words[1], COMMAND_READ_MAX, &size) || size == 0)
    return fail(err, err_size, "the length is 1 to 65536 bytes, not '%s'", words[1]);
  out->size = (uint32_t)size;
  return parse_address(words[0], out, err, err_size);
}

static bool parse_write(char **words, struct command *out, char *err, size_t err_size)
{
  return parse_address(words[0], out, err, err_size) && parse_data(words[1], out, err, err_size);
}

static bool parse_wait(const char *text, struct command *out, char *err, size_t err_size)
{
  static const char *const names[] = {
      [WAIT_OFF] = "off", [WAIT_LOCKUP] = "lockup", [WAIT_ASLEEP] = "asleep", [WAIT_STOPPED] = "stopped"};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(text, names[i]) == 0) {
      out->wait = (enum command_wait)i;
      return true;
    }
  }
  return fail(err, err_size, "wait for off, lockup, asleep or stopped, not '%s'", text);
}

/* Commands that have neither numbers nor names in them. */
static const struct {
  const char *text; /* words with single spaces */
  enum command_kind kind;
  bool on;
} fixed[] = {
    {"help", COMMAND_HELP, false},
    {"button press", COMMAND_BUTTON, true},
    {"button release", COMMAND_BUTTON, false},
    {"drive eject", COMMAND_DRIVE_EJECT, false},
    {"reset", COMMAND_RESET, false},
    {"reset run", COMMAND_RESET, false},
    {"reset halt", COMMAND_RESET, true},
    {"reset init", COMMAND_RESET, true}, /* as debug scripts for other probes say it */
    {"power on", COMMAND_POWER, true},
    {"power off", COMMAND_POWER, false},
    {"power-cycle", COMMAND_POWER_CYCLE, false},
    {"stats", COMMAND_STATS, false},
    {"stats clear", COMMAND_STATS_CLEAR, false},
    {"erase", COMMAND_ERASE, false},
    {"run", COMMAND_RUN, false},
    {"stop", COMMAND_STOP, false},
    {"status", COMMAND_STATUS, false},
    {"options", COMMAND_OPTIONS, false},
    {"probe attach", COMMAND_PROBE, true},
    {"probe detach", COMMAND_PROBE, false},
    {"probe status", COMMAND_PROBE_STATUS, false},
    {"break none", COMMAND_BREAK, false},
    {"save", COMMAND_SAVE, false},
    {"quit", COMMAND_QUIT, false},
};

static bool parse_fixed(char **words, int n, struct command *out)
{
  char text[32];
  int length =
      n == 1 ? snprintf(text, sizeof text, "%s", words[0]) : snprintf(text, sizeof text, "%s %s", words[0], words[1]);
  if (n > 2 || length >= (int)sizeof text)
    return false;
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
    if (strcmp(text, fixed[i].text) == 0) {
      out->kind = fixed[i].kind;
      out->on = fixed[i].on;
      return true;
    }
  }
  return false;
}

bool command_parse(const char *line, struct command *out, char *err, size_t err_size)
{
  char copy[COMMAND_MAX + 1];
  size_t length = strlen(line);
  if (length > COMMAND_MAX)
    return fail(err, err_size, "%s", "the line is too long");
  memcpy(copy, line, length + 1);
  char *words[WORDS_MAX];
  int n = split(copy, words);
  memset(out, 0, sizeof *out);
  if (n == 0)
    return fail(err, err_size, "%s", "an empty command; 'help' lists them");
  const char *name = words[0];
  if (strcmp(name, "load") == 0 && n > 1) { /* a file name may contain spaces */
    out->kind = COMMAND_LOAD;
    out->path = line + (words[1] - copy);
    return true;
  }
  if (strcmp(name, "drive") == 0 && n > 2 && strcmp(words[1], "insert") == 0) {
    out->kind = COMMAND_DRIVE_INSERT;
    out->path = line + (words[2] - copy);
    return true;
  }
  if (n <= WORDS_MAX) {
    if (parse_fixed(words, n, out))
      return true;
    if (strcmp(name, "cut") == 0)
      return parse_cut_words(words, n, out, err, err_size);
    if (strcmp(name, "pin") == 0 && n == 3) {
      out->kind = COMMAND_PIN;
      if (!parse_pin_name(words[1], &out->pin))
        return fail(err, err_size, "no such pin: '%s' (pins are PA0 to PK15)", words[1]);
      if (!parse_level(words[2], &out->pin))
        return fail(err, err_size, "the level of a pin is 0, 1 or z, not '%s'", words[2]);
      return true;
    }
    if (strcmp(name, "wait") == 0 && n == 2) {
      out->kind = COMMAND_WAIT;
      return parse_wait(words[1], out, err, err_size);
    }
    if (strcmp(name, "option") == 0 && n == 2) {
      out->kind = COMMAND_OPTION;
      return command_parse_option(words[1], &out->option, err, err_size);
    }
    if (strcmp(name, "break") == 0 && n == 2) {
      out->kind = COMMAND_BREAK;
      out->on = true;
      return parse_address(words[1], out, err, err_size);
    }
    bool probe = strcmp(name, "probe") == 0 && n == 4;
    if (probe) {
      name = words[1];
      memmove(words, words + 1, 3 * sizeof *words);
      n = 3;
    }
    if (strcmp(name, "read") == 0 && n == 3) {
      out->kind = probe ? COMMAND_PROBE_READ : COMMAND_READ;
      return parse_read(words + 1, out, err, err_size);
    }
    if (strcmp(name, "write") == 0 && n == 3) {
      out->kind = probe ? COMMAND_PROBE_WRITE : COMMAND_WRITE;
      return parse_write(words + 1, out, err, err_size);
    }
  }
  return misused(line, err, err_size);
}
