/* Constant-time comparison and wiping. */
#include "crypto/crypto.h"

#include <mbedtls/platform_util.h>

pc_status crypto_compare(const void *a, const void *b, size_t size, pc_status error)
{
  const volatile uint8_t *x = a, *y = b;
  uint32_t difference = 0;
  size_t i;
  for (i = 0; i < size; i++)
    difference |= (uint32_t)(x[i] ^ y[i]);
  /* 0 -> all ones, 1..255 -> 0; the loop's end is checked so that leaving it early is no match. */
  uint32_t equal = (difference - 1u) >> 8;
  equal |= 0u - (equal >> 23);
  if (i != size)
    return error;
  return (PC_OK & equal) | (error & ~equal);
}

void crypto_wipe(void *bytes, size_t size)
{
  mbedtls_platform_zeroize(bytes, size);
}

/* mbed TLS wipes its working memory through this (MBEDTLS_PLATFORM_ZEROIZE_ALT): 300 bytes for every block of SHA-256,
 * so it goes by words; a byte loop here was a third of the boot's instructions. */
void mbedtls_platform_zeroize(void *bytes, size_t size)
{
  volatile uint8_t *byte = bytes;
  for (; size != 0 && ((uintptr_t)byte & 3u) != 0; size--)
    *byte++ = 0;
  volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)byte;
  for (; size >= 16; size -= 16, word += 4) {
    word[0] = 0;
    word[1] = 0;
    word[2] = 0;
    word[3] = 0;
  }
  for (; size >= 4; size -= 4)
    *word++ = 0;
  for (byte = (volatile uint8_t *)word; size != 0; size--)
    *byte++ = 0;
}
