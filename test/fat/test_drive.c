/* The patch picker: which file of a drive is taken. Drives are made by mkfs.vfat and mcopy; the "firmware" files carry
 * a toy header that the inspect callback here understands:
 *   'F' or 'P', from, to, product (one byte each), then a serial number that tells builds apart. */
#include "loader/drive/drive.h"
#include "test/fat/disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct disk disk;
static struct drive drive;
static struct drive_rules rules;
static uint32_t inspected;

static pc_status inspect(void *ctx, const uint8_t *head, uint32_t length, uint32_t size, struct drive_update *update)
{
  assert_ptr_equal(ctx, &rules);
  assert_true(length != 0 && length <= DRIVE_HEAD && length <= size);
  assert_true(length == DRIVE_HEAD || length == size);
  assert_int_equal(update->kind, 0);
  inspected++;
  if (length < 5 || (head[0] != 'F' && head[0] != 'P'))
    return PC_ERR_FORMAT;
  update->kind = head[0] == 'F' ? DRIVE_FULL : DRIVE_PATCH;
  update->from = head[1];
  update->to = head[2];
  update->product = head[3];
  return PC_OK;
}

/* An empty drive, in drive.img. */
static int new_drive(void **state)
{
  (void)state;
  shell("rm -f drive.img && truncate -s 1M drive.img && mkfs.vfat -F 12 -s 1 -f 1 drive.img");
  memset(&rules, 0, sizeof rules);
  rules.has_active = true;
  rules.active = 1;
  rules.product = 7;
  rules.max_size = 100000;
  rules.inspect = inspect;
  rules.ctx = &rules;
  inspected = 0;
  return 0;
}

static void put(const char *name, char kind, uint8_t from, uint8_t to, uint8_t product, uint8_t serial, uint32_t size)
{
  uint8_t *file = calloc(1, size + 5);
  const uint8_t head[5] = {(uint8_t)kind, from, to, product, serial};
  assert_non_null(file);
  memcpy(file, head, sizeof head);
  FILE *f = fopen("file", "wbe");
  assert_non_null(f);
  assert_int_equal(fwrite(file, 1, size, f), size);
  fclose(f);
  free(file);
  shell("mcopy -n -i drive.img file '::%s'", name);
}

static pc_status pick(void)
{
  memset(&drive, 0xA5, sizeof drive);
  disk_open(&disk, "drive.img", 1);
  pc_status status = drive_pick(&drive, &disk.port, &rules);
  if (status == PC_OK) { /* open, and the one it says */
    uint8_t head[5];
    uint32_t identity = drive.identity;
    assert_int_equal(fat_read(&drive.fat, &drive.file, 0, head, 5), PC_OK);
    assert_int_equal(head[2], drive.update.to);
    assert_int_equal(drive.file.size, drive.entry.size);
    assert_int_equal(drive.identity, identity);
  }
  disk_close(&disk);
  return status;
}

static void assert_picked(const char *name)
{
  assert_int_equal(pick(), PC_OK);
  assert_string_equal(drive.entry.name, name);
}

static void of_the_patches_from_the_active_version_the_one_that_leads_highest(void **state)
{
  (void)state;
  put("app_1_2.sfbp", 'P', 1, 2, 7, 0, 600);
  put("app_1_4.sfbp", 'P', 1, 4, 7, 0, 600);
  put("app_1_3.sfbp", 'P', 1, 3, 7, 0, 600);
  put("app_2_9.sfbp", 'P', 2, 9, 7, 0, 600);
  put("app_0_8.sfbp", 'P', 0, 8, 7, 0, 600);
  assert_picked("app_1_4.sfbp");
  assert_int_equal(drive.update.kind, DRIVE_PATCH);
  assert_int_equal(drive.update.from, 1);
  assert_int_equal(drive.seen, 5);
  assert_int_equal(drive.damaged, 0);
}

static void of_equals_the_first_in_the_directory(void **state)
{
  (void)state;
  put("z.sfbp", 'P', 1, 3, 7, 1, 600);
  put("a.sfbp", 'P', 1, 3, 7, 2, 600);
  assert_picked("z.sfbp");
}

static void a_full_image_is_taken_when_no_patch_fits_and_never_before_one(void **state)
{
  (void)state;
  put("full9.sfb", 'F', 0, 9, 7, 0, 2000);
  put("full5.sfb", 'F', 0, 5, 7, 0, 2000);
  put("app_2_3.sfbp", 'P', 2, 3, 7, 0, 600);
  assert_picked("full9.sfb");
  assert_int_equal(drive.update.kind, DRIVE_FULL);
  put("app_1_2.sfbp", 'P', 1, 2, 7, 0, 600);
  assert_picked("app_1_2.sfbp");
  rules.active = 5;
  assert_picked("full9.sfb");
}

static void nothing_older_equal_or_for_another_product(void **state)
{
  (void)state;
  assert_int_equal(pick(), PC_ERR_BLANK);
  assert_int_equal(drive.seen, 0);
  put("same.sfb", 'F', 0, 1, 7, 0, 600);
  put("older.sfb", 'F', 0, 0, 7, 0, 600);
  put("back.sfbp", 'P', 1, 0, 7, 0, 600);
  put("same.sfbp", 'P', 1, 1, 7, 0, 600);
  put("other.sfb", 'F', 0, 3, 8, 0, 600);
  put("other.sfbp", 'P', 1, 3, 8, 0, 600);
  assert_int_equal(pick(), PC_ERR_BLANK);
  assert_int_equal(drive.seen, 6);
  put("any product.sfbp", 'P', 1, 2, 0, 0, 600);
  assert_picked("any product.sfbp");
}

static void without_an_active_image_any_full_image_and_no_patch(void **state)
{
  (void)state;
  rules.has_active = false;
  rules.active = 77;
  put("p.sfbp", 'P', 77, 99, 7, 0, 600);
  assert_int_equal(pick(), PC_ERR_BLANK);
  put("f0.sfb", 'F', 0, 0, 7, 0, 600);
  assert_picked("f0.sfb");
  put("f3.sfb", 'F', 0, 3, 7, 0, 600);
  put("f2.sfb", 'F', 0, 2, 7, 0, 600);
  assert_picked("f3.sfb");
}

static void only_files_with_the_extensions_are_looked_at(void **state)
{
  (void)state;
  put("a.sfbp.txt", 'P', 1, 9, 7, 0, 600);
  put("sfbp", 'P', 1, 9, 7, 0, 600);
  put("a.sfbpp", 'P', 1, 9, 7, 0, 600);
  put("a.sf", 'P', 1, 9, 7, 0, 600);
  put("a.bin", 'P', 1, 9, 7, 0, 600);
  put("a.sfc", 'P', 1, 9, 7, 0, 600);
  put("a.", 'P', 1, 9, 7, 0, 600);
  shell("mmd -i drive.img ::folder.sfbp ::folder.sfb && mcopy -i drive.img file ::folder.sfb/in.sfbp");
  assert_int_equal(pick(), PC_ERR_BLANK);
  assert_int_equal(inspected, 0);
  assert_int_equal(drive.seen, 0);
  put("UPPER.SFB", 'P', 1, 2, 7, 0, 600);
  assert_picked("UPPER.SFB");
  put("Some.Name.With.Dots.SfBp", 'P', 1, 3, 7, 0, 600);
  assert_picked("Some.Name.With.Dots.SfBp");
}

static void empty_too_large_and_strange_files_are_passed_over(void **state)
{
  (void)state;
  put("large.sfbp", 'P', 1, 9, 7, 0, 100001);
  put("empty.sfbp", 'P', 1, 9, 7, 0, 0);
  put("strange.sfbp", 'X', 1, 9, 7, 0, 3000);
  put("short.sfbp", 'P', 1, 9, 7, 0, 4);
  assert_int_equal(pick(), PC_ERR_BLANK);
  assert_int_equal(drive.seen, 4);
  assert_int_equal(drive.damaged, 0);
  assert_int_equal(inspected, 2);
  put("fits.sfbp", 'P', 1, 8, 7, 0, 100000);
  assert_picked("fits.sfbp");
}

static void a_chain_of_patches_runs_to_its_end(void **state)
{
  (void)state;
  put("3_4.sfbp", 'P', 3, 4, 7, 0, 600);
  put("1_2.sfbp", 'P', 1, 2, 7, 0, 600);
  put("2_3.sfbp", 'P', 2, 3, 7, 0, 600);
  put("4_5.sfbp", 'P', 4, 5, 7, 0, 600);
  for (uint32_t version = 1; version < 5; version++) {
    rules.active = version;
    assert_int_equal(pick(), PC_OK);
    assert_int_equal(drive.update.from, version);
    assert_int_equal(drive.update.to, version + 1);
  }
  rules.active = 5;
  assert_int_equal(pick(), PC_ERR_BLANK);
}

static void nothing_is_tried_twice(void **state)
{
  (void)state;
  put("bad 1_3.sfbp", 'P', 1, 3, 7, 1, 600);
  put("good 1_3.sfbp", 'P', 1, 3, 7, 2, 600); /* the same versions, another content */
  put("1_2.sfbp", 'P', 1, 2, 7, 0, 600);
  put("9.sfb", 'F', 0, 9, 7, 0, 3000);
  put("copy of 9.sfb", 'F', 0, 9, 7, 0, 3000); /* a copy is the same file */
  uint32_t tried[8];
  rules.tried = tried;
  static const char *const order[] = {"bad 1_3.sfbp", "good 1_3.sfbp", "1_2.sfbp", "9.sfb"};
  for (uint32_t i = 0; i < 4; i++) {
    assert_picked(order[i]);
    tried[rules.tried_count++] = drive.identity;
  }
  assert_int_equal(pick(), PC_ERR_BLANK);
  assert_int_equal(drive.seen, 5);
}

static void the_identity_is_of_the_content_not_of_the_name_or_place(void **state)
{
  (void)state;
  put("one.sfbp", 'P', 1, 3, 7, 1, 600);
  assert_picked("one.sfbp");
  uint32_t identity = drive.identity;
  shell("mren -i drive.img ::one.sfbp two.sfbp");
  put("filler", 'X', 0, 0, 0, 0, 5000);
  shell("mcopy -n -i drive.img ::two.sfbp moved && mdel -i drive.img ::two.sfbp && mcopy -i drive.img moved ::x.sfbp");
  assert_picked("x.sfbp");
  assert_int_equal(drive.identity, identity);
  shell("mdel -i drive.img ::x.sfbp");
  put("x.sfbp", 'P', 1, 3, 7, 1, 5000);
  assert_picked("x.sfbp");
  assert_int_not_equal(drive.identity, identity);
  identity = drive.identity;
  shell("mdel -i drive.img ::x.sfbp");
  put("x.sfbp", 'P', 1, 3, 7, 1, 5001); /* the same beginning */
  assert_picked("x.sfbp");
  assert_int_not_equal(drive.identity, identity);
}

/* The best file has the name given: break its chain (FAT12), at its first cluster. */
static void damage_best(const char *name)
{
  assert_picked(name);
  uint32_t cluster = drive.entry.first;
  FILE *f = fopen("drive.img", "r+be");
  assert_non_null(f);
  fseek(f, (long)drive.fat.table * (long)FAT_SECTOR + (long)cluster * 3 / 2, SEEK_SET);
  fwrite("\0", 1, 1, f);
  fclose(f);
}

static void a_damaged_file_is_passed_over_and_counted(void **state)
{
  (void)state;
  put("a.sfbp", 'P', 1, 5, 7, 0, 5000);
  put("b.sfbp", 'P', 1, 4, 7, 0, 5000);
  put("c.sfb", 'F', 1, 3, 7, 0, 5000);
  damage_best("a.sfbp");
  damage_best("b.sfbp");
  assert_picked("c.sfb");
  assert_int_equal(drive.damaged, 2);
  assert_int_equal(drive.seen, 3);
}

static void a_drive_that_fails_or_is_none_chooses_nothing(void **state)
{
  (void)state;
  put("a.sfbp", 'P', 1, 5, 7, 0, 5000);
  put("b.sfb", 'F', 1, 5, 7, 0, 5000);
  disk_open(&disk, "drive.img", 1);
  assert_int_equal(drive_pick(&drive, &disk.port, &rules), PC_OK);
  uint32_t reads = disk.reads;
  for (uint32_t n = 1; n <= reads; n++) {
    disk_reset(&disk);
    disk.fail_at = n;
    assert_int_equal(drive_pick(&drive, &disk.port, &rules), PC_ERR_TRANSFER);
  }
  disk_reset(&disk);
  disk.sectors = 0;
  assert_int_equal(drive_pick(&drive, &disk.port, &rules), PC_ERR_BLANK);
  rules.inspect = NULL;
  assert_int_equal(drive_pick(&drive, &disk.port, &rules), PC_ERR_PARAM);
  disk_close(&disk);
}

static void a_damaged_directory_chooses_nothing(void **state)
{
  (void)state;
  shell("rm drive.img && truncate -s 34M drive.img && mkfs.vfat -F 32 -s 1 -f 1 drive.img");
  put("a.sfbp", 'P', 1, 5, 7, 0, 600);
  assert_picked("a.sfbp");
  disk_open(&disk, "drive.img", 1);
  uint8_t *dir = disk.bytes + (size_t)drive.fat.data * FAT_SECTOR;
  for (uint32_t at = 64; at < FAT_SECTOR; at += 32)
    dir[at] = dir[at] == 0 ? 0xE5 : dir[at];
  disk.bytes[drive.fat.table * FAT_SECTOR + 8] = 2; /* the root directory's only cluster: back to itself */
  disk.bytes[drive.fat.table * FAT_SECTOR + 11] = 0;
  disk.bytes[drive.fat.table * FAT_SECTOR + 10] = 0;
  disk.bytes[drive.fat.table * FAT_SECTOR + 9] = 0;
  assert_int_equal(drive_pick(&drive, &disk.port, &rules), PC_ERR_FORMAT);
  disk_close(&disk);
}

/* After the drive was gone through, it answers with another file at that place. */
static uint32_t changes_at;

static pc_status changing_read(void *ctx, uint32_t sector, uint8_t *to)
{
  struct disk *d = ctx;
  memcpy(to, d->bytes + (size_t)sector * FAT_SECTOR, FAT_SECTOR);
  d->reads++;
  if (d->reads >= changes_at && to[0] == 'P' && to[3] == 7)
    to[2] = 9;
  return PC_OK;
}

static uint32_t changing_sectors(void *ctx)
{
  return ((struct disk *)ctx)->sectors;
}

static void a_drive_that_answers_otherwise_the_second_time_is_refused(void **state)
{
  (void)state;
  put("a.sfbp", 'P', 1, 5, 7, 0, 600);
  disk_open(&disk, "drive.img", 1);
  disk.port = (struct fat_disk){changing_read, changing_sectors, &disk};
  changes_at = UINT32_MAX;
  assert_int_equal(drive_pick(&drive, &disk.port, &rules), PC_OK);
  changes_at = disk.reads - 2; /* the header is read last, in two sectors */
  disk.reads = 0;
  assert_int_equal(drive_pick(&drive, &disk.port, &rules), PC_ERR_TRANSFER);
  disk_close(&disk);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(of_the_patches_from_the_active_version_the_one_that_leads_highest, new_drive),
      cmocka_unit_test_setup(of_equals_the_first_in_the_directory, new_drive),
      cmocka_unit_test_setup(a_full_image_is_taken_when_no_patch_fits_and_never_before_one, new_drive),
      cmocka_unit_test_setup(nothing_older_equal_or_for_another_product, new_drive),
      cmocka_unit_test_setup(without_an_active_image_any_full_image_and_no_patch, new_drive),
      cmocka_unit_test_setup(only_files_with_the_extensions_are_looked_at, new_drive),
      cmocka_unit_test_setup(empty_too_large_and_strange_files_are_passed_over, new_drive),
      cmocka_unit_test_setup(a_chain_of_patches_runs_to_its_end, new_drive),
      cmocka_unit_test_setup(nothing_is_tried_twice, new_drive),
      cmocka_unit_test_setup(the_identity_is_of_the_content_not_of_the_name_or_place, new_drive),
      cmocka_unit_test_setup(a_damaged_file_is_passed_over_and_counted, new_drive),
      cmocka_unit_test_setup(a_drive_that_fails_or_is_none_chooses_nothing, new_drive),
      cmocka_unit_test_setup(a_damaged_directory_chooses_nothing, new_drive),
      cmocka_unit_test_setup(a_drive_that_answers_otherwise_the_second_time_is_refused, new_drive),
  };
  return cmocka_run_group_tests_name("fat.drive", tests, NULL, NULL);
}
