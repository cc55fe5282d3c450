/* The smallest application: says who it is and which version the engine says it is, then waits for a reset. The rest of
 * its image is filling, different in every double word, so that a misplaced page cannot go unseen. */
#include "port/port.h"
#include "port/start.h"
#include "portcullis/engine.h"

#define FILL_1(n)   ((n)*2654435761u ^ TINY_SEED)
#define FILL_4(n)   FILL_1(n), FILL_1((n) + 1), FILL_1((n) + 2), FILL_1((n) + 3)
#define FILL_16(n)  FILL_4(n), FILL_4((n) + 4), FILL_4((n) + 8), FILL_4((n) + 12)
#define FILL_64(n)  FILL_16(n), FILL_16((n) + 16), FILL_16((n) + 32), FILL_16((n) + 48)
#define FILL_KIB(n) FILL_64(n), FILL_64((n) + 64), FILL_64((n) + 128), FILL_64((n) + 192)
__attribute__((section(".rodata.fill"), used)) static const uint32_t fill[] = {TINY_FILL};

void start_on_fault(enum start_fault fault)
{
  (void)fault;
}

static void text(const char *words)
{
  while (*words != 0)
    port_console_put((uint8_t)*words++);
}

int main(void)
{
  struct engine_image_info info;
  volatile const uint32_t *keep = fill; /* keeps the filling in the image */
  (void)*keep;
  port_init();
  text("\r\nTINY " TINY_NAME " runs");
  text(engine_call(ENGINE_GET_INFO, 1, (uintptr_t)&info, 0) == PC_OK ? ", engine answers\r\n" : ", no engine\r\n");
#ifdef TINY_VALIDATES
  text(engine_call(ENGINE_VALIDATE, 1, 0, 0) == PC_OK ? "validated\r\n" : "validation refused\r\n");
#endif
  for (;;) {
    port_watchdog_refresh();
    (void)port_console_get(1000);
  }
}
