/* The NUCLEO's pins. Tamper pin 2 is PA0. */
#include "board/nucleo-l476rg/pins.h"
