/* The call gate: start of the engine's code segment. The firewall opens at the second word only (RM0351 section 4.3.5), and the
 * second and third words must be fetched one after the other; the first is never executed.
 *
 * Behind it: interrupts off, over to the engine's own stack, dispatch, and everything back. r0-r3 carry the request as
 * engine_call() has it; what the engine left in r1-r3 and r12 is cleared. */
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
	push	{r4, r5, r6, lr}
	mrs	r4, primask
	cpsid	i
	mov	r5, sp
	ldr	r6, =link_engine_stack_top
	mov	sp, r6
	bl	engine_dispatch
	mov	sp, r5
	movs	r1, #0
	movs	r2, #0
	movs	r3, #0
	mov	r12, r1
	msr	primask, r4
	pop	{r4, r5, r6, pc}
	.size engine_enter, . - engine_enter
