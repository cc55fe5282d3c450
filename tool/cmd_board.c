/* portcullis board list, board show: what the tool knows of each board. */
#include "tool/boards/board.h"
#include "tool/cli.h"
#include "tool/json.h"

#include <stdio.h>

static int list(struct cli *cli)
{
  if (cli->json)
    json_array(NULL);
  for (size_t i = 0; boards[i] != NULL; i++) {
    if (cli->json) {
      json_object(NULL);
      json_string("name", boards[i]->name);
      json_string("title", boards[i]->title);
      json_end();
    } else {
      printf("%-26s %s\n", boards[i]->name, boards[i]->title);
    }
  }
  if (cli->json)
    json_end();
  return CLI_OK;
}

static void show_json(const struct board *b)
{
  const struct {
    const char *name;
    const struct board_region *region;
  } regions[] = {{"flash", &b->flash}, {"boot", &b->boot}, {"ram", &b->ram}, {"ram2", &b->ram2}};
  json_object(NULL);
  json_string("name", b->name);
  json_string("title", b->title);
  json_string("series", b->series);
  json_string("device", b->device);
  json_address("product", b->product);
  json_number("page", b->page);
  json_number("unit", b->unit);
  for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
    if (regions[i].region->size == 0)
      continue;
    json_object(regions[i].name);
    json_address("base", regions[i].region->base);
    json_number("size", regions[i].region->size);
    json_end();
  }
  if (b->scratch.size != 0) {
    json_object("scratch");
    json_address("base", b->scratch.base);
    json_number("size", b->scratch.size);
    json_end();
  }
  if (b->segment.size != 0) {
    json_object("segment");
    json_address("base", b->segment.base);
    json_number("size", b->segment.size);
    json_number("offset", b->segment.offset);
    json_address("download", b->segment.download);
    json_end();
  }
  json_address("app_ram", b->app_ram);
  json_array("images");
  for (uint32_t i = 0; i < b->images; i++) {
    const struct board_slot *s = &b->slots[i];
    json_object(NULL);
    json_number("image", i + 1);
    json_address("header", s->header);
    json_address("active", s->active);
    json_number("active_size", s->active_size);
    json_address("download", s->download);
    json_number("download_size", s->download_size);
    json_number("image_max", s->image_max);
    json_end();
  }
  json_end();
  json_end();
}

static void region(const char *name, uint32_t base, uint32_t size)
{
  if (size != 0)
    printf("  %-16s 0x%08x-0x%08x  %7u bytes\n", name, base, base + size - 1, size);
}

static void show_text(const struct board *b)
{
  printf("%s: %s\n", b->name, b->title);
  printf("  device           %s (%s), pages of %u bytes, write unit %u bytes\n", b->device, b->series, b->page,
         b->unit);
  printf("  product id       0x%08x (default)\n", b->product);
  region("flash", b->flash.base, b->flash.size);
  region("boot loader", b->boot.base, b->boot.size);
  region("ram", b->ram.base, b->ram.size);
  region("ram2", b->ram2.base, b->ram2.size);
  printf("  application RAM  from 0x%08x\n", b->app_ram);
  region("scratch pages", b->scratch.base, b->scratch.size);
  region("checkpoints", b->checkpoints.base, b->checkpoints.size);
  for (uint32_t i = 0; i < b->images; i++) {
    const struct board_slot *s = &b->slots[i];
    printf("  image %u: up to %u bytes\n", i + 1, s->image_max);
    region("active slot", s->active, s->active_size);
    region(b->scratch.size != 0 ? "patch area" : "download slot", s->download, s->download_size);
    printf("  %-16s 0x%08x\n", "active header", s->header);
  }
  if (b->segment.size != 0) {
    printf("  second segment of image 1: from offset %u\n", b->segment.offset);
    region("active slot", b->segment.base, b->segment.size);
    region("download slot", b->segment.download, b->segment.size);
  }
}

static int show(struct cli *cli)
{
  const char *name = cli->argument_count > 0 ? cli->arguments[0] : BOARD_DEFAULT;
  const struct board *board = board_find(name);
  if (board == NULL)
    return cli_fail(cli, CLI_USAGE, "no board '%s'; 'portcullis board list' shows those there are", name);
  (cli->json ? show_json : show_text)(board);
  return CLI_OK;
}

const struct cli_command cmd_board_list = {
    .name = "board list",
    .arguments = "",
    .summary = "List the boards",
    .examples = "portcullis board list\nportcullis board list --json",
    .run = list,
};

const struct cli_command cmd_board_show = {
    .name = "board show",
    .arguments = "[NAME]",
    .summary = "Show a board's memory map: slots, headers, limits",
    .examples = "portcullis board show nucleo-l476rg\nportcullis board show nucleo-l476rg --json",
    .max_arguments = 1,
    .run = show,
};
