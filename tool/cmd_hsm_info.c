/* portcullis hsm info: what a card says of itself. */
#include "sfi/host/reader.h"
#include "tool/cli.h"
#include "tool/json.h"

#include <stdio.h>

static int run(struct cli *cli)
{
  struct problem problem;
  struct card_info info;
  struct reader *reader = reader_open(cli, &problem);
  if (reader == NULL)
    return cli_report(cli, &problem);
  bool ok = reader_info(reader, &info, &problem);
  if (ok && cli->json) {
    json_object(NULL);
    json_string("reader", reader_name(reader));
    json_string("state", info.personalised ? "personalised" : "virgin");
    json_string("identifier", info.personalised ? info.identifier : NULL);
    json_number("left", info.left);
    json_number("maximum", info.maximum);
    if (info.personalised)
      json_hex("ca_sha256", info.ca_digest, sizeof info.ca_digest);
    json_end();
  } else if (ok && info.personalised) {
    printf("reader      %s\nstate       personalised, locked\nidentifier  %s\ncounter     %u of %u installs left\n",
           reader_name(reader), info.identifier, info.left, info.maximum);
    printf("maker CA    SHA-256 ");
    for (unsigned i = 0; i < sizeof info.ca_digest; i++)
      printf("%02x", info.ca_digest[i]);
    putchar('\n');
  } else if (ok) {
    printf("reader      %s\nstate       virgin\n", reader_name(reader));
  }
  reader_close(reader);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

const struct cli_command cmd_hsm_info = {
    .name = "hsm info",
    .arguments = "",
    .summary = "Show a card's state, firmware identifier and counter",
    .options = {reader_options},
    .examples = "portcullis hsm info\n"
                "portcullis hsm info --reader 1 --json",
    .max_arguments = 0,
    .run = run,
};
