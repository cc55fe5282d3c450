/* A new firmware image over the console: YMODEM into the download slot of one image, while the running one goes on. The
 * installation is the boot loader's work, at the next reset. */
#ifndef APP_UPDATE_H
#define APP_UPDATE_H

#include "portcullis/status.h"

#include <stdbool.h>

/* Receive a .sfb for image `image` (1..MAP_IMAGES), with words on the console before and after. The header goes to the
 * engine for judgement as soon as it is complete; for a refused one nothing is erased. PC_OK: the slot holds the image;
 * `ask`: and it is asked for, to be installed at the next reset (else: update_ask()). Errors: those of ymodem_receive()
 * and update_write(); PC_ERR_PARAM: a header for another image than `image`. */
pc_status update_receive(uint32_t image, bool ask);

/* Ask for all images that were received and not asked for yet: by one wish, so that power cuts leave all of them asked
 * for or none. PC_ERR_BLANK: there is none; PC_ERR_FLASH. */
pc_status update_ask(void);

#endif
