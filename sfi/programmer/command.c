/* Connecting, progress, numbers. */
#include "sfi/programmer/command.h"

#include "sfi/programmer/rom.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_SECONDS 15u

const struct cli_option program_port_options[] = {
    {"port", 'p', "PORT", "serial device, tcp:HOST:PORT, unix:PATH; spi: before a socket for SPI", true, false},
    {0},
};

const struct cli_option program_wait_options[] = {
    {"wait", 0, "SECONDS", "how long to wait for a device's first answer (default 15)", false, false},
    {0},
};

struct link *program_connect(const struct cli *cli, struct problem *problem)
{
  uint32_t seconds = WAIT_SECONDS;
  if (!cli_number(cli, "wait", 1, 3600, &seconds, problem))
    return NULL;
  struct link *link = link_open(cli_value(cli, "port"), problem);
  if (link == NULL || link_sync(link, seconds * 1000, problem) == LINK_ACK)
    return link;
  link_close(link);
  return NULL;
}

const struct sfi_device *program_chip(struct link *link, struct problem *problem)
{
  uint16_t id;
  if (!rom_chip_id(link, &id, problem))
    return NULL;
  for (size_t i = 0; sfi_devices[i] != NULL; i++)
    if (sfi_devices[i]->chip_id == id)
      return sfi_devices[i];
  problem_set(problem, CLI_REFUSED, "the device is a chip that is not known here (id 0x%03x)", id);
  return NULL;
}

void program_bar(void *ctx, uint32_t done, uint32_t all)
{
  const char *what = ctx;
  const unsigned width = 40;
  const unsigned filled = all == 0 ? width : (unsigned)((uint64_t)done * width / all);
  if (!isatty(STDERR_FILENO))
    return;
  fprintf(stderr, "\r%s [%.*s%*s] %3u %%%s", what, (int)filled, "########################################",
          (int)(width - filled), "", all == 0 ? 100 : (unsigned)((uint64_t)done * 100 / all), done >= all ? "\n" : "");
}

bool program_number(const char *name, const char *text, uint32_t *number, struct problem *problem)
{
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 0);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > UINT32_MAX)
    return problem_set(problem, CLI_USAGE, "%s %s: not a number (decimal, or hexadecimal with 0x)", name, text);
  *number = (uint32_t)value;
  return true;
}
