/* There is no heap on the device. mbed TLS's platform_util.c mentions free() in a function that nobody calls; this
 * keeps the C library's allocator out of the engine. */
#include <stdlib.h>

void free(void *memory)
{
  (void)memory;
}
