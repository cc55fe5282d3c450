/* load_state: registers, flags (and with TEST_FPU s0-s31, FPSCR) from a generator; every fourth value is a special one.
 * mix_state: registers, flags and the buffer into the hash. Instructions of ARMv6-M only, besides the FPU part.
 *
 * r11 is the middle of the buffer on return from load_state; everything else is data.
 */
.syntax unified
.thumb
.text

.equ SAVE_LR, 0

/* r0 = next value; r1, r2, r3 are lost */
.thumb_func
next_value:
 ldr r1, =stream_seed
 ldr r0, [r1]
 ldr r2, =1664525
 muls r0, r2, r0
 ldr r2, =1013904223
 adds r0, r0, r2
 str r0, [r1]
 lsrs r2, r0, #28
 lsls r3, r0, #14
 lsrs r3, r3, #30
 bne 1f
 lsls r2, r2, #2
 ldr r3, =special
 ldr r0, [r3, r2]
1: bx lr

.align 2
#ifdef TEST_FPU
special:
 .word 0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00001, 0xffa00000, 0x00000001, 0x807fffff
 .word 0x3f800000, 0xbf800001, 0x7f7fffff, 0x00800000, 0x4f000000, 0x3f000000, 0x33800000, 0x47800000
#else
special:
 .word 0, 1, 2, 0xffffffff, 0xfffffffe, 0x7fffffff, 0x80000000, 0x80000001
 .word 0x7fff, 0x8000, 0xffff, 0x10000, 32, 33, 0xff, 31
#endif

.global load_state
.thumb_func
load_state:
 ldr r0, =stream_saved
 mov r1, lr
 str r1, [r0]
#ifdef TEST_FPU
 ldr r4, =stream_saved
 movs r5, #32
 sub sp, #128
 mov r6, sp
1: bl next_value
 ldr r1, =stream_seed
 ldr r1, [r1]
 lsls r1, r1, #4
 bpl 2f
 lsls r0, r0, #3
 lsrs r0, r0, #3
 ldr r2, =0x30000000
 adds r0, r0, r2       /* values of like size, so that sums do not lose one side */
2: stmia r6!, {r0}
 subs r5, r5, #1
 bne 1b
 vpop {s0-s31}
 bl next_value
 ldr r1, =0x07c00000
 ands r0, r1
 ldr r1, =stream_seed
 ldr r1, [r1]
 lsls r1, r1, #6
 bmi 3f
 movs r0, #0           /* half of the time the default modes */
3: vmsr fpscr, r0
#endif
 movs r5, #12
 sub sp, #48
 mov r6, sp
4: bl next_value
 stmia r6!, {r0}
 subs r5, r5, #1
 bne 4b
 bl next_value
#ifdef TEST_V6M
 lsrs r0, r0, #28
 lsls r0, r0, #28
 msr apsr_nzcvq, r0
#else
 msr apsr_nzcvqg, r0
#endif
 pop {r0-r3}
 mov r8, r0
 mov r9, r1
 mov r10, r2
 mov r12, r3
 ldr r0, =stream_buffer + 128
 mov r11, r0
 ldr r0, =stream_saved
 ldr r0, [r0]
 mov lr, r0
 pop {r0-r7}
 bx lr

.global mix_state
.thumb_func
mix_state:
 push {r0-r7}
 mrs r0, apsr
 mov r1, r8
 mov r2, r9
 mov r3, r10
 mov r4, r12
 push {r0-r4}
 mov r6, sp
 movs r5, #13
 ldr r0, =stream_hash
 ldr r0, [r0]
 ldr r3, =0x9e3779b1
 movs r4, #15
1: ldmia r6!, {r1}
 eors r0, r1
 muls r0, r3, r0
 rors r0, r4
 subs r5, r5, #1
 bne 1b
 add sp, #52
 ldr r6, =stream_buffer
 movs r5, #64
2: ldmia r6!, {r1}
 eors r0, r1
 muls r0, r3, r0
 rors r0, r4
 subs r5, r5, #1
 bne 2b
#ifdef TEST_FPU
 vmrs r1, fpscr
 vpush {s0-s31}
 mov r6, sp
 movs r5, #32
3: eors r0, r1
 muls r0, r3, r0
 rors r0, r4
 ldmia r6!, {r1}
 subs r5, r5, #1
 bpl 3b
 add sp, #128
#endif
 ldr r1, =stream_hash
 str r0, [r1]
 bx lr
.ltorg

/* Call a block with the callee-saved registers kept. */
.global stream_call
.thumb_func
stream_call:
 push {r4-r7, lr}
 mov r1, r8
 mov r2, r9
 mov r3, r10
 mov r4, r11
 push {r1-r4}
 blx r0
 pop {r1-r4}
 mov r8, r1
 mov r9, r2
 mov r10, r3
 mov r11, r4
 pop {r4-r7, pc}
