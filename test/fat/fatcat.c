/* fatcat IMAGE PIECE DIR: list the root directory of the image with the boot loader's FAT reader, one line per entry
 * ("number size attributes long|short status name"), and write the files to DIR/number, read in pieces of PIECE bytes.
 * Ends with the line "mount list reads". For images.py. */
#include "test/fat/disk.h"

#include <stdio.h>
#include <stdlib.h>

struct output {
  const char *folder;
  unsigned number;
};

static void entry_out(void *ctx, const struct fat_entry *entry, pc_status status, const uint8_t *content)
{
  struct output *o = ctx;
  printf("%u %u %u %s %08x %s\n", o->number, entry->size, entry->attributes, entry->is_long ? "long" : "short", status,
         entry->name);
  if (content != NULL) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%u", o->folder, o->number);
    FILE *f = fopen(path, "wbe");
    if (f == NULL || fwrite(content, 1, entry->size, f) != entry->size || fclose(f) != 0)
      abort();
  }
  o->number++;
}

int main(int argc, char **argv)
{
  if (argc != 4) {
    fprintf(stderr, "usage: fatcat IMAGE PIECE DIR\n");
    return 2;
  }
  struct disk disk;
  struct walk walk;
  struct output output = {argv[3], 0};
  disk_open(&disk, argv[1], 0);
  disk_walk(&disk, (uint32_t)strtoul(argv[2], NULL, 10), &walk, entry_out, &output);
  printf("%08x %08x %u\n", walk.mount, walk.list, disk.reads);
  disk_close(&disk);
  return 0;
}
