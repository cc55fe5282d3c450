/* The header's fields on the command line, and how they are shown. */
#include "tool/fields.h"

#include "tool/crypto.h"
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/objfile/file.h"
#include "tool/version.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cli_option fields_options[] = {
    {"version", 'v', "V",
     "firmware version: 1.2.3 (major, minor up to 255, patch up to 65535);\n"
     "protocol 1: one number up to 65535",
     true, false},
    {"product", 0, "ID", "product id, a number; 0: any product (default: the board's)", false, false},
    {"minimum-version", 0, "V", "once this image is validated, devices refuse anything older than V", false, false},
    {"protocol", 0, "1|2", "2 (default): ours; 1: X-CUBE-SBSFU's header, no product, 16-bit version", false, false},
    {"image", 0, "N", "image 1, 2 or 3 of a multi-image board (default 1)", false, false},
    {0},
};

const struct cli_option fields_iv_option[] = {
    {"iv", 0, "HEX|FILE", "IV instead of a random one: 32 hex digits or a file of 16 bytes", false, false},
    {0},
};

bool fields_read(const struct cli *cli, const struct board *board, struct image_info *info, struct problem *problem)
{
  const char *minimum = cli_value(cli, "minimum-version");
  memset(info, 0, sizeof *info);
  info->protocol = IMAGE_PROTOCOL;
  info->product = board->product;
  if (!cli_number(cli, "protocol", IMAGE_PROTOCOL_VENDOR, IMAGE_PROTOCOL, &info->protocol, problem) ||
      !cli_number(cli, "product", 0, UINT32_MAX, &info->product, problem) ||
      !image_number_of(cli, board, &info->image, problem) ||
      !version_parse(cli_value(cli, "version"), info->protocol, "version", &info->version, problem))
    return false;
  if (info->protocol == IMAGE_PROTOCOL_VENDOR) {
    if (cli_flag(cli, "product") || minimum != NULL)
      return problem_set(problem, CLI_USAGE, "protocol 1 headers hold no product and no minimum version");
    info->product = 0;
    return true;
  }
  if (minimum == NULL)
    return true;
  if (!version_parse(minimum, info->protocol, "minimum-version", &info->minimum, problem))
    return false;
  if (info->minimum > info->version)
    return problem_set(problem, CLI_USAGE,
                       "--minimum-version %s is newer than the image itself (%s): no device would keep it", minimum,
                       cli_value(cli, "version"));
  info->flags |= IMAGE_FLAG_RAISE_MINIMUM;
  return true;
}

bool fields_file(const char *path, uint8_t *to, size_t size, const char *what, struct problem *problem)
{
  size_t n;
  problem->code = CLI_INPUT;
  uint8_t *bytes = objfile_slurp(path, 1u << 20, &n, problem->text, sizeof problem->text);
  if (bytes == NULL)
    return false;
  if (n == size)
    memcpy(to, bytes, size);
  free(bytes);
  return n == size || problem_set(problem, CLI_INPUT, "%s: %zu bytes; %s has %zu", path, n, what, size);
}

bool fields_iv(const struct cli *cli, uint8_t iv[16], struct problem *problem)
{
  const char *text = cli_value(cli, "iv");
  if (text == NULL)
    return crypto_random(iv, 16, problem);
  if (strlen(text) != 32 || strspn(text, "0123456789abcdefABCDEF") != 32)
    return fields_file(text, iv, 16, "an IV", problem);
  for (unsigned i = 0; i < 16; i++)
    iv[i] = (uint8_t)strtoul((const char[]){text[2 * i], text[2 * i + 1], '\0'}, NULL, 16);
  return true;
}

void fields_json(const struct image_info *info)
{
  char text[VERSION_TEXT];
  json_number("image", info->image);
  json_number("protocol", info->protocol);
  json_string("version", version_text(info->version, info->protocol, text));
  json_number("size", info->size);
  json_number("partial_offset", info->partial_offset);
  json_number("partial_size", info->partial_size);
  if (info->protocol == IMAGE_PROTOCOL_VENDOR)
    return;
  json_address("product", info->product);
  json_string("minimum_version",
              info->flags & IMAGE_FLAG_RAISE_MINIMUM ? version_text(info->minimum, info->protocol, text) : NULL);
  json_number("flags", info->flags);
  json_number("external_offset", info->external);
}

void fields_text_hex(const char *name, const uint8_t *bytes, size_t size)
{
  printf("  %-16s ", name);
  for (size_t i = 0; i < size; i++)
    printf("%02x", bytes[i]);
  printf("\n");
}

/* A product id often is four letters. */
static void print_product(uint32_t product)
{
  char letters[5] = {(char)(product >> 24), (char)(product >> 16), (char)(product >> 8), (char)product, '\0'};
  bool text = true;
  for (unsigned i = 0; i < 4; i++)
    text = text && isprint((unsigned char)letters[i]);
  printf("  product          0x%08x", product);
  if (product == 0)
    printf(" (any)");
  else if (text)
    printf(" \"%s\"", letters);
  printf("\n");
}

void fields_text(const struct image_info *info)
{
  char text[VERSION_TEXT];
  printf("  image            %u\n", info->image);
  printf("  protocol         %u%s\n", info->protocol, info->protocol == IMAGE_PROTOCOL_VENDOR ? " (X-CUBE-SBSFU)" : "");
  printf("  version          %s\n", version_text(info->version, info->protocol, text));
  if (info->protocol == IMAGE_PROTOCOL) {
    print_product(info->product);
    if (info->flags & IMAGE_FLAG_RAISE_MINIMUM)
      printf("  minimum version  %s, enforced once validated\n", version_text(info->minimum, info->protocol, text));
    else
      printf("  minimum version  not raised\n");
    if (info->external != 0)
      printf("  second segment   from offset %u, %u bytes\n", info->external, info->size - info->external);
  }
  printf("  size             %u bytes\n", info->size);
  if (info->partial_size != info->size)
    printf("  partial          %u bytes at offset %u\n", info->partial_size, info->partial_offset);
}
