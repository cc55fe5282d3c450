/* What debuggers find when they look for CoreSight components: the ROM table and the identification registers. */
#ifndef SIM_DAP_ROM_TABLE_H
#define SIM_DAP_ROM_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* `part`: the manufacturer's part number, such as 0x415. False: `addr` is none of these registers. */
bool rom_table_read(uint32_t addr, uint16_t part, uint32_t *value);

#endif
