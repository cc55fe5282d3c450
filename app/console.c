/* The application's console over port/port.h. */
#include "app/console.h"

#include "image/header.h"
#include "port/port.h"

#include <stdbool.h>

#define DIGITS 9u

void console_text(const char *text)
{
  while (*text != 0)
    port_console_put((uint8_t)*text++);
}

void console_line(const char *text)
{
  console_text("\r\n");
  console_text(text);
}

void console_number(uint32_t value)
{
  char digits[11];
  uint32_t at = sizeof digits - 1;
  digits[at] = 0;
  do {
    digits[--at] = (char)('0' + value % 10u);
    value /= 10u;
  } while (value != 0);
  console_text(digits + at);
}

void console_hex(const uint8_t *bytes, uint32_t size)
{
  static const char digits[] = "0123456789abcdef";
  for (uint32_t i = 0; i < size; i++) {
    port_console_put((uint8_t)digits[bytes[i] >> 4]);
    port_console_put((uint8_t)digits[bytes[i] & 15u]);
  }
}

void console_version(uint32_t version, uint32_t protocol)
{
  if (protocol == IMAGE_PROTOCOL_VENDOR) {
    console_number(version);
    return;
  }
  console_number(version >> 24);
  console_text(".");
  console_number(version >> 16 & 0xFFu);
  console_text(".");
  console_number(version & 0xFFFFu);
}

static uint8_t next_byte(void)
{
  for (;;) {
    int byte = port_console_get(100);
    port_watchdog_refresh();
    if (byte >= 0)
      return (uint8_t)byte;
  }
}

uint8_t console_key(void)
{
  for (;;) {
    uint8_t key = next_byte();
    if (key > ' ' && key < 0x7F) {
      port_console_put(key);
      return key;
    }
  }
}

uint32_t console_ask_number(void)
{
  uint8_t digits[DIGITS];
  uint32_t count = 0;
  bool wrong = false;
  for (;;) {
    uint8_t key = next_byte();
    if (key == '\r' || key == '\n')
      break;
    if (key == '\b' || key == 0x7F) {
      if (count != 0 && !wrong) {
        count--;
        console_text("\b \b");
      }
      continue;
    }
    if (key < ' ' || key > 0x7E)
      continue;
    port_console_put(key);
    if (key < '0' || key > '9' || count == DIGITS)
      wrong = true;
    else
      digits[count++] = key;
  }
  uint32_t value = 0;
  for (uint32_t i = 0; i < count; i++)
    value = value * 10u + (digits[i] - (uint32_t)'0');
  return wrong || count == 0 ? CONSOLE_NO_NUMBER : value;
}
