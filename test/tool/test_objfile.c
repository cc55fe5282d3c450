/* objfile: what a firmware file says is what its segments hold, and everything else is refused with the line at fault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tool/objfile/file.h"
#include "tool/objfile/objfile.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char err[300];

static bool parse(struct objfile *f, const char *text)
{
  return objfile_parse("in", (const uint8_t *)text, strlen(text), OBJFILE_AUTO, 0, f, err, sizeof err);
}

static void refused(const char *text, const char *message)
{
  struct objfile f;
  if (parse(&f, text))
    fail_msg("accepted: %s", text);
  if (strstr(err, message) == NULL)
    fail_msg("said \"%s\", expected \"%s\"", err, message);
  assert_null(f.segments);
}

static void holds(const struct objfile *f, size_t i, uint32_t addr, const char *bytes, uint32_t size)
{
  assert_true(i < f->segment_count);
  assert_int_equal(f->segments[i].addr, addr);
  assert_int_equal(f->segments[i].size, size);
  assert_memory_equal(f->segments[i].data, bytes, size);
}

static void hex_records_in_any_order_become_sorted_merged_segments(void **state)
{
  (void)state;
  struct objfile f;
  assert_true(parse(&f, ":020000040808EA\r\n:02000400CCDD51\n\n:04000000AABBCCDDEE\n:020000040000FA\n:0100100001EE\n"
                        ":020000022000DC\n:0100000005FA\n:0400000508080009DE\n:00000001FF\n"));
  assert_int_equal(f.format, OBJFILE_HEX);
  assert_int_equal(f.segment_count, 3);
  holds(&f, 0, 0x10, "\x01", 1);
  holds(&f, 1, 0x20000, "\x05", 1);
  holds(&f, 2, 0x08080000, "\xAA\xBB\xCC\xDD\xCC\xDD", 6);
  assert_true(f.has_entry);
  assert_int_equal(f.entry, 0x08080009);
  objfile_free(&f);
}

static void broken_hex_is_refused_with_its_line(void **state)
{
  (void)state;
  refused(":020000040808EA\n:04000000AABBCCDDEF\n:00000001FF\n", "in:2: checksum is ef, must be ee");
  refused(":020000040808EA\n:04000000AABBCCDDEE\n", "cut short");
  refused(":020000040808EA\n:04000000AABBCCEE\n:00000001FF\n", "in:2: record says 4 data bytes and has 3");
  refused(":020000040808EA\nhello\n", "in:2: not an Intel HEX record");
  refused(":020000040808EA\n:0400000\n", "in:2: record is too short");
  refused(":020000040808EA\n:04000000AABBCCDGEE\n", "in:2: record is too short");
  refused(":020000040808EA\n:00000001FF\n:0100100001EE\n", "in:3: data after the end record");
  refused(":020000040808EA\n:00000006FA\n", "in:2: unknown record type 06");
  refused(":020000040808EA\n:01000004F803\n", "in:2: record type 04 has 1 data bytes");
  refused(":020000022000DC\n:02FFFF000102FD\n", "in:2: record crosses the end of its 64 KiB segment");
  refused(":02000004FFFFFC\n:02FFFF000102FD\n", "in:2: record goes beyond the end of the address space");
  refused(":020000040808EA\n:00000001FF\n", "no data");
  refused(":020000040808EA\n:04000000AABBCCDDEE\n:0100030001FB\n:00000001FF\n",
          "overlapping segments: 0x08080000-0x08080003 and 0x08080003-0x08080003");
}

static void srecords_of_every_address_width_are_read(void **state)
{
  (void)state;
  struct objfile f;
  assert_true(parse(&f, "S00600004844521B\nS1050010AABB85\nS20501000001F8\nS30608088000CC9D\nS5030003F9\n"
                        "S7050808800169\n"));
  assert_int_equal(f.format, OBJFILE_SREC);
  assert_int_equal(f.segment_count, 3);
  holds(&f, 0, 0x10, "\xAA\xBB", 2);
  holds(&f, 1, 0x010000, "\x01", 1);
  holds(&f, 2, 0x08088000, "\xCC", 1);
  assert_true(f.has_entry);
  assert_int_equal(f.entry, 0x08088001);
  objfile_free(&f);
  assert_true(parse(&f, "S00600004844521B\nS1050010AABB85\nS5030001FB\n")); /* as srec_cat ends a file without entry */
  objfile_free(&f);
}

static void broken_srecords_are_refused_with_their_line(void **state)
{
  (void)state;
  refused("S00600004844521B\nS1050010AABB86\n", "in:2: checksum is 86, must be 85");
  refused("S00600004844521B\nS1050010AABB85\n", "cut short");
  refused("S00600004844521B\nS5030000FC\nS1050010AABB85\n", "cut short");
  refused("S00600004844521B\nS1050010AABB85\nS5030002FA\nS9030000FC\n", "in:3: record count is 2, but 1");
  refused("S00600004844521B\nS4050010AABB85\n", "in:2: not an S-record");
  refused("S00600004844521B\nS1060010AABB85\n", "in:2: record says 6 bytes and has 5");
  refused("S00600004844521B\nS102FF\n", "in:2: record is too short");
  refused("S00600004844521B\nS306FFFFFFFFAA53\nS307FFFFFFFF0102F9\n", "in:3: record goes beyond the end");
  refused("S00600004844521B\nS9030000FC\nS9030000FC\n", "in:3: data after the end");
}

/* An ELF with one segment whose file bytes are [0, 0x60) for address 0x08087000, of which one section covers [0x50,
 * 0x60). */
struct tiny_elf {
  Elf32_Ehdr e;
  Elf32_Phdr p[2];
  uint8_t pad[0x80 - sizeof(Elf32_Ehdr) - 2 * sizeof(Elf32_Phdr)];
  uint8_t text[16];
  Elf32_Sym sym[3];
  char names[16];
  Elf32_Shdr s[4];
};

static struct tiny_elf tiny(void)
{
  struct tiny_elf t = {.e = {.e_ident = {0x7F, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
                             .e_type = ET_EXEC,
                             .e_machine = EM_ARM,
                             .e_version = EV_CURRENT,
                             .e_entry = 0x08087081,
                             .e_phoff = offsetof(struct tiny_elf, p),
                             .e_shoff = offsetof(struct tiny_elf, s),
                             .e_ehsize = sizeof(Elf32_Ehdr),
                             .e_phentsize = sizeof(Elf32_Phdr),
                             .e_phnum = 1,
                             .e_shentsize = sizeof(Elf32_Shdr),
                             .e_shnum = 4,
                             .e_shstrndx = 3},
                       .names = "\0main\0buffer"};
  t.p[0] =
      (Elf32_Phdr){.p_type = PT_LOAD, .p_vaddr = 0x20000000, .p_paddr = 0x08087000, .p_filesz = 0x90, .p_memsz = 0x90};
  t.s[1] = (Elf32_Shdr){.sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC, .sh_offset = 0x80, .sh_size = 16};
  t.s[2] = (Elf32_Shdr){.sh_type = SHT_SYMTAB,
                        .sh_offset = offsetof(struct tiny_elf, sym),
                        .sh_size = sizeof t.sym,
                        .sh_entsize = sizeof t.sym[0],
                        .sh_addralign = 4,
                        .sh_link = 3};
  t.s[3] =
      (Elf32_Shdr){.sh_type = SHT_STRTAB, .sh_offset = offsetof(struct tiny_elf, names), .sh_size = sizeof t.names};
  t.sym[1] = (Elf32_Sym){.st_name = 6, .st_value = 0x20000101, .st_size = 8, .st_info = STT_OBJECT, .st_shndx = 1};
  t.sym[2] = (Elf32_Sym){.st_name = 1, .st_value = 0x08087081, .st_size = 8, .st_info = STT_FUNC, .st_shndx = 1};
  memcpy(t.text, "0123456789abcdef", 16);
  return t;
}

static bool parse_tiny(const struct tiny_elf *t, struct objfile *f)
{
  return objfile_parse("in", (const uint8_t *)t, sizeof *t, OBJFILE_AUTO, 0, f, err, sizeof err);
}

static void elf_headers_inside_a_segment_are_not_firmware(void **state)
{
  (void)state;
  struct tiny_elf t = tiny();
  struct objfile f;
  assert_true(parse_tiny(&t, &f));
  assert_int_equal(f.segment_count, 1);
  holds(&f, 0, 0x08087080, "0123456789abcdef", 16);
  assert_int_equal(f.entry, 0x08087081);
  objfile_free(&f);

  t.e.e_shnum = 0; /* without sections, the segment is all there is to go by */
  t.e.e_shoff = 0;
  assert_true(parse_tiny(&t, &f));
  assert_int_equal(f.segments[0].addr, 0x08087000);
  assert_int_equal(f.segments[0].size, 0x90);
  objfile_free(&f);
}

static void elf_symbols_are_found_by_name_and_address(void **state)
{
  (void)state;
  struct tiny_elf t = tiny();
  struct objfile f;
  uint32_t addr = 0, offset = 0;
  assert_true(parse_tiny(&t, &f));
  assert_int_equal(f.symbol_count, 2);
  assert_true(objfile_symbol_find(&f, "main", &addr));
  assert_int_equal(addr, 0x08087080);
  assert_true(objfile_symbol_find(&f, "buffer", &addr));
  assert_int_equal(addr, 0x20000101);
  assert_false(objfile_symbol_find(&f, "missing", &addr));
  assert_string_equal(objfile_symbol_at(&f, 0x08087086, &offset), "main");
  assert_int_equal(offset, 6);
  assert_string_equal(objfile_symbol_at(&f, 0xFFFFFFFF, NULL), "buffer");
  assert_null(objfile_symbol_at(&f, 0x08087000, &offset));
  objfile_free(&f);
}

static void refused_elf(const struct tiny_elf *t, const char *message)
{
  struct objfile f;
  assert_false(parse_tiny(t, &f));
  if (strstr(err, message) == NULL)
    fail_msg("said \"%s\", expected \"%s\"", err, message);
}

static void broken_elf_is_refused(void **state)
{
  (void)state;
  struct tiny_elf t = tiny();
  t.e.e_machine = EM_386;
  refused_elf(&t, "not for 32-bit little-endian ARM");
  t = tiny();
  t.e.e_type = ET_REL;
  refused_elf(&t, "not a linked program");
  t = tiny();
  t.p[0].p_offset = 0xFFFFFFF0;
  refused_elf(&t, "segment 0 lies outside the file");
  t = tiny();
  t.p[0].p_filesz = sizeof t + 1;
  refused_elf(&t, "segment 0 lies outside the file");
  t = tiny();
  t.p[0].p_paddr = 0xFFFFFFF0;
  refused_elf(&t, "beyond the end of the address space");
  t = tiny();
  t.e.e_phnum = 2;
  t.p[1] = t.p[0];
  t.p[1].p_paddr = 0x08087008;
  refused_elf(&t, "overlapping segments: 0x08087080-0x0808708f and 0x08087088-0x08087097");
  t = tiny();
  t.e.e_phoff = 0xFFFFFF00;
  refused_elf(&t, "in: ");
  t = tiny();
  struct objfile f;
  for (size_t size = 0; size < sizeof t; size++) /* cut anywhere: never a crash */
    if (objfile_parse("in", (const uint8_t *)&t, size, OBJFILE_ELF, 0, &f, err, sizeof err))
      objfile_free(&f);
}

static void binaries_go_where_they_are_told_and_nowhere_else(void **state)
{
  (void)state;
  struct objfile f;
  assert_true(objfile_parse("in", (const uint8_t *)"S1", 2, OBJFILE_AUTO, 0xFFFFFFFE, &f, err, sizeof err));
  assert_int_equal(f.format, OBJFILE_BIN);
  holds(&f, 0, 0xFFFFFFFE, "S1", 2);
  objfile_free(&f);
  assert_false(objfile_parse("in", (const uint8_t *)"S1", 2, OBJFILE_AUTO, 0xFFFFFFFF, &f, err, sizeof err));
  assert_false(objfile_parse("in", (const uint8_t *)"", 0, OBJFILE_AUTO, 0, &f, err, sizeof err));
  assert_false(objfile_read("does-not-exist", OBJFILE_AUTO, 0, &f, err, sizeof err));
  assert_string_equal(err, "does-not-exist: No such file or directory");
  assert_false(objfile_read(".", OBJFILE_AUTO, 0, &f, err, sizeof err));
}

static void added_segments_merge_and_never_overlap(void **state)
{
  (void)state;
  struct objfile f = {0};
  assert_true(objfile_add(&f, 0x100, (const uint8_t *)"abcd", 4, err, sizeof err));
  assert_true(objfile_add(&f, 0x108, (const uint8_t *)"ijkl", 4, err, sizeof err));
  assert_false(objfile_add(&f, 0x103, (const uint8_t *)"xy", 2, err, sizeof err));
  assert_non_null(strstr(err, "overlapping"));
  assert_false(objfile_add(&f, 0xFFFFFFFF, (const uint8_t *)"xy", 2, err, sizeof err));
  assert_int_equal(f.segment_count, 2);
  uint32_t addr, size;
  assert_null(objfile_flatten(&f, 0xFF, 11, &addr, &size));
  uint8_t *flat = objfile_flatten(&f, 0xEE, 12, &addr, &size);
  assert_non_null(flat);
  assert_int_equal(addr, 0x100);
  assert_int_equal(size, 12);
  assert_memory_equal(flat, "abcd\xEE\xEE\xEE\xEEijkl", 12);
  free(flat);
  assert_true(objfile_add(&f, 0x104, (const uint8_t *)"efgh", 4, err, sizeof err));
  assert_int_equal(f.segment_count, 1);
  holds(&f, 0, 0x100, "abcdefghijkl", 12);
  objfile_free(&f);
  assert_null(objfile_flatten(&f, 0, 100, &addr, &size));
}

static void written_hex_reads_back_the_same(void **state)
{
  (void)state;
  struct objfile f = {.has_entry = true, .entry = 0x08088009}, g;
  uint8_t *bytes = malloc(0x20000);
  for (unsigned i = 0; i < 0x20000; i++)
    bytes[i] = (uint8_t)(i * 7 + (i >> 8));
  assert_true(objfile_add(&f, 0x0800FFFB, bytes, 0x10010, err, sizeof err)); /* two 64 KiB borders, odd start */
  assert_true(objfile_add(&f, 0xFFFFFFF1, bytes, 15, err, sizeof err));
  assert_true(objfile_add(&f, 5, bytes, 1, err, sizeof err));
  assert_true(objfile_write_hex(&f, "out.hex", err, sizeof err));
  assert_true(objfile_read("out.hex", OBJFILE_AUTO, 0, &g, err, sizeof err));
  assert_int_equal(g.format, OBJFILE_HEX);
  assert_int_equal(g.entry, f.entry);
  assert_int_equal(g.segment_count, 3);
  for (size_t i = 0; i < 3; i++)
    holds(&g, i, f.segments[i].addr, (const char *)f.segments[i].data, f.segments[i].size);
  objfile_free(&f);
  objfile_free(&g);
  free(bytes);
}

static void files_are_replaced_whole_or_not_at_all(void **state)
{
  (void)state;
  struct stat st;
  size_t size;
  assert_true(objfile_spit("secret", "one", 3, 0600, err, sizeof err));
  assert_true(objfile_spit("secret", "two!", 4, 0600, err, sizeof err));
  assert_int_equal(stat("secret", &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  assert_int_equal(st.st_size, 4);
  assert_null(objfile_slurp("secret", 3, &size, err, sizeof err));
  assert_string_equal(err, "secret: larger than 3 bytes");
  assert_null(objfile_slurp("/dev/zero", 3 << 16, &size, err, sizeof err));
  assert_string_equal(err, "/dev/zero: larger than 196608 bytes");
  assert_int_equal(mkdir("folder", 0700), 0);
  assert_false(objfile_spit("folder", "x", 1, 0600, err, sizeof err));
  assert_false(objfile_spit("no/such/folder", "x", 1, 0600, err, sizeof err));
  assert_true(objfile_spit("/dev/null", "x", 1, 0600, err, sizeof err));
}

static void what_is_named_like_a_format_is_no_raw_binary(void **state)
{
  (void)state;
  struct objfile f;
  static const char *const damaged[] = {"app.elf", "app.HEX", "app.s19", "app.sfb", "dir.bin/app.axf"};
  assert_int_equal(mkdir("dir.bin", 0700), 0);
  for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
    assert_true(objfile_spit(damaged[i], "not it", 6, 0600, err, sizeof err));
    assert_false(objfile_read(damaged[i], OBJFILE_AUTO, 0, &f, err, sizeof err));
    assert_non_null(strstr(err, "holds no ELF, Intel HEX or S-records"));
    assert_true(objfile_read(damaged[i], OBJFILE_BIN, 0, &f, err, sizeof err)); /* who says so gets it */
    objfile_free(&f);
  }
  assert_true(objfile_spit("app", "raw", 3, 0600, err, sizeof err));
  assert_true(objfile_read("app", OBJFILE_AUTO, 0, &f, err, sizeof err));
  objfile_free(&f);
  assert_true(objfile_spit("empty.elf", "", 0, 0600, err, sizeof err));
  assert_false(objfile_read("empty.elf", OBJFILE_AUTO, 0, &f, err, sizeof err));
  assert_string_equal(err, "empty.elf: is empty");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hex_records_in_any_order_become_sorted_merged_segments),
      cmocka_unit_test(broken_hex_is_refused_with_its_line),
      cmocka_unit_test(srecords_of_every_address_width_are_read),
      cmocka_unit_test(broken_srecords_are_refused_with_their_line),
      cmocka_unit_test(elf_headers_inside_a_segment_are_not_firmware),
      cmocka_unit_test(elf_symbols_are_found_by_name_and_address),
      cmocka_unit_test(broken_elf_is_refused),
      cmocka_unit_test(binaries_go_where_they_are_told_and_nowhere_else),
      cmocka_unit_test(added_segments_merge_and_never_overlap),
      cmocka_unit_test(written_hex_reads_back_the_same),
      cmocka_unit_test(files_are_replaced_whole_or_not_at_all),
      cmocka_unit_test(what_is_named_like_a_format_is_no_raw_binary),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
