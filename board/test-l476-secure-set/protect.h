/* As test-l476-secure. */
#include "board/test-l476-secure/protect.h"
