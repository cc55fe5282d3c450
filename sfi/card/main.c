/* portcullis-card: the secure-install card as a virtual smart card behind pcscd and vsmartcard's vpcd. */
#include "sfi/card/vpcd.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

static int usage(FILE *to, int code)
{
  fputs(
      "usage: portcullis-card --state FILE [--host HOST] [--port PORT] [--wait SECONDS]\n\n"
      "A virtual smart card that issues licences for secure install. It connects to vsmartcard's reader driver (vpcd,\n"
      "behind pcscd) and serves until the reader goes away.\n\n"
      "  --state FILE     what the card keeps, key included; made by 'portcullis hsm program'. Keep it secret.\n"
      "  --host HOST      where vpcd listens (127.0.0.1)\n"
      "  --port PORT      its port (35963, the driver's default)\n"
      "  --wait SECONDS   try to connect for so long (10)\n\n"
      "Exit codes: 0 the reader hung up, 2 wrong usage, 3 the state is in use or damaged, or no connection.\n",
      to);
  return code;
}

static int fail(const char *what, const char *why)
{
  fprintf(stderr, "portcullis-card: %s: %s\n", what, why);
  return 3;
}

/* One card, one process: two with the same state would each issue what the other has not counted. Held until exit. */
static bool lock(const char *state)
{
  char path[PATH_MAX];
  if (snprintf(path, sizeof path, "%s.lock", state) >= (int)sizeof path)
    return false;
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static bool parse_wait(const char *text, unsigned *seconds)
{
  char *end;
  unsigned long value = strtoul(text, &end, 10);
  *seconds = (unsigned)value;
  return text[0] >= '0' && text[0] <= '9' && *end == '\0' && value <= 3600;
}

int main(int argc, char **argv)
{
  static const struct option options[] = {
      {"state", required_argument, NULL, 's'}, {"host", required_argument, NULL, 'H'},
      {"port", required_argument, NULL, 'p'},  {"wait", required_argument, NULL, 'w'},
      {"help", no_argument, NULL, 'h'},        {0}};
  const char *state = NULL, *host = "127.0.0.1", *port = "35963";
  unsigned seconds = 10;
  for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
    if (c == 's')
      state = optarg;
    else if (c == 'H')
      host = optarg;
    else if (c == 'p')
      port = optarg;
    else if (c == 'h')
      return usage(stdout, 0);
    else if (c != 'w' || !parse_wait(optarg, &seconds))
      return usage(stderr, 2);
  }
  if (state == NULL || optind != argc)
    return usage(stderr, 2);
  (void)prctl(PR_SET_DUMPABLE, 0); /* no core file with the key in it */
  if (!lock(state))
    return fail(state, errno == EWOULDBLOCK ? "another portcullis-card uses it" : strerror(errno));
  static struct card card;
  struct card_disk disk;
  struct card_io io;
  card_disk_io(&disk, state, &io);
  card_power_on(&card, &io);
  if (card.lifecycle == CARD_DAMAGED)
    return fail(state, "no card state, or damaged; the card cannot be used");
  int fd = vpcd_connect(host, port, seconds);
  if (fd < 0)
    return fail(port, "nobody listens there: is pcscd with vpcd running?");
  bool ok = vpcd_serve(fd, &card, &io);
  card_power_off(&card);
  close(fd);
  return ok ? 0 : fail(port, "the connection broke");
}
