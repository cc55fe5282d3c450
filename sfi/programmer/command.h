/* What the `portcullis program ...` commands share. */
#ifndef SFI_PROGRAMMER_COMMAND_H
#define SFI_PROGRAMMER_COMMAND_H

#include "sfi/devices/device.h"
#include "sfi/programmer/link.h"
#include "tool/cli.h"

#include <stdint.h>

extern const struct cli_option program_port_options[];    /* --port, once */
extern const struct cli_option program_wait_options[];    /* --wait */
extern const struct cli_option program_install_options[]; /* of `program install` */

/* Install FILE.sfi as the options of `program install` say; the exit code. */
int program_install(struct cli *cli, const char *file);

/* Open --port and have the device answer. NULL: problem says why. */
struct link *program_connect(const struct cli *cli, struct problem *problem);
/* The chip at the other end, NULL (and a problem) if it is none that is known. */
const struct sfi_device *program_chip(struct link *link, struct problem *problem);

/* A bar on a terminal. `ctx`: what is being done, as text. */
void program_bar(void *ctx, uint32_t done, uint32_t all);

/* "0x08001000" or "8192", by name for messages. */
bool program_number(const char *name, const char *text, uint32_t *number, struct problem *problem);

#endif
