/* portcullis program: the vendor's way of saying it, translated. */
#include "sfi/programmer/command.h"

#include <stdio.h>
#include <string.h>

extern const struct cli_command cmd_program_install, cmd_program_certificate;

#define SET   32u
#define WORDS 16u

struct words {
  const struct cli *cli;
  struct cli_set set[SET];
  size_t count;
  const char *file, *words[WORDS]; /* licence files */
  size_t word_count;
  bool card, told, slot;
  char port[200];
};

static const struct cli_option *find(const struct cli_command *command, const char *name)
{
  for (size_t t = 0; t < CLI_TABLES && command->options[t] != NULL; t++)
    for (const struct cli_option *o = command->options[t]; o->name != NULL; o++)
      if (strcmp(o->name, name) == 0)
        return o;
  return NULL;
}

static void set(struct words *w, const struct cli_command *command, const char *name, const char *value)
{
  const struct cli_option *option = find(command, name);
  if (option != NULL && w->count < SET) {
    w->set[w->count].option = option;
    w->set[w->count++].value = value;
  }
}

static bool port(struct words *w, const char *text, struct problem *problem)
{
  if (strncmp(text, "port=", 5) != 0)
    return problem_set(problem, CLI_USAGE, "-c %s: must be port=PORT", text);
  snprintf(w->port, sizeof w->port, "%s", text + 5);
  return true;
}

/* The words behind -sfi: protocol=static FILE.sfi hsm=0|1 slot=N or a licence file; then slots or licence files of the
 * image's modules. */
static bool take(struct words *w, const char *word, struct problem *problem)
{
  if (strncmp(word, "protocol=", 9) == 0)
    return strcmp(word, "protocol=static") == 0 ||
           problem_set(problem, CLI_USAGE, "%s: only protocol=static is known", word);
  if (strcmp(word, "hsm=0") == 0 || strcmp(word, "hsm=1") == 0) {
    w->card = word[4] == '1';
    w->told = true;
    return true;
  }
  if (strncmp(word, "slot=", 5) == 0) {
    set(w, &cmd_program_install, w->slot || (w->told && !w->card) ? "module-reader" : "reader", word + 5);
    w->slot = true;
    return true;
  }
  if (strncmp(word, "br=", 3) == 0 || strncmp(word, "P=", 2) == 0)
    return true; /* the line is 115200 baud, even parity */
  if (strchr(word, '=') != NULL)
    return problem_set(problem, CLI_USAGE, "%s: not known here", word);
  if (w->file == NULL)
    w->file = word;
  else if (w->word_count < WORDS)
    w->words[w->word_count++] = word;
  else
    return problem_set(problem, CLI_USAGE, "%s: too many licences", word);
  return true;
}

static int run(struct cli *cli)
{
  struct problem problem;
  struct words w = {.cli = cli};
  const char *certificate = cli_value(cli, "gc");
  const bool install = cli_flag(cli, "sfi");
  bool ok = port(&w, cli_value(cli, "connect"), &problem);
  for (int i = 0; ok && i < cli->argument_count; i++)
    ok = take(&w, cli->arguments[i], &problem);
  if (ok && install == (certificate != NULL))
    ok = problem_set(&problem, CLI_USAGE, "what is to be done? Either -sfi or -gc FILE");
  if (ok && install && (w.file == NULL || !w.told || (!w.card && w.word_count == 0)))
    ok = problem_set(&problem, CLI_USAGE,
                     "-sfi protocol=static FILE.sfi hsm=1 slot=N, or -sfi protocol=static FILE.sfi hsm=0 FILE.lic");
  if (!ok)
    return cli_report(cli, &problem);
  const struct cli_command *command = install ? &cmd_program_install : &cmd_program_certificate;
  set(&w, command, "port", w.port);
  for (size_t i = 0; i < w.word_count; i++)
    set(&w, command, i == 0 && !w.card ? "licence" : "module-licence", w.words[i]);
  if (certificate != NULL)
    set(&w, command, "output", certificate);
  struct cli modern = {.command = command, .json = cli->json, .set = w.set, .set_count = w.count};
  return install ? program_install(&modern, w.file) : command->run(&modern);
}

static const struct cli_option options[] = {
    {"connect", 'c', "port=PORT", "the device's port, as in 'program install'", true, false},
    {"sfi", 0, NULL, "-sfi protocol=static FILE.sfi hsm=1 slot=N, or hsm=0 FILE.lic", false, false},
    {"gc", 0, "FILE", "-gc FILE: save the device's certificate", false, false},
    {0},
};

const struct cli_command cmd_program = {
    .name = "program",
    .arguments = "[WORD...]",
    .summary = "The same with the vendor's words: -c port=... -sfi ..., -gc FILE",
    .details =
        "Otherwise: program install, certificate, write, read, erase, options, go; each explains itself with --help.",
    .options = {options},
    .examples = "portcullis program -c port=/dev/ttyUSB0 -sfi protocol=static out.sfi hsm=1 slot=1\n"
                "portcullis program -c port=/dev/ttyUSB0 -gc device.der",
    .max_arguments = -1,
    .run = run,
};
