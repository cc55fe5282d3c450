/* Single-precision arithmetic as FPv4-SP does it, bit by bit: rounding modes, flush-to-zero, default NaN, exception
 * flags (ARMv7-M ARM A2.5, and the FP* functions of its pseudocode). No floating point of the host is used.
 *
 * `fpscr` is read for the modes and gets the cumulative flags.
 */
#ifndef SIM_CPU_FPU_ARITH_H
#define SIM_CPU_FPU_ARITH_H

#include <stdbool.h>
#include <stdint.h>

#define FPSCR_IOC 0x1u
#define FPSCR_DZC 0x2u
#define FPSCR_OFC 0x4u
#define FPSCR_UFC 0x8u
#define FPSCR_IXC 0x10u
#define FPSCR_IDC 0x80u
#define FPSCR_FZ  0x01000000u
#define FPSCR_DN  0x02000000u
#define FPSCR_AHP 0x04000000u
#define FPSCR_RM  0x00c00000u /* 0 nearest, 1 up, 2 down, 3 towards zero */

static inline uint32_t fp_neg(uint32_t a)
{
  return a ^ 0x80000000u;
}
uint32_t fp_add(uint32_t *fpscr, uint32_t a, uint32_t b);
uint32_t fp_sub(uint32_t *fpscr, uint32_t a, uint32_t b);
uint32_t fp_mul(uint32_t *fpscr, uint32_t a, uint32_t b);
uint32_t fp_div(uint32_t *fpscr, uint32_t a, uint32_t b);
uint32_t fp_sqrt(uint32_t *fpscr, uint32_t a);
uint32_t fp_fma(uint32_t *fpscr, uint32_t addend, uint32_t a, uint32_t b); /* addend + a * b, rounded once */
uint32_t fp_compare(uint32_t *fpscr, uint32_t a, uint32_t b, bool signal); /* NZCV in bits 31:28 */

/* To and from integers of `width` (16 or 32) bits with `fraction` bits behind the point. Results of 16 bits are
 * extended. */
uint32_t fp_to_fixed(uint32_t *fpscr, uint32_t a_bits, unsigned width, unsigned fraction, bool is_unsigned,
                     bool to_zero);
uint32_t fp_from_fixed(uint32_t *fpscr, uint32_t v, unsigned width, unsigned fraction, bool is_unsigned, bool nearest);

uint32_t fp_from_half(uint32_t *fpscr, uint16_t h);
uint16_t fp_to_half(uint32_t *fpscr, uint32_t a);

#endif
