/* portcullis keys embed: the keys as assembly for the boot loader. */
#include "tool/cli.h"
#include "tool/embed.h"
#include "tool/firmware.h"
#include "tool/keys.h"
#include "tool/objfile/file.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static int run(struct cli *cli)
{
  struct problem problem;
  char path[KEYS_PATH];
  uint8_t aes[16], point[64];
  uint32_t image = 1;
  size_t size = 0;
  const char *name = cli_value(cli, "arch");
  enum embed_arch arch = EMBED_V7M;
  if (name != NULL && strcmp(name, "v6m") == 0)
    arch = EMBED_V6M;
  else if (name != NULL && strcmp(name, "v7m") != 0)
    return cli_fail(cli, CLI_USAGE, "--arch %s: must be v7m (Cortex-M3 and up) or v6m (Cortex-M0, M0+)", name);
  if (!image_number_of(cli, NULL, &image, &problem) || !keys_find_public(cli, path, &problem) ||
      !keys_load_public(path, point, &problem) || !keys_find_encryption(cli, path, &problem) ||
      !keys_load_encryption(cli, path, aes, &problem))
    return cli_report(cli, &problem);
  char *text = embed_assembly(arch, image, aes, point, &size);
  OPENSSL_cleanse(aes, sizeof aes);
  if (text == NULL)
    return cli_fail(cli, CLI_INPUT, "out of memory");
  problem.code = CLI_INPUT;
  bool ok = objfile_spit(cli_value(cli, "output"), text, size, 0600, problem.text, sizeof problem.text);
  OPENSSL_cleanse(text, size);
  free(text);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"arch", 0, "v7m|v6m", "v7m (default): Cortex-M3 and up; v6m: Cortex-M0 and M0+", false, false},
    {"image", 0, "N", "image 1, 2 or 3: the number in the functions' names (default 1)", false, false},
    {"output", 'o', "FILE", "assembly source to write, mode 0600: it holds the AES key", true, false},
    {0},
};

const struct cli_command cmd_keys_embed = {
    .name = "keys embed",
    .arguments = "",
    .summary = "Write the device's keys as assembly functions for the boot loader",
    .details = "The functions engine_key_aes_N(out[16]) and engine_key_pub_N(out[64]), section .keys, hold the keys as "
               "immediate\n"
               "operands and read no data: they may lie in execute-only flash (PCROP). The private signing key is not "
               "in them.",
    .options = {options, keys_public_options, keys_encryption_options},
    .examples = "portcullis keys embed --keys keys -o keys.S\n"
                "portcullis keys embed --keys keys --arch v6m --image 2 -o keys2.S",
    .run = run,
};
