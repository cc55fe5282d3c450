/* Headers and descriptors of .sfi and .smi files, field by field. */
#include "sfi/format/sfi.h"

#include <string.h>

static const uint8_t magic_image[8] = {'S', 'F', 'I', 'M', 'A', 'G', 'I', 'C'};
static const uint8_t magic_module[8] = {'S', 'M', 'I', 'M', 'A', 'G', 'I', 'C'};

static uint16_t get16(const uint8_t *p)
{
  return (uint16_t)(p[0] | (uint32_t)p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put16(uint8_t *p, uint32_t value)
{
  p[0] = (uint8_t)value;
  p[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *p, uint32_t value)
{
  put16(p, value);
  put16(p + 2, value >> 16);
}

pc_status sfi_header_parse(const uint8_t header[SFI_HEADER_SIZE], enum sfi_kind *kind, uint32_t *areas)
{
  if (memcmp(header, magic_image, 8) == 0)
    *kind = SFI_IMAGE;
  else if (memcmp(header, magic_module, 8) == 0)
    *kind = SFI_MODULE_FILE;
  else
    return PC_ERR_FORMAT;
  if (get16(header + 8) != SFI_PROTOCOL)
    return PC_ERR_UNSUPPORTED;
  *areas = get16(header + 10);
  if (*areas == 0 || (*kind == SFI_MODULE_FILE && *areas != 1))
    return PC_ERR_FORMAT;
  return PC_OK;
}

void sfi_header_build(uint8_t header[SFI_HEADER_SIZE], enum sfi_kind kind, uint32_t areas)
{
  memset(header, 0, SFI_HEADER_SIZE);
  memcpy(header, kind == SFI_IMAGE ? magic_image : magic_module, 8);
  put16(header + 8, SFI_PROTOCOL);
  put16(header + 10, areas);
}

void sfi_order_start(struct sfi_order *order, enum sfi_kind kind, uint32_t areas)
{
  order->kind = kind;
  order->areas = areas;
  order->next = 1;
  order->version = 0;
  order->last = 0;
}

static bool later_type(uint8_t type)
{
  return type == 'E' || type == 'K' || type == 'P' || type == 'R';
}

static bool type_allowed(const struct sfi_order *order, const struct sfi_area *area)
{
  if (order->kind == SFI_MODULE_FILE)
    return area->type == SFI_MODULE;
  if (order->last == SFI_CONFIGURATION)
    return false;
  return area->type == SFI_FIRMWARE || area->type == SFI_MODULE || area->type == SFI_CONFIGURATION ||
         later_type(area->type);
}

static bool size_allowed(const struct sfi_area *area)
{
  if (area->type == SFI_CONFIGURATION)
    return area->size != 0 && area->size % 4 == 0;
  if (later_type(area->type)) /* pause and resume areas are empty */
    return true;
  return area->size != 0 && area->size - 1 <= UINT32_MAX - area->address;
}

pc_status sfi_order_next(struct sfi_order *order, const uint8_t descriptor[SFI_AREA_SIZE], struct sfi_area *area)
{
  area->type = descriptor[0];
  area->version = descriptor[1];
  area->index = get16(descriptor + 2);
  area->size = get32(descriptor + 4);
  area->address = get32(descriptor + 8);
  area->areas = get16(descriptor + 12);
  if (order->next > order->areas || area->index != order->next || area->areas != order->areas)
    return PC_ERR_FORMAT;
  if (order->next > 1 && area->version != order->version)
    return PC_ERR_FORMAT;
  if (!type_allowed(order, area) || !size_allowed(area))
    return PC_ERR_FORMAT;
  order->version = area->version;
  order->last = area->type;
  order->next++;
  return later_type(area->type) ? PC_ERR_UNSUPPORTED : PC_OK;
}

bool sfi_order_complete(const struct sfi_order *order)
{
  return order->next > order->areas;
}

void sfi_area_build(uint8_t descriptor[SFI_AREA_SIZE], const struct sfi_area *area)
{
  memset(descriptor, 0, SFI_AREA_SIZE);
  descriptor[0] = area->type;
  descriptor[1] = area->version;
  put16(descriptor + 2, area->index);
  put32(descriptor + 4, area->size);
  put32(descriptor + 8, area->address);
  put16(descriptor + 12, area->areas);
}

void sfi_iv(const uint8_t nonce[SFI_NONCE_SIZE], uint32_t index, uint8_t iv[SFI_NONCE_SIZE])
{
  uint32_t carry = 0;
  for (uint32_t i = SFI_NONCE_SIZE; i-- > 0;) {
    uint32_t sum = (uint32_t)nonce[i] + (index & 0xFFu) + carry;
    iv[i] = (uint8_t)sum;
    carry = sum >> 8;
    index >>= 8;
  }
}
