/* A new firmware image over the console: YMODEM into the download slot of one image, while the running one goes on. The
 * installation is the boot loader's work, at the next reset. */
#ifndef APP_UPDATE_H
#define APP_UPDATE_H

#include "portcullis/status.h"

/* Receive a .sfb for image `image` (1..MAP_IMAGES), with words on the console before and after. The header goes to the
 * engine for judgement as soon as it is complete; for a refused one nothing is erased. PC_OK: the slot holds a
 * candidate. Errors: those of ymodem_receive() and update_write(); PC_ERR_PARAM: a header for another image than
 * `image`. */
pc_status update_receive(uint32_t image);

#endif
