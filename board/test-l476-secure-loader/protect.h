/* As test-l476-secure; and the loader's slot: 16 KiB without the last two eighths. */
#include "board/test-l476-secure/protect.h"

#define PROTECT_LOADER_RBAR 0x0808C000
#define PROTECT_LOADER_RASR 0x0302C01B
