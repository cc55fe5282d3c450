/* The ledger of nonces used: a text file beside the key. An image with n areas uses the IVs nonce .. nonce + n; the
 * same IV with the same key and other content gives the firmware away (AES-GCM), so ranges of one key must not overlap.
 * The very same file again is no harm.
 *
 *   # comment
 *   key <16 hex digits> nonce <24 hex digits> areas <n> sha256 <64 hex digits of the file>
 *
 * The key is named by the start of SHA-256("Portcullis SFI nonces" || key).
 */
#ifndef SFI_HOST_LEDGER_H
#define SFI_HOST_LEDGER_H

#include "tool/cli.h"

#include <stddef.h>
#include <stdint.h>

#define NONCE_LEDGER "sfi_nonces.txt"

struct nonce_use {
  uint8_t key_id[8];
  uint8_t nonce[12];
  uint32_t areas;
  uint8_t digest[32];
};

bool nonce_use_of(const uint8_t key[16], const uint8_t nonce[12], uint32_t areas, const uint8_t *file, size_t size,
                  struct nonce_use *use, struct problem *problem);
/* Look up and record in one step, under a lock, on the disk before it returns. `force`: record although ranges overlap.
 * False: CLI_REFUSED with the line that is in the way, or CLI_INPUT. */
bool nonce_ledger_record(const char *path, const struct nonce_use *use, bool force, struct problem *problem);
/* --ledger, else NONCE_LEDGER beside the key file. `to`: 4096 bytes. */
bool nonce_ledger_path(const struct cli *cli, const char *key_path, char *to, struct problem *problem);

#endif
