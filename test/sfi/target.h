/* A device for native tests of the command layer: flash that wears and tears, a key pair that everybody knows. */
#ifndef TEST_SFI_TARGET_H
#define TEST_SFI_TARGET_H

#include "sfi/device/command.h"
#include "sfi/licence/licence.h"

extern struct sfi_target test_keyed, test_plain;
extern const uint8_t test_key[16], test_nonce[12], test_module_key[16], test_module_nonce[12];
extern unsigned test_finished; /* calls of finish() */

/* Blank, with so many pages for firmware from 0x08001000 on. */
void test_target_new(uint32_t pages);
/* The same on simflash, whose power a test cuts. */
void test_target_tears(void);
bool test_flash_equals(uint32_t address, const uint8_t *bytes, uint32_t size); /* NULL: all FF */
void test_licence(uint8_t licence[SFI_LICENCE_SIZE]);
void test_licence_for(const uint8_t challenge[16], uint8_t licence[SFI_LICENCE_SIZE]);
/* An .sfi of `areas` firmware areas of `size` bytes, 4096 apart, and option bytes (5 words of 0x0B0B0B0B). Returns its
 * size. */
uint32_t test_image(uint8_t *to, uint32_t areas, uint32_t size);
/* One firmware area, a module of another maker at 4096 behind it, and option bytes. */
uint32_t test_module_image(uint8_t *to, uint32_t size);
void test_module_licence(uint8_t licence[SFI_LICENCE_SIZE]);
uint8_t test_clear(uint32_t area, uint32_t offset);

#endif
