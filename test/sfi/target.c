/* See target.h. */
#include "test/sfi/target.h"

#include "sfi/crypto/crypto.h"
#include "sfi/format/sfi.h"
#include "sfi/licence/licence.h"
#include "test/support/simflash.h"

#include <string.h>

#define FIRMWARE 0x08001000u
#define RECORDS  0x0807F800u

/* ---- flash that never fails; simflash only runs between power-on and power-off of a test ---- */
#define PAGES_MAX 32u
static uint8_t cells[(PAGES_MAX + 1) * 2048];

static uint8_t *cell(uint32_t address)
{
  uint32_t at = address >= RECORDS ? PAGES_MAX * 2048 + (address - RECORDS) : address - FIRMWARE;
  return &cells[at % sizeof cells];
}

static pc_status ram_read(uint32_t address, void *to, uint32_t size)
{
  memcpy(to, cell(address), size);
  return PC_OK;
}

static pc_status ram_program(uint32_t address, const void *from, uint32_t size)
{
  static const uint8_t blank[8] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
  for (uint32_t i = 0; i < size; i += 8) {
    const uint8_t *unit = (const uint8_t *)from + i;
    if (memcmp(unit, blank, 8) != 0 && memcmp(cell(address + i), blank, 8) != 0)
      return PC_ERR_FLASH;
    if (memcmp(unit, blank, 8) != 0)
      memcpy(cell(address + i), unit, 8);
    else if (memcmp(cell(address + i), blank, 8) != 0)
      return PC_ERR_FLASH;
  }
  return PC_OK;
}

static pc_status ram_erase(uint32_t address)
{
  memset(cell(address), 0xFF, 2048);
  return PC_OK;
}
static const struct flash_driver ram = {ram_read, ram_program, ram_erase};

/* The generator of P-256 is the public key of the private key 1: good enough for a device and a card that nobody has to
 * keep secrets from. */
static const uint8_t generator[64] = {0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63,
                                      0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1,
                                      0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F,
                                      0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57,
                                      0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};

const uint8_t test_key[16] = "sixteen bytes..", test_nonce[12] = "twelve byte.";
const uint8_t test_module_key[16] = "a module's maker", test_module_nonce[12] = "and its own.";
static struct flash_area firmware, records;
static struct sfi_identity identity;
struct sfi_target test_keyed, test_plain;
unsigned test_finished;

static bool options_good(const uint32_t *words)
{
  return (words[0] & 0xFFu) != 0xAAu;
}

static void unique_id(uint8_t id[12])
{
  memset(id, 0x55, 12);
}

static bool protected_yes(void)
{
  return true;
}

static bool protected_no(void)
{
  return false;
}

static void finish(void)
{
  test_finished++;
}

static bool mem_read(uint32_t address, void *to, uint32_t size)
{
  return flash_read(&firmware, address - firmware.base, to, size) == PC_OK;
}

static bool mem_write(uint32_t address, const void *from, uint32_t size)
{
  return flash_program(&firmware, address - firmware.base, from, size) == PC_OK;
}

static bool mem_erase(uint32_t page)
{
  return page >= 2 && flash_erase(&firmware, (page - 2) * 2048, 2048) == PC_OK;
}

static bool mem_go(uint32_t address)
{
  return address == FIRMWARE;
}

static bool mem_protect(uint32_t first, uint32_t last)
{
  return first <= last || first == 1;
}

static bool mem_readout(bool protect)
{
  (void)protect;
  return true;
}

static const struct sfi_memory memory = {mem_read, mem_write, mem_erase, mem_go, mem_protect, mem_readout};

void test_target_tears(void)
{
  uint32_t pages = firmware.size / 2048;
  simflash_reset(1);
  simflash_add(FIRMWARE, pages, 2048, 8);
  simflash_add(RECORDS, 1, 2048, 8);
  firmware = simflash_area(FIRMWARE, pages * 2048);
  records = simflash_area(RECORDS, 2048);
}

bool test_flash_equals(uint32_t address, const uint8_t *bytes, uint32_t size)
{
  if (firmware.driver != &ram)
    return simflash_equals(address, bytes, size);
  bool equal = true;
  for (uint32_t i = 0; i < size; i++)
    equal = equal && *cell(address + i) == (bytes != NULL ? bytes[i] : 0xFF);
  return equal;
}

void test_target_new(uint32_t pages)
{
  memset(cells, 0xFF, sizeof cells);
  firmware = (struct flash_area){&ram, FIRMWARE, pages * 2048, 2048, 8};
  records = (struct flash_area){&ram, RECORDS, 2048, 2048, 8};
  identity.magic = SFI_IDENTITY_MAGIC;
  identity.certificate_size = 700;
  memset(identity.certificate, 0xCE, identity.certificate_size);
  identity.private_key[31] = 1;
  memcpy(identity.public_key, generator, 64);
  test_plain = (struct sfi_target){.chip_id = 0x462,
                                   .firmware = &firmware,
                                   .records = &records,
                                   .memory = &memory,
                                   .options = 5,
                                   .options_good = options_good,
                                   .unique_id = unique_id,
                                   .read_out_protected = protected_no,
                                   .finish = finish};
  test_keyed = test_plain;
  test_keyed.identity = &identity;
  test_keyed.memory = NULL;
  test_keyed.read_out_protected = protected_yes;
  test_finished = 0;
}

static void seal_licence(const uint8_t key[16], const uint8_t nonce[12], const uint8_t *challenge,
                         uint8_t licence[SFI_LICENCE_SIZE])
{
  struct sfi_licence l = {.left = 3, .identifier = "test"};
  if (challenge != NULL)
    memcpy(l.challenge, challenge, sizeof l.challenge);
  uint8_t private_key[32] = {0};
  private_key[31] = 1;
  (void)sfi_licence_seal(&l, generator, private_key, generator, key, nonce, licence);
}

void test_licence(uint8_t licence[SFI_LICENCE_SIZE])
{
  seal_licence(test_key, test_nonce, NULL, licence);
}

void test_licence_for(const uint8_t challenge[16], uint8_t licence[SFI_LICENCE_SIZE])
{
  seal_licence(test_key, test_nonce, challenge, licence);
}

void test_module_licence(uint8_t licence[SFI_LICENCE_SIZE])
{
  seal_licence(test_module_key, test_module_nonce, NULL, licence);
}

static uint8_t *seal_header(uint8_t *at, enum sfi_kind kind, uint32_t areas, const uint8_t *key, const uint8_t *nonce)
{
  uint8_t iv[12];
  sfi_header_build(at, kind, areas);
  sfi_iv(nonce, 0, iv);
  (void)sfi_gcm_seal(key, iv, at, SFI_HEADER_AAD, NULL, NULL, 0, at + SFI_HEADER_AAD);
  return at + SFI_HEADER_SIZE;
}

/* The clear bytes lie behind the descriptor's place. */
static uint8_t *seal_area(uint8_t *at, const struct sfi_area *area, const uint8_t *key, const uint8_t *nonce)
{
  uint8_t iv[12];
  sfi_area_build(at, area);
  sfi_iv(nonce, area->index, iv);
  (void)sfi_gcm_seal(key, iv, at, SFI_AREA_AAD, at + SFI_AREA_SIZE, at + SFI_AREA_SIZE, area->size, at + SFI_AREA_AAD);
  return at + SFI_AREA_SIZE + area->size;
}

uint32_t test_module_image(uint8_t *to, uint32_t size)
{
  struct sfi_area firmware_area = {SFI_FIRMWARE, 3, 1, 3, size, FIRMWARE},
                  options = {SFI_CONFIGURATION, 3, 3, 3, 20, 0};
  struct sfi_area module = {SFI_MODULE, 3, 2, 3, SFI_HEADER_SIZE + SFI_AREA_SIZE + size, FIRMWARE + 4096};
  struct sfi_area inner = {SFI_MODULE, 9, 1, 1, size, FIRMWARE + 4096};
  uint8_t *at = seal_header(to, SFI_IMAGE, 3, test_key, test_nonce);
  for (uint32_t k = 0; k < size; k++)
    at[SFI_AREA_SIZE + k] = test_clear(1, k);
  at = seal_area(at, &firmware_area, test_key, test_nonce);
  uint8_t *smi = seal_header(at + SFI_AREA_SIZE, SFI_MODULE_FILE, 1, test_module_key, test_module_nonce);
  for (uint32_t k = 0; k < size; k++)
    smi[SFI_AREA_SIZE + k] = test_clear(2, k);
  (void)seal_area(smi, &inner, test_module_key, test_module_nonce);
  at = seal_area(at, &module, test_key, test_nonce);
  memset(at + SFI_AREA_SIZE, 0x0B, 20);
  return (uint32_t)(seal_area(at, &options, test_key, test_nonce) - to);
}

uint32_t test_image(uint8_t *to, uint32_t areas, uint32_t size)
{
  uint8_t *at = seal_header(to, SFI_IMAGE, areas + 1, test_key, test_nonce);
  for (uint32_t i = 1; i <= areas + 1; i++) {
    bool last = i == areas + 1;
    struct sfi_area area = {.type = last ? SFI_CONFIGURATION : SFI_FIRMWARE,
                            .version = 3,
                            .index = (uint16_t)i,
                            .areas = (uint16_t)(areas + 1),
                            .size = last ? 20 : size,
                            .address = last ? 0 : FIRMWARE + (i - 1) * 4096};
    for (uint32_t k = 0; k < area.size; k++)
      at[SFI_AREA_SIZE + k] = last ? 0x0B : test_clear(i, k);
    at = seal_area(at, &area, test_key, test_nonce);
  }
  return (uint32_t)(at - to);
}

uint8_t test_clear(uint32_t area, uint32_t offset)
{
  return (uint8_t)((offset * 2654435761u >> 13) ^ area);
}
