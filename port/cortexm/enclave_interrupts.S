/* The low-latency option: interrupts that come while the engine works leave it, run the caller's handler outside with the
 * firewall closed, and come back through the gate.
 *
 * On the way out: registers kept on the engine's stack, everything cleared, out through a fixed place (port/cortexm/outside.S), which
 * puts the caller's vector table and main stack pointer back, finds the handler in that table (out there, where the
 * firewall watches what it points to) and enters the gate again with GATE_RESUME. That is accepted only while such a
 * frame exists and only from the same exception. Handlers are called as functions, so they may not look at EXC_RETURN:
 * PendSV, where schedulers do, waits until the engine is left. */
#include "port/cortexm/gate_state.h"
	.syntax unified
	.thumb
	.section .engine_vectors, "a"
	.balign 512
	.global engine_vectors
engine_vectors:
	.word 0, engine_fault, engine_nmi, engine_fault, engine_fault, engine_fault, engine_fault, engine_fault
	.word engine_fault, engine_fault, engine_fault, engine_fault, engine_fault, engine_fault, engine_pendsv
	.rept 1 + 82
	.word engine_interrupt
	.endr

	.section .text.engine_unmask, "ax"
	.global engine_unmask
	.type engine_unmask, %function
	.thumb_func
engine_unmask:
	cbnz	r4, 1f
	cpsie	i
1:	bx	lr

	.section .text.engine_pendsv, "ax"
	.type engine_pendsv, %function
	.thumb_func
engine_pendsv:
	ldr	r0, =engine_gate_state
	str	r0, [r0, #GATE_PENDSV]
	bx	lr
	.ltorg

	.section .text.engine_interrupt, "ax"
	.type engine_interrupt, %function
	.thumb_func
engine_interrupt:
	cpsid	i
	push	{r4, r5, r6, r7, r8, r9, r10, r11, lr}
	ldr	r7, =engine_gate_state
	ldr	r5, [r7, #GATE_NESTED]
	mrs	r4, ipsr
	mov	r6, r5
	push	{r4, r5, r6}		/* three words keep the stack aligned */
	mov	r6, sp
	str	r6, [r7, #GATE_NESTED]
	ldr	r8, [r7, #GATE_BASE]
	ldr	r0, [r8, #BLOCK_VTOR]
	ldr	r2, [r8, #BLOCK_MSP]
	ldr	r5, =FIREWALL_CR
	movs	r1, #1
	str	r1, [r5]
	dsb
	movs	r1, #0
	mov	r3, r1
	mov	r4, r1
	mov	r5, r1
	mov	r6, r1
	mov	r7, r1
	mov	r8, r1
	mov	r9, r1
	mov	r10, r1
	mov	r11, r1
	mov	r12, r1
	mov	lr, r1
	b.w	link_engine_interrupt
	.ltorg

	/* From the gate, interrupts masked, FPA off, our vectors; r6, r8, r10 are kept for a refusal. */
	.section .text.engine_resume, "ax"
	.global engine_resume
	.type engine_resume, %function
	.thumb_func
engine_resume:
	ldr	r7, =engine_gate_state
	ldr	r5, [r7, #GATE_NESTED]
	cmp	r5, #0
	beq.w	engine_refuse
	mrs	r9, ipsr
	ldr	r12, [r5]
	cmp	r9, r12
	bne.w	engine_refuse
	msr	msp, r5
	isb
	pop	{r4, r5, r6}
	str	r5, [r7, #GATE_NESTED]
	pop	{r4, r5, r6, r7, r8, r9, r10, r11, lr}
	cpsie	i
	bx	lr
	.ltorg
