/* A thread for each device. */
#include "sfi/programmer/fleet.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t report_lock = PTHREAD_MUTEX_INITIALIZER;

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void progress(void *ctx, uint32_t done, uint32_t all)
{
  const struct fleet_device *d = ctx;
  if (d->fleet->progress == NULL)
    return;
  pthread_mutex_lock(&report_lock);
  d->fleet->progress(d, done, all);
  pthread_mutex_unlock(&report_lock);
}

/* Reading only: may be begun again. */
static bool meet(struct fleet_device *d, struct link *link, struct install_device *device, uint8_t *certificate,
                 size_t room, size_t *size)
{
  for (unsigned tries = d->fleet->tries;; tries--) {
    *size = room;
    if (link_sync(link, d->fleet->wait_ms, &d->problem) != LINK_ACK) {
      if (d->problem.text[0] == '\0')
        problem_write(&d->problem, CLI_INPUT, "the device refuses to speak");
      return false;
    }
    if (install_identify(link, device, &d->problem)) {
      memcpy(d->uid, device->uid, sizeof d->uid);
      d->identified = true;
      if (install_certificate(link, device, certificate, size, &d->problem))
        return true;
    }
    if (tries == 0 || d->problem.code != CLI_INPUT)
      return false;
  }
}

/* A card that has nothing left must not cost the others a count. */
static bool all_have_counts(const struct fleet *f, struct problem *problem)
{
  for (size_t i = 0; i < f->module_count; i++) {
    uint32_t left;
    if (source_left(f->modules[i], &left) && left == 0)
      return problem_set(problem, CLI_REFUSED, "no count is left on the card of module %zu", i + 1);
  }
  return true;
}

static bool license_modules(struct fleet_device *d, const struct install_device *device, const uint8_t *certificate,
                            size_t size, uint8_t (*licences)[SFI_LICENCE_SIZE])
{
  bool ok = true;
  for (size_t i = 0; ok && i < d->fleet->module_count; i++) {
    bool issued = false;
    uint32_t left;
    ok = source_licence(d->fleet->modules[i], device, certificate, size, licences[i], &issued, &left, &d->problem);
    d->module_issued += issued;
  }
  return ok;
}

/* The licence comes last before it is needed: nothing that can be found out before costs a count. */
static bool serve(struct fleet_device *d, struct link *link)
{
  const struct fleet *f = d->fleet;
  struct install_device device;
  uint8_t certificate[INSTALL_CERTIFICATE], licence[SFI_LICENCE_SIZE];
  uint8_t modules[FLEET_MODULES][SFI_LICENCE_SIZE];
  size_t size;
  const struct install_job job = {f->file,  f->container, (const uint8_t(*)[SFI_LICENCE_SIZE])modules,
                                  f->tries, progress,     d};
  if (!meet(d, link, &device, certificate, sizeof certificate, &size) ||
      (f->module_count != 0 && !all_have_counts(f, &d->problem)) ||
      !source_licence(f->source, &device, certificate, size, licence, &d->issued, &d->left, &d->problem))
    return false;
  d->licensed = true;
  if (!license_modules(d, &device, certificate, size, modules))
    return false;
  return install_run(link, &job, licence, &d->problem);
}

static void *thread(void *ctx)
{
  struct fleet_device *d = ctx;
  const double start = now();
  d->problem = (struct problem){.code = CLI_INPUT};
  struct link *link = link_open(d->port, &d->problem);
  d->done = link != NULL && serve(d, link);
  link_close(link);
  d->seconds = now() - start;
  pthread_mutex_lock(&report_lock);
  if (d->fleet->finished != NULL)
    d->fleet->finished(d);
  pthread_mutex_unlock(&report_lock);
  return NULL;
}

bool fleet_run(struct fleet *f, struct problem *problem)
{
  pthread_t threads[FLEET_MAX];
  size_t started = 0;
  for (; started < f->count && started < FLEET_MAX; started++) {
    f->devices[started].fleet = f;
    f->devices[started].index = started;
    if (pthread_create(&threads[started], NULL, thread, &f->devices[started]) != 0)
      break;
  }
  for (size_t i = 0; i < started; i++)
    pthread_join(threads[i], NULL);
  return started == f->count ||
         problem_set(problem, CLI_INPUT, "only %zu of %zu devices could be begun", started, f->count);
}

static bool add(struct fleet_device *devices, size_t *count, const char *pattern, size_t number,
                struct problem *problem)
{
  const char *hole = strstr(pattern, "{}");
  char *to = devices[*count].port;
  const size_t room = sizeof devices[0].port;
  int n = hole != NULL ? snprintf(to, room, "%.*s%zu%s", (int)(hole - pattern), pattern, number, hole + 2)
                       : snprintf(to, room, "%s", pattern);
  if (n < 0 || (size_t)n >= room)
    return problem_set(problem, CLI_USAGE, "--port %s: too long", pattern);
  (*count)++;
  return true;
}

bool fleet_ports(const struct cli *cli, struct fleet_device **devices, size_t *count, struct problem *problem)
{
  uint32_t wanted = 0;
  size_t given = 0;
  const char *port;
  *count = 0;
  *devices = NULL;
  if (!cli_number(cli, "devices", 1, FLEET_MAX, &wanted, problem))
    return false;
  while (cli_value_at(cli, "port", given) != NULL)
    given++;
  port = cli_value(cli, "port");
  if (given == 0 || given > FLEET_MAX)
    return problem_set(problem, CLI_USAGE, "which device? Give --port (up to %u of them)", FLEET_MAX);
  const bool pattern = given == 1 && strstr(port, "{}") != NULL;
  if (pattern ? wanted == 0 : wanted != 0 && wanted != given)
    return problem_set(problem, CLI_USAGE,
                       pattern ? "--port %s: how many? Give --devices N"
                               : "--devices does not agree with the number of ports: --port %s ...",
                       port);
  *devices = calloc(pattern ? wanted : given, sizeof **devices);
  if (*devices == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  for (size_t i = 0; i < (pattern ? wanted : given); i++)
    if (!add(*devices, count, pattern ? port : cli_value_at(cli, "port", i), i, problem))
      return false;
  return true;
}
