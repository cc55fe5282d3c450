/* FAT reader: whatever is damaged on the drive, it is refused with the right status, in a bounded number of reads, and
 * nothing outside the device is read (disk.c ends the program). The images come from mkfs.vfat and mcopy. */
#include "test/fat/disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The three images: 512-byte clusters, one FAT, and a file "three.bin" of 3 clusters (1500 bytes) from cluster
 * `file` on, after "one.bin" (100 bytes) and "a long name.bin" (600 bytes). */
enum { FAT12, FAT16, FAT32, KINDS };
static const char *const paths[KINDS] = {"f12.img", "f16.img", "f32.img"};
static const uint32_t entry_bits[KINDS] = {12, 16, 32};

static struct disk disk;
static uint8_t *original; /* what disk.bytes was */
static uint32_t kind, table, root, data, clusters;

static int make_images(void **state)
{
  (void)state;
  static const char *const options[KINDS] = {"-F 12 -R 1 -r 32", "-F 16 -R 1 -r 32", "-F 32"};
  static const uint32_t kib[KINDS] = {64, 2500, 33600};
  shell("head -c 100 /dev/urandom >one.bin && head -c 600 /dev/urandom >'a long name.bin' && "
        "head -c 1500 /dev/urandom >three.bin");
  for (uint32_t k = 0; k < KINDS; k++)
    shell("truncate -s %uK %s && mkfs.vfat -s 1 -f 1 -a %s %s && mcopy -n -i %s one.bin 'a long name.bin' three.bin ::",
          kib[k], paths[k], options[k], paths[k], paths[k]);
  return 0;
}

static uint32_t peek(uint32_t at, uint32_t size)
{
  uint32_t value = 0;
  for (uint32_t i = 0; i < size; i++)
    value |= (uint32_t)disk.bytes[at + i] << (8 * i);
  return value;
}

static void poke(uint32_t at, uint32_t size, uint32_t value)
{
  for (uint32_t i = 0; i < size; i++)
    disk.bytes[at + i] = (uint8_t)(value >> (8 * i));
}

static void restore(void)
{
  memcpy(disk.bytes, original, (size_t)(data + 8) * FAT_SECTOR); /* no test changes more */
  disk_reset(&disk);
}

static void open_kind(uint32_t k)
{
  kind = k;
  disk_open(&disk, paths[k], 1);
  original = malloc((size_t)disk.sectors * FAT_SECTOR);
  assert_non_null(original);
  memcpy(original, disk.bytes, (size_t)disk.sectors * FAT_SECTOR);
  uint32_t table_sectors = k == FAT32 ? peek(36, 4) : peek(22, 2);
  table = peek(14, 2);
  root = table + table_sectors;
  data = root + peek(17, 2) * 32u / FAT_SECTOR;
  uint32_t total = peek(19, 2) != 0 ? peek(19, 2) : peek(32, 4);
  clusters = total - data;
}

static void close_kind(void)
{
  free(original);
  disk_close(&disk);
}

/* The FAT's entry for a cluster. */
static void link_to(uint32_t cluster, uint32_t value)
{
  uint32_t at = table * FAT_SECTOR + cluster * entry_bits[kind] / 8u;
  if (kind != FAT12)
    poke(at, entry_bits[kind] / 8u, value);
  else if ((cluster & 1u) != 0)
    poke(at, 2, (peek(at, 2) & 0xFu) | value << 4);
  else
    poke(at, 2, (peek(at, 2) & 0xF000u) | (value & 0xFFFu));
}

static uint32_t end_mark(void)
{
  return kind == FAT12 ? 0xFFFu : kind == FAT16 ? 0xFFFFu : 0x0FFFFFFFu;
}

/* Where the 8.3 entry stands: of three.bin, or of another name. */
static uint32_t entry_of(const char *name)
{
  for (uint32_t at = root * FAT_SECTOR; at < (root + 2) * FAT_SECTOR; at += 32) {
    if (memcmp(disk.bytes + at, name, strlen(name)) == 0 && disk.bytes[at + 11] != 0x0F)
      return at;
  }
  fail_msg("no %s", name);
  return 0;
}

static uint32_t first_cluster(void)
{
  return peek(entry_of("THREE") + 26, 2);
}

/* Everything sound: three files. One damaged: the others are read all the same. */
static void assert_damaged(uint32_t damaged)
{
  struct walk w;
  disk.reads = 0;
  disk.allowed = 3 * disk.sectors + 100;
  disk_walk(&disk, 300, &w, NULL, NULL);
  assert_int_equal(w.mount, PC_OK);
  assert_int_equal(w.list, PC_ERR_BLANK);
  assert_int_equal(w.entries, 3);
  assert_int_equal(w.damaged, damaged);
  assert_int_equal(w.sound, 3 - damaged);
  if (damaged != 0)
    assert_int_equal(w.damage, PC_ERR_FORMAT);
}

static pc_status mount(void)
{
  struct fat fat;
  memset(&fat, 0xA5, sizeof fat);
  disk.reads = 0;
  disk.allowed = 2;
  pc_status status = fat_mount(&fat, &disk.port);
  disk.allowed = UINT32_MAX;
  return status;
}

static void damaged_chains_are_refused_and_other_files_still_read(void **state)
{
  (void)state;
  for (uint32_t k = 0; k < KINDS; k++) {
    open_kind(k);
    assert_damaged(0);
    uint32_t c = first_cluster();
    uint32_t size = peek(entry_of("THREE") + 28, 4);
    assert_int_equal(size, 1500);
    /* What the links of the three clusters may not be: free, reserved, bad, outside, itself, back, on (too long). */
    uint32_t bad = end_mark() & ~8u;
    const uint32_t wrong[][3] = {{c + 1, c + 2, 0},
                                 {c + 1, c + 2, 1},
                                 {c + 1, c + 2, bad},
                                 {c + 1, c + 2, c},
                                 {c + 1, c + 2, c + 2},
                                 {c + 1, c + 2, c + 1},
                                 {c + 1, c + 2, c + 3},
                                 {c + 1, c + 2, clusters + 2},
                                 {c + 1, c + 2, bad - 7},
                                 {c + 1, 0, end_mark()},
                                 {c + 1, end_mark(), 0},
                                 {end_mark(), 0, 0},
                                 {c, c + 2, end_mark()},
                                 {c + 1, c, end_mark()},
                                 {clusters + 2, c + 2, end_mark()},
                                 {c + 1, 1, end_mark()},
                                 {0, 0, 0},
                                 {bad, bad, bad},
                                 {c + 2, c + 1, c + 1},
                                 {c + 2, 0, end_mark()}};
    for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
      for (uint32_t j = 0; j < 3; j++)
        link_to(c + j, wrong[i][j]);
      assert_damaged(1);
      restore();
    }
    /* The lowest mark for the end; FAT32: the upper four bits mean nothing. And the last cluster of the volume. */
    link_to(c + 2, end_mark() & ~7u);
    assert_damaged(0);
    if (kind == FAT32) {
      link_to(c, (c + 1) | 0xA0000000u);
      assert_damaged(0);
    }
    link_to(c + 1, clusters + 1);
    link_to(clusters + 1, end_mark());
    assert_damaged(0);
    close_kind();
  }
}

/* Clusters outside, though the FAT goes on there and has a sound end for them. */
static void the_first_cluster_number_beyond_the_volume_cannot_be_opened(void **state)
{
  (void)state;
  for (uint32_t k = 0; k < KINDS; k++) {
    open_kind(k);
    uint32_t c = first_cluster();
    link_to(clusters + 1, end_mark());
    link_to(clusters + 2, end_mark());
    struct fat fat;
    struct fat_file file;
    struct fat_entry entry = {.size = 1024, .first = c};
    assert_int_equal(fat_mount(&fat, &disk.port), PC_OK);
    link_to(c, clusters + 1);
    assert_int_equal(fat_open(&fat, &file, &entry), PC_OK);
    link_to(c, clusters + 2);
    fat.buffered = UINT32_MAX; /* it may hold this sector of the FAT */
    assert_int_equal(fat_open(&fat, &file, &entry), PC_ERR_FORMAT);
    entry.size = 512;
    entry.first = clusters + 2;
    assert_int_equal(fat_open(&fat, &file, &entry), PC_ERR_FORMAT);
    entry.first = clusters + 1;
    assert_int_equal(fat_open(&fat, &file, &entry), PC_OK);
    close_kind();
  }
}

static void a_loop_is_left_after_as_many_steps_as_there_are_clusters(void **state)
{
  (void)state;
  open_kind(FAT16);
  uint32_t c = first_cluster();
  link_to(c, c + 512); /* to and fro between two sectors of the FAT: each step is a read */
  link_to(c + 512, c);
  static const uint32_t sizes[] = {1025, 4000 * 512, 5000 * 512, 0x80000000, 0xFFFFFFFF};
  for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    poke(entry_of("THREE") + 28, 4, sizes[i]);
    assert_damaged(1);
  }
  close_kind();
}

static void the_fat_in_use_is_read_when_they_are_not_kept_equal(void **state)
{
  (void)state;
  shell("cp f32.img two.img && mkfs.vfat -F 32 -s 1 -f 2 -a two.img && mcopy -n -i two.img one.bin three.bin ::");
  disk_open(&disk, "two.img", 1);
  struct walk w;
  disk_walk(&disk, 512, &w, NULL, NULL);
  assert_int_equal(w.sound, 2);
  memset(disk.bytes + (size_t)peek(14, 2) * FAT_SECTOR, 0, FAT_SECTOR); /* the first one is lost */
  disk_walk(&disk, 512, &w, NULL, NULL);
  assert_int_equal(w.sound, 0);
  poke(40, 2, 0x81);
  disk_walk(&disk, 512, &w, NULL, NULL);
  assert_int_equal(w.list, PC_ERR_BLANK);
  assert_int_equal(w.sound, 2);
  disk_close(&disk);
}

static void sizes_that_lie_are_refused(void **state)
{
  (void)state;
  static const uint32_t lies[] = {0, 1, 512, 1024, 1537, 2048, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFE00, 0xFFFFFFFF};
  for (uint32_t k = 0; k < KINDS; k++) {
    open_kind(k);
    uint32_t entry = entry_of("THREE");
    for (uint32_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
      poke(entry + 28, 4, lies[i]);
      assert_damaged(1);
    }
    poke(entry + 28, 4, 1025); /* another number of bytes, but as many clusters */
    assert_damaged(0);
    poke(entry + 28, 4, 1536);
    assert_damaged(0);
    restore();
    const uint32_t firsts[] = {0, 1, clusters + 2, 0xFFF8, 0xFFFF};
    for (uint32_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
      poke(entry + 26, 2, firsts[i]);
      assert_damaged(1);
    }
    restore();
    poke(entry + 20, 2, 0x1000); /* the upper half of the cluster number, which FAT12 and FAT16 do not have */
    assert_damaged(kind == FAT32 ? 1 : 0);
    close_kind();
  }
}

struct field {
  uint32_t at, size, value;
  pc_status status;
};

static void assert_fields(const struct field *fields, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    poke(fields[i].at, fields[i].size, fields[i].value);
    if (mount() != fields[i].status)
      fail_msg("kind %u, field at %u = %u: %08x", kind, fields[i].at, fields[i].value, mount());
    restore();
  }
}

static void damaged_boot_sectors_are_refused(void **state)
{
  (void)state;
  static const struct field all[] = {
      {510, 1, 0, PC_ERR_BLANK},         {511, 1, 0, PC_ERR_BLANK},   {11, 2, 1024, PC_ERR_UNSUPPORTED},
      {11, 2, 4096, PC_ERR_UNSUPPORTED}, {13, 1, 0, PC_ERR_FORMAT},   {13, 1, 3, PC_ERR_FORMAT},
      {13, 1, 255, PC_ERR_FORMAT},       {14, 2, 0, PC_ERR_FORMAT},   {16, 1, 0, PC_ERR_FORMAT},
      {16, 1, 3, PC_ERR_FORMAT},         {16, 1, 255, PC_ERR_FORMAT}, {19, 2, 1, PC_ERR_FORMAT}};
  static const struct field small[] = {{17, 2, 0, PC_ERR_FORMAT},
                                       {22, 2, 65535, PC_ERR_FORMAT},
                                       {14, 2, 65535, PC_ERR_FORMAT},
                                       {19, 2, 65535, PC_ERR_FORMAT}};
  static const struct field large[] = {{17, 2, 16, PC_ERR_FORMAT},
                                       {22, 2, 1, PC_ERR_FORMAT},
                                       {36, 4, 0, PC_ERR_FORMAT},
                                       {36, 4, 1, PC_ERR_FORMAT},
                                       {36, 4, 0x00800000, PC_ERR_FORMAT},
                                       {36, 4, 0x80000000, PC_ERR_FORMAT},
                                       {36, 4, 0xFFFFFFFF, PC_ERR_FORMAT},
                                       {42, 2, 1, PC_ERR_UNSUPPORTED},
                                       {44, 4, 0, PC_ERR_FORMAT},
                                       {44, 4, 1, PC_ERR_FORMAT},
                                       {44, 4, 0xFFFFFFFF, PC_ERR_FORMAT},
                                       {40, 2, 0x81, PC_ERR_FORMAT},
                                       {40, 2, 0x80, PC_OK}};
  for (uint32_t k = 0; k < KINDS; k++) {
    open_kind(k);
    assert_fields(all, sizeof all / sizeof all[0]);
    if (kind == FAT32)
      assert_fields(large, sizeof large / sizeof large[0]);
    else
      assert_fields(small, sizeof small / sizeof small[0]);
    if (kind != FAT16) { /* there it would make a sound FAT12 of the few clusters left */
      poke(17, 2, 65535);
      assert_int_equal(mount(), PC_ERR_FORMAT);
      restore();
    }
    /* A volume larger than the device, by one sector. */
    uint32_t total = data + clusters;
    poke(19, 2, 0);
    poke(32, 4, total);
    disk.sectors = total;
    assert_int_equal(mount(), PC_OK);
    disk.sectors = total - 1;
    assert_int_equal(mount(), PC_ERR_FORMAT);
    disk.sectors = 0;
    assert_int_equal(mount(), PC_ERR_BLANK);
    disk.sectors = total;
    static const uint32_t totals[] = {0, 1, 0x10000000, 0x80000000, 0xFFFFFFFF};
    for (uint32_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
      poke(32, 4, totals[i]);
      assert_int_equal(mount(), PC_ERR_FORMAT);
    }
    close_kind();
  }
  /* A FAT with one sector less than its clusters need, on the two widths that this image can be bent to. */
  open_kind(FAT16);
  poke(22, 2, peek(22, 2) - 1);
  assert_int_equal(mount(), PC_ERR_FORMAT);
  close_kind();
  open_kind(FAT32);
  poke(36, 4, peek(36, 4) - 1);
  assert_int_equal(mount(), PC_ERR_FORMAT);
  close_kind();
}

static void partition_tables_are_checked_against_the_device(void **state)
{
  (void)state;
  shell("truncate -s $((100*512)) table.img && cat f12.img >>table.img && truncate -s +512 table.img");
  disk_open(&disk, "table.img", 1);
  uint8_t *entry = disk.bytes + 446 + 32; /* the third */
  disk.bytes[510] = 0x55;
  disk.bytes[511] = 0xAA;
  assert_int_equal(mount(), PC_ERR_BLANK);
  disk.bytes[446 + 4] = 0x83; /* another system's */
  assert_int_equal(mount(), PC_ERR_UNSUPPORTED);
  static const uint8_t types[] = {0x01, 0x04, 0x06, 0x0B, 0x0C, 0x0E};
  const uint32_t at = 446 + 32;
  poke(at + 8, 4, 100);
  poke(at + 12, 4, 128);
  for (uint32_t i = 0; i < sizeof types; i++) {
    entry[4] = types[i];
    assert_int_equal(mount(), PC_OK);
  }
  disk.bytes[446 + 48 + 4] = 0x0C; /* the fourth is one too, and damaged: the first counts */
  assert_int_equal(mount(), PC_OK);
  entry[0] = 0x80;
  assert_int_equal(mount(), PC_OK);
  entry[0] = 0x81;
  assert_int_equal(mount(), PC_ERR_FORMAT);
  entry[0] = 0;
  poke(at + 12, 4, 127); /* the volume is larger than its partition */
  assert_int_equal(mount(), PC_ERR_FORMAT);
  poke(at + 12, 4, 129);
  assert_int_equal(mount(), PC_OK);
  static const uint32_t sizes[] = {0, 130, 0x80000000, 0xFFFFFF9C, 0xFFFFFFFF};
  for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    poke(at + 12, 4, sizes[i]);
    assert_int_equal(mount(), PC_ERR_FORMAT);
  }
  poke(at + 12, 4, 1);
  static const uint32_t starts[] = {0, 99, 228, 229, 0x80000000, 0xFFFFFFFF};
  for (uint32_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
    poke(at + 8, 4, starts[i]);
    assert_int_equal(mount(), PC_ERR_FORMAT);
  }
  disk_close(&disk);
}

static void a_root_directory_in_a_circle_ends_with_an_error(void **state)
{
  (void)state;
  open_kind(FAT32);
  uint32_t cluster = peek(44, 4);
  memset(disk.bytes + (size_t)data * FAT_SECTOR, 0xE5, 512); /* deleted entries only: no end to meet */
  struct walk w;
  const uint32_t wrong[] = {0, 1, cluster, clusters + 2, 0x0FFFFFF7};
  for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    link_to(cluster, wrong[i]);
    disk.reads = 0;
    disk.allowed = 2 * 4096 + 10; /* 65536 positions */
    disk_walk(&disk, 512, &w, NULL, NULL);
    assert_int_equal(w.list, PC_ERR_FORMAT);
  }
  link_to(cluster, end_mark()); /* and one that simply has no end entry */
  disk_walk(&disk, 512, &w, NULL, NULL);
  assert_int_equal(w.list, PC_ERR_BLANK);
  assert_int_equal(w.entries, 0);
  close_kind();
}

static void a_full_root_directory_ends_where_its_room_ends(void **state)
{
  (void)state;
  open_kind(FAT12);
  uint32_t entry = entry_of("ONE");
  for (uint32_t i = 0; i < 32; i++)
    memmove(disk.bytes + root * FAT_SECTOR + i * 32, original + entry, 32);
  struct walk w;
  disk_walk(&disk, 512, &w, NULL, NULL);
  assert_int_equal(w.list, PC_ERR_BLANK);
  assert_int_equal(w.sound, 32);
  close_kind();
}

static char seen[256];
static int seen_long;

static void see(void *ctx, const struct fat_entry *entry, pc_status status, const uint8_t *content)
{
  (void)ctx;
  (void)status;
  (void)content;
  memcpy(seen, entry->name, sizeof seen);
  seen_long = entry->is_long;
}

/* Put `pieces` (each 32 bytes, in directory order) and an 8.3 entry first in the root directory, alone. */
static void see_name(const uint8_t *pieces, uint32_t count, const uint8_t *entry)
{
  struct walk w;
  uint8_t *to = disk.bytes + root * FAT_SECTOR;
  memset(to, 0, 1024);
  memcpy(to, pieces, (size_t)count * 32);
  memcpy(to + (size_t)count * 32, entry, 32);
  disk_walk(&disk, 512, &w, see, NULL);
  assert_int_equal(w.list, PC_ERR_BLANK);
  assert_int_equal(w.entries, 1);
}

static void put_unit(uint8_t *piece, uint32_t i, uint32_t unit)
{
  static const uint8_t at[13] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
  piece[at[i]] = (uint8_t)unit;
  piece[at[i] + 1] = (uint8_t)(unit >> 8);
}

static void long_names_that_do_not_belong_are_dropped(void **state)
{
  (void)state;
  open_kind(FAT12);
  /* "a long name.bin" takes two pieces: 15 units. */
  uint32_t at = entry_of("ALONGN");
  uint8_t good[96];
  memcpy(good, original + at - 64, 96);
  see_name(good, 2, good + 64);
  assert_string_equal(seen, "a long name.bin");
  assert_true(seen_long);

  static const struct {
    uint32_t at;
    uint8_t value;
  } wrong[] = {{0, 0x41}, {0, 0x43},  {0, 0x40},  {0, 0x02},  {0, 0x7F}, {0, 0xFF}, {0, 0x55},  {0, 0xE5}, {13, 0},
               {45, 0},   {32, 0x02}, {32, 0xE5}, {32, 0x81}, {64, 'X'}, {33, 0},   {11, 0x08}, {43, 0x08}};
  for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    uint8_t bad[96];
    memcpy(bad, good, 96);
    bad[wrong[i].at] = wrong[i].value;
    see_name(bad, 2, bad + 64);
    if (seen_long)
      fail_msg("case %u: %s", i, seen);
    assert_string_equal(seen, wrong[i].at == 64 ? "XLONGN~1.BIN" : "ALONGN~1.BIN");
  }
  /* Pieces in wrong order; one missing; one twice. */
  uint8_t mixed[128];
  memcpy(mixed, good + 32, 32);
  memcpy(mixed + 32, good, 32);
  see_name(mixed, 2, good + 64);
  assert_false(seen_long);
  see_name(good, 1, good + 64);
  assert_false(seen_long);
  see_name(good + 32, 1, good + 64);
  assert_false(seen_long);
  memcpy(mixed, good, 64);
  memcpy(mixed + 64, good + 32, 32);
  see_name(mixed, 3, good + 64);
  assert_false(seen_long);
  /* Something between the name and its entry: deleted, a volume label. */
  memcpy(mixed, good, 96);
  mixed[64] = 0xE5;
  see_name(mixed, 3, good + 64);
  assert_false(seen_long);
  memcpy(mixed, good, 96);
  mixed[64 + 11] = 0x08;
  see_name(mixed, 3, good + 64);
  assert_false(seen_long);
  /* An abandoned beginning before a whole name. */
  memcpy(mixed, good, 32);
  memcpy(mixed + 32, good, 64);
  see_name(mixed, 3, good + 64);
  assert_string_equal(seen, "a long name.bin");
  close_kind();
}

static void the_longest_names_fit_and_longer_ones_are_dropped(void **state)
{
  (void)state;
  open_kind(FAT12);
  uint8_t entry[32];
  memcpy(entry, original + entry_of("ALONGN"), 32);
  uint8_t sum = original[entry_of("ALONGN") - 32 + 13];
  for (uint32_t length = 240; length <= 273; length++) {
    uint8_t pieces[21 * 32];
    uint32_t count = (length + 12) / 13;
    memset(pieces, 0, sizeof pieces);
    for (uint32_t i = 0; i < count; i++) {
      uint8_t *piece = pieces + (size_t)i * 32;
      uint32_t number = count - i;
      piece[0] = (uint8_t)(number | (i == 0 ? 0x40u : 0));
      piece[11] = 0x0F;
      piece[13] = sum;
      for (uint32_t u = 0; u < 13; u++) {
        uint32_t n = (number - 1) * 13 + u;
        put_unit(piece, u, n < length ? (n % 7 == 3 ? 0x2103u : 'a' + n % 26) : n == length ? 0 : 0xFFFFu);
      }
    }
    see_name(pieces, count, entry);
    assert_int_equal(seen_long, length <= 255);
    if (length <= 255) {
      assert_int_equal(strlen(seen), length);
      for (uint32_t n = 0; n < length; n++)
        assert_int_equal(seen[n], n % 7 == 3 ? '?' : (char)('a' + n % 26));
    }
  }
  close_kind();
}

static void short_names_are_read_with_their_flags_and_are_fit_for_a_terminal(void **state)
{
  (void)state;
  open_kind(FAT12);
  static const struct {
    const char *raw;
    uint8_t flags;
    const char *name;
  } cases[] = {{"README  TXT", 0, "README.TXT"},
               {"README  TXT", 0x08, "readme.TXT"},
               {"README  TXT", 0x10, "README.txt"},
               {"README  TXT", 0x18, "readme.txt"},
               {"NAME       ", 0x18, "name"},
               {"ABCDEFGHIJK", 0, "ABCDEFGH.IJK"},
               {"\x05"
                "BC     A  ",
                0, "?BC.A"},
               {"\x1B[2J    \x07\x7F\xFF", 0, "?[2J.???"},
               {"        SFB", 0, ".SFB"},
               {"A       B  ", 0xE7, "A.B"}};
  for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t entry[32] = {0};
    memcpy(entry, cases[i].raw, 11);
    entry[11] = 0x20;
    entry[12] = cases[i].flags;
    see_name(entry, 0, entry);
    assert_string_equal(seen, cases[i].name);
    assert_false(seen_long);
  }
  close_kind();
}

static void a_sector_that_cannot_be_read_is_an_error_of_the_transfer_and_can_be_repeated(void **state)
{
  (void)state;
  for (uint32_t k = 0; k < KINDS; k++) {
    open_kind(k);
    struct walk w;
    disk_walk(&disk, 300, &w, NULL, NULL);
    uint32_t reads = disk.reads;
    assert_in_range(reads, 5, 60);
    for (uint32_t n = 1; n <= reads; n++) {
      disk_reset(&disk);
      disk.fail_at = n;
      disk_walk(&disk, 300, &w, NULL, NULL);
      assert_true(w.mount == PC_ERR_TRANSFER || w.list == PC_ERR_TRANSFER || w.damage == PC_ERR_TRANSFER);
    }
    disk_reset(&disk);
    struct fat fat;
    struct fat_dir dir;
    struct fat_entry entry;
    struct fat_file file;
    uint8_t content[1500];
    uint8_t again[1500];
    assert_int_equal(fat_mount(&fat, &disk.port), PC_OK);
    fat_dir_start(&fat, &dir);
    for (int i = 0; i < 3; i++)
      assert_int_equal(fat_dir_next(&fat, &dir, &entry), PC_OK);
    assert_int_equal(fat_open(&fat, &file, &entry), PC_OK);
    assert_int_equal(fat_read(&fat, &file, 0, content, 1500), PC_OK);
    for (uint32_t n = 1; n < 8; n++) {
      disk_reset(&disk);
      disk.fail_at = n;
      pc_status status = PC_OK;
      for (uint32_t at = 0; at < 1500; at += 100) {
        status = fat_read(&fat, &file, at, again + at, 100);
        if (status != PC_OK) {
          assert_int_equal(status, PC_ERR_TRANSFER);
          assert_int_equal(fat_read(&fat, &file, at, again + at, 100), PC_OK);
        }
      }
      assert_memory_equal(again, content, 1500);
    }
    close_kind();
  }
}

static void reading_any_range_forward_and_back_and_nothing_beyond_the_end(void **state)
{
  (void)state;
  open_kind(FAT16);
  struct fat fat;
  struct fat_dir dir;
  struct fat_entry entry;
  struct fat_file file;
  uint8_t content[1500];
  uint8_t part[1500];
  assert_int_equal(fat_mount(&fat, &disk.port), PC_OK);
  fat_dir_start(&fat, &dir);
  for (int i = 0; i < 3; i++)
    assert_int_equal(fat_dir_next(&fat, &dir, &entry), PC_OK);
  assert_int_equal(fat_open(&fat, &file, &entry), PC_OK);
  assert_int_equal(fat_read(&fat, &file, 0, content, 1500), PC_OK);
  assert_memory_equal(content, disk.bytes + (data + entry.first - 2) * FAT_SECTOR, 1500);
  uint32_t random = 1;
  for (int i = 0; i < 2000; i++) {
    random = random * 1103515245u + 12345u;
    uint32_t at = (random >> 8) % 1501u;
    random = random * 1103515245u + 12345u;
    uint32_t length = (random >> 8) % (1501u - at);
    assert_int_equal(fat_read(&fat, &file, at, part, length), PC_OK);
    assert_memory_equal(part, content + at, length);
  }
  assert_int_equal(fat_read(&fat, &file, 1500, part, 0), PC_OK);
  disk.allowed = disk.reads;
  assert_int_equal(fat_read(&fat, &file, 1500, part, 1), PC_ERR_PARAM);
  assert_int_equal(fat_read(&fat, &file, 1, part, 1500), PC_ERR_PARAM);
  assert_int_equal(fat_read(&fat, &file, 1501, part, 0), PC_ERR_PARAM);
  assert_int_equal(fat_read(&fat, &file, 10, part, UINT32_MAX), PC_ERR_PARAM);
  close_kind();
}

static void a_drive_that_changes_after_a_file_was_opened_is_noticed_or_harmless(void **state)
{
  (void)state;
  for (uint32_t k = 0; k < KINDS; k++) {
    open_kind(k);
    uint32_t c = first_cluster();
    const uint32_t wrong[] = {0, 1, end_mark(), clusters + 2, end_mark() & ~8u};
    for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
      struct fat fat;
      struct fat_dir dir;
      struct fat_entry entry;
      struct fat_file file;
      uint8_t content[1500];
      assert_int_equal(fat_mount(&fat, &disk.port), PC_OK);
      fat_dir_start(&fat, &dir);
      for (int n = 0; n < 3; n++)
        assert_int_equal(fat_dir_next(&fat, &dir, &entry), PC_OK);
      assert_int_equal(fat_open(&fat, &file, &entry), PC_OK);
      link_to(c, wrong[i]);
      assert_int_equal(fat_read(&fat, &file, 0, content, 512), PC_OK);
      assert_int_equal(fat_read(&fat, &file, 512, content, 10), PC_ERR_FORMAT);
      restore();
    }
    close_kind();
  }
}

static void any_byte_of_the_first_sectors_may_be_wrong(void **state)
{
  (void)state;
  for (uint32_t k = 0; k < KINDS; k += 2) {
    open_kind(k);
    /* Boot sector, the beginning of the FAT, the directory. */
    const uint32_t sectors[] = {0, table, data - 1, data, data + 1};
    for (uint32_t s = 0; s < sizeof sectors / sizeof sectors[0]; s++) {
      for (uint32_t i = 0; i < FAT_SECTOR; i++) {
        uint32_t at = sectors[s] * FAT_SECTOR + i;
        uint8_t was = disk.bytes[at];
        const uint8_t values[] = {0, 0xFF, (uint8_t)(was ^ 1u), (uint8_t)(was ^ 0x80u), (uint8_t)(was + 1u)};
        for (uint32_t v = 0; v < sizeof values; v++) {
          struct walk w;
          disk.bytes[at] = values[v];
          disk.reads = 0;
          disk.allowed = 30000;
          disk_walk(&disk, 4096, &w, NULL, NULL);
          assert_true(w.entries <= 65536);
        }
        disk.bytes[at] = was;
      }
    }
    close_kind();
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(damaged_chains_are_refused_and_other_files_still_read),
      cmocka_unit_test(the_first_cluster_number_beyond_the_volume_cannot_be_opened),
      cmocka_unit_test(a_loop_is_left_after_as_many_steps_as_there_are_clusters),
      cmocka_unit_test(the_fat_in_use_is_read_when_they_are_not_kept_equal),
      cmocka_unit_test(sizes_that_lie_are_refused),
      cmocka_unit_test(damaged_boot_sectors_are_refused),
      cmocka_unit_test(partition_tables_are_checked_against_the_device),
      cmocka_unit_test(a_root_directory_in_a_circle_ends_with_an_error),
      cmocka_unit_test(a_full_root_directory_ends_where_its_room_ends),
      cmocka_unit_test(long_names_that_do_not_belong_are_dropped),
      cmocka_unit_test(the_longest_names_fit_and_longer_ones_are_dropped),
      cmocka_unit_test(short_names_are_read_with_their_flags_and_are_fit_for_a_terminal),
      cmocka_unit_test(a_sector_that_cannot_be_read_is_an_error_of_the_transfer_and_can_be_repeated),
      cmocka_unit_test(reading_any_range_forward_and_back_and_nothing_beyond_the_end),
      cmocka_unit_test(a_drive_that_changes_after_a_file_was_opened_is_noticed_or_harmless),
      cmocka_unit_test(any_byte_of_the_first_sectors_may_be_wrong),
  };
  return cmocka_run_group_tests_name("fat.damage", tests, make_images, NULL);
}
