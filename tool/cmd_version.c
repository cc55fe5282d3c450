/* portcullis version: the version of a build, from a tag of its repository. */
#include "tool/cli.h"
#include "tool/json.h"
#include "tool/version.h"

#include "image/header.h"

#include <stdio.h>
#include <string.h>

#define DESCRIBE "git describe --tags --always --dirty"

/* Git says what is wrong itself, on stderr. */
static bool ask_git(char *text, size_t size, struct problem *problem)
{
  FILE *git = popen(DESCRIBE, "r");
  if (git == NULL)
    return problem_set(problem, CLI_INPUT, "git cannot be started");
  size_t n = fread(text, 1, size - 1, git);
  text[n] = '\0';
  text[strcspn(text, "\r\n")] = '\0';
  if (pclose(git) != 0)
    return problem_set(problem, CLI_INPUT, DESCRIBE ": failed; give the version instead");
  return true;
}

static int run(struct cli *cli)
{
  struct problem problem;
  char described[256], text[VERSION_TEXT];
  uint32_t version;
  if (cli->argument_count > 0)
    snprintf(described, sizeof described, "%s", cli->arguments[0]);
  else if (!ask_git(described, sizeof described, &problem))
    return cli_report(cli, &problem);
  if (!version_from_describe(described, &version, &problem))
    return cli_report(cli, &problem);
  version_text(version, IMAGE_PROTOCOL, text);
  if (cli->json) {
    json_object(NULL);
    json_string("described", described);
    json_string("version", text);
    json_number("packed", version);
    json_end();
  } else {
    printf("%s\n", text);
  }
  return CLI_OK;
}

const struct cli_command cmd_version = {
    .name = "version",
    .arguments = "[DESCRIBED]",
    .summary = "The version of a build, from what git describes",
    .details = "Commits since the tag are added to the patch: v1.2.3-12-g9c124b3 is 1.2.15. Without an argument:\n"
               "'" DESCRIBE "' in the current folder.",
    .examples = "portcullis version v1.2.3-12-g9c124b3\nportcullis version --json",
    .max_arguments = 1,
    .run = run,
};
