/* line STATE < SCRIPT: plays a host that answers at once on USART1 of a simulated STM32L462, and tells how long it took
 * in simulated seconds. Each line of the script: bytes to send in hexadecimal, then how many bytes the chip answers.
 * After the last one the chip must send a word with "RUNS" in it. */
#include "sim/soc/soc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct host {
  struct soc *soc;
  unsigned left;
  bool stuck;
  char seen[4];
};

static bool step(struct host *h)
{
  static char text[4096];
  uint8_t bytes[2048];
  size_t n = 0;
  if (scanf("%4095s %u", text, &h->left) != 2)
    return false;
  for (; text[2 * n] != '\0' && n < sizeof bytes; n++) {
    unsigned value;
    if (sscanf(text + 2 * n, "%2x", &value) != 1)
      exit(2);
    bytes[n] = (uint8_t)value;
  }
  return soc_uart_rx(h->soc, 1, bytes, n) == n;
}

static double answered;

static void on_tx(void *ctx, unsigned uart, uint8_t byte)
{
  struct host *h = ctx;
  (void)uart;
  memmove(h->seen, h->seen + 1, 3);
  h->seen[3] = (char)byte;
  if (byte == 0x1F && h->left == 1)
    h->stuck = true;
  if (h->left != 0 && --h->left == 0 && !step(h))
    answered = soc_seconds(h->soc);
  if (h->stuck || memcmp(h->seen, "RUNS", 4) == 0)
    soc_stop(h->soc);
}

int main(int argc, char **argv)
{
  char err[512];
  struct host h = {0};
  if (argc != 2)
    return 2;
  h.soc = soc_new("stm32l462", argv[1], err, sizeof err);
  if (h.soc == NULL) {
    fprintf(stderr, "%s\n", err);
    return 1;
  }
  struct soc_host host = {.ctx = &h, .uart_tx = on_tx};
  soc_attach(h.soc, &host);
  soc_skip_idle(h.soc, true);
  soc_power_on(h.soc);
  soc_run(h.soc, 20000000); /* the boot loader listens */
  double begin = soc_seconds(h.soc);
  step(&h);
  soc_run(h.soc, 4000000000u);
  bool ok = !h.stuck && answered > 0 && memcmp(h.seen, "RUNS", 4) == 0;
  printf("{\"whole\":%.6f,\"answered\":%.6f,\"ok\":%s}\n", soc_seconds(h.soc) - begin, answered - begin,
         ok ? "true" : "false");
  soc_free(h.soc);
  return ok ? 0 : 1;
}
