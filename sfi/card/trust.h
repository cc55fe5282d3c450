/* What the card needs beyond sfi/crypto/: X.509 certificates and fresh key pairs. A real card brings its own. */
#ifndef SFI_CARD_TRUST_H
#define SFI_CARD_TRUST_H

#include "portcullis/status.h"

#include <stddef.h>
#include <stdint.h>

/* A self-signed certificate of a CA with a P-256 key, DER and nothing after it. PC_ERR_FORMAT if not. */
pc_status trust_check_ca(const uint8_t *ca, size_t ca_size);
/* The public key in a device certificate (DER, nothing after it) that the CA issued: P-256, for key agreement, no CA
 * itself. The card has no clock: validity dates are not looked at. PC_ERR_FORMAT: no certificate. PC_ERR_SIGNATURE: the
 * CA did not issue it, or not for this use. */
pc_status trust_device_key(const uint8_t *ca, size_t ca_size, const uint8_t *certificate, size_t size,
                           uint8_t point[64]);
/* A random P-256 pair. PC_ERR_PARAM: no random numbers. */
pc_status trust_fresh_pair(uint8_t private_key[32], uint8_t public_key[64]);

#endif
