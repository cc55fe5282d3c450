/* The last step of a launch on a protected board (port/jump.h): of the boot loader, only the engine and what lies in front of it
 * stays executable, the active slot of the image that starts becomes it (the board's protect.h); its RAM and the memory for secrets
 * are cleared; the program is started. Lies in front of the gate, because it takes away the right to execute the rest (boot_region.h). */
#include "map.h"
#include "port/stm32l4/boot_region.h"
#include "protect.h"
#define MPU_RNR_AT 0xE000ED98
#if LOADER_STANDALONE && !(defined(PROTECT_LOADER_RBAR) && defined(PROTECT_LOADER_RASR))
#error "PROTECT with LOADER: protect.h lacks the MPU region of the loader's active slot (PROTECT_LOADER_RBAR, PROTECT_LOADER_RASR)"
#endif
	.syntax unified
	.thumb
	/* r5: MPU_RNR_AT */
	.macro region number, rbar, rasr
	movs	r4, #\number
	str	r4, [r5]
	ldr	r4, =\rbar
	str	r4, [r5, #4]
	ldr	r4, =\rasr
	str	r4, [r5, #8]
	.endm

	.section .outside, "ax"
	.global port_jump
	.type port_jump, %function
	.thumb_func
port_jump:
	ldr	r5, =MPU_RNR_AT
	movs	r4, #REGION_BOOT
	str	r4, [r5]
	ldr	r4, [r5, #8]
	orr	r4, r4, #BOOT_LAUNCH_OFF
	str	r4, [r5, #8]
	/* and the slot becomes it */
	region	REGION_SLOT_1, PROTECT_SLOT_RBAR_1, PROTECT_SLOT_RASR_1
	region	REGION_SLOT_2, PROTECT_SLOT_RBAR_2, PROTECT_SLOT_RASR_2
#if LOADER_STANDALONE
	/* unless it is the loader that starts: then its slot does, and not the application's */
	ldr	r4, =MAP_ACTIVE_BASE_2
	cmp	r0, r4
	bne	3f
	movs	r4, #0
	str	r4, [r5, #8]
	region	REGION_SLOT_1, PROTECT_LOADER_RBAR, PROTECT_LOADER_RASR
3:
#endif
	dsb
	isb
	movs	r3, #0
	ldr	r1, =MAP_SECRET_RAM_BASE
	ldr	r2, =MAP_SECRET_RAM_BASE + MAP_SECRET_RAM_SIZE
1:	str	r3, [r1]
	adds	r1, #4
	cmp	r1, r2
	bne	1b
	ldr	r1, =MAP_BOOT_RAM_BASE
	ldr	r2, =MAP_BOOT_RAM_BASE + MAP_BOOT_RAM_SIZE
2:	str	r3, [r1]
	adds	r1, #4
	cmp	r1, r2
	bne	2b
	ldr	r1, [r0]
	msr	msp, r1
	ldr	r0, [r0, #4]
	bx	r0
	.ltorg
