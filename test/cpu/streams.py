#!/usr/bin/python3
"""Random instruction streams for the differential test: prints a program in assembler.

usage: streams.py KIND SEED COUNT      KIND: v7em, fpu, v6m

Each of COUNT snippets runs with registers, flags and memory that depend on everything before it; its effects are mixed
into a hash that the program prints after every block of 40. Encodings are chosen bit by bit where the architecture
leaves no UNPREDICTABLE cases, and field by field elsewhere.
"""
import random
import sys

CONDITIONS = ["eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"]
BLOCK = 40


class Streams:
    """r11 points into the middle of a buffer of 256 bytes, r13 to the stack; every other register is data."""

    def __init__(self, kind, seed):
        self.r = random.Random(f"{kind}-{seed}")
        self.kind = kind
        self.label = 0

    # ---- pieces ----
    def lo(self):
        return self.r.randrange(8)

    def reg(self):
        return self.r.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12])

    def bits(self, n):
        return self.r.getrandbits(n)

    def new_label(self):
        self.label += 1
        return f".L{self.label}"

    @staticmethod
    def n(h):
        return f".inst.n 0x{h:04x}"

    @staticmethod
    def w(h, l):
        return f".inst.w 0x{h:04x}{l:04x}"

    # ---- 16-bit ----
    def t16_shift_add(self):
        return [self.n(self.bits(14))]

    def t16_data(self):
        return [self.n(0x4000 | self.bits(10))]

    def t16_high(self):
        op, rd, rm = self.r.choice([0, 1, 2]), self.reg(), self.reg()
        if op == 1 and rd < 8 and rm < 8:
            rd = 8
        return [self.n(0x4400 | op << 8 | (rd & 8) << 4 | rm << 3 | (rd & 7))]

    def t16_address(self):
        return [self.n(self.r.choice([0xA000, 0xA800]) | self.bits(11))]

    def t16_extend(self):
        return [self.n(self.r.choice([0xB200 | self.bits(8), 0xBA00 | self.r.choice([0, 1, 3]) << 6 | self.bits(6)]))]

    def t16_pc(self):
        return [f"mov r{self.lo()}, pc", f"add r{self.lo()}, pc"]

    def t16_memory(self):
        """Base in a low register, offsets within the buffer; aligned, as ARMv6-M wants it."""
        base, data, index = self.r.sample(range(8), 3)
        out = [f"mov r{base}, r11"]
        kind = self.r.randrange(3)
        if kind == 0:
            size = self.r.choice([0, 1, 2])
            top = [0x7000, 0x8000, 0x6000][size]
            imm = self.bits(5) if size < 2 else self.bits(4)
            out.append(self.n(top | self.bits(1) << 11 | imm << 6 | base << 3 | data))
        elif kind == 1:
            op = self.bits(3)
            scale = [2, 1, 0, 0, 2, 1, 0, 1][op]
            out += [f"movs r{index}, #{self.bits(4) << scale}", self.n(0x5000 | op << 9 | index << 6 | base << 3 | data)]
        else:
            out += [f"sub sp, #16", self.n(0x9000 | data << 8 | self.bits(2)), self.n(0x9800 | self.lo() << 8 | self.bits(2)),
                    "add sp, #16"]
        return out

    def t16_literal(self):
        out = self.new_label()
        return [f"ldr r{self.lo()}, {out}d", f"b {out}", ".align 2", f"{out}d: .word 0x{self.bits(32):08x}", f"{out}:"]

    def t16_multiple(self):
        base = self.lo()
        regs = sorted(self.r.sample([x for x in range(8) if x != base], self.r.randrange(1, 6)))
        text = "{" + ",".join(f"r{x}" for x in regs) + "}"
        return self.r.choice([
            [f"mov r{base}, r11", f"ldmia r{base}!, {text}"],
            [f"mov r{base}, r11", f"stmia r{base}!, {text}"],
            [f"mov r{base}, r11", self.n(0xC800 | base << 8 | 1 << base | sum(1 << x for x in regs))],
            [f"push {text}", "pop {" + ",".join(f"r{x}" for x in sorted(self.r.sample(range(8), len(regs)))) + "}"],
        ])

    def t16_branch(self):
        end = self.new_label()
        alu = self.t16_shift_add()[0]
        return self.r.choice([
            [f"b{self.r.choice(CONDITIONS)}.n {end}", alu, f"{end}:"],
            [f"b.n {end}", alu, f"{end}:"],
            [f"bl {end}", alu, f"{end}:"],
            [f"ldr r{self.lo()}, ={end}", f"{end}:"] if self.kind != "v6m" else [f"b.n {end}", alu, f"{end}:"],
        ])

    def system(self):
        a, b = self.lo(), self.lo()
        return self.r.choice([
            [f"lsrs r{a}, #28", f"lsls r{a}, #28", f"msr apsr_nzcvq, r{a}"],  # QEMU's Cortex-M0 has a Q flag
            [f"mrs r{a}, apsr"],
            [f"cpsid i", f"mrs r{a}, primask", "cpsie i"],
            [f"movs r{b}, #1", f"msr primask, r{b}", f"mrs r{a}, primask", f"movs r{b}, #0", f"msr primask, r{b}"],
            [f"mrs r{a}, control"],
            [f"msr psp, r{a}", f"mrs r{b}, psp"],
            [f"mrs r{a}, msp"],
            ["dsb"], ["dmb"], ["isb"], ["nop"], ["yield"], ["sev"],
        ])

    # ---- 32-bit data processing ----
    def t32_immediate(self):
        op = self.r.choice([0, 1, 2, 3, 4, 8, 10, 11, 13, 14])
        return [self.modified(op, self.bits(1), self.reg(), self.reg())]

    def modified(self, op, s, rn, rd):
        imm8, mode = self.bits(8), self.bits(4)
        if mode in (1, 2, 3) and imm8 == 0:
            imm8 = 1  # the replicated forms of zero are UNPREDICTABLE
        imm12 = mode << 8 | imm8
        return self.w(0xF000 | (imm12 >> 11) << 10 | op << 5 | s << 4 | rn, (imm12 >> 8 & 7) << 12 | rd << 8 | imm8)

    def t32_move_immediate(self):
        return [self.modified(self.r.choice([2, 3]), self.bits(1), 15, self.reg())]

    def t32_register(self):
        op = self.r.choice([0, 1, 2, 3, 4, 8, 10, 11, 13, 14])
        return [self.w(0xEA00 | op << 5 | self.bits(1) << 4 | self.reg(),
                       self.bits(3) << 12 | self.reg() << 8 | self.bits(4) << 4 | self.reg())]

    def t32_move_register(self):
        return [self.w(0xEA4F | self.r.choice([0, 1]) << 5 | self.bits(1) << 4,
                       self.bits(3) << 12 | self.reg() << 8 | self.bits(4) << 4 | self.reg())]

    def t32_compare(self):
        op = self.r.choice([0, 4, 8, 13])
        if self.bits(1):
            return [self.modified(op, 1, self.reg(), 15)]
        return [self.w(0xEA10 | op << 5 | self.reg(), self.bits(3) << 12 | 0xF00 | self.bits(4) << 4 | self.reg())]

    def t32_plain(self):
        op = self.r.choice([0x200, 0x2A0, 0x240, 0x2C0])
        rn = self.bits(4) if op in (0x240, 0x2C0) else self.r.choice([self.reg(), 15])
        return [self.w(0xF000 | self.bits(1) << 10 | op | rn, self.bits(3) << 12 | self.reg() << 8 | self.bits(8))]

    def t32_field(self):
        lsb = self.bits(5)
        low = self.r.randrange(32 - lsb)
        form = lambda h, l: self.w(h, (lsb >> 2) << 12 | self.reg() << 8 | (lsb & 3) << 6 | l)
        return [self.r.choice([
            lambda: form(0xF340 | self.reg(), low), lambda: form(0xF3C0 | self.reg(), low),
            lambda: form(0xF360 | self.reg(), lsb + low), lambda: form(0xF36F, lsb + low)])()]

    def t32_saturate(self):
        h = self.r.choice([0xF300, 0xF380]) | self.reg()
        if self.r.randrange(4) == 0:
            return [self.w(h | 0x20, self.reg() << 8 | self.bits(4))]
        sh, shift = self.bits(1), self.bits(5)
        if sh and not shift:
            shift = 1
        return [self.w(h | sh << 5, (shift >> 2) << 12 | self.reg() << 8 | (shift & 3) << 6 | self.bits(5))]

    def t32_shift(self):
        return [self.w(0xFA00 | self.bits(3) << 4 | self.reg(), 0xF000 | self.reg() << 8 | self.reg())]

    def t32_extend(self):
        return [self.w(0xFA00 | self.r.randrange(6) << 4 | self.r.choice([self.reg(), 15]),
                       0xF080 | self.reg() << 8 | self.bits(2) << 4 | self.reg())]

    def t32_unary(self):
        m = self.reg()
        return [self.r.choice([self.w(0xFA90 | m, 0xF080 | self.reg() << 8 | self.bits(2) << 4 | m),
                               self.w(0xFAB0 | m, 0xF080 | self.reg() << 8 | m)])]

    def t32_multiply(self):
        n, m, d, a = (self.reg() for _ in range(4))
        return [self.r.choice([self.w(0xFB00 | n, 0xF000 | d << 8 | m), self.w(0xFB00 | n, a << 12 | d << 8 | m),
                               self.w(0xFB00 | n, a << 12 | d << 8 | 0x10 | m)])]

    def t32_long(self):
        low, high = self.r.sample([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12], 2)
        h, op2 = self.r.choice([(0xFB80, 0), (0xFBA0, 0), (0xFBC0, 0), (0xFBE0, 0), (0xFBE0, 6)])
        return [self.w(h | self.reg(), low << 12 | high << 8 | op2 << 4 | self.reg())]

    def t32_divide(self):
        return [self.w(self.r.choice([0xFB90, 0xFBB0]) | self.reg(), 0xF0F0 | self.reg() << 8 | self.reg())]

    def t32_dsp(self):
        n, m, d, a = (self.reg() for _ in range(4))
        low, high = self.r.sample([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12], 2)
        acc = self.r.choice([a, 15])
        return [self.r.choice([
            self.w(0xFA80 | self.r.choice([0, 1, 2, 4, 5, 6]) << 4 | n, 0xF000 | d << 8 | self.r.choice([0, 1, 2, 4, 5, 6]) << 4 | m),
            self.w(0xFA80 | self.r.choice([0, 1, 2, 4, 5, 6]) << 4 | n, 0xF000 | d << 8 | self.r.choice([0, 1, 2, 4, 5, 6]) << 4 | m),
            self.w(0xFA80 | n, 0xF080 | d << 8 | self.bits(2) << 4 | m),
            self.w(0xFAA0 | n, 0xF080 | d << 8 | m),
            self.w(0xFB10 | n, acc << 12 | d << 8 | self.bits(2) << 4 | m),
            self.w(self.r.choice([0xFB20, 0xFB30, 0xFB40, 0xFB50]) | n, acc << 12 | d << 8 | self.bits(1) << 4 | m),
            self.w(0xFB60 | n, a << 12 | d << 8 | self.bits(1) << 4 | m),
            self.w(0xFB70 | n, acc << 12 | d << 8 | m),
            self.w(0xFBC0 | n, low << 12 | high << 8 | (8 | self.bits(2)) << 4 | m),
            self.w(self.r.choice([0xFBC0, 0xFBD0]) | n, low << 12 | high << 8 | (12 | self.bits(1)) << 4 | m),
            self.w(0xEAC0 | n, self.bits(3) << 12 | d << 8 | self.bits(2) << 6 | self.bits(1) << 5 | m),
        ])]

    # ---- 32-bit memory; r11 +- 128, unaligned included ----
    def t32_memory(self):
        rt, kind = self.reg(), self.r.randrange(8)
        op = self.r.choice([0xF800, 0xF810, 0xF820, 0xF830, 0xF840, 0xF850, 0xF910, 0xF930])
        if kind == 0:
            return [self.w(op | 0x80 | 11, rt << 12 | self.r.randrange(120))]
        if kind == 1:
            return [self.w(op | 11, rt << 12 | 0xC00 | self.r.randrange(120))]
        if kind in (2, 3):  # indexed
            while rt == 12:
                rt = self.reg()
            mode = self.r.choice([0x900, 0xB00, 0xD00, 0xF00])
            return ["mov r12, r11", self.w(op | 12, rt << 12 | mode | self.r.randrange(120)), "sub r12, r11"]
        if kind == 4:
            index = self.reg()
            return [f"and r{index}, r{index}, #15", self.w(op | 11, rt << 12 | self.bits(2) << 4 | index)]
        if kind == 5:
            return [self.w(op | 11, rt << 12 | 0xE00 | self.r.randrange(120))]  # unprivileged forms
        a, b = self.r.sample([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 2)
        imm = self.r.randrange(30)
        if kind == 6:
            return [self.w(self.r.choice([0xE940, 0xE950, 0xE9C0, 0xE9D0]) | 11, a << 12 | b << 8 | imm)]
        return ["mov r12, r11",
                self.w(self.r.choice([0xE860, 0xE870, 0xE8E0, 0xE8F0, 0xE960, 0xE970, 0xE9E0, 0xE9F0]) | 12,
                       a << 12 | b << 8 | imm), "sub r12, r11"]

    def t32_multiple(self):
        regs = self.r.sample([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], self.r.randrange(2, 9))
        mask = sum(1 << x for x in regs)
        h = self.r.choice([0xE880, 0xE890, 0xE900, 0xE910])
        if self.bits(1):
            return [self.w(h | 11, mask)]
        return ["mov r12, r11", self.w(h | 0x20 | 12, mask), "sub r12, r11"]

    def t32_literal(self):
        here = self.new_label()
        op = self.r.choice(["ldr.w", "ldrb.w", "ldrh.w", "ldrsb.w", "ldrsh.w"])
        return [f"{op} r{self.reg()}, {here}d", f"b {here}", ".align 2", f"{here}d: .word 0x{self.bits(32):08x}",
                f"{here}:"]

    def t32_exclusive(self):
        a, b, c = self.r.sample(range(8), 3)
        suffix, step = self.r.choice([("", 4), ("b", 1), ("h", 2)])
        offset = f", #{4 * self.r.randrange(8)}" if not suffix else ""
        pair = [f"ldrex{suffix} r{a}, [r11{offset}]", f"add r{a}, r{a}, r{b}", f"strex{suffix} r{c}, r{a}, [r11{offset}]"]
        return self.r.choice([pair, pair[:1] + ["clrex"] + pair[1:], pair[1:], pair + pair[2:]])

    def t32_branch(self):
        end = self.new_label()
        alu = self.t32_register()[0]
        i = self.lo()
        return self.r.choice([
            [f"b{self.r.choice(CONDITIONS)}.w {end}", alu, f"{end}:"],
            [f"b.w {end}", alu, f"{end}:"],
            [f"{self.r.choice(['cbz', 'cbnz'])} r{self.lo()}, {end}", alu, f"{end}:"],
            [f"and r{i}, r{i}, #3", f"tbb [pc, r{i}]", f"{end}t: .byte ({end}a-{end}t)/2, ({end}b-{end}t)/2",
             f".byte ({end}-{end}t)/2, ({end}b-{end}t)/2", f"{end}a: {alu}", f"{end}b: {alu}", f"{end}:"],
            [f"and r{i}, r{i}, #1", f"tbh [pc, r{i}, lsl #1]", f"{end}t: .short ({end}a-{end}t)/2, ({end}-{end}t)/2",
             f"{end}a: {alu}", f"{end}:"],
            [f"adr.w r{i}, {end}", f"add r{i}, r{i}, #1", f"bx r{i}", alu, ".align 2", f"{end}:"],
            [f"adr.w r{i}, {end}", f"add r{i}, r{i}, #1", f"blx r{i}", alu, ".align 2", f"{end}:"],
            [f"adr.w r{i}, {end}", f"mov pc, r{i}", alu, ".align 2", f"{end}:"],
            [f"adr.w lr, {end}", "orr lr, lr, #1", "push {lr}", "pop {pc}", alu, ".align 2", f"{end}:"],
            [f"ldr.w pc, {end}d", ".align 2", f"{end}d: .word {end}+1", f"{end}:"],
        ])

    def t32_system(self):
        a, b = self.lo(), self.lo()
        return self.r.choice([
            [f"msr apsr_nzcvqg, r{a}"], [f"msr apsr_g, r{a}"], ["clrex"],
            [f"msr basepri, r{a}", f"mrs r{b}, basepri", "mov r12, #0", "msr basepri, r12"],
            [f"msr basepri_max, r{a}", f"mrs r{b}, basepri", "mov r12, #0", "msr basepri, r12"],
            ["cpsid f", f"mrs r{a}, faultmask", "cpsie f"],
            [f"mov r{a}, #1", f"msr faultmask, r{a}", f"mrs r{b}, faultmask", "cpsie f"],
            [f"mov r12, sp", f"sub sp, sp, #{4 * self.r.randrange(64)}", f"add r{a}, sp, #{4 * self.r.randrange(64)}",
             "mov sp, r12"],
            [f"mov r12, sp", f"subw sp, sp, #{self.r.randrange(256)}", f"mov r{a}, sp", "mov sp, r12"],
            [f"mov r12, sp", f"and r{a}, r{a}, #255", f"sub.w sp, sp, r{a}, lsl #2", f"mov r{b}, sp", "mov sp, r12"],
        ])

    def t32_it(self):
        size = self.r.randrange(1, 5)
        cond = self.r.randrange(15)
        mask = 1 << (4 - size)
        for i in range(size - 1):
            flip = self.bits(1) if cond < 14 else 0
            mask |= ((cond ^ flip) & 1) << (3 - i)
        out = [self.n(0xBF00 | cond << 4 | mask)]
        for _ in range(size):
            pick = self.r.choice([self.t16_shift_add, self.t16_data, self.t32_register, self.t32_immediate,
                                  self.t32_multiply, self.t16_extend, self.t32_compare, self.one_access, self.t32_dsp])
            out.append(pick()[0])
        return out

    def one_access(self):
        return [self.w(self.r.choice([0xF880, 0xF890, 0xF8C0, 0xF8D0]) | 11, self.reg() << 12 | self.r.randrange(120))]

    # ---- floating point: s0-s31 and FPSCR are loaded from random and special values before each snippet ----
    def s(self):
        return self.bits(5)

    def vfp(self, h, l, d, n, m):
        return self.w(h | (d & 1) << 6 | n >> 1, l | (d >> 1) << 12 | (n & 1) << 7 | (m & 1) << 5 | m >> 1)

    def fp_arithmetic(self):
        h, l = self.r.choice([(0xEE00, 0xA00), (0xEE00, 0xA40), (0xEE10, 0xA00), (0xEE10, 0xA40), (0xEE20, 0xA00),
                              (0xEE20, 0xA40), (0xEE30, 0xA00), (0xEE30, 0xA40), (0xEE80, 0xA00), (0xEE90, 0xA00),
                              (0xEE90, 0xA40), (0xEEA0, 0xA00), (0xEEA0, 0xA40)])
        return [self.vfp(h, l, self.s(), self.s(), self.s())]

    def fp_unary(self):
        op2, l = self.r.choice([(0, 0xA40), (0, 0xAC0), (1, 0xA40), (1, 0xAC0), (4, 0xA40), (4, 0xAC0)])
        d, m = self.s(), self.s()
        return [self.w(0xEEB0 | (d & 1) << 6 | op2, l | (d >> 1) << 12 | (m & 1) << 5 | m >> 1)]

    def fp_compare(self):
        d, m, e = self.s(), self.s(), self.bits(1) << 7
        return [self.r.choice([self.w(0xEEB4 | (d & 1) << 6, 0xA40 | e | (d >> 1) << 12 | (m & 1) << 5 | m >> 1),
                               self.w(0xEEB5 | (d & 1) << 6, 0xA40 | e | (d >> 1) << 12)]),
                self.r.choice(["vmrs apsr_nzcv, fpscr", f"vmrs r{self.lo()}, fpscr", "nop"])]

    def fp_convert(self):
        d, m = self.s(), self.s()
        return [self.r.choice([
            lambda: self.w(0xEEB8 | (d & 1) << 6, 0xA40 | self.bits(1) << 7 | (d >> 1) << 12 | (m & 1) << 5 | m >> 1),
            lambda: self.w(0xEEBC | self.bits(1) | (d & 1) << 6,
                           0xA40 | self.bits(1) << 7 | (d >> 1) << 12 | (m & 1) << 5 | m >> 1),
            lambda: self.w(0xEEB2 | self.bits(1) | (d & 1) << 6,
                           0xA40 | self.bits(1) << 7 | (d >> 1) << 12 | (m & 1) << 5 | m >> 1),
            self.fp_fixed])()]

    def fp_fixed(self):
        d, wide = self.s(), self.bits(1)
        size = 32 if wide else 16
        imm5 = size - self.r.randrange(size + 1)
        if imm5 > 31 or (not wide and imm5 > 16):
            imm5 = 16
        return self.w(0xEEBA | self.bits(1) << 2 | self.bits(1) | (d & 1) << 6,
                      0xA40 | wide << 7 | (d >> 1) << 12 | (imm5 & 1) << 5 | imm5 >> 1)

    def fp_move(self):
        d, t, t2 = self.s(), self.lo(), self.r.randrange(8, 11)
        return self.r.choice([
            [f"vmov s{d}, r{t}"], [f"vmov r{t}, s{d}"],
            [self.w(0xEEB0 | (d & 1) << 6 | self.bits(4), 0xA00 | (d >> 1) << 12 | self.bits(4))],
            [f"vmov d{d >> 1}, r{t}, r{t2}"], [f"vmov r{t}, r{t2}, d{d >> 1}"],
            [f"vmov s{d & 30}, s{(d & 30) + 1}, r{t}, r{t2}"], [f"vmov r{t}, r{t2}, s{d & 30}, s{(d & 30) + 1}"],
        ])

    def fp_memory(self):
        d, imm = self.s(), 4 * self.r.randrange(30)
        sign = self.r.choice(["", "-"])
        n = self.r.randrange(1, 8)
        lst = f"{{s{min(d, 24)}-s{min(d, 24) + n}}}"
        return self.r.choice([
            [f"vldr s{d}, [r11, #{sign}{imm}]"], [f"vstr s{d}, [r11, #{sign}{imm}]"],
            [f"vldr d{d >> 1}, [r11, #{sign}{imm}]"], [f"vstr d{d >> 1}, [r11, #{sign}{imm}]"],
            [f"vldmia r11, {lst}"], [f"vstmia r11, {lst}"],
            ["mov r12, r11", f"vldmia r12!, {lst}", "sub r12, r11"], ["mov r12, r11", f"vstmdb r12!, {lst}", "sub r12, r11"],
            [f"vpush {lst}", f"vpop {lst}"],
            [f"vpush {{d{d >> 2}-d{(d >> 2) + 3}}}", f"vpop {{d{d >> 2}-d{(d >> 2) + 3}}}"],
        ])

    def fp_it(self):
        cond = self.r.randrange(14)
        return [self.n(0xBF00 | cond << 4 | 8), self.fp_arithmetic()[0]]

    def choices(self):
        common = [(self.t16_shift_add, 4), (self.t16_data, 4), (self.t16_high, 1), (self.t16_address, 1),
                  (self.t16_extend, 1), (self.t16_pc, 1), (self.t16_memory, 3), (self.t16_literal, 1),
                  (self.t16_multiple, 2), (self.t16_branch, 2), (self.system, 2)]
        if self.kind == "v6m":
            return common
        if self.kind == "fpu":
            return [(self.fp_arithmetic, 8), (self.fp_unary, 3), (self.fp_compare, 2), (self.fp_convert, 4),
                    (self.fp_move, 2), (self.fp_memory, 2), (self.fp_it, 1)]
        return common + [(self.t32_immediate, 3), (self.t32_move_immediate, 1), (self.t32_register, 3),
                         (self.t32_move_register, 2), (self.t32_compare, 2), (self.t32_plain, 2), (self.t32_field, 2),
                         (self.t32_saturate, 2), (self.t32_shift, 1), (self.t32_extend, 2), (self.t32_unary, 1),
                         (self.t32_multiply, 2), (self.t32_long, 2), (self.t32_divide, 1), (self.t32_dsp, 6),
                         (self.t32_memory, 5), (self.t32_multiple, 2), (self.t32_literal, 1), (self.t32_exclusive, 1),
                         (self.t32_branch, 2), (self.t32_system, 1), (self.t32_it, 4)]

    def snippet(self):
        makers, weights = zip(*self.choices())
        return self.r.choices(makers, weights)[0]()

    def program(self, count):
        """Calls load_state and mix_state (streams_main.c) around every snippet."""
        print(".syntax unified\n.thumb\n.text\n.align 2\n.global stream_blocks")
        blocks = 0
        for i in range(count):
            if i % BLOCK == 0:
                print(f".thumb_func\nblock{blocks}: push {{lr}}")
                blocks += 1
            print(" bl load_state")
            for line in self.snippet():
                print(" " + line if not line.startswith(".L") else line)
            print(" bl mix_state")
            if i % BLOCK == BLOCK - 1 or i == count - 1:
                print(" pop {pc}\n .ltorg\n .align 2")
        print(".align 2\nstream_blocks:")
        for b in range(blocks):
            print(f" .word block{b}")
        print(" .word 0")


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("v7em", "fpu", "v6m"):
        sys.exit(__doc__)
    Streams(sys.argv[1], int(sys.argv[2])).program(int(sys.argv[3]))


main()
