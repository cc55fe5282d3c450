/* The flash port: what every slot, log and header stands on.
 *
 * A `flash_area` is a run of whole pages of one device. Offsets count bytes from its start. A port fills in one
 * `struct flash_driver` per kind of flash; a board file makes the areas. Everything above works on areas only.
 *
 * Power may go at any instant of program or erase. Then the unit (page for erase, write unit for program) holds
 * anything: old, new, a mixture, bytes that read differently each time, or an ECC error on read (PC_ERR_ECC).
 */
#ifndef FLASH_FLASH_H
#define FLASH_FLASH_H

#include "portcullis/status.h"

#include <stddef.h>
#include <stdint.h>

/* Largest write unit of any supported flash (H7: 32 bytes); callers' buffers for one unit have this size. */
#define FLASH_MAX_UNIT 32u

struct flash_area;

struct flash_driver {
  /* Copy `size` bytes at device address `addr` to `to`. PC_ERR_ECC: a unit in the range has an uncorrectable error;
   * `to` then holds nothing to rely on. Any alignment, any size. */
  pc_status (*read)(uint32_t addr, void *to, uint32_t size);
  /* Program `size` bytes; addr and size are multiples of the write unit, and the units are erased; units of zeros may
   * be programmed over anything where the flash can do that (STM32L4, G0, G4; image states rely on it). Reads back and
   * compares. A unit of all FF is not programmed (it would get ECC and could not be rewritten). PC_ERR_FLASH: the
   * controller refused (not erased, protected) or the read-back differs; what was programmed before the failing unit
   * stays. */
  pc_status (*program)(uint32_t addr, const void *from, uint32_t size);
  /* Erase the page at `addr` (multiple of page size) and check that it reads blank: PC_ERR_FLASH if not. */
  pc_status (*erase)(uint32_t addr);
};

struct flash_area {
  const struct flash_driver *driver;
  uint32_t base; /* device address of offset 0, page aligned */
  uint32_t size; /* bytes, multiple of page */
  uint32_t page; /* erase unit in bytes, power of two, >= 256 */
  uint32_t unit; /* write unit in bytes: 1, 2, 4, 8, 16 or 32 */
};

/* As the driver's functions, with bounds and alignment checked first: PC_ERR_PARAM when the range leaves the area (no
 * wrap-around is possible) or is misaligned. */
pc_status flash_read(const struct flash_area *area, uint32_t offset, void *to, uint32_t size);
pc_status flash_program(const struct flash_area *area, uint32_t offset, const void *from, uint32_t size);
pc_status flash_erase(const struct flash_area *area, uint32_t offset, uint32_t size);
/* PC_OK if all bytes read FF, PC_ERR_NOT_BLANK if not (or if they cannot be read, or lie outside the area). No bytes
 * are blank. */
pc_status flash_is_blank(const struct flash_area *area, uint32_t offset, uint32_t size);

#endif
