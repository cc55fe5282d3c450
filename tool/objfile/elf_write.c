/* An ELF file again with other contents of what is loaded. */
#include "tool/objfile/file.h"
#include "tool/objfile/objfile.h"

#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(const struct objfile *file, uint64_t addr, uint8_t *to, uint64_t size)
{
  for (size_t i = 0; i < file->segment_count; i++) {
    const struct objfile_segment *s = &file->segments[i];
    const uint64_t from = addr > s->addr ? addr : s->addr;
    const uint64_t end = addr + size < (uint64_t)s->addr + s->size ? addr + size : (uint64_t)s->addr + s->size;
    if (from < end)
      memcpy(to + (from - addr), s->data + (from - s->addr), (size_t)(end - from));
  }
}

static bool replace(const struct objfile *file, uint8_t *bytes, size_t size)
{
  bool ok = elf_version(EV_CURRENT) != EV_NONE;
  Elf *elf = ok ? elf_memory((char *)bytes, size) : NULL;
  size_t headers = 0;
  ok = elf != NULL && elf_getphdrnum(elf, &headers) == 0;
  for (size_t i = 0; ok && i < headers; i++) {
    GElf_Phdr p;
    ok = gelf_getphdr(elf, (int)i, &p) != NULL;
    if (ok && p.p_type == PT_LOAD && p.p_filesz != 0 && p.p_offset <= size && p.p_filesz <= size - p.p_offset)
      put(file, p.p_paddr, bytes + p.p_offset, p.p_filesz);
  }
  if (elf != NULL)
    elf_end(elf);
  return ok;
}

bool objfile_write_elf(const struct objfile *file, const char *original, const char *path, char *err, size_t err_size)
{
  size_t size;
  uint8_t *bytes = objfile_slurp(original, 256u << 20, &size, err, err_size);
  if (bytes == NULL)
    return false;
  bool ok = replace(file, bytes, size);
  if (!ok)
    snprintf(err, err_size, "%s: broken ELF", original);
  ok = ok && objfile_spit(path, bytes, size, 0666, err, err_size);
  free(bytes);
  return ok;
}
