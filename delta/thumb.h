/* References in Thumb code: instructions whose operand is a distance from the program counter. Used by both directions
 * of the delta codec; touches nothing.
 *
 * An instruction is handed over as a 32-bit word: its first halfword in bits 0-15, its second (or whatever follows) in
 * bits 16-31, as a little-endian load gives it. Distances count from the instruction's address + 4, rounded down to a
 * multiple of 4 for the literal forms. Encodings: ARMv7-M Architecture Reference Manual, A7.7.
 */
#ifndef DELTA_THUMB_H
#define DELTA_THUMB_H

#include <stdint.h>

enum thumb_kind {
  THUMB_NONE,
  THUMB_LDR,  /* LDR Rt, [PC, #imm8 * 4] */
  THUMB_ADR,  /* ADD Rd, PC, #imm8 * 4 */
  THUMB_BCC,  /* B<cond>, 16 bit */
  THUMB_B,    /* B, 16 bit */
  THUMB_CBZ,  /* CBZ, CBNZ */
  THUMB_BL,   /* BL, and B.W without condition: the same layout */
  THUMB_BCCW, /* B<cond>.W */
  THUMB_LDRW, /* LDR.W Rt, [PC, #+-imm12] */
  THUMB_VLDR, /* VLDR Sd or Dd, [PC, #+-imm8 * 4] */
  /* not instructions: words that hold an address */
  THUMB_POINTER, /* into the image */
  THUMB_RAM,     /* into RAM, or another region that is not the image */
  THUMB_KINDS
};

/* The kinds from here on reach far, and are worth remembering when they were corrected. */
#define THUMB_FAR THUMB_BL

static inline uint32_t thumb_is_long(uint32_t word)
{
  return (word & 0xffffu) >= 0xe800u;
}

/* Top five bits of a first halfword that may begin a reference: bit n set for value n. */
#define THUMB_MAY_REFER 0xfcd00200u

static __attribute__((unused)) enum thumb_kind thumb_kind(uint32_t word)
{
  uint32_t first = word & 0xffffu, second = word >> 16;
  if (first >= 0xe800u) {
    if ((first & 0xf800u) == 0xf000u && (second & 0x8000u)) {
      if (second & 0x1000u)
        return THUMB_BL;
      if (!(second & 0x4000u) && (first & 0x380u) != 0x380u)
        return THUMB_BCCW;
    }
    if ((first & 0xff7fu) == 0xf85fu)
      return THUMB_LDRW;
    if ((first & 0xff3fu) == 0xed1fu && (second & 0xe00u) == 0xa00u)
      return THUMB_VLDR;
    return THUMB_NONE;
  }
  switch (first >> 11) {
  case 0x09:
    return THUMB_LDR;
  case 0x14:
    return THUMB_ADR;
  case 0x1a:
  case 0x1b:
    return (first & 0xe00u) == 0xe00u ? THUMB_NONE : THUMB_BCC;
  case 0x1c:
    return THUMB_B;
  default:
    return (first & 0xf500u) == 0xb100u ? THUMB_CBZ : THUMB_NONE;
  }
}

static inline uint32_t thumb_extend(uint32_t value, unsigned bits)
{
  return (uint32_t)((int32_t)(value << (32 - bits)) >> (32 - bits));
}

/* What the distance counts from, for an instruction at `address`. */
static inline uint32_t thumb_pc(enum thumb_kind kind, uint32_t address)
{
  address += 4;
  return kind == THUMB_LDR || kind == THUMB_ADR || kind >= THUMB_LDRW ? address & ~3u : address;
}

/* Where the bits of a distance lie in an instruction: `bits` of them from `at` there, which are those from `place` of
 * the distance. The last field of a kind says what remains to be done. */
enum { THUMB_MORE, THUMB_UNSIGNED, THUMB_SIGNED, THUMB_UP_DOWN };
#define THUMB_FIELD(at, place, bits, then) (uint16_t)((at) | (place) << 5 | (bits) << 10 | (then) << 14)
static const uint16_t thumb_fields[] = {
    THUMB_FIELD(0, 2, 8, THUMB_UNSIGNED),                                        /* 0: LDR, ADR */
    THUMB_FIELD(0, 1, 8, THUMB_SIGNED),                                          /* 1: BCC */
    THUMB_FIELD(0, 1, 11, THUMB_SIGNED),                                         /* 2: B */
    THUMB_FIELD(3, 1, 5, THUMB_MORE),      THUMB_FIELD(9, 6, 1, THUMB_UNSIGNED), /* 3: CBZ */
    THUMB_FIELD(16, 1, 11, THUMB_MORE),    THUMB_FIELD(0, 12, 10, THUMB_MORE),   /* 5: BL */
    THUMB_FIELD(27, 22, 1, THUMB_MORE),    THUMB_FIELD(29, 23, 1, THUMB_MORE),   THUMB_FIELD(10, 24, 1, THUMB_SIGNED),
    THUMB_FIELD(16, 1, 11, THUMB_MORE),    THUMB_FIELD(0, 12, 6, THUMB_MORE), /* 10: BCCW */
    THUMB_FIELD(29, 18, 1, THUMB_MORE),    THUMB_FIELD(27, 19, 1, THUMB_MORE),   THUMB_FIELD(10, 20, 1, THUMB_SIGNED),
    THUMB_FIELD(16, 0, 12, THUMB_UP_DOWN), /* 15: LDRW */
    THUMB_FIELD(16, 2, 8, THUMB_UP_DOWN),  /* 16: VLDR */
};
static const uint8_t thumb_first_field[] = {0, 0, 0, 1, 2, 3, 5, 10, 15, 16};

/* The two middle bits of BL's distance are kept as they differ from its sign: turn J1, J2 (bits 13, 11 of the second
 * half) into I1, I2, or back. */
static inline uint32_t thumb_swap_j(enum thumb_kind kind, uint32_t word)
{
  return kind == THUMB_BL && !(word & 0x400u) ? word ^ 0x28000000u : word;
}

/* The distance, as a two's complement number. Words other than instructions hold their target itself. */
static __attribute__((unused)) uint32_t thumb_distance(enum thumb_kind kind, uint32_t word)
{
  if (kind >= THUMB_POINTER)
    return word;
  const uint16_t *f = &thumb_fields[thumb_first_field[kind]];
  uint32_t distance = 0, field, place, bits;
  word = thumb_swap_j(kind, word);
  do {
    field = *f++;
    place = field >> 5 & 31u;
    bits = field >> 10 & 15u;
    distance |= (word >> (field & 31u) & ((1u << bits) - 1u)) << place;
    field >>= 14;
  } while (field == THUMB_MORE);
  if (field == THUMB_SIGNED)
    return thumb_extend(distance, place + bits);
  return field == THUMB_UP_DOWN && !(word & 0x80u) ? 0u - distance : distance;
}

/* `word` with another distance. One that does not fit its field is cut off: thumb_distance() then tells otherwise. */
static __attribute__((unused)) uint32_t thumb_with_distance(enum thumb_kind kind, uint32_t word, uint32_t distance)
{
  if (kind >= THUMB_POINTER)
    return distance;
  const uint16_t *f = &thumb_fields[thumb_first_field[kind]];
  uint32_t field, mask;
  do {
    field = *f++;
    if (field >> 14 == THUMB_UP_DOWN) {
      word |= 0x80u;
      if (distance >> 31) {
        word ^= 0x80u;
        distance = 0u - distance;
      }
    }
    mask = (1u << (field >> 10 & 15u)) - 1u;
    word &= ~(mask << (field & 31u));
    word |= (distance >> (field >> 5 & 31u) & mask) << (field & 31u);
  } while (field >> 14 == THUMB_MORE);
  return thumb_swap_j(kind, word);
}

/* `word` with another distance; as it was when that does not fit its field (BL's reaches every image). */
static __attribute__((unused)) uint32_t thumb_refer(enum thumb_kind kind, uint32_t word, uint32_t distance)
{
  uint32_t changed = thumb_with_distance(kind, word, distance);
  return kind == THUMB_BL || thumb_distance(kind, changed) == distance ? changed : word;
}

#endif
