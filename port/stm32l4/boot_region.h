/* The boot loader as an MPU region of eight parts, which can be switched off one by one (RASR bits 8 to 15). Plain
 * #defines, read by C and by assembly, after map.h. */
#ifndef PORT_STM32L4_BOOT_REGION_H
#define PORT_STM32L4_BOOT_REGION_H

#if MAP_BOOT_SIZE <= 0x8000
#define BOOT_REGION 0x8000
#elif MAP_BOOT_SIZE <= 0x10000
#define BOOT_REGION 0x10000
#else
#error "PROTECT_MPU: no region for a boot loader of this size (MAP_BOOT_SIZE)"
#endif
#define BOOT_PART (BOOT_REGION / 8)
#if MAP_BOOT_SIZE % BOOT_PART != 0 || MAP_BOOT_BASE % BOOT_REGION != 0
#error                                                                                                                 \
    "PROTECT_MPU: MAP_BOOT_SIZE must be a multiple of an eighth of its region, or code in the slot behind it could run"
#endif
/* The boot loader is its first parts; the rest is switched off. */
#define BOOT_PARTS_OFF ((0xFF00 << (MAP_BOOT_SIZE / BOOT_PART)) & 0xFF00)

/* What stays executable once an application runs: the engine and what lies in front of it; where the boot loader serves
 * functions to applications (PATCH), all of it. */
#ifdef MAP_SERVED_BASE
#define BOOT_LAUNCH_OFF BOOT_PARTS_OFF
#else
#define BOOT_KEPT       ((MAP_GATE_BASE - MAP_BOOT_BASE + MAP_ENGINE_CODE_SIZE + BOOT_PART - 1) / BOOT_PART)
#define BOOT_LAUNCH_OFF ((0xFF00 << BOOT_KEPT) & 0xFF00)
#endif

/* Numbers of the regions: a higher one has the last word. */
#define REGION_ALL       0 /* nothing executes; peripherals and what is not there: device memory */
#define REGION_MEMORY    1 /* flash, RAM and external memory: normal memory, nothing executes */
#define REGION_BOOT      2
#define REGION_OPTIONS_1 3
#define REGION_OPTIONS_2 4
#define REGION_SLOT_1    5 /* from the launch on */
#define REGION_SLOT_2    6
/* 7 is left to the application. */

#endif
