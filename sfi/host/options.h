/* Options that the secure-install commands share. */
#ifndef SFI_HOST_OPTIONS_H
#define SFI_HOST_OPTIONS_H

#include "sfi/devices/device.h"
#include "tool/cli.h"

#include <stdint.h>

extern const struct cli_option sfi_key_options[];    /* --key --nonce --insecure-key-permissions, both required */
extern const struct cli_option sfi_ledger_options[]; /* --ledger --no-ledger --force */

/* --key and --nonce. */
bool sfi_load_key_and_nonce(const struct cli *cli, uint8_t key[16], uint8_t nonce[12], struct problem *problem);
/* --device NAME. NULL: unknown (problem lists them). */
const struct sfi_device *sfi_device_of(const struct cli *cli, struct problem *problem);
/* Record the nonce's use as the ledger options say, before the file may leave. */
bool sfi_record_nonce(const struct cli *cli, const uint8_t key[16], const uint8_t nonce[12], uint32_t areas,
                      const uint8_t *file, size_t size, struct problem *problem);

#endif
