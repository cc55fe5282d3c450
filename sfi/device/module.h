/* A module inside an image: another maker's firmware, an .smi under that maker's key, which is the clear content of an
 * 'M' area. Its key comes with a licence of its own, from its maker's card. What the image's key opens is a stream of
 * the .smi; this takes that apart and decrypts it once more.
 */
#ifndef SFI_DEVICE_MODULE_H
#define SFI_DEVICE_MODULE_H

#include "sfi/crypto/stream.h"
#include "sfi/format/sfi.h"

#define SFI_MODULE_HEAD (SFI_HEADER_SIZE + SFI_AREA_SIZE) /* bytes of an .smi before its ciphertext */

struct sfi_module {
  bool licensed; /* key and nonce are there, for the next module */
  uint8_t key[16], nonce[12];
  uint32_t got; /* bytes of the head */
  uint8_t head[SFI_MODULE_HEAD];
  struct sfi_stream stream;
};

/* The area that is to hold the module's clear bytes: `outer` without the head. False: too short to be an .smi. */
bool sfi_module_area(struct sfi_module *module, const struct sfi_area *outer, struct sfi_area *inner);
/* The next bytes of the .smi, in place: from *bytes on, *size of them are left, clear (0 while the head comes).
 * PC_ERR_FORMAT: no .smi, or not the size and place that its area says. PC_ERR_TAG: the header's tag is wrong: another
 * key or nonce. */
pc_status sfi_module_take(struct sfi_module *module, const struct sfi_area *inner, uint8_t **bytes, uint32_t *size);
/* All of it was taken: PC_OK only if its tag is right. Wipes everything either way. */
pc_status sfi_module_end(struct sfi_module *module);
void sfi_module_wipe(struct sfi_module *module);

#endif
