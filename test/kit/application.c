/* An application as a firmware engineer has it: own start-up, own vectors, knows of the boot loader what the kit tells.
 * Says on USART2 (PA2, 4 MHz MSI, 115200 baud) which version the boot loader says it is. */
#include <portcullis/engine.h>

#define REG(address) (*(volatile uint32_t *)(address))

extern uint32_t _estack[], _sidata[], _sdata[], _edata[], _sbss[], _ebss[], APPLI_region_intvec_start__[];

static const char *greeting = "application " BUILD " runs, version "; /* in .data: start-up has to work */
static unsigned spoken;

void say(const char *text);
void number(uint32_t value);
__attribute__((weak)) void after(void); /* vendor.c */

void say(const char *text)
{
  for (; *text != 0; text++) {
    while ((REG(0x4000441C) & 0x80) == 0) {
    }
    REG(0x40004428) = (uint8_t)*text;
    spoken++;
  }
}

void number(uint32_t value)
{
  char text[11], *at = text + sizeof text;
  *--at = 0;
  do
    *--at = (char)('0' + value % 10);
  while ((value /= 10) != 0);
  say(at);
}

int main(void);
void Reset_Handler(void)
{
  uint32_t *from = _sidata;
  for (uint32_t *to = _sdata; to != _edata;)
    *to++ = *from++;
  for (uint32_t *to = _sbss; to != _ebss;)
    *to++ = 0;
  REG(0xE000ED08) = (uint32_t)APPLI_region_intvec_start__; /* SCB->VTOR, as in SystemInit() */
  main();
}

int main(void)
{
  struct engine_image_info info;
  REG(0x4002104C) |= 1;       /* GPIOA */
  REG(0x40021058) |= 1 << 17; /* USART2 */
  REG(0x48000020) = 7 << 8;   /* PA2: AF7 */
  REG(0x48000000) = (REG(0x48000000) & ~(3u << 4)) | 2u << 4;
  REG(0x4000440C) = 4000000 / 115200;
  REG(0x40004400) = 9;
  say(spoken == 0 ? greeting : "bss is not cleared ");
  if (engine_call(ENGINE_GET_INFO, 1, (uintptr_t)&info, 0) == PC_OK) {
    number(info.version >> 24);
    say(".");
    number(info.version >> 16 & 0xFF);
    say(".");
    number(info.version & 0xFFFF);
  }
  say("\r\n");
  if (after != 0)
    after();
  for (;;) {
  }
}

__attribute__((section(".isr_vector"), used)) static const struct {
  uint32_t *stack;
  void (*handlers[15])(void);
} vectors = {_estack, {Reset_Handler}};
