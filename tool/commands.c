/* The table of commands, from commands.def. */
#include "tool/cli.h"

#define GROUP(name, summary)
#define COMMAND(id) extern const struct cli_command cmd_##id;
#include "tool/commands.def"
#undef COMMAND
#define COMMAND(id) &cmd_##id,
const struct cli_command *const cli_commands[] = {
#include "tool/commands.def"
    NULL,
};
#undef GROUP
#undef COMMAND
#define GROUP(name, summary) {name, summary},
#define COMMAND(id)
const struct cli_group cli_groups[] = {
#include "tool/commands.def"
    {NULL, NULL},
};
