/* Words and numbers on the console, and answers from it. */
#ifndef APP_CONSOLE_H
#define APP_CONSOLE_H

#include <stdint.h>

void console_text(const char *text);
/* A new line, then the text. */
void console_line(const char *text);
void console_number(uint32_t value);
void console_hex(const uint8_t *bytes, uint32_t size);
/* major.minor.patch of an engine_image_info: protocol 1 has only a 16-bit number. */
void console_version(uint32_t version, uint32_t protocol);

/* Wait for a key, echo it and return it. Line ends are passed over; so are the control characters that a cancelled
 * sender leaves behind. Refreshes the watchdog. */
uint8_t console_key(void);
/* A decimal number ended by Return (backspace takes a digit back), 0xFFFFFFFF if it was none or more than 9 digits. */
uint32_t console_ask_number(void);

#define CONSOLE_NO_NUMBER 0xFFFFFFFFu

#endif
