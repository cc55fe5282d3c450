/* The watchdog, refreshed inside the engine. Harmless where none runs. */
#include "engine/internal.h"
#include "port/stm32l4/regs.h"

void engine_progress(void)
{
  IWDG_KR = IWDG_KR_REFRESH;
}
