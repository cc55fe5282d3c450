/* ELF of an ARM program, through libelf: what is loaded, the entry point, the symbols.
 *
 * What is loaded is taken from the program headers (their physical addresses), each trimmed to the sections in it: GNU
 * ld puts the ELF header itself into the first segment when the load address is not a multiple of its 64 KiB page, and
 * those bytes are no firmware (objcopy leaves them out for the same reason).
 */
#include "tool/objfile/internal.h"

#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LIMIT 255 /* longer names are cut: bounds the memory that a hostile string table can cost */

/* The part of [*from, *to) (file offsets) that sections cover, padding between them included. False: no section in it.
 */
static bool trim_to_sections(Elf *elf, uint64_t *from, uint64_t *to)
{
  uint64_t first = UINT64_MAX, last = 0;
  for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
    GElf_Shdr s;
    if (gelf_getshdr(scn, &s) == NULL || !(s.sh_flags & SHF_ALLOC) || s.sh_type == SHT_NOBITS || s.sh_size == 0)
      continue;
    if (s.sh_offset < *from || s.sh_offset >= *to || s.sh_size > *to - s.sh_offset)
      continue;
    if (s.sh_offset < first)
      first = s.sh_offset;
    if (s.sh_offset + s.sh_size > last)
      last = s.sh_offset + s.sh_size;
  }
  if (last == 0)
    return false;
  *from = first;
  *to = last;
  return true;
}

static bool load_segments(const struct input *in, Elf *elf, struct builder *b)
{
  size_t headers = 0, sections = 0, total = 0;
  if (elf_getphdrnum(elf, &headers) != 0 || elf_getshdrnum(elf, &sections) != 0)
    return objfile_fail(in, 0, "broken ELF: %s", elf_errmsg(-1));
  for (size_t i = 0; i < headers; i++) {
    GElf_Phdr p;
    if (gelf_getphdr(elf, (int)i, &p) == NULL)
      return objfile_fail(in, 0, "broken ELF: program header %zu: %s", i, elf_errmsg(-1));
    if (p.p_type != PT_LOAD || p.p_filesz == 0)
      continue;
    if (p.p_offset > in->size || p.p_filesz > in->size - p.p_offset)
      return objfile_fail(in, 0, "broken ELF: segment %zu lies outside the file", i);
    if (p.p_paddr + p.p_filesz > UINT64_C(1) << 32)
      return objfile_fail(in, 0, "segment %zu goes beyond the end of the address space", i);
    uint64_t from = p.p_offset, to = p.p_offset + p.p_filesz;
    if (!trim_to_sections(elf, &from, &to) && sections > 0 && from == 0)
      continue; /* nothing but the ELF's own headers */
    total += (size_t)(to - from);
    if (total > in->size) /* a linker never does this; it would let a small file ask for gigabytes */
      return objfile_fail(in, 0, "broken ELF: segments share the same bytes of the file");
    if (!objfile_build_add(b, (uint32_t)(p.p_paddr + (from - p.p_offset)), in->bytes + from, (size_t)(to - from)))
      return objfile_fail(in, 0, "out of memory");
  }
  return true;
}

static bool add_symbol(struct objfile *out, size_t *room, const GElf_Sym *sym, const char *name)
{
  unsigned type = GELF_ST_TYPE(sym->st_info);
  if (out->symbol_count == *room) {
    size_t n = *room * 2 + 64;
    struct objfile_symbol *grown = realloc(out->symbols, n * sizeof *grown);
    if (grown == NULL)
      return false;
    out->symbols = grown;
    *room = n;
  }
  char *copy = strndup(name, NAME_LIMIT);
  if (copy == NULL)
    return false;
  uint32_t addr = (uint32_t)sym->st_value;
  out->symbols[out->symbol_count++] =
      (struct objfile_symbol){type == STT_FUNC ? addr & ~1u : addr, (uint32_t)sym->st_size, copy};
  return true;
}

static int by_address(const void *a, const void *b)
{
  const struct objfile_symbol *x = a, *y = b;
  if (x->addr != y->addr)
    return x->addr < y->addr ? -1 : 1;
  if (x->size != y->size) /* the largest last: that one is found for the address */
    return x->size < y->size ? -1 : 1;
  return strcmp(x->name, y->name);
}

static bool load_symbols(const struct input *in, Elf *elf, struct objfile *out)
{
  size_t room = 0;
  for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
    GElf_Shdr s;
    if (gelf_getshdr(scn, &s) == NULL || s.sh_type != SHT_SYMTAB || s.sh_entsize == 0)
      continue;
    Elf_Data *data = elf_getdata(scn, NULL);
    if (data == NULL || data->d_type != ELF_T_SYM)
      continue;
    size_t count = data->d_size / gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
    for (size_t i = 0; i < count; i++) {
      GElf_Sym sym;
      if (gelf_getsym(data, (int)i, &sym) == NULL)
        break;
      unsigned type = GELF_ST_TYPE(sym.st_info);
      if ((type != STT_FUNC && type != STT_OBJECT) || sym.st_shndx == SHN_UNDEF)
        continue;
      const char *name = elf_strptr(elf, s.sh_link, sym.st_name);
      if (name != NULL && name[0] != '\0' && !add_symbol(out, &room, &sym, name))
        return objfile_fail(in, 0, "out of memory");
    }
  }
  if (out->symbol_count > 1)
    qsort(out->symbols, out->symbol_count, sizeof *out->symbols, by_address);
  return true;
}

static bool read_opened(const struct input *in, Elf *elf, struct builder *b, struct objfile *out)
{
  GElf_Ehdr e;
  if (in->size < 4 || memcmp(in->bytes, "\177ELF", 4) != 0)
    return objfile_fail(in, 0, "not an ELF file");
  if (elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &e) == NULL)
    return objfile_fail(in, 0, "broken ELF: %s", elf_errmsg(-1));
  if (e.e_ident[EI_CLASS] != ELFCLASS32 || e.e_ident[EI_DATA] != ELFDATA2LSB || e.e_machine != EM_ARM)
    return objfile_fail(in, 0, "an ELF, but not for 32-bit little-endian ARM");
  if (e.e_type != ET_EXEC)
    return objfile_fail(in, 0, "an ELF, but not a linked program (an object file or library?)");
  out->has_entry = true;
  out->entry = (uint32_t)e.e_entry;
  return load_segments(in, elf, b) && load_symbols(in, elf, out);
}

bool objfile_read_elf(const struct input *in, struct builder *b, struct objfile *out)
{
  if (elf_version(EV_CURRENT) == EV_NONE)
    return objfile_fail(in, 0, "libelf is too old");
  /* libelf takes a non-const pointer and, opened for reading, leaves the bytes alone. It wants them aligned, or it
   * copies. */
  Elf *elf = elf_memory((char *)(uintptr_t)in->bytes, in->size);
  if (elf == NULL)
    return objfile_fail(in, 0, "broken ELF: %s", elf_errmsg(-1));
  bool ok = read_opened(in, elf, b, out);
  elf_end(elf);
  return ok;
}
