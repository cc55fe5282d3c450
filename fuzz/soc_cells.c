/* Damaged-cell files of a state folder: any bytes are taken or refused whole, and what is taken can be read. */
#include "sim/soc/nvm.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct nvm nvm;
  uint8_t unit[NVM_MAX_UNIT], *again;
  size_t again_size;
  if (!nvm_init(&nvm, 1024, 8, 512, 0xFF))
    return 0;
  bool taken = nvm_unpack(&nvm, data, size);
  if (taken != (nvm.cell_count > 0) && size > 8)
    abort();
  for (uint32_t u = 0; u < 128; u++) {
    nvm_read(&nvm, u, unit);
    nvm_is_blank(&nvm, u);
  }
  if (!nvm_pack(&nvm, &again, &again_size))
    abort();
  if (taken && again_size != size)
    abort();
  nvm_erase(&nvm, 0, 1024, SOC_FATE_NORMAL, 0);
  if (nvm.cell_count)
    abort();
  free(again);
  nvm_free(&nvm);
  return 0;
}
