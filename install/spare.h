/* Pages that need not be written: what install/overwrite.c leaves alone on boards built for it (those with slots in
 * slow external flash). Between the files of install/ only. */
#ifndef INSTALL_SPARE_H
#define INSTALL_SPARE_H

#include "install/move.h"

#include <stdbool.h>

/* 1: pages of the active slot that hold already what they shall hold are left as they are. */
#ifndef INSTALL_SPARE
#define INSTALL_SPARE 0
#endif

/* Does the page hold what install_fill() would put there, bytes behind it blank? To be asked only of a page that no
 * interrupted install may have touched: a torn page can read right once, and wrong the next time. */
bool install_is_there(const struct install *install, const struct install_move *move);

#endif
