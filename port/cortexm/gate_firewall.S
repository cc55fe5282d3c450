/* The call gate behind a firewall (RM0351 section 4.3.5: it opens at the second word only, and the second and third must be fetched
 * one after the other; the first is never executed).
 *
 * In: r0-r3 the request as engine_call() has it, r4 the caller's PRIMASK, interrupts masked (port/cortexm/call.S does that, and
 * keeps r5-r11 for its caller). Out: r0 the status, r4 as it came, everything else cleared.
 *
 * A caller's stack, return address, vector table and MPU may be set so that whatever is done through them hits the engine. So:
 * - Interrupts are masked by the gate's own second word, in front of the firewall's opening.
 * - The first thing done inside is to leave the caller's stack and vectors for ours, with nothing but what no MPU setting can make a
 *   fault of: immediate values, special registers, the system control space. A fault before that would push registers through the
 *   caller's stack pointer and take its handler from the caller's table, with the firewall open.
 * - They are given back outside (port/cortexm/outside.S), at a fixed place, whose fetch closes the firewall; only there the caller's
 *   return address is used. If that fetch faults, it is still our table that is used. FPA, which allows leaving at all, is off
 *   while a request runs: any other way out is a reset. */
#include "port/cortexm/gate_state.h"
	.syntax unified
	.thumb
	.section .gate, "ax"
	.global engine_gate
	.type engine_gate, %object
engine_gate:
	.inst.n 0xde00
	.inst.n 0xde00
	nop.n
	cpsid	i			/* in the second halfword: who enters there does not miss it */
	b.w	engine_enter

	.macro set reg, value
	movw	\reg, #:lower16:\value
	movt	\reg, #:upper16:\value
	.endm

	.section .text.engine_enter, "ax"
	.type engine_enter, %function
	.thumb_func
engine_enter:
	mrs	r6, control
	lsls	r7, r6, #31
	bmi	unprivileged
	mrs	r10, msp
	mrs	r11, ipsr
	set	r9, engine_gate_stack_top
	msr	msp, r9
	movs	r7, #0
	msr	control, r7		/* the main stack; no floating-point frames on it */
	isb
	set	r12, SCB_VTOR_AT
	ldr	r8, [r12]
	set	r9, engine_vectors
	str	r9, [r12]
	dsb
	isb
	/* From here on a fault is ours: a reset, until GATE_BASE says that a request is under way. */
	ldr	r5, =FIREWALL_CR
	str	r7, [r5]
	ldr	r7, =engine_gate_state
	ldr	r9, [r7, #GATE_BUSY]
	cmp	r9, #0
	bne	busy
	str	r7, [r7, #GATE_BUSY]
	/* Before the [boot] services are locked, keys pass over the stack: it lies where no debugger looks. */
	ldr	r5, =engine
	ldr	r5, [r5, #ENGINE_NO_AT]
	ldr	r9, =ENGINE_NO_IS
	cmp	r5, r9
	ldr	r9, =link_engine_secret_stack_top
	bne	1f
	ldr	r9, =link_engine_stack_top
1:	msr	msp, r9
	push	{r4, r6, r8, r10, r11, lr}
	mov	r6, sp
	str	r6, [r7, #GATE_BASE]
	bl	engine_unmask
	bl	engine_dispatch
engine_done:
	cpsid	i
	ldr	r7, =engine_gate_state
	pop	{r4, r6, r8, r10, r11, lr}
	ldr	r9, [r7, #GATE_PENDSV]
	movs	r5, #0
	str	r5, [r7, #GATE_PENDSV]
	str	r5, [r7, #GATE_BASE]
	cmp	r9, #0
	beq	2f
	ldr	r12, =SCB_ICSR_AT
	mov	r9, #1 << 28
	str	r9, [r12]
2:	str	r5, [r7, #GATE_BUSY]
	b	engine_leave

	/* What may fault is not for unprivileged callers, who could set no stack and mask nothing. FPA is as the last exit left it. */
unprivileged:
	set	r0, STATUS_REFUSED
	movs	r6, #0
	mov	r7, r6
	b.w	link_engine_return

busy:	ldr	r9, =GATE_RESUME
	cmp	r0, r9
	beq.w	engine_resume
	/* r6, r8, r10: the caller's CONTROL, vector table and main stack pointer. */
	.global engine_refuse
	.type engine_refuse, %function
	.thumb_func
engine_refuse:
	ldr	r0, =STATUS_REFUSED
engine_leave:
	ldr	r5, =engine_gate_stack_top
	msr	msp, r5
	ldr	r5, =FIREWALL_CR
	movs	r1, #1
	str	r1, [r5]
	dsb
	movs	r1, #0
	mov	r2, r1
	mov	r3, r1
	mov	r5, r1
	mov	r7, r1
	mov	r9, r1
	mov	r11, r1
	mov	r12, r1
	b.w	link_engine_exit
	.ltorg
	.size engine_enter, . - engine_enter

/* A fault inside, a caller's pointer into nowhere for instance: the request ends there, the engine goes on. A fault in anything
 * that is not the request itself (an interrupt on its way out, the gate's way in and out) is a reset. */
	.section .text.engine_fault, "ax"
	.global engine_fault
	.type engine_fault, %function
	.thumb_func
engine_fault:
	cpsid	i
	ldr	r7, =engine_gate_state
	ldr	r8, [r7, #GATE_BASE]
	ldr	r9, [r7, #GATE_NESTED]
	cmp	r9, #0
	bne	reset
	cmp	r8, #0
	beq	reset
	ldr	r10, [r8, #BLOCK_IPSR]
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

/* For what may come between a request's stack and the caller's: an NMI, a fault. */
	.section .bss.engine_gate_stack, "aw", %nobits
	.balign 8
	.space 64
engine_gate_stack_top:
