/* See module.h. */
#include "sfi/device/module.h"

#include "sfi/crypto/crypto.h"

#include <string.h>

bool sfi_module_area(struct sfi_module *m, const struct sfi_area *outer, struct sfi_area *inner)
{
  m->got = 0;
  *inner = *outer;
  if (outer->size <= SFI_MODULE_HEAD)
    return false;
  inner->size = outer->size - SFI_MODULE_HEAD;
  return true;
}

/* The head is complete: check what it says, and have its stream begin. */
static pc_status open_module(struct sfi_module *m, const struct sfi_area *inner)
{
  const uint8_t *header = m->head, *descriptor = m->head + SFI_HEADER_SIZE;
  struct sfi_order order;
  struct sfi_area area;
  enum sfi_kind kind;
  uint32_t areas;
  uint8_t iv[SFI_NONCE_SIZE];
  if (sfi_header_parse(header, &kind, &areas) != PC_OK || kind != SFI_MODULE_FILE)
    return PC_ERR_FORMAT;
  sfi_order_start(&order, kind, areas);
  if (sfi_order_next(&order, descriptor, &area) != PC_OK || !sfi_order_complete(&order) || area.size != inner->size ||
      area.address != inner->address)
    return PC_ERR_FORMAT;
  sfi_iv(m->nonce, 0, iv);
  if (sfi_stream_start(&m->stream, m->key, iv, header, SFI_HEADER_AAD) != PC_OK ||
      sfi_stream_end(&m->stream, header + SFI_HEADER_AAD) != PC_OK)
    return PC_ERR_TAG;
  sfi_iv(m->nonce, area.index, iv);
  return sfi_stream_start(&m->stream, m->key, iv, descriptor, SFI_AREA_AAD) == PC_OK ? PC_OK : PC_ERR_TAG;
}

pc_status sfi_module_take(struct sfi_module *m, const struct sfi_area *inner, uint8_t **bytes, uint32_t *size)
{
  uint32_t missing = SFI_MODULE_HEAD - m->got, head = *size < missing ? *size : missing;
  memcpy(m->head + m->got, *bytes, head);
  m->got += head;
  *bytes += head;
  *size -= head;
  if (head != 0 && m->got == SFI_MODULE_HEAD) {
    pc_status status = open_module(m, inner);
    if (status != PC_OK)
      return status;
  }
  return *size == 0 || sfi_stream_add(&m->stream, *bytes, *bytes, *size) == PC_OK ? PC_OK : PC_ERR_TAG;
}

pc_status sfi_module_end(struct sfi_module *m)
{
  volatile pc_status status = PC_ERR_TAG;
  if (m->licensed && m->got == SFI_MODULE_HEAD)
    status = sfi_stream_end(&m->stream, m->head + SFI_HEADER_SIZE + SFI_AREA_AAD);
  sfi_module_wipe(m);
  return status;
}

void sfi_module_wipe(struct sfi_module *m)
{
  sfi_wipe(m, sizeof *m);
}
