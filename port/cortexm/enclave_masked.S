/* Interrupts stay off while the engine works: its vector table has only what cannot be masked. */
#include "port/cortexm/gate_state.h"
	.syntax unified
	.thumb
	.section .engine_vectors, "a"
	.balign 128
	.global engine_vectors
engine_vectors:
	.word 0, engine_fault, engine_nmi, engine_fault, engine_fault, engine_fault, engine_fault

	.section .text.engine_unmask, "ax"
	.global engine_unmask
	.type engine_unmask, %function
	.thumb_func
engine_unmask:
	bx	lr
	.global engine_resume
	.type engine_resume, %function
	.thumb_func
engine_resume:
	b.w	engine_refuse
