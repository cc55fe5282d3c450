/* Keys on the PC: P-256 signing keys in PEM files or behind PKCS#11, AES-128 keys in 16-byte files, and the key folder
 * that `portcullis keys new` makes:
 *
 *   signing_key.pem     private key (PKCS#8 PEM), mode 0600; or
 *   signing_key.uri     the "pkcs11:" URI of a private key that stays in its token
 *   signing_pub.pem     the public key
 *   encryption_key.bin  16 bytes, mode 0600
 *   packed_versions.txt the ledger of versions used (tool/ledger.h)
 *
 * Secret files that others may read are refused, unless the user says otherwise (--insecure-key-permissions).
 */
#ifndef TOOL_KEYS_H
#define TOOL_KEYS_H

#include "tool/cli.h"

#include <stdbool.h>
#include <stdint.h>

#define KEYS_SIGNING     "signing_key.pem"
#define KEYS_SIGNING_URI "signing_key.uri"
#define KEYS_PUBLIC      "signing_pub.pem"
#define KEYS_ENCRYPTION  "encryption_key.bin"
#define KEYS_LEDGER      "packed_versions.txt"

#define KEYS_PATH 4096

/* ---- which keys: option tables for commands, and what they resolve to ---- */
extern const struct cli_option keys_sign_options[];       /* --keys --sign-key */
extern const struct cli_option keys_public_options[];     /* --keys --public-key */
extern const struct cli_option keys_encryption_options[]; /* --encryption-key --insecure-key-permissions */

/* Each writes the path or URI to use to `to` (KEYS_PATH bytes), from its own option or else from the folder --keys. */
bool keys_find_signing(const struct cli *cli, char *to, struct problem *problem);
bool keys_find_public(const struct cli *cli, char *to, struct problem *problem);
bool keys_find_encryption(const struct cli *cli, char *to, struct problem *problem);
/* The ledger: --ledger, else next to the keys in use. */
bool keys_find_ledger(const struct cli *cli, char *to, struct problem *problem);
/* dir/name into `to`. */
bool keys_join(const char *dir, const char *name, char *to, struct problem *problem);

/* ---- AES-128 ---- */
bool keys_load_encryption(const struct cli *cli, const char *path, uint8_t key[16], struct problem *problem);

/* ---- P-256, public: X || Y, big-endian, as the device holds it ---- */
/* From a PEM file (public or private key) or a "pkcs11:" URI. */
bool keys_load_public(const char *spec, uint8_t point[64], struct problem *problem);
/* True: `signature` (r || s) is the key's over `digest`. */
bool keys_verify(const uint8_t point[64], const uint8_t digest[32], const uint8_t signature[64]);
/* SubjectPublicKeyInfo as PEM or DER; malloc'ed, size in *size. */
uint8_t *keys_public_file(const uint8_t point[64], bool pem, size_t *size, struct problem *problem);

/* ---- P-256, private ---- */
struct signer;
/* From a PEM file or a "pkcs11:" URI. A token's PIN: pin-value or pin-source in the URI, else PORTCULLIS_PIN, else
 * asked for on a terminal; the passphrase of an encrypted PEM: PORTCULLIS_PASSPHRASE, else asked for. NULL: problem
 * says why. */
struct signer *signer_open(const struct cli *cli, const char *spec, struct problem *problem);
struct signer *signer_generate(struct problem *problem);
const uint8_t *signer_point(const struct signer *signer); /* 64 bytes */
/* Sign a digest; the signature is verified before it is returned. */
bool signer_sign(struct signer *signer, const uint8_t digest[32], uint8_t signature[64], struct problem *problem);
/* The private key as PKCS#8 PEM; malloc'ed. Only of a generated key or one read from a file. */
uint8_t *signer_private_pem(const struct signer *signer, size_t *size, struct problem *problem);
void signer_close(struct signer *signer);

#endif
