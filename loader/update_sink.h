/* An update as the place where a YMODEM session delivers: one file, which is asked to be installed at the next reset as
 * soon as all of it has arrived. A second file of the batch is refused and does not undo the first. */
#ifndef LOADER_UPDATE_SINK_H
#define LOADER_UPDATE_SINK_H

#include "loader/ymodem.h"
#include "portcullis/update.h"

/* `sink` delivers to `u`, which was initialised and must outlive the session. */
void update_sink(struct ymodem_sink *sink, struct update *u);

/* Did a file arrive whole, and is it asked for? */
bool update_delivered(const struct update *u);

#endif
