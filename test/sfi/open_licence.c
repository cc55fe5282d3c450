/* What the device does with a licence, on the device's own cryptography:
 *   open_licence LICENCE PRIVATE-KEY-FILE PUBLIC-HEX CHALLENGE-HEX -> key and nonce in hex, or why not (exit 1). */
#include "sfi/licence/licence.h"

#include <stdio.h>
#include <string.h>

static size_t load(const char *path, uint8_t *to, size_t room)
{
  FILE *file = fopen(path, "rb");
  size_t size = file != NULL ? fread(to, 1, room, file) : 0;
  if (file != NULL)
    fclose(file);
  return size;
}

static int unhex(const char *text, uint8_t *to, size_t size)
{
  if (strlen(text) != 2 * size)
    return 0;
  for (size_t i = 0; i < size; i++) {
    unsigned value;
    if (sscanf(text + 2 * i, "%2x", &value) != 1)
      return 0;
    to[i] = (uint8_t)value;
  }
  return 1;
}

int main(int argc, char **argv)
{
  uint8_t licence[1024], private_key[33], public_key[64], challenge[16], key[16], nonce[12];
  if (argc != 5 || load(argv[2], private_key, sizeof private_key) != 32 || !unhex(argv[3], public_key, 64) ||
      !unhex(argv[4], challenge, 16))
    return 2;
  size_t size = load(argv[1], licence, sizeof licence);
  pc_status status = sfi_licence_open(licence, size, private_key, public_key, challenge, key, nonce);
  if (status != PC_OK) {
    puts(status == PC_ERR_PRODUCT     ? "another device"
         : status == PC_ERR_STATE     ? "another challenge"
         : status == PC_ERR_SIGNATURE ? "not authentic"
                                      : "no licence");
    return 1;
  }
  for (unsigned i = 0; i < 16; i++)
    printf("%02x", key[i]);
  for (unsigned i = 0; i < 12; i++)
    printf("%02x", nonce[i]);
  putchar('\n');
  return 0;
}
