/* The console as a line for YMODEM. */
#ifndef APP_LINE_H
#define APP_LINE_H

#include "loader/ymodem.h"

/* Waiting refreshes the watchdog, which cannot be stopped once it runs. */
extern const struct ymodem_line app_line;

#endif
