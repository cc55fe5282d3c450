/* The secure install of one device: licence, header, areas in chunks, finish. docs/sfi-protocol.md tells the order and
 * the status codes; this is what stands behind the special commands.
 *
 * A chunk is taken at once and worked on later (sfi_install_work), so that the next one can come in meanwhile. Any
 * error of content starts over: the key is wiped, everything written is erased, before the call returns.
 *
 * Power cuts: see record.h. No heap; one struct, in RAM that no debugger can read and that a reset clears.
 */
#ifndef SFI_DEVICE_INSTALL_H
#define SFI_DEVICE_INSTALL_H

#include "sfi/crypto/stream.h"
#include "sfi/device/module.h"
#include "sfi/device/record.h"
#include "sfi/device/target.h"
#include "sfi/format/sfi.h"
#include "sfi/licence/licence.h"

#define SFI_CHUNK_MAX 1024u
#define SFI_PAGES_MAX 1024u /* of firmware flash */

enum sfi_state { SFI_IDLE, SFI_LICENSED, SFI_OPEN, SFI_IN_AREA, SFI_FINISHED };

enum sfi_status {
  SFI_DONE = 0,
  SFI_WRONG_STATE = 1,
  SFI_WRONG_LENGTH = 2,
  SFI_NO_KEY = 0x10,
  SFI_LICENCE_FORM = 0x20,
  SFI_LICENCE_DEVICE = 0x21,
  SFI_LICENCE_REPLAY = 0x22,
  SFI_LICENCE_TAG = 0x23,
  SFI_HEADER_FORM = 0x30,
  SFI_HEADER_TAG = 0x31,
  SFI_AREA_FORM = 0x40,
  SFI_AREA_RANGE = 0x41,
  SFI_AREA_OVERLAP = 0x42,
  SFI_AREA_TAG = 0x43,
  SFI_AREA_TYPE = 0x44,
  SFI_OPTIONS_REFUSED = 0x45,
  SFI_MODULE_LICENCE = 0x46,
  SFI_MODULE_FORM = 0x47,
  SFI_MODULE_TAG = 0x48,
  SFI_CHUNK_OFFSET = 0x50,
  SFI_CHUNK_LENGTH = 0x51,
  SFI_FLASH_FAILED = 0x60,
  SFI_INCOMPLETE = 0x70,
};

struct sfi_install {
  const struct sfi_target *target;
  struct sfi_records records;
  uint32_t state;
  uint8_t key[16], nonce[12];
  struct sfi_order order;

  /* the area in work */
  struct sfi_area area;
  uint8_t tag[16];
  struct sfi_stream stream;
  uint32_t taken, worked; /* bytes of it */
  uint32_t offset;        /* in the firmware area: of `unit`'s first byte */
  uint8_t unit[FLASH_MAX_UNIT];
  uint32_t fill;
  struct sfi_module module;
  struct sfi_area inner; /* of a module area: what is inside the .smi */
  union {
    uint8_t bytes[SFI_RECORD_OPTIONS * 4];
    uint32_t words[SFI_RECORD_OPTIONS];
  } options; /* of the configuration area */
  bool configured;
  uint32_t flow; /* grows by SFI_FLOW for each area whose tag was right */

  uint8_t pending[SFI_CHUNK_MAX];
  uint32_t pending_size, pending_done;
  uint16_t late; /* what work on a chunk found after it had been answered; 0: nothing */

  uint32_t programmed;
  uint16_t last, cause;             /* last status but 0; the one that made the device start over */
  uint8_t dirty[SFI_PAGES_MAX / 8]; /* pages written since the last cleaning */
};

/* After reset: cleans what an install that did not end has left. */
void sfi_install_start(struct sfi_install *install, const struct sfi_target *target);

/* What licences for this device must be made for now. */
void sfi_install_challenge(const struct sfi_target *target, uint8_t challenge[SFI_CHALLENGE_SIZE]);
uint16_t sfi_install_licence(struct sfi_install *install, const uint8_t *bytes, uint32_t size);
/* For the area that comes next, a module: its maker's licence. Between areas, replaces the one before. */
uint16_t sfi_install_module_licence(struct sfi_install *install, const uint8_t *bytes, uint32_t size);
uint16_t sfi_install_header(struct sfi_install *install, const uint8_t *bytes, uint32_t size);
uint16_t sfi_install_area(struct sfi_install *install, const uint8_t *bytes, uint32_t size);
uint16_t sfi_install_chunk(struct sfi_install *install, uint32_t offset, const uint8_t *bytes, uint32_t size);
uint16_t sfi_install_finish(struct sfi_install *install);
uint16_t sfi_install_abort(struct sfi_install *install);
/* Do a slice of what is pending: less than a millisecond, so that the next command can be taken in the meantime. True:
 * there is more. */
bool sfi_install_work(struct sfi_install *install);

#endif
