/* As test-l476-secure, for good. */
#include "board/test-l476-secure/protect.h"

#undef PROTECT_RDP
#define PROTECT_RDP 2
