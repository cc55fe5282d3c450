/* The NUCLEO's pins. */
#include "board/nucleo-l476rg/pins.h"
