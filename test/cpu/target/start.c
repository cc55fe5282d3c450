/* Vectors, startup and output of the test programs. Handlers that a program does not define report and exit. */
#include "semihost.h"

extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;
int main(void);
void reset_handler(void) __attribute__((noreturn));

void finish(int code)
{
  semihost(0x18, code ? 0x20024u : 0x20026u);
  for (;;) {
  }
}

static char line[256];
static unsigned used;

void put(const char *text)
{
  while (*text) {
    char c = *text++;
    line[used++] = c;
    if (c == '\n' || used == sizeof line - 1) {
      line[used] = 0;
      semihost(4, (uint32_t)line);
      used = 0;
    }
  }
}

void put_hex(const char *name, uint32_t v)
{
  char digits[11];
  for (int i = 0; i < 8; i++) {
    digits[i + 1] = "0123456789abcdef"[v >> (28 - 4 * i) & 15];
  }
  digits[0] = '=';
  digits[9] = '\n';
  digits[10] = 0;
  put(name);
  put(digits);
}

void default_handler(void)
{
  uint32_t ipsr;
  __asm__ volatile("mrs %0, ipsr" : "=r"(ipsr));
  put_hex("unexpected exception", ipsr);
  put_hex("CFSR", REG(0xe000ed28));
  finish(1);
}

void reset_handler(void)
{
  uint32_t *from = &data_load;
  for (uint32_t *to = &data_start; to != &data_end;) {
    *to++ = *from++;
  }
  for (uint32_t *to = &bss_start; to != &bss_end;) {
    *to++ = 0;
  }
#ifdef TEST_FPU
  REG(0xe000ed88) = 0xfu << 20;
  __asm__ volatile("dsb\n isb");
#endif
  finish(main());
}

#define HANDLER(name) __attribute__((weak, alias("default_handler"))) void name(void);
HANDLER(nmi_handler)
HANDLER(hardfault_handler)
HANDLER(memmanage_handler)
HANDLER(busfault_handler)
HANDLER(usagefault_handler)
HANDLER(svc_handler)
HANDLER(debug_handler)
HANDLER(pendsv_handler)
HANDLER(systick_handler)
HANDLER(irq0_handler)
HANDLER(irq1_handler)
HANDLER(irq2_handler)
HANDLER(irq3_handler)

__attribute__((section(".vectors"), used)) static const void *const vectors[48] = {
    &stack_top,
    (const void *)reset_handler,
    (const void *)nmi_handler,
    (const void *)hardfault_handler,
    (const void *)memmanage_handler,
    (const void *)busfault_handler,
    (const void *)usagefault_handler,
    [11] = (const void *)svc_handler,
    (const void *)debug_handler,
    [14] = (const void *)pendsv_handler,
    (const void *)systick_handler,
    (const void *)irq0_handler,
    (const void *)irq1_handler,
    (const void *)irq2_handler,
    (const void *)irq3_handler,
};
