/* AES-128-GCM decryption as a stream, for the device: an area is longer than its RAM. On mbed TLS (gcm_stream.c).
 *
 * What comes out is not authentic before sfi_stream_end() was PC_OK: the caller has to be able to take it back.
 */
#ifndef SFI_CRYPTO_STREAM_H
#define SFI_CRYPTO_STREAM_H

#include "portcullis/status.h"

#include <stddef.h>
#include <stdint.h>

struct sfi_stream {
  uint64_t opaque[80]; /* mbed TLS's context */
};

/* PC_ERR_PARAM: the library refused. */
pc_status sfi_stream_start(struct sfi_stream *stream, const uint8_t key[16], const uint8_t iv[12], const uint8_t *aad,
                           size_t aad_size);
/* Pieces of any size. In place allowed. */
pc_status sfi_stream_add(struct sfi_stream *stream, const uint8_t *cipher, uint8_t *clear, size_t size);
/* PC_OK only if the tag matches (compared twice, in constant time); PC_ERR_TAG else. Wipes the context either way. */
pc_status sfi_stream_end(struct sfi_stream *stream, const uint8_t tag[16]);
void sfi_stream_wipe(struct sfi_stream *stream);

#endif
