/* What the unit tests of the core share: a machine with a vector table, and instructions by name. */
#ifndef TEST_CPU_FIXTURE_H
#define TEST_CPU_FIXTURE_H

#include "test/cpu/machine.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define CODE        0x400u
#define STACK       (MACHINE_RAM + 0x10000u)
#define DATA        (MACHINE_RAM + 0x1000u)
#define HANDLER(n)  (0x2000u + (n)*0x20u) /* exception n; "branch to itself" unless a test puts code there */
#define FLASH(m, a) ((m)->code + (a))

/* 16-bit instructions */
#define MOVS(rd, imm)     (0x2000u | (rd) << 8 | (imm))
#define ADDS(rd, imm)     (0x3000u | (rd) << 8 | (imm))
#define SUBS(rd, imm)     (0x3800u | (rd) << 8 | (imm))
#define CMP(rd, imm)      (0x2800u | (rd) << 8 | (imm))
#define LDR(rt, rn, imm)  (0x6800u | (imm) / 4 << 6 | (rn) << 3 | (rt))
#define STR(rt, rn, imm)  (0x6000u | (imm) / 4 << 6 | (rn) << 3 | (rt))
#define LDRH(rt, rn, imm) (0x8800u | (imm) / 2 << 6 | (rn) << 3 | (rt))
#define STRH(rt, rn, imm) (0x8000u | (imm) / 2 << 6 | (rn) << 3 | (rt))
#define STRB(rt, rn, imm) (0x7000u | (imm) << 6 | (rn) << 3 | (rt))
#define B(offset)         (0xe000u | (((offset)-4) / 2 & 0x7ff))              /* from its own address */
#define BCC(cond, offset) (0xd000u | (cond) << 8 | (((offset)-4) / 2 & 0xff)) /* 0 EQ, 1 NE */
#define BX(rm)            (0x4700u | (rm) << 3)
#define BLX(rm)           (0x4780u | (rm) << 3)
#define IT_EQ             0xbf08u
#define ITT_EQ            0xbf04u
#define NOP               0xbf00u
#define WFE               0xbf20u
#define WFI               0xbf30u
#define SEV               0xbf40u
#define CPSIE_I           0xb662u
#define CPSID_I           0xb672u
#define CPSID_F           0xb671u
#define SVC(n)            (0xdf00u | (n))
#define UDF(n)            (0xde00u | (n))
#define BKPT(n)           (0xbe00u | (n))
/* 32-bit instructions as two halfwords */
#define MOVW(rd, imm)                                                                                                  \
  (0xf240u | (imm) >> 12 | ((imm) >> 11 & 1) << 10), (((imm) >> 8 & 7) << 12 | (rd) << 8 | ((imm)&0xff))
#define NOP_W 0xf3afu, 0x8000u

#define EQ 0u
#define NE 1u

static inline void put_code(struct machine *m, uint32_t addr, const uint16_t *code, size_t count)
{
  memcpy(FLASH(m, addr), code, count * 2);
}
#define PUT(m, addr, ...)                                                                                              \
  do {                                                                                                                 \
    const uint16_t code_[] = {__VA_ARGS__};                                                                            \
    put_code(m, addr, code_, sizeof code_ / 2);                                                                        \
  } while (0)

static inline void put_word(struct machine *m, uint32_t addr, uint32_t value)
{
  memcpy(FLASH(m, addr), &value, 4);
}

static inline void begin_arch(struct machine *m, enum cpu_arch arch)
{
  assert_true(machine_init(m, arch, true));
  put_word(m, 0, STACK);
  put_word(m, 4, CODE | 1);
  for (uint32_t n = 2; n < 48; n++) {
    put_word(m, n * 4, HANDLER(n) | 1);
    PUT(m, HANDLER(n), B(0));
  }
  cpu_reset(m->cpu, 0);
}
static inline void begin(struct machine *m)
{
  begin_arch(m, CPU_ARCH_V7EM);
}

static inline uint32_t reg(struct machine *m, unsigned r)
{
  return cpu_get(m->cpu, r);
}
static inline uint32_t ipsr(struct machine *m)
{
  return cpu_get(m->cpu, CPU_XPSR) & 0x1ff;
}
static inline uint32_t ram_word(struct machine *m, uint32_t addr)
{
  uint32_t v;
  memcpy(&v, m->ram + (addr - MACHINE_RAM), 4);
  return v;
}
#define assert_stop(m, n, why) assert_int_equal(cpu_run((m)->cpu, (n)), (why))
#define assert_pc(m, addr)     assert_int_equal(reg((m), CPU_PC), (addr))

#endif
