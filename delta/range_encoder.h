/* The range coder's encoding side (host): binary decisions in, bytes out. Its decoder is in decoder.c. */
#ifndef DELTA_RANGE_ENCODER_H
#define DELTA_RANGE_ENCODER_H

#include <stddef.h>
#include <stdint.h>

struct range_encoder {
  uint64_t low;
  uint32_t range;
  uint32_t pending; /* bytes of FF that a carry would turn over */
  uint8_t cache;
  uint8_t *out;
  size_t size, room; /* bytes beyond room are counted, not kept */
  size_t shifts;     /* bytes that a decoder has taken in by now, beyond the first four */
};

void range_encoder_start(struct range_encoder *e, uint8_t *out, size_t room);
/* A decision whose probability of being 1 is `probability` / 65536; 1..65535. */
void range_encoder_put(struct range_encoder *e, uint32_t probability, uint32_t bit);
/* The shortest end. A decoder reads zeros behind it. */
void range_encoder_end(struct range_encoder *e);

#endif
