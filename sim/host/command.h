/* The one-line commands of stm32sim: the control socket, gdb's `monitor`, and the flags that say the same.
 *
 * Parsing only: any text gives a command or a message that says what is wrong. session.h carries them out.
 */
#ifndef SIM_HOST_COMMAND_H
#define SIM_HOST_COMMAND_H

#include "sim/soc/soc.h"

#define COMMAND_MAX       1024u  /* longest line, without its end */
#define COMMAND_READ_MAX  65536u /* bytes that one `read` may ask for */
#define COMMAND_WRITE_MAX 256u   /* bytes that one `write` may carry */

enum command_kind {
  COMMAND_HELP,
  COMMAND_BUTTON, /* on */
  COMMAND_PIN,    /* pin */
  COMMAND_RESET,  /* on: and halt */
  COMMAND_POWER,  /* on */
  COMMAND_POWER_CYCLE,
  COMMAND_CUT, /* cut */
  COMMAND_STATS,
  COMMAND_STATS_CLEAR,
  COMMAND_READ,  /* addr, size */
  COMMAND_WRITE, /* addr, size, data */
  COMMAND_ERASE,
  COMMAND_LOAD,         /* path */
  COMMAND_DRIVE_INSERT, /* path */
  COMMAND_DRIVE_EJECT,
  COMMAND_RUN,
  COMMAND_STOP,
  COMMAND_STATUS,
  COMMAND_BREAK,        /* on: at addr; off: none */
  COMMAND_OPTIONS,      /* show them */
  COMMAND_OPTION,       /* option */
  COMMAND_PROBE,        /* on: attach, off: detach */
  COMMAND_PROBE_STATUS, /* can it reach the chip? */
  COMMAND_PROBE_READ,   /* addr, size */
  COMMAND_PROBE_WRITE,  /* addr, size, data */
  COMMAND_WAIT,         /* wait */
  COMMAND_SAVE,
  COMMAND_QUIT,
};

enum command_wait { WAIT_OFF, WAIT_LOCKUP, WAIT_ASLEEP, WAIT_STOPPED };

struct command_pin {
  char port; /* 'A'... */
  unsigned pin;
  enum { PIN_LOW, PIN_HIGH, PIN_FLOATING } level;
};

struct command_cut {
  uint64_t operations; /* 1: the next one; 0: no cut */
  enum soc_cut_mode mode;
  uint32_t seed;
};

struct command_option {
  char name[16];
  uint32_t value;
};

struct command {
  enum command_kind kind;
  bool on;
  struct command_pin pin;
  struct command_cut cut;
  struct command_option option;
  enum command_wait wait;
  uint32_t addr, size;
  uint8_t data[COMMAND_WRITE_MAX];
  const char *path; /* inside the line that was parsed */
};

/* False: `err` says what is wrong (one line). `line` has no line end. */
bool command_parse(const char *line, struct command *out, char *err, size_t err_size);
/* All commands with their arguments, one a line. */
extern const char command_help[];

/* The flags' spelling of the same. "N[:before|clean|torn[:SEED]|weak[:SEED]]" */
bool command_parse_cut(const char *text, struct command_cut *out, char *err, size_t err_size);
/* "PC13=0|1|z" */
bool command_parse_pin(const char *text, struct command_pin *out, char *err, size_t err_size);
/* "OPTR=0xFFEFF8BB" */
bool command_parse_option(const char *text, struct command_option *out, char *err, size_t err_size);
/* A number from 0 to `max`, decimal or 0x hexadecimal, nothing before or after it. */
bool command_parse_number(const char *text, uint64_t max, uint64_t *out);

#endif
