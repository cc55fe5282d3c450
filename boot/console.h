/* The boot loader's words on the console: the manual's form, "= [SBOOT] ...". */
#ifndef BOOT_CONSOLE_H
#define BOOT_CONSOLE_H

#include <stdint.h>

void console_text(const char *text);
/* "\r\n= [SBOOT] " and the text. */
void console_line(const char *text);
/* "\r\n\t  " and the text: what belongs to the line before. */
void console_note(const char *text);
/* "= [SBOOT] STATE: " and the name. */
void console_state(const char *name);
void console_number(uint32_t value);
/* major.minor.patch */
void console_version(uint32_t version);

#endif
