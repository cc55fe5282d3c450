/* RFC 7512 "pkcs11:" URIs, taken apart. */
#ifndef TOOL_PKCS11_URI_H
#define TOOL_PKCS11_URI_H

#include "tool/cli.h"

#include <stdbool.h>
#include <stddef.h>

#define PKCS11_URI_VALUE 256

struct pkcs11_value {
  bool given;
  size_t size; /* decoded bytes; text is terminated besides */
  char text[PKCS11_URI_VALUE];
};

struct pkcs11_uri {
  struct pkcs11_value token, manufacturer, serial, model, object, id, type, slot_id;
  struct pkcs11_value pin_value, pin_source, module_path;
};

/* Attributes that would narrow the choice and are not known are refused rather than ignored. */
bool pkcs11_uri_parse(const char *text, struct pkcs11_uri *uri, struct problem *problem);
/* The URI without its pin-value, for keeping in a file; `to` has `size` bytes. */
bool pkcs11_uri_without_pin(const char *text, char *to, size_t size);

#endif
