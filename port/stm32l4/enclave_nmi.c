/* The NMI while the engine is open: RM0351 section 3.3.3, an uncorrectable error in flash. As in start.c, but inside.
 */
#include "port/port.h"
#include "port/stm32l4/regs.h"

void engine_nmi(void);
void engine_nmi(void)
{
  uint32_t eccr = FLASH_ECCR;
  if ((eccr & FLASH_ECCR_ECCD) != 0) {
    port_shared.ecc++;
    port_shared.ecc_addr = eccr & 0x000FFFFFu;
    FLASH_ECCR = eccr;
  }
}
