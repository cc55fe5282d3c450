/* portcullis hsm program: personalise a card, once and for good. */
#include "sfi/crypto/crypto.h"
#include "sfi/host/certificate.h"
#include "sfi/host/options.h"
#include "sfi/host/reader.h"
#include "tool/cli.h"
#include "tool/json.h"

#include <stdio.h>
#include <string.h>

/* The card cannot be made virgin again: ask, unless --yes. */
static bool confirmed(const struct cli *cli, const struct reader *reader, const struct card_program *p,
                      struct problem *problem)
{
  char answer[16] = "";
  if (cli_flag(cli, "yes"))
    return true;
  fprintf(stderr,
          "Reader '%s': the card gets the firmware identifier '%s' and %u installs.\n"
          "This cannot be changed or undone: afterwards the card is locked. Type yes to go on: ",
          reader_name(reader), p->identifier, p->maximum);
  fflush(stderr);
  if (fgets(answer, sizeof answer, stdin) == NULL)
    fputc('\n', stderr);
  answer[strcspn(answer, "\r\n")] = '\0';
  return strcmp(answer, "yes") == 0 || strcmp(answer, "y") == 0 ||
         problem_set(problem, CLI_REFUSED, "not confirmed; the card is as it was (--yes: do not ask)");
}

static bool program(const struct cli *cli, struct reader *reader, const struct card_program *p, struct problem *problem)
{
  struct card_info info;
  if (!reader_info(reader, &info, problem))
    return false;
  if (info.personalised)
    return problem_set(problem, CLI_REFUSED,
                       "this card is personalised for '%s', with %u of %u installs left; for good", info.identifier,
                       info.left, info.maximum);
  return confirmed(cli, reader, p, problem) && reader_program(reader, p, problem);
}

static void show(const struct cli *cli, const struct reader *reader, const struct card_program *p)
{
  if (cli->json) {
    json_object(NULL);
    json_string("reader", reader_name(reader));
    json_string("identifier", p->identifier);
    json_number("maximum", p->maximum);
    json_end();
  } else {
    printf("The card is personalised for '%s': %u installs.\n", p->identifier, p->maximum);
  }
}

static int run(struct cli *cli)
{
  struct problem problem;
  struct blob ca = {0};
  struct reader *reader = NULL;
  uint8_t key[16], nonce[12];
  struct card_program p = {.identifier = cli_value(cli, "identifier"), .key = key, .nonce = nonce};
  bool ok = sfi_identifier_check((const uint8_t *)p.identifier, strlen(p.identifier)) == PC_OK ||
            problem_set(&problem, CLI_USAGE, "--identifier '%s': 1 to %u printable ASCII characters", p.identifier,
                        SFI_IDENTIFIER_MAX);
  ok = ok && cli_number(cli, "maximum", 1, UINT32_MAX, &p.maximum, &problem) &&
       sfi_load_key_and_nonce(cli, key, nonce, &problem) && certificate_load(cli_value(cli, "ca"), &ca, &problem) &&
       (reader = reader_open(cli, &problem)) != NULL;
  p.ca = ca.bytes;
  p.ca_size = ca.size;
  ok = ok && program(cli, reader, &p, &problem);
  sfi_wipe(key, sizeof key);
  if (ok)
    show(cli, reader, &p);
  reader_close(reader);
  blob_free(&ca);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"identifier", 'i', "TEXT", "firmware identifier, to tell cards apart", true, false},
    {"maximum", 'm', "N", "how many installs the card may authorise", true, false},
    {"ca", 0, "FILE", "certificate of the CA whose devices are genuine", true, false},
    {"yes", 'y', NULL, "do not ask for confirmation", false, false},
    {0},
};

const struct cli_command cmd_hsm_program = {
    .name = "hsm program",
    .arguments = "",
    .summary = "Personalise a virgin card: identifier, key, nonce, maximum number of installs",
    .details = "Only once: afterwards the card is locked, for one firmware identifier, one key and one nonce. The key\n"
               "cannot be read back.",
    .options = {options, sfi_key_options, reader_options},
    .examples =
        "portcullis hsm program --identifier 'product 7, 1.0' --key fw.key --nonce fw.nonce --maximum 1000 --ca "
        "maker/maker_ca.pem",
    .max_arguments = 0,
    .run = run,
};
