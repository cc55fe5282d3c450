/* portcullis image info: every field of a header, believed by nobody yet. */
#include "tool/cli.h"
#include "tool/fields.h"
#include "tool/json.h"
#include "tool/patchfile.h"
#include "tool/sfb.h"
#include "tool/sfbp.h"
#include "tool/version.h"

#include <stdio.h>
#include <string.h>

static bool all(const uint8_t *bytes, size_t size, uint8_t value)
{
  for (size_t i = 0; i < size; i++)
    if (bytes[i] != value)
      return false;
  return true;
}

static void show_json(const char *path, const struct sfb *sfb)
{
  const uint8_t *h = sfb->header;
  char magic[5] = {(char)h[0], (char)h[1], (char)h[2], (char)h[3], '\0'};
  json_object(NULL);
  json_string("file", path);
  json_string("magic", magic);
  fields_json(&sfb->info);
  json_hex("tag", h + IMAGE_AT_TAG, IMAGE_TAG_SIZE);
  json_hex("partial_tag", h + IMAGE_AT_PARTIAL_TAG, IMAGE_TAG_SIZE);
  json_hex("iv", h + IMAGE_AT_IV, IMAGE_BLOCK);
  json_hex("reserved", h + IMAGE_AT_RESERVED, IMAGE_AT_SIGNATURE - IMAGE_AT_RESERVED);
  json_hex("signature_r", h + IMAGE_AT_SIGNATURE, 32);
  json_hex("signature_s", h + IMAGE_AT_SIGNATURE + 32, 32);
  json_string("state", sfb_state_name(image_header_state(h)));
  json_hex("fingerprint", h + IMAGE_AT_FINGERPRINT, 32);
  json_number("payload_size", sfb->payload_size);
  json_bool("complete", sfb->payload_size == sfb->info.partial_size);
  json_end();
}

static void show_text(const char *path, const struct sfb *sfb)
{
  const uint8_t *h = sfb->header;
  printf("%s: header, not authenticated (image verify does that)\n", path);
  printf("  magic            %.4s\n", (const char *)h);
  fields_text(&sfb->info);
  fields_text_hex("tag", h + IMAGE_AT_TAG, IMAGE_TAG_SIZE);
  if (memcmp(h + IMAGE_AT_TAG, h + IMAGE_AT_PARTIAL_TAG, IMAGE_TAG_SIZE) != 0)
    fields_text_hex("partial tag", h + IMAGE_AT_PARTIAL_TAG, IMAGE_TAG_SIZE);
  fields_text_hex("iv", h + IMAGE_AT_IV, IMAGE_BLOCK);
  if (sfb->info.protocol == IMAGE_PROTOCOL_VENDOR &&
      !all(h + IMAGE_AT_RESERVED, IMAGE_AT_SIGNATURE - IMAGE_AT_RESERVED, 0))
    fields_text_hex("reserved", h + IMAGE_AT_RESERVED, IMAGE_AT_SIGNATURE - IMAGE_AT_RESERVED);
  fields_text_hex("signature r", h + IMAGE_AT_SIGNATURE, 32);
  fields_text_hex("signature s", h + IMAGE_AT_SIGNATURE + 32, 32);
  printf("  state            %s\n", sfb_state_name(image_header_state(h)));
  if (all(h + IMAGE_AT_FINGERPRINT, 32, 0xFF) || all(h + IMAGE_AT_FINGERPRINT, 32, 0))
    printf("  fingerprint      none\n");
  else
    fields_text_hex("fingerprint", h + IMAGE_AT_FINGERPRINT, 32);
  if (sfb->payload_size == 0)
    printf("  payload          none: a header only\n");
  else
    printf("  payload          %zu bytes%s\n", sfb->payload_size,
           sfb->payload_size == sfb->info.partial_size ? "" : ", NOT what the header says");
}

static void show_patch(const struct cli *cli, const struct sfbp *patch)
{
  const bool complete = patch->payload_size == patch->info.cipher_size, whole = patch->info.from_size == 0;
  struct delta_in_place how = {0};
  char from[VERSION_TEXT];
  version_text(patch->info.from_version, IMAGE_PROTOCOL, from);
  if (patch->info.in_place != 0 && delta_in_place_parse(patch->info.how, &how) != PC_OK)
    how.page = 0;
  if (cli->json) {
    json_object(NULL);
    json_string("file", cli->arguments[0]);
    json_string("kind", whole ? "compressed image" : "patch");
    json_number("patch_size", patch->info.size);
    patch_json(&how);
    json_string("from_version", from);
    json_number("from_size", patch->info.from_size);
    json_hex("from_tag", patch->header + PATCH_AT_FROM_TAG, 32);
    json_object("to");
    fields_json(&patch->to);
    json_hex("tag", patch->to_header + IMAGE_AT_TAG, IMAGE_TAG_SIZE);
    json_end();
    json_number("payload_size", patch->payload_size);
    json_bool("complete", complete);
    json_end();
    return;
  }
  printf("%s: %s, not authenticated (image verify does that)\n", cli->arguments[0],
         whole ? "compressed image" : "patch");
  printf("  patch            %u bytes in clear%s\n", patch->info.size, complete ? "" : ", NOT what the file holds");
  patch_show(&how);
  if (whole) {
    printf("  from             any version\n");
  } else {
    printf("  from             version %s, %u bytes\n", from, patch->info.from_size);
    fields_text_hex("from tag", patch->header + PATCH_AT_FROM_TAG, 32);
  }
  printf("  to:\n");
  fields_text(&patch->to);
  fields_text_hex("tag", patch->to_header + IMAGE_AT_TAG, IMAGE_TAG_SIZE);
}

static int run_patch(struct cli *cli)
{
  struct problem problem;
  struct sfbp patch;
  if (!sfbp_read(cli->arguments[0], &patch, &problem))
    return cli_report(cli, &problem);
  show_patch(cli, &patch);
  sfbp_free(&patch);
  return CLI_OK;
}

static int run(struct cli *cli)
{
  struct problem problem;
  struct sfb sfb;
  if (sfbp_is_file(cli->arguments[0]))
    return run_patch(cli);
  if (!sfb_read(cli->arguments[0], &sfb, &problem))
    return cli_report(cli, &problem);
  (cli->json ? show_json : show_text)(cli->arguments[0], &sfb);
  sfb_free(&sfb);
  return CLI_OK;
}

const struct cli_command cmd_image_info = {
    .name = "image info",
    .arguments = "FILE",
    .summary = "Show every field of an image's header",
    .details = "FILE: an .sfb file, also one of X-CUBE-SBSFU (protocol 1), a header alone, or a .sfbp file. Needs no "
               "key and checks "
               "no signature.",
    .examples = "portcullis image info app.sfb\nportcullis image info app.sfb --json",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run,
};
