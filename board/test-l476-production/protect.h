#include "board/test-l476-secure/protect.h"
