/* Runs the generated blocks (streams.py) and prints the hash after each. */
#include "semihost.h"

#define ROUNDS 4

extern void (*const stream_blocks[])(void);

/* What load_state and mix_state (streams_state.S) work on. */
uint32_t stream_seed = 12345, stream_hash;
uint32_t stream_fpscr;
uint32_t stream_buffer[64] __attribute__((aligned(256)));
uint32_t stream_saved[24];
void stream_call(void (*block)(void));

int main(void)
{
  for (int i = 0; i < 64; i++) {
    stream_buffer[i] = (uint32_t)i * 0x01234567u;
  }
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; stream_blocks[i]; i++) {
      char name[] = "r0 b000";
      name[1] = (char)('0' + round);
      name[4] = (char)('0' + i / 100);
      name[5] = (char)('0' + i / 10 % 10);
      name[6] = (char)('0' + i % 10);
      stream_call(stream_blocks[i]);
      put_hex(name, stream_hash);
    }
  }
  return 0;
}
