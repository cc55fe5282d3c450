/* A fast hash for comparing states of the simulation with one another; nothing secret depends on it. */
#ifndef SIM_SOC_HASH_H
#define SIM_SOC_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t soc_hash_mix(uint64_t a, uint64_t b)
{
  unsigned __int128 product = (unsigned __int128)(a ^ 0x9E3779B97F4A7C15u) * (b ^ 0xD1B54A32D192ED03u);
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t soc_hash_bytes(uint64_t seed, const void *bytes, size_t size)
{
  const uint8_t *p = bytes;
  uint64_t lane[2] = {seed, ~seed}, word[4];
  for (; size >= sizeof word; size -= sizeof word, p += sizeof word) {
    memcpy(word, p, sizeof word);
    lane[0] = soc_hash_mix(word[0] ^ lane[0], word[1]);
    lane[1] = soc_hash_mix(word[2] ^ lane[1], word[3]);
  }
  memset(word, 0, sizeof word);
  if (size > 0)
    memcpy(word, p, size);
  lane[0] = soc_hash_mix(word[0] ^ lane[0], word[1] + size);
  lane[1] = soc_hash_mix(word[2] ^ lane[1], word[3]);
  return soc_hash_mix(lane[0], lane[1]);
}

#endif
