/* The call gate behind a firewall (RM0351 section 4.3.5: it opens at the second word only, and the second and third must be fetched
 * one after the other; the first is never executed).
 *
 * In: r0-r3 the request as engine_call() has it, r4 the caller's PRIMASK, interrupts masked (port/cortexm/call.S does that, and
 * keeps r5-r11 for its caller). Out: r0 the status, r4 as it came, everything else cleared.
 *
 * Nothing is ever read from or written to through a stack pointer, return address or vector table of the caller's while the
 * firewall is open: they may point into the engine. So the request runs on the engine's own stack with its own vectors, and the last
 * branch goes to a fixed place outside (port/cortexm/outside.S): its fetch closes the firewall before the caller's return address
 * is used. Until then FPA is off, and any other way out is a reset. */
#include "port/cortexm/gate_state.h"
	.syntax unified
	.thumb
	.section .gate, "ax"
	.global engine_gate
	.type engine_gate, %object
engine_gate:
	.inst.n 0xde00
	.inst.n 0xde00
	nop.w
	b.w	engine_enter

	.section .text.engine_enter, "ax"
	.type engine_enter, %function
	.thumb_func
engine_enter:
	cpsid	i
	ldr	r5, =FIREWALL_CR
	movs	r6, #0
	str	r6, [r5]
	mrs	r6, control
	lsls	r7, r6, #31
	bmi	engine_refuse		/* unprivileged: could mask nothing, and be interrupted anywhere */
	ldr	r7, =engine_gate_state
	ldr	r8, [r7, #GATE_BUSY]
	cmp	r8, #0
	bne	busy
	str	r7, [r7, #GATE_BUSY]
	/* Before the [boot] services are locked, keys pass over the stack: it lies where no debugger looks. */
	ldr	r8, =engine
	ldr	r8, [r8, #ENGINE_NO_AT]
	ldr	r9, =ENGINE_NO_IS
	cmp	r8, r9
	ldr	r9, =link_engine_secret_stack_top
	bne	1f
	ldr	r9, =link_engine_stack_top
1:	mrs	r10, msp
	mrs	r11, ipsr
	msr	msp, r9
	movs	r8, #0
	msr	control, r8		/* the main stack; no floating-point frames on it */
	isb
	ldr	r12, =SCB_VTOR_AT
	ldr	r8, [r12]
	push	{r4, r6, r8, r10, r11, lr}
	mov	r6, sp
	str	r6, [r7, #GATE_BASE]
	ldr	r8, =engine_vectors
	str	r8, [r12]
	dsb
	isb
	bl	engine_unmask
	bl	engine_dispatch
engine_done:
	cpsid	i
	ldr	r7, =engine_gate_state
	pop	{r4, r6, r8, r10, r11, lr}
	ldr	r12, =SCB_VTOR_AT
	str	r8, [r12]
	dsb
	ldr	r8, [r7, #GATE_PENDSV]
	movs	r5, #0
	str	r5, [r7, #GATE_PENDSV]
	cmp	r8, #0
	beq	2f
	ldr	r12, =SCB_ICSR_AT
	mov	r8, #1 << 28
	str	r8, [r12]
2:	str	r5, [r7, #GATE_BUSY]
	msr	msp, r10
	msr	control, r6
	isb
	b	engine_leave

busy:	ldr	r8, =GATE_RESUME
	cmp	r0, r8
	beq.w	engine_resume
	.global engine_refuse
	.type engine_refuse, %function
	.thumb_func
engine_refuse:
	ldr	r0, =STATUS_REFUSED
engine_leave:
	ldr	r5, =FIREWALL_CR
	movs	r1, #1
	str	r1, [r5]
	dsb
	movs	r1, #0
	mov	r2, r1
	mov	r3, r1
	mov	r5, r1
	mov	r6, r1
	mov	r7, r1
	mov	r8, r1
	mov	r9, r1
	mov	r10, r1
	mov	r11, r1
	mov	r12, r1
	b.w	link_engine_exit
	.ltorg
	.size engine_enter, . - engine_enter

/* A fault inside, a caller's pointer into nowhere for instance: the request ends there, the engine goes on. A fault in anything
 * that is not the request itself (an interrupt on its way out) is a reset. */
	.section .text.engine_fault, "ax"
	.global engine_fault
	.type engine_fault, %function
	.thumb_func
engine_fault:
	cpsid	i
	ldr	r7, =engine_gate_state
	ldr	r8, [r7, #GATE_BASE]
	ldr	r9, [r7, #GATE_NESTED]
	ldr	r10, [r8, #BLOCK_IPSR]
	cmp	r9, #0
	bne	reset
	sub	r8, r8, #32
	movs	r0, #0
	str	r0, [r8]
	str	r0, [r8, #4]
	str	r0, [r8, #8]
	str	r0, [r8, #12]
	str	r0, [r8, #16]
	str	r0, [r8, #20]
	ldr	r0, =engine_aborted
	bic	r0, r0, #1
	str	r0, [r8, #24]
	orr	r0, r10, #1 << 24
	str	r0, [r8, #28]
	mvn	lr, #6			/* 0xFFFFFFF9: to thread mode, main stack */
	cmp	r10, #0
	beq	3f
	mvn	lr, #14			/* 0xFFFFFFF1: the caller was a handler */
3:	msr	msp, r8
	bx	lr
reset:	ldr	r0, =SCB_AIRCR_AT
	ldr	r1, =0x05FA0004
	str	r1, [r0]
	dsb
4:	b	4b
	.ltorg
	.size engine_fault, . - engine_fault

	.section .text.engine_aborted, "ax"
	.type engine_aborted, %function
	.thumb_func
engine_aborted:
	bl	engine_abort
	b.w	engine_done
	.size engine_aborted, . - engine_aborted

	.section .bss.engine_gate_state, "aw", %nobits
	.balign 4
	.global engine_gate_state
engine_gate_state:
	.space 16
