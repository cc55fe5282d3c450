/* Where no watchdog runs. */
#include "engine/internal.h"

void engine_progress(void) {}
