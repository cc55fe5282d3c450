/* ROM table at 0xE00FF000 (RM0351, "MCU ROM table"; Cortex-M4 TRM table 4-1) and identification registers (ADIv5
 * chapter 13). */
#include "sim/dap/rom_table.h"

#include <stddef.h>

#define ROM_PAGE       0xE00FFu
#define ENTRY_PRESENT  3u /* 32 bits wide, present */
#define CLASS_ROM      1u
#define CLASS_DEBUG    9u
#define CLASS_GENERIC  0xEu
#define JEDEC_ARM      0x3Bu /* with its number of continuation codes */
#define CONTINUED_ARM  4u
#define JEDEC_ST       0x20u
#define SYSTEM_PRESENT 1u

static const struct {
  uint32_t page;
  uint16_t part;
  uint8_t revision, class, type;
} components[] = {
    {0xE000E, 0x00C, 0, CLASS_GENERIC, 0},  /* System Control Space */
    {0xE0001, 0x002, 3, CLASS_GENERIC, 0},  /* DWT */
    {0xE0002, 0x003, 2, CLASS_GENERIC, 0},  /* FPB */
    {0xE0000, 0x001, 3, CLASS_GENERIC, 0},  /* ITM */
    {0xE0040, 0x9A1, 0, CLASS_DEBUG, 0x11}, /* TPIU */
    {0xE0041, 0x925, 0, CLASS_DEBUG, 0x13}, /* ETM */
};
#define COMPONENTS (sizeof components / sizeof components[0])

struct identity {
  uint16_t part;
  uint8_t jedec, continued, revision, class, type;
};

static uint32_t identification(const struct identity *id, uint32_t offset)
{
  switch (offset) {
  case 0xFCC:
    return id->type;
  case 0xFD0:
    return id->continued;
  case 0xFE0:
    return id->part & 0xFFu;
  case 0xFE4:
    return (id->jedec & 0xFu) << 4 | id->part >> 8;
  case 0xFE8:
    return (uint32_t)id->revision << 4 | 8u | id->jedec >> 4;
  case 0xFF0:
    return 0x0D;
  case 0xFF4:
    return (uint32_t)id->class << 4;
  case 0xFF8:
    return 0x05;
  case 0xFFC:
    return 0xB1;
  default:
    return 0;
  }
}

bool rom_table_read(uint32_t addr, uint16_t part, uint32_t *value)
{
  uint32_t page = addr >> 12, offset = addr & 0xFFCu;
  if (page == ROM_PAGE) {
    const struct identity id = {part, JEDEC_ST, 0, 0, CLASS_ROM, SYSTEM_PRESENT};
    if (offset / 4 < COMPONENTS)
      *value = (components[offset / 4].page - ROM_PAGE) << 12 | ENTRY_PRESENT;
    else
      *value = identification(&id, offset);
    return true;
  }
  for (size_t i = 0; i < COMPONENTS; i++) {
    if (components[i].page == page && offset >= 0xFCC) {
      const struct identity id = {components[i].part,     JEDEC_ARM,           CONTINUED_ARM,
                                  components[i].revision, components[i].class, components[i].type};
      *value = identification(&id, offset);
      return true;
    }
  }
  return false;
}
