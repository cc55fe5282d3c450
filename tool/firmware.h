/* Firmware in clear, as it goes into an image: one run of bytes, holes filled with FF, padded to whole AES blocks. */
#ifndef TOOL_FIRMWARE_H
#define TOOL_FIRMWARE_H

#include "image/header.h"
#include "tool/boards/board.h"
#include "tool/cli.h"
#include "tool/objfile/objfile.h"

#include <stdbool.h>
#include <stdint.h>

struct firmware {
  uint8_t *bytes;
  uint32_t addr;
  uint32_t size;     /* multiple of 16 */
  uint32_t padding;  /* bytes of it that were added at the end */
  uint32_t external; /* offset of the second segment, 0: there is none */
};

/* Read INPUT: an ELF, Intel HEX or S-record file, or a raw binary as "file[@0xADDRESS]" (without address: `bin_addr`).
 */
bool firmware_segments(const char *input, uint32_t bin_addr, struct objfile *file, struct problem *problem);
/* The same as one run of bytes, not longer than 64 MiB. */
bool firmware_read(const char *input, uint32_t bin_addr, struct firmware *firmware, struct problem *problem);
/* The same for a slot: every segment lies in it, the first at its base, and (`vectors`) the vector table is plausible:
 * stack in RAM that an application may use, reset vector in the image with the Thumb bit. On boards whose images have
 * two segments both may be in `input`, or those of the second in a file of their own, `second` (else NULL). */
bool firmware_read_for_slot(const char *input, const char *second, const struct board *board, uint32_t image,
                            bool vectors, struct firmware *firmware, struct problem *problem);
/* Does a packed image's second segment, or that it has none, fit the board? */
bool firmware_segment_fits(const char *path, const struct board *board, const struct image_info *info,
                           struct problem *problem);
void firmware_free(struct firmware *firmware);

/* --board NAME (or PORTCULLIS_BOARD, or the default board). NULL: unknown; problem lists the boards. */
extern const struct cli_option board_options[];
const struct board *board_of(const struct cli *cli, struct problem *problem);
/* --image N, checked against the board (NULL: 1..3). Default 1. */
bool image_number_of(const struct cli *cli, const struct board *board, uint32_t *image, struct problem *problem);

/* The range in which two firmwares differ, `align`ed outwards (16 or a multiple): offset and size within `new`. The new
 * firmware's bytes beyond the old one's end count as different. size 0: they are equal. */
void firmware_changed_range(const struct firmware *old, const struct firmware *new, uint32_t align, uint32_t *offset,
                            uint32_t *size);

#endif
