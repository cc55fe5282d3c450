/* The command line's frame: how a command describes itself, options, errors, exit codes, JSON.
 *
 * To add a command: write tool/cmd_<name>.c with a `const struct cli_command cmd_<name>`, and add one line to
 * tool/commands.def. Its help, its option checks and its place in `portcullis --help` follow from the description.
 */
#ifndef TOOL_CLI_H
#define TOOL_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes, the same for every command. */
enum {
  CLI_OK = 0,
  CLI_REFUSED = 1, /* a check said no: wrong signature, image does not fit, version already used... */
  CLI_USAGE = 2,   /* the command line is wrong; nothing was done */
  CLI_INPUT = 3    /* a file (or token) cannot be read or written, or holds no valid data */
};

/* What went wrong, on its way from where it happened to the command that reports it. */
struct problem {
  int code; /* CLI_REFUSED, CLI_USAGE or CLI_INPUT */
  char text[600];
};
__attribute__((format(printf, 3, 4))) void problem_write(struct problem *problem, int code, const char *format, ...);
/* Always false, so that a function can `return problem_set(...)`. A macro, for the compiler to see that. */
#define problem_set(...) (problem_write(__VA_ARGS__), false)

struct cli_option {
  const char *name;  /* without "--" */
  char letter;       /* short form, or 0 */
  const char *value; /* what the value is ("FILE"), NULL for a flag */
  const char *help;  /* lines separated by \n */
  bool required;
  bool repeats;
};

#define CLI_TABLES 6

struct cli;

struct cli_command {
  const char *name;                             /* "image pack" */
  const char *arguments;                        /* positional arguments, as shown in the usage line: "INPUT" */
  const char *summary;                          /* one line */
  const char *details;                          /* paragraphs, or NULL */
  const struct cli_option *options[CLI_TABLES]; /* each ended by an entry without name; unused: NULL */
  const char *examples;                         /* lines, each "portcullis ..." */
  int min_arguments, max_arguments;             /* max < 0: any number */
  int (*run)(struct cli *cli);                  /* returns the exit code */
};

struct cli {
  const struct cli_command *command;
  bool json; /* --json, known to every command */
  int argument_count;
  const char *const *arguments;
  struct cli_set {
    const struct cli_option *option;
    const char *value;
  } * set;
  size_t set_count;
};

/* The value of an option ("" for a flag), NULL when it was not given. */
const char *cli_value(const struct cli *cli, const char *name);
/* The index-th value of a repeatable option, NULL beyond the last. */
const char *cli_value_at(const struct cli *cli, const char *name, size_t index);
bool cli_flag(const struct cli *cli, const char *name);
/* A number in decimal or 0x hex. False: not a number, or outside min..max (problem says so). Leaves *number alone when
 * the option was not given. */
bool cli_number(const struct cli *cli, const char *name, uint32_t min, uint32_t max, uint32_t *number,
                struct problem *problem);

/* "portcullis image pack: text" on stderr; returns `code`. */
__attribute__((format(printf, 3, 4))) int cli_fail(const struct cli *cli, int code, const char *format, ...);
int cli_report(const struct cli *cli, const struct problem *problem);
/* Remarks that are no errors, on stderr, in the same style. */
__attribute__((format(printf, 2, 3))) void cli_note(const struct cli *cli, const char *format, ...);

/* The table of commands (tool/commands.c), NULL-terminated, in the order of help. */
extern const struct cli_command *const cli_commands[];
struct cli_group {
  const char *name, *summary;
};
extern const struct cli_group cli_groups[]; /* ended by an entry without name */

/* Everything from argv to the exit code. */
int cli_main(int argc, char **argv);

#endif
