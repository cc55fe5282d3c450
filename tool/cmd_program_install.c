/* portcullis program install: secure install on one or many devices. */
#include "sfi/programmer/command.h"
#include "sfi/programmer/fleet.h"
#include "tool/json.h"
#include "tool/objfile/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TRIES 2u

static const struct cli *current; /* for the callbacks: a process installs once */
static FILE *log_file;

static const char *uid_text(const struct fleet_device *d, char text[2 * INSTALL_UID + 1])
{
  for (unsigned i = 0; i < INSTALL_UID; i++)
    sprintf(text + 2 * i, "%02x", d->uid[i]);
  if (!d->identified)
    snprintf(text, 2 * INSTALL_UID + 1, "-");
  return text;
}

static void bar(const struct fleet_device *d, uint32_t done, uint32_t all)
{
  (void)d;
  program_bar((void *)(uintptr_t) "installing", done, all);
}

/* One line for each device, as it ends; the same into the log, with the time. */
static void finished(const struct fleet_device *d)
{
  char uid[2 * INSTALL_UID + 1], line[1200];
  int n = snprintf(line, sizeof line, "%s  %s  %s", d->port, uid_text(d, uid), d->done ? "installed" : "FAILED");
  if (d->licensed)
    n +=
        snprintf(line + n, sizeof line - (size_t)n, "  licence %s, %u left", d->issued ? "issued" : "at hand", d->left);
  else if (d->issued)
    n += snprintf(line + n, sizeof line - (size_t)n, "  licence issued and lost");
  n += snprintf(line + n, sizeof line - (size_t)n, "  %.1f s", d->seconds);
  if (!d->done)
    snprintf(line + n, sizeof line - (size_t)n, "  %s", d->problem.text);
  if (!current->json)
    printf("%s\n", line);
  fflush(stdout);
  if (log_file != NULL) {
    char stamp[32];
    const time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    fprintf(log_file, "%s  %s\n", stamp, line);
    fflush(log_file);
  }
}

static void summary(const struct fleet *f, const struct source *source_was, bool card, uint32_t before, uint32_t after)
{
  size_t done = 0, issued = 0, modules = 0;
  (void)source_was;
  for (size_t i = 0; i < f->count; i++) {
    done += f->devices[i].done;
    issued += f->devices[i].issued;
    modules += f->devices[i].module_issued;
  }
  if (log_file != NULL) {
    fprintf(log_file, "# %s: %zu devices, %zu installed, %zu failed, %zu counts spent", f->name, f->count, done,
            f->count - done, issued);
    if (f->module_count != 0)
      fprintf(log_file, ", %zu of modules' cards", modules);
    if (card)
      fprintf(log_file, ", card %u before, %u after", before, after);
    fprintf(log_file, "\n");
  }
  if (!current->json) {
    printf("%zu of %zu installed; %zu counts spent", done, f->count, issued);
    if (f->module_count != 0)
      printf(", %zu of modules' cards", modules);
    printf(card ? ", %u left on the card\n" : "\n", after);
    return;
  }
  json_object(NULL);
  json_string("image", f->name);
  json_number("installed", done);
  json_number("failed", f->count - done);
  json_number("counts_spent", issued);
  if (f->module_count != 0)
    json_number("module_counts_spent", modules);
  if (card)
    json_number("left", after);
  json_array("devices");
  for (size_t i = 0; i < f->count; i++) {
    const struct fleet_device *d = &f->devices[i];
    char uid[2 * INSTALL_UID + 1];
    json_object(NULL);
    json_string("port", d->port);
    json_string("uid", d->identified ? uid_text(d, uid) : NULL);
    json_bool("installed", d->done);
    json_bool("count_spent", d->issued);
    json_number("milliseconds", (uint64_t)(d->seconds * 1000));
    json_string("error", d->done ? NULL : d->problem.text);
    json_end();
  }
  json_end();
  json_end();
}

/* The worst of the devices': what a script needs to know. */
static int exit_code(const struct fleet *f)
{
  int code = CLI_OK;
  for (size_t i = 0; i < f->count; i++)
    if (!f->devices[i].done)
      code = code == CLI_INPUT || f->devices[i].problem.code == CLI_INPUT ? CLI_INPUT : CLI_REFUSED;
  return code;
}

static bool installable(const char *name, const struct container *c, struct problem *problem)
{
  if (c->kind != SFI_IMAGE)
    return problem_set(problem, CLI_REFUSED, "%s: a module, no image: give it to 'portcullis sfi pack'", name);
  for (uint32_t i = 0; i < c->count; i++)
    if (c->parts[i].later)
      return problem_set(problem, CLI_REFUSED, "%s: area %u is of a type ('%c') that no device here installs", name,
                         i + 1, c->parts[i].area.type);
  return true;
}

/* A licence file or a card for each module of the image, in its order. */
static bool open_modules(const struct cli *cli, const char *name, struct fleet *f, struct problem *problem)
{
  const size_t modules = install_modules(f->container);
  size_t files = 0, readers = 0;
  while (cli_value_at(cli, "module-licence", files) != NULL)
    files++;
  while (cli_value_at(cli, "module-reader", readers) != NULL)
    readers++;
  if (modules > FLEET_MODULES)
    return problem_set(problem, CLI_REFUSED, "%s: %zu modules; %u can be installed", name, modules, FLEET_MODULES);
  if ((files != 0 && readers != 0) || files + readers != modules)
    return problem_set(problem, CLI_USAGE,
                       modules == 0
                           ? "%s has no modules (%zu): no --module-licence, no --module-reader"
                           : "%s: its modules (%zu) want a licence each, of their makers: --module-licence FILE "
                             "or --module-reader N, as many times",
                       name, modules);
  for (; f->module_count < modules; f->module_count++) {
    const size_t i = f->module_count;
    f->modules[i] = source_open_for(cli, (unsigned)i + 1, cli_value_at(cli, "module-licence", i),
                                    cli_value_at(cli, "module-reader", i), problem);
    if (f->modules[i] == NULL)
      return false;
  }
  return true;
}

static bool open_log(const struct cli *cli, struct problem *problem)
{
  const char *path = cli_value(cli, "log");
  log_file = path != NULL ? fopen(path, "ae") : NULL;
  return path == NULL || log_file != NULL || problem_set(problem, CLI_INPUT, "%s: cannot be written", path);
}

int program_install(struct cli *cli, const char *file)
{
  struct problem problem = {0};
  struct container container = {0};
  struct fleet fleet = {.name = file, .container = &container, .finished = finished};
  uint32_t before = 0, after = 0, tries = TRIES, wait = 15;
  size_t size = 0;
  bool card = false;
  int code;
  current = cli;
  problem.code = CLI_INPUT;
  uint8_t *bytes = objfile_slurp(file, 256u << 20, &size, problem.text, sizeof problem.text);
  fleet.file = bytes;
  bool ok = bytes != NULL && container_parse(file, bytes, size, &container, &problem) &&
            installable(file, &container, &problem) && cli_number(cli, "retries", 0, 100, &tries, &problem) &&
            cli_number(cli, "wait", 1, 3600, &wait, &problem) &&
            fleet_ports(cli, &fleet.devices, &fleet.count, &problem) && open_log(cli, &problem) &&
            (fleet.source = source_open(cli, &problem)) != NULL && open_modules(cli, file, &fleet, &problem);
  if (ok) {
    fleet.tries = tries;
    fleet.wait_ms = wait * 1000;
    if (fleet.count == 1 && !cli->json)
      fleet.progress = bar;
    card = source_left(fleet.source, &before);
    ok = fleet_run(&fleet, &problem);
    if (card)
      (void)source_left(fleet.source, &after);
    summary(&fleet, fleet.source, card, before, after);
  }
  code = ok ? exit_code(&fleet) : cli_report(cli, &problem);
  source_close(fleet.source);
  for (size_t i = 0; i < fleet.module_count; i++)
    source_close(fleet.modules[i]);
  if (log_file != NULL)
    fclose(log_file);
  log_file = NULL;
  container_free(&container);
  free(fleet.devices);
  free(bytes);
  return code;
}

static int run(struct cli *cli)
{
  return program_install(cli, cli->arguments[0]);
}

const struct cli_option program_install_options[] = {
    {"port", 'p', "PORT",
     "serial device, tcp:HOST:PORT, unix:PATH; spi: before a socket for SPI.\n"
     "Once per device, or once with {} in it, which counts from 0",
     true, true},
    {"devices", 0, "N", "number of devices", false, false},
    {"licence", 0, "FILE", "licence for the one device, instead of a card", false, false},
    {"licences", 0, "DIR", "keep issued licences here, and take them for another try: no second count", false, false},
    {"reader", 'r', "N", "card reader, counted from 1, or part of its name\n(default: the only one that holds a card)",
     false, false},
    {"module-licence", 0, "FILE", "licence for a module of the image, of its maker; once per module, in their order",
     false, true},
    {"module-reader", 0, "N", "card reader with the card of a module's maker; once per module", false, true},
    {"retries", 0, "N", "tries when the line fails (default 2)", false, false},
    {"log", 0, "FILE", "append a line for each device", false, false},
    {0},
};

const struct cli_command cmd_program_install = {
    .name = "program install",
    .arguments = "FILE.sfi",
    .summary = "Secure install on one or many devices; each costs a count of the card",
    .details =
        "The vendor's way of saying it works as well: portcullis program -c port=PORT -sfi protocol=static FILE.sfi\n"
        "hsm=1 slot=1 (or hsm=0 FILE.lic); further slots and licences are those of the image's modules.",
    .options = {program_install_options, program_wait_options},
    .examples =
        "portcullis program install out.sfi --port /dev/ttyUSB0\n"
        "portcullis program install out.sfi --port tcp:127.0.0.1:4000 --licence device1.lic\n"
        "portcullis program install out.sfi --port /dev/ttyUSB{} --devices 8 --log factory.log --licences issued",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
