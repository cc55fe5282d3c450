/* The places outside the firewall that the engine leaves for: the fetch here closes it, and only then are the caller's stack
 * pointer, vector table and return address used. They lie in front of the gate, in the write-protected boot loader, and stay
 * executable for ever. */
#include "port/cortexm/gate_state.h"
	.syntax unified
	.thumb
	.section .outside, "ax"
	/* r6, r8, r10: the caller's CONTROL, vector table and main stack pointer */
	.global link_engine_exit
	.type link_engine_exit, %function
	.thumb_func
link_engine_exit:
	ldr	r5, =SCB_VTOR_AT
	str	r8, [r5]
	dsb
	msr	msp, r10
	msr	control, r6
	isb
	movs	r5, #0
	mov	r6, r5
	mov	r8, r5
	mov	r10, r5
	.global link_engine_return
	.type link_engine_return, %function
	.thumb_func
link_engine_return:
	bx	lr

	/* In handler mode. r0, r2: the caller's vector table and main stack pointer. */
	.global link_engine_interrupt
	.type link_engine_interrupt, %function
	.thumb_func
link_engine_interrupt:
	ldr	r1, =SCB_VTOR_AT
	str	r0, [r1]
	dsb
	msr	msp, r2
	movs	r2, #0
	mrs	r1, ipsr
	ldr	r12, [r0, r1, lsl #2]
	cpsie	i
	blx	r12
	cpsid	i
	ldr	r0, =GATE_RESUME
	ldr	r1, =engine_entry
	bx	r1
	.ltorg
