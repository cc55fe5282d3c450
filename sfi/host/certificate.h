/* X.509 certificates of simulated manufacture: a maker's CA, and devices with a P-256 key each. */
#ifndef SFI_HOST_CERTIFICATE_H
#define SFI_HOST_CERTIFICATE_H

#include "tool/cli.h"

#include <stddef.h>
#include <stdint.h>

#define MAKER_CA     "maker_ca.pem"
#define MAKER_CA_KEY "maker_ca_key.pem"

/* Bytes that one file gets. */
struct blob {
  uint8_t *bytes;
  size_t size;
};
void blob_free(struct blob *blob); /* wipes */

/* A new CA: certificate and key as PEM. */
bool certificate_new_ca(const char *name, struct blob *certificate, struct blob *key, struct problem *problem);

struct certificate_device {
  struct blob certificate_pem, certificate_der, key_pem;
  uint8_t private_key[32], point[64];
};
void certificate_device_free(struct certificate_device *device);
/* A new device key, and its certificate by the CA in the folder `ca`. `chip`: for example "STM32L462CE"; `uid`: 24 hex
 * digits. */
bool certificate_new_device(const char *ca, const char *chip, const char *uid, struct certificate_device *device,
                            struct problem *problem);

/* A certificate file, PEM or DER, as DER. */
bool certificate_load(const char *path, struct blob *der, struct problem *problem);

#endif
