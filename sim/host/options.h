/* The command line of stm32sim. */
#ifndef SIM_HOST_OPTIONS_H
#define SIM_HOST_OPTIONS_H

#include "sim/host/command.h"
#include "sim/host/pace.h"
#include "sim/host/watch.h"

#define OPTIONS_LOADS 16u
#define OPTIONS_TEXTS 16u
#define OPTIONS_PINS  32u
#define OPTIONS_WORDS 16u
#define OPTIONS_UARTS 3u /* the third: SPI1 */

/* Exit codes; told in --help. */
enum exit_code {
  EXIT_OK = 0,
  EXIT_FAIL_TEXT = 1,
  EXIT_USAGE = 2,
  EXIT_LIMIT = 3,
  EXIT_LOCKUP = 4,
  EXIT_CUT = 5,
  EXIT_IO = 6,
};

struct board {
  const char *name, *device;
  unsigned uart; /* wired to the debug probe's serial port */
  char button_port;
  unsigned button_pin;
  bool button_high; /* level while pressed */
};

struct option_load {
  char *path; /* allocated */
  bool has_addr;
  uint32_t addr;
};

struct options {
  const char *device;
  const struct board *board; /* NULL: a bare chip */
  const char *state, *gdb, *jtag, *control, *announce, *stats, *transcript, *drive;
  struct option_load loads[OPTIONS_LOADS];
  unsigned load_count;
  const char *symbols[OPTIONS_LOADS];
  unsigned symbol_count;
  const char *uart_spec[OPTIONS_UARTS];
  unsigned uart_index[OPTIONS_UARTS], uart_count;
  struct watch until[OPTIONS_TEXTS], until_fail[OPTIONS_TEXTS];
  unsigned until_count, until_fail_count;
  uint64_t max_instructions; /* 0: none */
  double max_seconds;        /* 0: none */
  struct command_cut cut;
  struct command_pin pins[OPTIONS_PINS];
  struct command_option option_words[OPTIONS_WORDS];
  unsigned option_word_count;
  unsigned pin_count;
  double press_button; /* seconds; 0: not pressed */
  enum pace_mode pace;
  bool erase, no_run, halt, stay, wait_client, skip_idle, quiet, json;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE /* help or version was printed */, OPTIONS_WRONG /* told on stderr */ };

enum options_result options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);
/* FILE[@ADDR]. False: `err` says what is wrong. */
bool options_parse_load(const char *text, struct option_load *out, char *err, size_t err_size);

#endif
