/* engine_call() where the engine lies behind a firewall: interrupts masked before the gate's first fetch (RM0351 section 4.3.5),
 * and the caller's registers kept out here: the gate uses no stack of the caller's. */
	.syntax unified
	.thumb
	.section .text.engine_call, "ax"
	.global engine_call
	.type engine_call, %function
	.thumb_func
engine_call:
	push	{r3, r4, r5, r6, r7, r8, r9, r10, r11, lr}
	mrs	r4, primask
	cpsid	i
	bl	engine_entry
	msr	primask, r4
	pop	{r3, r4, r5, r6, r7, r8, r9, r10, r11, pc}
	.size engine_call, . - engine_call
