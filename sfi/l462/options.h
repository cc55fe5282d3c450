/* Option registers of the STM32L462 in the order of their addresses (from 0x1FFF7800, 8 bytes each), and what secure
 * install wants of them. RM0394 section 3.4 and 3.7. */
#ifndef SFI_L462_OPTIONS_H
#define SFI_L462_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum { L462_OPTR, L462_PCROP1SR, L462_PCROP1ER, L462_WRP1AR, L462_WRP1BR, L462_OPTIONS };

#define L462_RDP       0xFFu
#define L462_RDP_0     0xAAu
#define L462_RDP_1     0xBBu
#define L462_SRAM2_RST (1u << 25) /* 0: SRAM2 is erased by a reset */
#define L462_NSWBOOT0  (1u << 26) /* 0: nBOOT0 decides, not the pin */
#define L462_NBOOT0    (1u << 27) /* 1: boot from flash */

/* Read-out level 1 or 2, and the secure boot (pages 0 and 1) write-protected: `words` in the order above. */
bool options_good(const uint32_t *words);
/* What a keyed device needs besides, as long as it has its key. */
bool options_keep_key(const uint32_t *words);
/* The registers as they are now. */
void options_read(uint32_t words[L462_OPTIONS]);
/* True if the first `count` words are the registers' values, as far as their bits exist. */
bool options_equal(const uint32_t *words, uint32_t count);
/* Program the first `count` words; takes effect at the next launch or power-on. Returns false on a controller error. */
bool options_program(const uint32_t *words, uint32_t count);
/* Load them: resets the chip. */
_Noreturn void options_launch(void);

#endif
