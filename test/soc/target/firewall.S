/* Attacks on the firewall, and its proper use. The mailbox at 0x20017F00 says which one, and how the segments lie:
 *   +0 attack   +4 FW_CSSA  +8 FW_CSL  +12 FW_NVDSSA  +16 FW_NVDSL  +20 FW_VDSSA  +24 FW_VDSL  +28 FW_CR
 *   +32 ... results   +60 boots so far   +64 RCC_CSR at the second boot
 * The code segment lies at 0x08001000 (a second one, for other gates, at 0x08002000), non-volatile data at 0x08081000,
 * volatile data at 0x20000040. */
	.syntax unified
	.cpu cortex-m4
	.thumb

	.equ MAILBOX, 0x20017F00
	.equ CODE, 0x08001000
	.equ CODE2, 0x08002000
	.equ NVDATA, 0x08081000
	.equ VDATA, 0x20000040
	.equ FW, 0x40011C00
	.equ SYSCFG, 0x40010000
	.equ RCC, 0x40021000

	.section .vectors, "a"
	.word	0x20017E00
	.word	reset + 1
	.rept	9
	.word	fault + 1
	.endr
	.word	service + 1
	.rept	4
	.word	fault + 1
	.endr

	.text
	.thumb_func
	.global reset
reset:
	ldr	r7, =MAILBOX
	ldr	r0, [r7, #60]
	adds	r0, #1
	str	r0, [r7, #60]
	cmp	r0, #1
	beq	1f
	ldr	r1, =RCC + 0x94
	ldr	r0, [r1]
	str	r0, [r7, #64]
	b	done
1:	ldr	r1, =RCC + 0x60
	movs	r0, #0x81
	str	r0, [r1]
	ldr	r1, =FW
	ldr	r0, [r7, #4]
	str	r0, [r1, #0]
	ldr	r0, [r7, #8]
	str	r0, [r1, #4]
	ldr	r0, [r7, #12]
	str	r0, [r1, #8]
	ldr	r0, [r7, #16]
	str	r0, [r1, #12]
	ldr	r0, [r7, #20]
	str	r0, [r1, #16]
	ldr	r0, [r7, #24]
	str	r0, [r1, #20]
	ldr	r0, [r7, #28]
	str	r0, [r1, #32]
	ldr	r1, =SYSCFG
	movs	r0, #0
	str	r0, [r1, #4]
	ldr	r0, [r7]
	cmp	r0, #(table_end - table) / 4
	bhs	done
	adr	r1, table
	ldr	pc, [r1, r0, lsl #2]
	.align	2
table:
	.word	call + 1, call_middle + 1, word1 + 1, word3 + 1, middle + 1, read_code + 1, read_gate + 1, read_nv + 1
	.word	read_v + 1, write_v + 1, read_alias + 1, interrupted + 1, registers + 1, syscfg_reset + 1, clock_off + 1
	.word	switch_off + 1, swap + 1, run_v + 1, run_v_gate + 1, control + 1, run_nv + 1, call_alias + 1, branch_gate + 1
table_end:
	.thumb_func
done:
	wfi
	b	done
	.thumb_func
fault:
	ldr	r7, =MAILBOX
	mrs	r0, ipsr
	mvns	r0, r0
	str	r0, [r7, #32]
	b	done
	.thumb_func
service:
	bx	lr

/* The engine's answer: it read both data segments and itself. */
	.thumb_func
call:
	movs	r6, #0
call_go:
	ldr	r4, =CODE + 5
	blx	r4
	str	r0, [r7, #32]
	str	r1, [r7, #36]
	str	r2, [r7, #40]
	b	done
	.thumb_func
call_middle:	/* bit 0 of r6: without the pre-arm flag; 1: writes its code; 2: runs volatile data; 3: runs non-volatile data */
	ldr	r6, [r7, #32]
	b	call_go
	.thumb_func
call_alias:
	movs	r6, #0
	ldr	r4, =CODE - 0x08000000 + 5
	blx	r4
	str	r0, [r7, #32]
	b	done
	.thumb_func
branch_gate:	/* the second halfword of the second word */
	movs	r6, #0
	ldr	r4, =CODE + 7
	blx	r4
	str	r0, [r7, #32]
	b	done
	.thumb_func
word1:
	ldr	r4, =CODE + 1
	bx	r4
	.thumb_func
word3:
	ldr	r4, =CODE + 9
	bx	r4
	.thumb_func
middle:
	ldr	r4, =engine + 1
	bx	r4
	.thumb_func
read_code:
	ldr	r4, =CODE + 0x20
	b	read
	.thumb_func
read_gate:
	ldr	r4, =CODE + 4
	b	read
	.thumb_func
read_nv:
	ldr	r4, =NVDATA
	b	read
	.thumb_func
read_v:
	ldr	r4, =VDATA
	b	read
	.thumb_func
write_v:
	ldr	r4, =VDATA
	movs	r0, #1
	str	r0, [r4]
	b	done
	.thumb_func
read_alias:
	ldr	r4, =CODE + 0x20 - 0x08000000
read:
	ldr	r0, [r4]
	str	r0, [r7, #32]
	b	done
	.thumb_func
interrupted:	/* an exception between the second and the third word */
	ldr	r4, =CODE2 + 5
	blx	r4
	b	done
	.thumb_func
registers:	/* taking the segments away */
	ldr	r1, =FW
	movs	r0, #0
	str	r0, [r1, #4]
	str	r0, [r1, #8]
	str	r0, [r1, #12]
	ldr	r0, [r1, #4]
	str	r0, [r7, #36]
	b	read_nv
	.thumb_func
syscfg_reset:
	ldr	r1, =RCC + 0x40
	movs	r0, #1
	str	r0, [r1]
	movs	r0, #0
	str	r0, [r1]
	ldr	r1, =SYSCFG
	ldr	r0, [r1, #4]
	str	r0, [r7, #36]
	b	read_nv
	.thumb_func
clock_off:
	ldr	r1, =RCC + 0x60
	movs	r0, #0
	str	r0, [r1]
	ldr	r0, [r1]
	str	r0, [r7, #36]
	b	read_nv
	.thumb_func
switch_off:
	ldr	r1, =SYSCFG
	movs	r0, #1
	str	r0, [r1, #4]
	ldr	r0, [r1, #4]
	str	r0, [r7, #36]
	b	read_nv
	.thumb_func
swap:	/* from RAM: the flash under the program changes. What the code segment held is at the other bank's address then. */
	ldr	r1, =swap_code
	ldr	r2, =0x20001000
	movs	r3, #4
2:	ldr	r0, [r1], #4
	str	r0, [r2], #4
	subs	r3, #1
	bne	2b
	ldr	r1, =SYSCFG
	ldr	r4, =CODE + 0x80020
	ldr	r2, =0x20001001
	bx	r2
	.align	2
swap_code:
	mov	r0, #0x100
	str	r0, [r1]
	ldr	r0, [r4]
	str	r0, [r7, #32]
3:	wfi
	b	3b
	.align	2
	.thumb_func
run_v:
	ldr	r4, =VDATA + 1
	b	run
	.thumb_func
run_v_gate:
	ldr	r4, =VDATA + 5
run:
	movs	r6, #0
	blx	r4
	str	r0, [r7, #32]
	b	done
	.thumb_func
run_nv:
	ldr	r4, =NVDATA + 1
	bx	r4
	.thumb_func
control:
	ldr	r1, =FW
	movs	r0, #1
	str	r0, [r1, #32]
	ldr	r0, [r1, #32]
	str	r0, [r7, #32]
	b	done
	.ltorg

	.section .engine, "ax"
	.inst.n	0xde00
	.inst.n	0xde00
	nop
	nop
	b.w	engine
	.space	20
	.thumb_func
engine:		/* at 0x20: the word that the attacks try to read */
	ldr	r3, =FW
	tst	r6, #2
	it	ne
	ldrne	r0, =CODE + 0x80
	it	ne
	strne	r0, [r0]
	tst	r6, #4
	it	ne
	ldrne	pc, =VDATA + 1
	tst	r6, #8
	it	ne
	ldrne	pc, =NVDATA + 1
	ldr	r0, =NVDATA
	ldr	r0, [r0]
	ldr	r1, =VDATA
	ldr	r2, [r1]
	adds	r2, #1
	str	r2, [r1]
	ldr	r1, =CODE
	ldr	r1, [r1, #0x20]
	tst	r6, #1
	ite	eq
	moveq	r4, #1
	movne	r4, #0
	str	r4, [r3, #32]
	bx	lr
	.ltorg

	.section .engine2, "ax"
	.word	0
	nop
	svc	#0
	b.w	.
