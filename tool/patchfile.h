/* What the delta commands share: the two firmwares, what the encoder was told and what came of it. */
#ifndef TOOL_PATCHFILE_H
#define TOOL_PATCHFILE_H

#include "delta/encoder.h"
#include "tool/cli.h"

#include <stdbool.h>

/* --from-address, --to-address, --effort, --in-place and the board for it (with board_options) */
extern const struct cli_option patch_options[];

/* Make a patch with those options, with progress on stderr if that is a terminal. `how`: with --in-place what the
 * device needs to know beside the patch; page is 0 without. */
bool patch_make(const struct cli *cli, const uint8_t *from, size_t from_size, const uint8_t *to, size_t to_size,
                struct delta_result *result, struct delta_in_place *how, struct problem *problem);

/* The same for people and for programs: nothing if not in place. */
void patch_show(const struct delta_in_place *how);
void patch_json(const struct delta_in_place *how);

/* The words for a decoder's refusal. */
const char *patch_explain(pc_status status);

#endif
