/* Finds the command, parses its options, prints help and errors. Knows no command. */
#include "tool/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option common_options[] = {
    {"json", 0, NULL, "answer in JSON, for scripts", false, false},
    {"help", 'h', NULL, "this text", false, false},
    {0},
};

/* ---- messages ---- */

void problem_write(struct problem *problem, int code, const char *format, ...)
{
  va_list args;
  problem->code = code;
  va_start(args, format);
  vsnprintf(problem->text, sizeof problem->text, format, args);
  va_end(args);
}

static void message(const struct cli *cli, const char *format, va_list args)
{
  fflush(stdout);
  fprintf(stderr, "portcullis%s%s: ", cli->command ? " " : "", cli->command ? cli->command->name : "");
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
}

int cli_fail(const struct cli *cli, int code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  message(cli, format, args);
  va_end(args);
  return code;
}

int cli_report(const struct cli *cli, const struct problem *problem)
{
  return cli_fail(cli, problem->code, "%s", problem->text);
}

void cli_note(const struct cli *cli, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  message(cli, format, args);
  va_end(args);
}

/* ---- options ---- */

const char *cli_value_at(const struct cli *cli, const char *name, size_t index)
{
  for (size_t i = 0; i < cli->set_count; i++)
    if (strcmp(cli->set[i].option->name, name) == 0 && index-- == 0)
      return cli->set[i].value;
  return NULL;
}

const char *cli_value(const struct cli *cli, const char *name)
{
  return cli_value_at(cli, name, 0);
}

bool cli_flag(const struct cli *cli, const char *name)
{
  return cli_value(cli, name) != NULL;
}

bool cli_number(const struct cli *cli, const char *name, uint32_t min, uint32_t max, uint32_t *number,
                struct problem *problem)
{
  const char *text = cli_value(cli, name);
  if (text == NULL)
    return true;
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 0);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
    return problem_set(problem, CLI_USAGE, "--%s %s: not a number (decimal, or hexadecimal with 0x)", name, text);
  if (value < min || value > max)
    return problem_set(problem, CLI_USAGE, "--%s %s: must lie within %u and %u", name, text, min, max);
  *number = (uint32_t)value;
  return true;
}

/* The i-th option that a command knows, its own tables first. NULL after the last. */
static const struct cli_option *option_at(const struct cli_command *command, size_t index)
{
  for (size_t t = 0; t <= CLI_TABLES; t++) {
    const struct cli_option *table = t < CLI_TABLES ? command->options[t] : common_options;
    for (; table != NULL && table->name != NULL; table++)
      if (index-- == 0)
        return table;
  }
  return NULL;
}

static const struct cli_option *find_letter(const struct cli_command *command, char letter)
{
  const struct cli_option *o = NULL;
  for (size_t i = 0; (o = option_at(command, i)) != NULL && o->letter != letter; i++)
    ;
  return o;
}

static const struct cli_option *find_name(const struct cli_command *command, const char *name, size_t length)
{
  const struct cli_option *o = NULL;
  for (size_t i = 0; (o = option_at(command, i)) != NULL; i++)
    if (strlen(o->name) == length && memcmp(o->name, name, length) == 0)
      return o;
  return NULL;
}

static int hint(const struct cli *cli, int code)
{
  fprintf(stderr, "Try 'portcullis %s --help'.\n", cli->command->name);
  return code;
}

/* One option at argv[*i]; moves *i over a value in the next word. */
static int take_option(struct cli *cli, char **argv, int *i)
{
  const char *word = argv[*i], *value = NULL;
  const struct cli_option *o;
  if (word[1] == '-') {
    const char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) - 2 : strlen(word) - 2;
    o = find_name(cli->command, word + 2, length);
    value = equals ? equals + 1 : NULL;
  } else {
    o = find_letter(cli->command, word[1]);
    if (o != NULL && o->value != NULL && word[2] != '\0')
      value = word + 2;
    else if (word[2] != '\0')
      o = NULL;
    if (o == NULL) /* -sfi: long names with one dash, as the vendor's programmer has them */
      o = find_name(cli->command, word + 1, strlen(word + 1));
  }
  if (o == NULL)
    return hint(cli, cli_fail(cli, CLI_USAGE, "unknown option %s", word));
  if (o->value == NULL && value != NULL)
    return hint(cli, cli_fail(cli, CLI_USAGE, "--%s takes no value", o->name));
  if (o->value != NULL && value == NULL) {
    value = argv[*i + 1];
    if (value == NULL)
      return hint(cli, cli_fail(cli, CLI_USAGE, "--%s needs a value (%s)", o->name, o->value));
    (*i)++;
  }
  if (!o->repeats && cli_value(cli, o->name) != NULL)
    return hint(cli, cli_fail(cli, CLI_USAGE, "--%s is given twice", o->name));
  cli->set[cli->set_count].option = o;
  cli->set[cli->set_count++].value = value ? value : "";
  return CLI_OK;
}

static int check_complete(const struct cli *cli)
{
  const struct cli_command *c = cli->command;
  const struct cli_option *o;
  for (size_t i = 0; (o = option_at(c, i)) != NULL; i++)
    if (o->required && cli_value(cli, o->name) == NULL)
      return hint(cli, cli_fail(cli, CLI_USAGE, "--%s %s is missing", o->name, o->value ? o->value : ""));
  if (cli->argument_count < c->min_arguments)
    return hint(cli, cli_fail(cli, CLI_USAGE, "argument missing: %s", c->arguments));
  if (c->max_arguments >= 0 && cli->argument_count > c->max_arguments)
    return hint(cli, cli_fail(cli, CLI_USAGE, "unexpected argument '%s'", cli->arguments[c->max_arguments]));
  return CLI_OK;
}

/* ---- help ---- */

static void print_option(const struct cli_option *o)
{
  char left[64];
  int n = snprintf(left, sizeof left, "%s%c%s--%s%s%s", o->letter ? "-" : "  ", o->letter ? o->letter : ' ',
                   o->letter ? ", " : " ", o->name, o->value ? " " : "", o->value ? o->value : "");
  printf("  %-30s", left);
  if (n > 30)
    printf("\n  %-30s", "");
  for (const char *line = o->help; line != NULL;) {
    const char *end = strchr(line, '\n');
    printf(" %.*s%s\n", end ? (int)(end - line) : (int)strlen(line), line, !end && o->required ? " (required)" : "");
    line = end ? end + 1 : NULL;
    if (line != NULL)
      printf("  %-30s", "");
  }
}

static void command_help(const struct cli_command *c)
{
  printf("usage: portcullis %s [options]%s%s\n\n%s.\n", c->name, c->arguments[0] ? " " : "", c->arguments, c->summary);
  if (c->details != NULL)
    printf("\n%s\n", c->details);
  printf("\nOptions:\n");
  const struct cli_option *o;
  for (size_t i = 0; (o = option_at(c, i)) != NULL; i++)
    print_option(o);
  printf("\nExamples:\n");
  for (const char *line = c->examples; *line != '\0';) {
    size_t length = strcspn(line, "\n");
    printf("  %.*s\n", (int)length, line);
    line += length + (line[length] == '\n');
  }
  printf("\nExit codes: 0 done, 1 refused, 2 wrong usage, 3 input or output failed.\n");
}

static const struct cli_group *find_group(const char *name)
{
  for (const struct cli_group *g = cli_groups; g->name != NULL; g++)
    if (strcmp(g->name, name) == 0)
      return g;
  return NULL;
}

static bool in_group(const struct cli_command *c, const char *group)
{
  size_t n = strlen(group);
  if (n == 0) /* the group of commands that are one word, and no other group's */
    return strchr(c->name, ' ') == NULL && find_group(c->name) == NULL;
  return strncmp(c->name, group, n) == 0 && (c->name[n] == ' ' || c->name[n] == '\0');
}

static void group_help(const struct cli_group *group)
{
  printf("usage: portcullis %s COMMAND [options] ...\n\n%s.\n\n", group->name, group->summary);
  for (size_t i = 0; cli_commands[i] != NULL; i++)
    if (in_group(cli_commands[i], group->name))
      printf("  portcullis %-20s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
  printf("\nOptions and examples: portcullis %s COMMAND --help\n", group->name);
}

static void main_help(void)
{
  printf("usage: portcullis COMMAND [options] ...\n\n"
         "Keys, signed and encrypted firmware images, and factory files for Portcullis boot loaders.\n");
  for (const struct cli_group *g = cli_groups; g->name != NULL; g++) {
    printf("\n%s:\n", g->summary);
    for (size_t i = 0; cli_commands[i] != NULL; i++)
      if (in_group(cli_commands[i], g->name))
        printf("  %-20s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
  }
  printf("\nOptions and examples of a command: portcullis COMMAND --help\n"
         "A first image:\n"
         "  portcullis keys new keys\n"
         "  portcullis image pack --keys keys --version 1.0.0 app.elf -o app.sfb\n"
         "  portcullis image verify app.sfb --keys keys\n");
}

/* ---- dispatch ---- */

/* Number of words in a command's name when argv starts with it, else 0. */
static int matches(const struct cli_command *c, int argc, char **argv)
{
  const char *name = c->name;
  for (int words = 0;; words++) {
    size_t n = strcspn(name, " ");
    if (words >= argc || strlen(argv[words]) != n || memcmp(argv[words], name, n) != 0)
      return 0;
    if (name[n] == '\0')
      return words + 1;
    name += n + 1;
  }
}

static bool is_help(const char *word)
{
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static int no_such_command(int argc, char **argv)
{
  const struct cli cli = {0};
  const struct cli_group *g = find_group(argv[0]);
  if (g == NULL)
    return cli_fail(&cli, CLI_USAGE, "no command '%s'. Try 'portcullis --help'.", argv[0]);
  if (argc > 1 && is_help(argv[1])) {
    group_help(g);
    return CLI_OK;
  }
  if (argc > 1)
    return cli_fail(&cli, CLI_USAGE, "no command '%s %s'. Try 'portcullis %s --help'.", argv[0], argv[1], argv[0]);
  group_help(g);
  return CLI_USAGE;
}

static int run_command(const struct cli_command *command, int argc, char **argv)
{
  const char **arguments = calloc((size_t)argc + 1, sizeof *arguments);
  struct cli cli = {.command = command, .set = calloc((size_t)argc + 1, sizeof *cli.set), .arguments = arguments};
  int code = CLI_OK;
  bool options = true;
  if (arguments == NULL || cli.set == NULL) {
    free(cli.set);
    free(arguments);
    return cli_fail(&cli, CLI_INPUT, "out of memory");
  }
  for (int i = 0; code == CLI_OK && i < argc; i++) {
    if (options && strcmp(argv[i], "--") == 0)
      options = false;
    else if (options && argv[i][0] == '-' && argv[i][1] != '\0')
      code = take_option(&cli, argv, &i);
    else
      arguments[cli.argument_count++] = argv[i];
  }
  if (code == CLI_OK && cli_flag(&cli, "help")) {
    command_help(command);
  } else if (code == CLI_OK) {
    cli.json = cli_flag(&cli, "json");
    code = check_complete(&cli);
    if (code == CLI_OK)
      code = command->run(&cli);
  }
  free(cli.set);
  free(arguments);
  return code;
}

static int dispatch(int argc, char **argv)
{
  argc--;
  argv++;
  bool help_first = argc > 0 && is_help(argv[0]);
  if (argc == 0 || (help_first && argc == 1)) {
    main_help();
    return argc == 0 ? CLI_USAGE : CLI_OK;
  }
  if (help_first) { /* help image pack */
    argc--;
    argv++;
  }
  for (size_t i = 0; cli_commands[i] != NULL; i++) {
    int words = matches(cli_commands[i], argc, argv);
    if (words == 0)
      continue;
    if (help_first) {
      command_help(cli_commands[i]);
      return CLI_OK;
    }
    return run_command(cli_commands[i], argc - words, argv + words);
  }
  const struct cli_group *g = find_group(argv[0]);
  if (help_first && g != NULL && argc == 1) {
    group_help(g);
    return CLI_OK;
  }
  return no_such_command(argc, argv);
}

int cli_main(int argc, char **argv)
{
  int code = dispatch(argc, argv);
  if ((fflush(stdout) != 0 || ferror(stdout)) && code == CLI_OK) {
    fprintf(stderr, "portcullis: cannot write the answer: %s\n", strerror(errno));
    return CLI_INPUT;
  }
  return code;
}
