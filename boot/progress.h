/* How far verifying, installing or rolling back has come, on the console: a strategy that a board picks at link time.
 * boot/progress_percent.c: one line, rewritten at every tenth. boot/progress_none.c: nothing. */
#ifndef BOOT_PROGRESS_H
#define BOOT_PROGRESS_H

#include <stdint.h>

/* 0 to 100, rising within one operation; as often as is convenient. */
void boot_progress(uint32_t percent);

#endif
