/* The boot loader's words on the console. */
#include "boot/console.h"

#include "port/port.h"

void console_text(const char *text)
{
  while (*text != 0)
    port_console_put((uint8_t)*text++);
}

void console_line(const char *text)
{
  console_text("\r\n= [SBOOT] ");
  console_text(text);
}

void console_state(const char *name)
{
  console_line("STATE: ");
  console_text(name);
}

void console_note(const char *text)
{
  console_text("\r\n\t  ");
  console_text(text);
}

void console_number(uint32_t value)
{
  char digits[11];
  uint32_t at = sizeof digits - 1;
  digits[at] = 0;
  do {
    digits[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  console_text(digits + at);
}

void console_version(uint32_t version)
{
  console_number(version >> 24);
  console_text(".");
  console_number(version >> 16 & 0xFFu);
  console_text(".");
  console_number(version & 0xFFFFu);
}
