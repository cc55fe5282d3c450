/* portcullis program certificate: what a device is, and its certificate. */
#include "sfi/host/certificate.h"
#include "sfi/programmer/command.h"
#include "sfi/programmer/install.h"
#include "tool/json.h"
#include "tool/objfile/file.h"

#include <stdio.h>
#include <string.h>

static int run(struct cli *cli)
{
  struct problem problem;
  struct install_device device;
  uint8_t der[INSTALL_CERTIFICATE];
  size_t size = sizeof der;
  const char *out = cli_value(cli, "output");
  struct link *link = program_connect(cli, &problem);
  bool ok = link != NULL && install_identify(link, &device, &problem) &&
            install_certificate(link, &device, der, &size, &problem);
  link_close(link);
  if (ok && out != NULL) {
    problem.code = CLI_INPUT;
    ok = objfile_spit(out, der, size, 0666, problem.text, sizeof problem.text);
  }
  if (!ok)
    return cli_report(cli, &problem);
  if (cli->json) {
    json_object(NULL);
    json_string("output", out);
    json_number("chip_id", device.chip_id);
    json_hex("uid", device.uid, sizeof device.uid);
    json_hex("challenge", device.challenge, sizeof device.challenge);
    json_number("certificate_size", size);
    json_end();
    return CLI_OK;
  }
  printf("chip 0x%03x, unique id ", device.chip_id);
  for (unsigned i = 0; i < INSTALL_UID; i++)
    printf("%02x", device.uid[i]);
  printf(", certificate of %zu bytes%s%s\n", size, out != NULL ? ": " : "", out != NULL ? out : "");
  return CLI_OK;
}

static const struct cli_option options[] = {
    {"output", 'o', "FILE", "certificate to write, DER", false, false},
    {0},
};

const struct cli_command cmd_program_certificate = {
    .name = "program certificate",
    .arguments = "",
    .summary = "Read a device's certificate, for a licence from a card elsewhere",
    .details = "Vendor's way: portcullis program -c port=PORT -gc FILE.",
    .options = {program_port_options, options, program_wait_options},
    .examples = "portcullis program certificate --port /dev/ttyUSB0 -o device.der",
    .run = run,
};
