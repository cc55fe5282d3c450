/* What the generic files share among themselves and a series does not need. */
#ifndef SIM_SOC_INTERNAL_H
#define SIM_SOC_INTERNAL_H

#include "sim/soc/model.h"

void soc_run_events(struct soc *soc); /* fires what is due and sets the core's deadline */
struct soc_mem *soc_find_mem(struct soc *soc, uint32_t addr);
const char *soc_cause_name(enum soc_cause cause);

/* state.c */
bool soc_state_open(struct soc *soc, const char *dir); /* makes the folder, takes its lock */
bool soc_state_commit(struct soc *soc, bool ok);       /* ok: staged files take effect; else they are dropped */
void soc_state_close(struct soc *soc);

#endif
