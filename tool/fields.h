/* The header's fields on the command line, shared by the commands that make headers. */
#ifndef TOOL_FIELDS_H
#define TOOL_FIELDS_H

#include "image/header.h"
#include "tool/boards/board.h"
#include "tool/cli.h"

extern const struct cli_option fields_options[];   /* --version --product --minimum-version --protocol --image */
extern const struct cli_option fields_iv_option[]; /* --iv */

/* Fill in everything but the sizes, and check that the fields go together. */
bool fields_read(const struct cli *cli, const struct board *board, struct image_info *info, struct problem *problem);
/* --iv: 32 hex digits, or a file of 16 bytes; random when not given. */
bool fields_iv(const struct cli *cli, uint8_t iv[16], struct problem *problem);
/* A file of exactly `size` bytes. */
bool fields_file(const char *path, uint8_t *to, size_t size, const char *what, struct problem *problem);

/* Name and value of the common fields, as every command shows them. */
void fields_json(const struct image_info *info);
void fields_text(const struct image_info *info);
void fields_text_hex(const char *name, const uint8_t *bytes, size_t size);

#endif
