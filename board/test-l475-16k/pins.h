/* The B-L475E-IOT01A's pins. */
#include "board/b-l475e-iot01a/pins.h"
