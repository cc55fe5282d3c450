/* Many devices at once: a thread each, one licence source, one line of report each. A failure on one never stops the
 * others. */
#ifndef SFI_PROGRAMMER_FLEET_H
#define SFI_PROGRAMMER_FLEET_H

#include "sfi/programmer/install.h"
#include "sfi/programmer/source.h"

#define FLEET_MAX     256u
#define FLEET_MODULES 16u

struct fleet_device {
  char port[200];
  bool done;              /* the firmware is installed */
  bool issued;            /* a count was spent for it */
  uint32_t module_issued; /* counts spent on modules' cards */
  bool licensed;
  uint32_t left; /* on the card, as its licence says */
  uint8_t uid[INSTALL_UID];
  bool identified;
  double seconds;
  struct problem problem; /* where it is not done */
  /* ---- its thread's own ---- */
  struct fleet *fleet;
  size_t index;
};

struct fleet {
  struct fleet_device *devices;
  size_t count;
  const char *name; /* of the .sfi, for messages */
  const uint8_t *file;
  const struct container *container;
  struct source *source;
  struct source *modules[FLEET_MODULES]; /* one for each module area */
  size_t module_count;
  unsigned tries;
  unsigned wait_ms; /* for the first answer of a device */
  /* Called from any thread, one at a time. May be NULL. */
  void (*progress)(const struct fleet_device *device, uint32_t done, uint32_t all);
  void (*finished)(const struct fleet_device *device);
};

/* Runs until every device is done or failed. False: threads could not be made. */
bool fleet_run(struct fleet *fleet, struct problem *problem);

/* --port (repeatable) and --devices N as a list; "{}" in a port counts from 0 on. *ports is malloc'ed. */
bool fleet_ports(const struct cli *cli, struct fleet_device **devices, size_t *count, struct problem *problem);

#endif
