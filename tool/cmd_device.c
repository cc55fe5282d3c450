/* portcullis device ca new, device make: simulated manufacture of chips, with keys and certificates. */
#include "sfi/host/certificate.h"
#include "sfi/host/manufacture.h"
#include "sfi/host/options.h"
#include "tool/cli.h"
#include "tool/crypto.h"
#include "tool/json.h"
#include "tool/keys.h"
#include "tool/objfile/file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UID_DIGITS 24u /* 96 bits, as STM32 have */

struct file {
  const char *name;
  const uint8_t *bytes;
  size_t size;
  unsigned mode;
};

/* All files into a folder that may exist, or none; existing files are never overwritten. */
static bool write_folder(const char *dir, const struct file *files, size_t count, struct problem *problem)
{
  char path[KEYS_PATH];
  for (size_t i = 0; i < count; i++) {
    if (!keys_join(dir, files[i].name, path, problem))
      return false;
    if (access(path, F_OK) == 0)
      return problem_set(problem, CLI_REFUSED, "%s exists; keys are never overwritten. Choose another folder.", path);
  }
  bool made = mkdir(dir, 0700) == 0;
  if (!made && errno != EEXIST)
    return problem_set(problem, CLI_INPUT, "%s: %s", dir, strerror(errno));
  problem->code = CLI_INPUT;
  size_t done = 0;
  while (done < count && keys_join(dir, files[done].name, path, problem) &&
         objfile_spit(path, files[done].bytes, files[done].size, files[done].mode, problem->text, sizeof problem->text))
    done++;
  if (done == count)
    return true;
  while (done-- > 0)
    if (keys_join(dir, files[done].name, path, &(struct problem){0}))
      unlink(path);
  if (made)
    rmdir(dir);
  return false;
}

static void show(const struct cli *cli, const char *dir, const struct file *files, size_t count, const char *uid)
{
  if (cli->json) {
    json_object(NULL);
    json_string("folder", dir);
    if (uid != NULL)
      json_string("uid", uid);
    json_end();
    return;
  }
  for (size_t i = 0; i < count; i++)
    printf("%s%s%s\n", dir, dir[0] != '\0' && dir[strlen(dir) - 1] == '/' ? "" : "/", files[i].name);
}

static int run_ca(struct cli *cli)
{
  struct problem problem;
  struct blob certificate = {0}, key = {0};
  const char *name = cli_value(cli, "name"), *dir = cli->arguments[0];
  if (name == NULL)
    name = "Portcullis maker CA";
  bool ok =
      ((name[0] != '\0' && strlen(name) <= 64) || problem_set(&problem, CLI_USAGE, "--name: 1 to 64 characters")) &&
      certificate_new_ca(name, &certificate, &key, &problem);
  const struct file files[] = {{MAKER_CA, certificate.bytes, certificate.size, 0666},
                               {MAKER_CA_KEY, key.bytes, key.size, 0600}};
  ok = ok && write_folder(dir, files, 2, &problem);
  if (ok)
    show(cli, dir, files, 2, NULL);
  blob_free(&certificate);
  blob_free(&key);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

/* --uid, or a random one. */
static bool read_uid(const struct cli *cli, char uid[UID_DIGITS + 1], struct problem *problem)
{
  const char *text = cli_value(cli, "uid");
  uint8_t random[UID_DIGITS / 2];
  if (text == NULL) {
    if (!crypto_random(random, sizeof random, problem))
      return false;
    for (size_t i = 0; i < sizeof random; i++)
      snprintf(uid + 2 * i, 3, "%02x", random[i]);
    return true;
  }
  if (strlen(text) != UID_DIGITS || strspn(text, "0123456789abcdefABCDEF") != UID_DIGITS)
    return problem_set(problem, CLI_USAGE, "--uid %s: %u hexadecimal digits", text, UID_DIGITS);
  for (size_t i = 0; i <= UID_DIGITS; i++)
    uid[i] = (char)tolower((unsigned char)text[i]);
  return true;
}

static int run_make(struct cli *cli)
{
  struct problem problem;
  struct certificate_device device = {0};
  char uid[UID_DIGITS + 1];
  const char *dir = cli_value(cli, "output");
  const struct sfi_device *chip = sfi_device_of(cli, &problem);
  const char *program = cli_value(cli, "program");
  struct blob hex = {0};
  bool ok = chip != NULL && read_uid(cli, uid, &problem) &&
            certificate_new_device(cli_value(cli, "ca"), chip->title, uid, &device, &problem) &&
            (program == NULL || manufacture_hex(chip, program, &device, uid, &hex, &problem));
  const struct file files[] = {
      {"certificate.pem", device.certificate_pem.bytes, device.certificate_pem.size, 0666},
      {"certificate.der", device.certificate_der.bytes, device.certificate_der.size, 0666},
      {"device_key.pem", device.key_pem.bytes, device.key_pem.size, 0600},
      {"device_key.bin", device.private_key, sizeof device.private_key, 0600},
      {"device.hex", hex.bytes, hex.size, 0600},
  };
  size_t count = program == NULL ? 4 : 5;
  ok = ok && write_folder(dir, files, count, &problem);
  if (ok)
    show(cli, dir, files, count, uid);
  blob_free(&hex);
  certificate_device_free(&device);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option ca_options[] = {
    {"name", 0, "TEXT", "common name of the CA (default: Portcullis maker CA)", false, false},
    {0},
};

const struct cli_command cmd_device_ca_new = {
    .name = "device ca new",
    .arguments = "DIR",
    .summary = "Make a chip maker's CA: the one that says which devices are genuine",
    .details = "Writes " MAKER_CA " and " MAKER_CA_KEY " (private, mode 0600). Never overwrites.",
    .options = {ca_options},
    .examples = "portcullis device ca new maker",
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_ca,
};

static const struct cli_option make_options[] = {
    {"ca", 0, "DIR", "folder of the maker's CA", true, false},
    {"device", 'd', "NAME", "the chip: stm32l462ce, stm32h753xi", true, false},
    {"uid", 0, "HEX", "unique id of the chip, 24 digits (default: random)", false, false},
    {"program", 0, "DIR", "folder of secure-boot.bin and loader.bin (build/arm/sfi-l462): make device.hex, too", false,
     false},
    {"output", 'o', "DIR", "folder for the device's key and certificate", true, false},
    {0},
};

const struct cli_command cmd_device_make = {
    .name = "device make",
    .arguments = "",
    .summary = "Make a device, as its maker does: a P-256 key of its own, and a certificate for it",
    .details =
        "Writes certificate.pem and .der, device_key.pem, and device_key.bin: the private key's 32 bytes, big-endian,\n"
        "as they go into the chip. With --program also device.hex, all that the maker puts into the chip: secure "
        "boot,\n"
        "boot loader, key and certificate, unique id, option bytes; stm32sim --device stm32l462 --load takes it.",
    .options = {make_options},
    .examples = "portcullis device make --ca maker --device stm32l462ce -o device1\n"
                "openssl verify -CAfile maker/maker_ca.pem device1/certificate.pem",
    .max_arguments = 0,
    .run = run_make,
};
