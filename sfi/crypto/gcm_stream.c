/* sfi/crypto/stream.h on mbed TLS's gcm.c; built with the configuration of gcm_mbedtls.c. */
#include "sfi/crypto/stream.h"

#include "sfi/crypto/crypto.h"

#include <mbedtls/gcm.h>

_Static_assert(sizeof(mbedtls_gcm_context) <= sizeof(struct sfi_stream), "struct sfi_stream is too small");

static mbedtls_gcm_context *context(struct sfi_stream *stream)
{
  return (mbedtls_gcm_context *)(void *)stream->opaque;
}

pc_status sfi_stream_start(struct sfi_stream *stream, const uint8_t key[16], const uint8_t iv[12], const uint8_t *aad,
                           size_t aad_size)
{
  mbedtls_gcm_context *gcm = context(stream);
  mbedtls_gcm_init(gcm);
  if (mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, key, 128) == 0 &&
      mbedtls_gcm_starts(gcm, MBEDTLS_GCM_DECRYPT, iv, 12) == 0 && mbedtls_gcm_update_ad(gcm, aad, aad_size) == 0)
    return PC_OK;
  sfi_stream_wipe(stream);
  return PC_ERR_PARAM;
}

pc_status sfi_stream_add(struct sfi_stream *stream, const uint8_t *cipher, uint8_t *clear, size_t size)
{
  size_t done = 0;
  if (mbedtls_gcm_update(context(stream), cipher, size, clear, size, &done) != 0 || done != size)
    return PC_ERR_PARAM;
  return PC_OK;
}

pc_status sfi_stream_end(struct sfi_stream *stream, const uint8_t tag[16])
{
  uint8_t seen[16];
  size_t done = 0;
  /* Start from refusal, so that a skipped call leaves it standing. */
  volatile pc_status status = PC_ERR_TAG;
  if (mbedtls_gcm_finish(context(stream), NULL, 0, &done, seen, sizeof seen) == 0 && sfi_equal(seen, tag, sizeof seen))
    status = PC_OK;
  if (!sfi_equal(seen, tag, sizeof seen))
    status = PC_ERR_TAG;
  sfi_wipe(seen, sizeof seen);
  sfi_stream_wipe(stream);
  return status;
}

void sfi_stream_wipe(struct sfi_stream *stream)
{
  sfi_wipe(stream, sizeof *stream);
}
