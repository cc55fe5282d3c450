/* MX25R6435F: serial NOR flash of 8 MiB with one, two or four data lines, as on the B-L475E-IOT01A.
 *
 * The model is the strict judge of its driver: what the part would ignore or spoil is ignored or spoilt and reported
 * once by what was wrong: commands while it is busy, in deep power-down or right after power-on; programs and erases
 * without the write enable latch, or into a protected area; a wrong number of lines or dummy cycles; a clock that is
 * too fast for the mode; quad commands without the QE bit (then two of the lines are WP# and HOLD#); more than a page
 * in one program. Programs and erases are flash operations of the chip's plan of power cuts (soc_cut()), torn and weak
 * like any; there is no ECC.
 *
 * Facts: datasheet MX25R6435F (Macronix PM2138): command set, status and configuration registers, times of the
 * ultra-low-power mode and of the high-performance mode (typical). Not modelled: suspend and resume, secured OTP, SFDP,
 * burst length, performance-enhance mode.
 */
#ifndef SIM_SOC_PART_MX25R_H
#define SIM_SOC_PART_MX25R_H

#include "sim/soc/nvm.h"

#define MX25R_SIZE   0x800000u
#define MX25R_SECTOR 0x1000u
#define MX25R_PAGE   256u
#define MX25R_UNIT   16u /* of the model's cells; the part itself programs bytes */

/* What a controller puts on the lines before the data. Lines: 0, 1, 2 or 4; no address lines: no address. */
struct mx25r_command {
  uint8_t instruction;
  uint8_t instruction_lines, address_lines, address_bytes, alternate_lines, alternate_bytes, dummy_cycles, data_lines;
  uint32_t address;
  uint32_t hz;
};

struct mx25r {
  struct soc *soc;
  struct nvm array;
  uint8_t status;    /* WEL, and what is non-volatile: QE, BP, SRWD */
  uint8_t config[2]; /* bit 1 of the second: high-performance mode */
  bool asleep;       /* deep power-down */
  bool reset_enabled;
  uint64_t ready_at; /* after power-on */

  /* the command under way */
  struct mx25r_command command;
  bool selected, spoilt; /* spoilt: nothing comes of it */
  uint32_t at;           /* next address of a read, or bytes so far */
  uint8_t page[MX25R_PAGE];
  bool filled[MX25R_PAGE];
  uint32_t received;

  /* the operation under way */
  enum mx25r_op { MX25R_IDLE, MX25R_PROGRAM, MX25R_ERASE, MX25R_STATUS } op;
  uint32_t op_at, op_size;
  uint8_t op_status[3];
  enum soc_fate fate;
  uint32_t seed;
  uint64_t end;
  struct soc_event done;
  uint8_t once[12]; /* keys of reports */
};

/* A part as it leaves the factory. False: no memory. */
bool mx25r_init(struct mx25r *nor, struct soc *soc);
void mx25r_power_on(struct mx25r *nor);
void mx25r_power_off(struct mx25r *nor); /* an operation under way tears */

/* The controller: chip select falls, with all that comes before the data; data bytes; chip select rises, and what was
 * asked for begins. */
void mx25r_select(struct mx25r *nor, const struct mx25r_command *command);
uint8_t mx25r_read(struct mx25r *nor);
void mx25r_write(struct mx25r *nor, uint8_t byte);
void mx25r_deselect(struct mx25r *nor);

#endif
