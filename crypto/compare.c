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
