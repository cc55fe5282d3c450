/* What slot modes with a single slot share: install/single.c on this board. */
#ifndef BOOT_SINGLE_SINK_H
#define BOOT_SINGLE_SINK_H

#include "install/single.h"
#include "loader/ymodem.h"

/* The active slot, authenticated by the engine while the sender is still on the line. */
extern const struct single_target single_board;

/* One file, straight into the active slot. */
void single_sink(struct ymodem_sink *sink, struct single *single);

#endif
