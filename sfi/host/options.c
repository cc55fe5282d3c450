/* Options that the secure-install commands share. */
#include "sfi/host/options.h"

#include "sfi/host/container.h"
#include "sfi/host/ledger.h"
#include "tool/keys.h"

#include <stdio.h>
#include <string.h>

const struct cli_option sfi_key_options[] = {
    {"key", 'k', "FILE", "AES-128 key: a file of 16 bytes, not readable by others", true, false},
    {"nonce", 'n', "FILE", "nonce: a file of 12 bytes", true, false},
    {"insecure-key-permissions", 0, NULL, "accept a key that other users may read", false, false},
    {0},
};

const struct cli_option sfi_ledger_options[] = {
    {"ledger", 0, "FILE", "ledger of used nonces (default: " NONCE_LEDGER " beside the key)", false, false},
    {"no-ledger", 0, NULL, "neither check nor record the nonce: for tests only", false, false},
    {"force", 0, NULL, "pack although the nonce was used for another image", false, false},
    {0},
};

bool sfi_load_key_and_nonce(const struct cli *cli, uint8_t key[16], uint8_t nonce[12], struct problem *problem)
{
  return keys_load_encryption(cli, cli_value(cli, "key"), key, problem) &&
         container_load_nonce(cli_value(cli, "nonce"), nonce, problem);
}

const struct sfi_device *sfi_device_of(const struct cli *cli, struct problem *problem)
{
  const char *name = cli_value(cli, "device");
  const struct sfi_device *device = sfi_device_find(name);
  char list[200] = "";
  for (size_t i = 0; device == NULL && sfi_devices[i] != NULL; i++) {
    size_t n = strlen(list);
    snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", sfi_devices[i]->name);
  }
  if (device == NULL)
    problem_set(problem, CLI_USAGE, "no device '%s'; known are: %s", name, list);
  return device;
}

bool sfi_record_nonce(const struct cli *cli, const uint8_t key[16], const uint8_t nonce[12], uint32_t areas,
                      const uint8_t *file, size_t size, struct problem *problem)
{
  struct nonce_use use;
  char path[KEYS_PATH];
  if (cli_flag(cli, "no-ledger") && cli_flag(cli, "ledger"))
    return problem_set(problem, CLI_USAGE, "--ledger and --no-ledger contradict each other");
  if (!nonce_use_of(key, nonce, areas, file, size, &use, problem))
    return false;
  return cli_flag(cli, "no-ledger") || (nonce_ledger_path(cli, cli_value(cli, "key"), path, problem) &&
                                        nonce_ledger_record(path, &use, cli_flag(cli, "force"), problem));
}
