/* The two places outside the firewall that the engine leaves for: the fetch here closes it, and only then is an address of
 * the caller's used. They lie in front of the gate, in the write-protected boot loader, and stay executable for ever. */
#include "port/cortexm/gate_state.h"
	.syntax unified
	.thumb
	.section .outside, "ax"
	.global link_engine_exit
	.type link_engine_exit, %function
	.thumb_func
link_engine_exit:
	bx	lr

	/* In handler mode. r0: the caller's vector table. */
	.global link_engine_interrupt
	.type link_engine_interrupt, %function
	.thumb_func
link_engine_interrupt:
	mrs	r1, ipsr
	ldr	r12, [r0, r1, lsl #2]
	cpsie	i
	blx	r12
	cpsid	i
	ldr	r0, =GATE_RESUME
	ldr	r1, =engine_entry
	bx	r1
	.ltorg
