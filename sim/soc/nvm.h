/* An array of non-volatile memory whose cells can go wrong: flash, one-time-programmable bytes, EEPROM.
 *
 * The array knows contents, wear and damaged cells; keys, timing and error flags belong to the controller of the
 * series. Memory is written in units (what carries one ECC) and erased in pages. A unit is in one of these states:
 *  - plain: reads as `bytes` says; blank when all bytes are the erased value;
 *  - programmed: reads as blank but has been programmed, so its ECC is used up;
 *  - torn: an operation was cut in the middle of it. Reads as it did before, as it was to become or as a mixture, the
 *    same each time or changing, with an ECC error or not; never counts as blank;
 *  - weak: an operation looked done but left the cells undercharged. Reads right most of the time.
 * `bytes` always holds what a unit reads as when it does not flicker. What a flickering unit reads as is drawn from its
 * seed and the number of reads so far, so a run repeats exactly.
 */
#ifndef SIM_SOC_NVM_H
#define SIM_SOC_NVM_H

#include "sim/soc/model.h"

#define NVM_MAX_UNIT 32u

enum nvm_ecc { NVM_OK, NVM_CORRECTED, NVM_UNCORRECTABLE };
enum nvm_kind { NVM_PROGRAMMED = 1, NVM_TORN, NVM_WEAK };

struct nvm_cell {
  uint32_t unit;
  uint8_t kind;
  uint8_t flicker; /* of 256 reads, how many show something else than `bytes` */
  uint8_t ecc;     /* of the reads that show `bytes` */
  uint32_t seed, reads;
  uint8_t other[NVM_MAX_UNIT]; /* what flickering drifts to */
};

/* For snapshots: what a page holds has a stamp, and a copy of it is shared by all snapshots that have the same. */
struct nvm_page {
  uint64_t stamp;
  struct nvm_kept *kept; /* a copy, with the stamp of its own time */
  uint64_t hash, hashed; /* of the bytes, and the stamp it was made for, plus 1 */
};

struct nvm {
  uint8_t *bytes;
  uint32_t size, unit, page; /* bytes */
  uint8_t blank;
  uint32_t *wear;    /* erases by page */
  uint16_t *special; /* by granule: units that must not be read directly */
  uint32_t *index;   /* by unit: 1 + place in cells, 0: plain */
  struct nvm_cell *cells;
  uint32_t cell_count, cell_room;
  uint64_t changes; /* the last stamp given; never goes back */
  struct nvm_page *pages;
};

bool nvm_init(struct nvm *nvm, uint32_t size, uint32_t unit, uint32_t page, uint8_t blank);
void nvm_free(struct nvm *nvm);

/* A read by the chip: `to` gets nvm->unit bytes. A flickering unit moves on. */
enum nvm_ecc nvm_read(struct nvm *nvm, uint32_t unit, uint8_t *to);
/* Plain memory in the whole granule at `offset`? */
bool nvm_is_direct(const struct nvm *nvm, uint32_t offset);
/* What the controller's check before programming finds. */
bool nvm_is_blank(struct nvm *nvm, uint32_t unit);

/* The operations, with the fate that soc_flash_op() told (NORMAL and CLEAN: complete). `data`: nvm->unit bytes. */
void nvm_program(struct nvm *nvm, uint32_t unit, const uint8_t *data, enum soc_fate fate, uint32_t seed);
void nvm_erase(struct nvm *nvm, uint32_t offset, uint32_t size, enum soc_fate fate, uint32_t seed);
/* A debug probe or programmer sets the contents: no wear; damage in the range is gone. */
void nvm_set(struct nvm *nvm, uint32_t offset, const uint8_t *from, uint32_t size);

/* Snapshots in memory: contents, wear, damaged cells. Saving copies the pages that changed since the last snapshot,
 * restoring those that differ. Only for the array it was made of. */
struct nvm_snapshot;
struct nvm_snapshot *nvm_save(struct nvm *nvm);
void nvm_restore(struct nvm *nvm, const struct nvm_snapshot *from);
void nvm_forget(struct nvm *nvm, struct nvm_snapshot *snapshot);
/* Of the contents; wear and damaged cells do not count. */
uint64_t nvm_hash(struct nvm *nvm);

/* Damaged cells as bytes, for the state folder. nvm_pack: the caller frees *to. nvm_unpack: total; false when the bytes
 * are not what nvm_pack makes for an array of this size, and then the array has no damaged cells. */
bool nvm_pack(const struct nvm *nvm, uint8_t **to, size_t *size);
bool nvm_unpack(struct nvm *nvm, const uint8_t *from, size_t size);

#endif
