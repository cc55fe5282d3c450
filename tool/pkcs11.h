/* Keys behind PKCS#11 (hardware security modules, smart cards, SoftHSM), named by RFC 7512 URIs. */
#ifndef TOOL_PKCS11_H
#define TOOL_PKCS11_H

#include "tool/cli.h"

#include <openssl/types.h>
#include <stdbool.h>

bool pkcs11_is_uri(const char *spec);

struct pkcs11_session;

/* Find one key. `private_key`: log in and take the private key, else the public key without a login. On success *key is
 * a reference that must be freed before pkcs11_close(). NULL: problem says why. */
struct pkcs11_session *pkcs11_open(const char *uri, bool private_key, EVP_PKEY **key, struct problem *problem);
void pkcs11_close(struct pkcs11_session *session);

#endif
