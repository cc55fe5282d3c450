/* What differs between a keyed and a plain boot loader: loader_keyed.c or loader_plain.c is linked. */
#ifndef SFI_L462_LOADER_H
#define SFI_L462_LOADER_H

#include "sfi/device/target.h"

#ifdef SFI_PLAIN
extern const struct sfi_memory loader_memory;
#define LOADER_MEMORY   &loader_memory
#define LOADER_IDENTITY NULL
#else
#define LOADER_MEMORY   NULL
#define LOADER_IDENTITY ((const struct sfi_identity *)MAP_IDENTITY_BASE)
#endif

_Noreturn void loader_start(void);
/* Before anything is received: nothing but the boot loader can be executed from here on. Plain: nothing. */
void loader_close(void);
/* What the last command wants; the lines are off. */
_Noreturn void loader_leave(void);

#endif
