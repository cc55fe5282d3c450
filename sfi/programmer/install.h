/* Secure install of one .sfi file on one device: from its first answer to the finished install. */
#ifndef SFI_PROGRAMMER_INSTALL_H
#define SFI_PROGRAMMER_INSTALL_H

#include "sfi/host/container.h"
#include "sfi/licence/licence.h"
#include "sfi/programmer/link.h"

#include <stdbool.h>

#define INSTALL_CERTIFICATE 2048u
#define INSTALL_UID         12u

/* What IDENTIFY says. */
struct install_device {
  uint8_t state;
  uint16_t chip_id, chunk, certificate_size, started_over;
  bool keyed;
  uint8_t uid[INSTALL_UID], challenge[SFI_CHALLENGE_SIZE];
  uint32_t start, end;
};
bool install_identify(struct link *link, struct install_device *device, struct problem *problem);
/* The device's certificate, DER; `size`: room before, bytes after. */
bool install_certificate(struct link *link, const struct install_device *device, uint8_t *der, size_t *size,
                         struct problem *problem);

struct install_job {
  const uint8_t *file; /* the .sfi */
  const struct container *container;
  const uint8_t (*module_licences)[SFI_LICENCE_SIZE]; /* one for each module area, in the order of the file */
  unsigned tries;                                     /* how often to begin again after the line failed */
  /* Called with bytes of ciphertext taken, of all. May be NULL. */
  void (*progress)(void *ctx, uint32_t done, uint32_t all);
  void *ctx;
};
/* With a licence at hand. The device has been identified. False: nothing is installed (the device erases what came). */
bool install_run(struct link *link, const struct install_job *job, const uint8_t licence[SFI_LICENCE_SIZE],
                 struct problem *problem);

/* Module areas in the file. */
uint32_t install_modules(const struct container *container);

/* A status of the device in words. */
const char *install_status_text(uint16_t status);

#endif
