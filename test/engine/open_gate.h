/* What every test of the engine needs around it: its gate, which is a plain call here; keys from maker.h; RAM of its
 * own that nothing may point into; areas of the simulated flash. */
#ifndef TEST_ENGINE_OPEN_GATE_H
#define TEST_ENGINE_OPEN_GATE_H

#include "engine/internal.h"
#include "test/support/simflash.h"

extern uint8_t secret_ram[64];
void engine_key_aes_1(uint8_t out[16]);
void engine_key_pub_1(uint8_t out[64]);

/* So many pages of the flash, each `page` bytes. */
#define TEST_AREA(at, pages, page)                                                                                     \
  {                                                                                                                    \
    &simflash_driver, (at), (pages) * (page), (page), 8                                                                \
  }

#endif
