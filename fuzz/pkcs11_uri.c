/* Any text as a pkcs11: URI: taken apart or refused; and the copy that goes into a key folder never holds the PIN. */
#include "tool/pkcs11_uri.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
  struct pkcs11_uri uri;
  struct problem problem = {0};
  char text[1024] = "pkcs11:", copy[1024];
  if (size > sizeof text - 8 || memchr(bytes, '\0', size) != NULL)
    return 0;
  memcpy(text + 7, bytes, size);
  if (!pkcs11_uri_parse(text, &uri, &problem)) {
    if (problem.code != CLI_USAGE || problem.text[0] == '\0')
      abort();
    return 0;
  }
  if (!pkcs11_uri_without_pin(text, copy, sizeof copy))
    abort();
  struct pkcs11_uri without;
  if (!pkcs11_uri_parse(copy, &without, &problem) || without.pin_value.given)
    abort();
  if (without.token.given != uri.token.given || strcmp(without.module_path.text, uri.module_path.text) != 0)
    abort();
  return 0;
}
