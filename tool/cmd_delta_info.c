/* portcullis delta info: what a bare patch says of itself. */
#include "tool/json.h"
#include "tool/objfile/file.h"
#include "tool/patchfile.h"

#include <stdio.h>
#include <stdlib.h>

static pc_status no_source(void *context, uint32_t offset, void *to, uint32_t size)
{
  (void)context;
  (void)offset;
  (void)to;
  (void)size;
  return PC_ERR_STATE; /* the header and the table need none */
}

static pc_status no_target(void *context, const void *from, uint32_t size)
{
  (void)context;
  (void)from;
  (void)size;
  return PC_ERR_STATE;
}

static void show(const struct cli *cli, size_t size, uint8_t mode, const struct delta_in_place *how,
                 const struct delta_decoder *d)
{
  bool whole = mode == DELTA_MODE_IMAGE;
  if (cli->json) {
    json_object(NULL);
    json_string("file", cli->arguments[0]);
    json_string("mode", whole ? "image" : "patch");
    json_number("size", size);
    json_number("to_size", d->target_size);
    json_address("from_address", d->source_base);
    json_address("to_address", d->target_base);
    json_number("copies", d->segments);
    patch_json(how);
    json_end();
    return;
  }
  printf("%s: %s, %zu bytes\n", cli->arguments[0], whole ? "compressed image" : "patch", size);
  printf("  new firmware     %u bytes at 0x%08x\n", d->target_size, d->target_base);
  if (!whole)
    printf("  old firmware     at 0x%08x, copied from in %u large parts\n", d->source_base, d->segments);
  patch_show(how);
}

static int run(struct cli *cli)
{
  struct problem problem = {.code = CLI_INPUT};
  const struct delta_io io = {NULL, no_source, no_target};
  uint32_t from_size = 0;
  size_t size;
  if (!cli_number(cli, "from-size", 0, DELTA_MAX_SIZE, &from_size, &problem))
    return cli_report(cli, &problem);
  problem.code = CLI_INPUT;
  uint8_t *patch = objfile_slurp(cli->arguments[0], 64u << 20, &size, problem.text, sizeof problem.text);
  struct delta_decoder *d = malloc(sizeof *d);
  if (patch == NULL || d == NULL) {
    free(d);
    return cli_report(cli, &problem);
  }
  struct delta_in_place how = {0};
  size_t head = 0;
  if (size > DELTA_IN_PLACE_SIZE + 1 && patch[0] == DELTA_MODE_IN_PLACE &&
      delta_in_place_parse(patch + 1, &how) == PC_OK)
    head = 1 + DELTA_IN_PLACE_SIZE;
  bool whole = size > head && patch[head] == DELTA_MODE_IMAGE;
  if (!whole && cli_value(cli, "from-size") == NULL) {
    free(d);
    free(patch);
    return cli_fail(cli, CLI_USAGE, "a patch counts from the old firmware's size: --from-size BYTES");
  }
  pc_status status = delta_start(d, &io, from_size, DELTA_MAX_SIZE);
  if (status == PC_OK)
    status = delta_feed(d, patch + head, (uint32_t)(size - head));
  if (status == PC_OK)
    status = delta_finish(d);
  bool ok = status == PC_OK || status == PC_ERR_STATE ||
            problem_set(&problem, CLI_REFUSED, "%s: %s", cli->arguments[0], patch_explain(status));
  if (ok)
    show(cli, size, patch[head], &how, d);
  free(d);
  free(patch);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"from-size", 0, "BYTES", "size of the old firmware, which the patch counts from", false, false},
    {0},
};

const struct cli_command cmd_delta_info = {
    .name = "delta info",
    .arguments = "PATCH",
    .summary = "Show what a bare patch says of itself",
    .details = "Of a signed .sfbp, 'image info' shows all this and the firmwares' tags.",
    .options = {options},
    .examples = "portcullis delta info update.delta --from-size 82160\nportcullis delta info update.delta --from-size "
                "82160 --json",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
