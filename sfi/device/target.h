/* The device as secure install sees it: filled in by a board, no chip is known above it. */
#ifndef SFI_DEVICE_TARGET_H
#define SFI_DEVICE_TARGET_H

#include "flash/flash.h"

#include <stdbool.h>

/* What a device got at simulated manufacture. Lies in flash; read in place. */
#define SFI_IDENTITY_MAGIC       0x49464350u /* "PCFI" */
#define SFI_IDENTITY_CERTIFICATE 1024u
struct sfi_identity {
  uint32_t magic;
  uint32_t certificate_size; /* at most SFI_IDENTITY_CERTIFICATE */
  uint8_t private_key[32];
  uint8_t public_key[64];
  uint8_t certificate[SFI_IDENTITY_CERTIFICATE]; /* DER */
};

/* The memory commands of a plain boot loader. NULL in a target: there are none, they are answered by NACK. */
struct sfi_memory {
  bool (*read)(uint32_t address, void *to, uint32_t size);          /* false: not readable, nothing copied */
  bool (*write)(uint32_t address, const void *from, uint32_t size); /* false: not writable, or flash failed */
  bool (*erase)(uint32_t page);                                     /* number of the page in flash */
  bool (*go)(uint32_t address); /* false: nothing to start there; may it be started */
  /* Option changes. They are programmed at once and take effect at the reset that the caller asks for after its
   * answer: finish(). False: not possible. */
  bool (*protect_pages)(uint32_t first, uint32_t last); /* first > last: no page */
  bool (*readout)(bool protect);
};

struct sfi_target {
  uint16_t chip_id;
  const struct flash_area *firmware;   /* all that firmware may have */
  const struct flash_area *records;    /* one page */
  const struct sfi_identity *identity; /* NULL: plain */
  const struct sfi_memory *memory;
  uint32_t options;                            /* option words of the chip, at most SFI_RECORD_OPTIONS */
  bool (*options_good)(const uint32_t *words); /* RDP not level 0, secure boot write-protected */
  void (*unique_id)(uint8_t id[12]);
  /* What a licence must have been made for, SFI_CHALLENGE_SIZE bytes. A device that can be installed more than once
   * must give another one after each success, and the same one until then. NULL: zeros, for a device that installs
   * once. */
  void (*challenge)(uint8_t challenge[16]);
  bool (*read_out_protected)(void);
  /* After the last answer: what a command left to be done (reset, start a program, launch option bytes). */
  void (*finish)(void);
};

#endif
