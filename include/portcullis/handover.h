/* The hand-over word: what an application asks of the boot loader across a reset (X-CUBE-SBSFU, "standalone loader").
 *
 * It lies in shared RAM (docs/format.md), which survives a reset and not a power cut, with a check value: what power-on
 * or a runaway program leaves there is no request. The boot loader takes it once: it is gone whatever happens next, so
 * no request can keep a device from starting. Nothing security relevant hangs on it: a hostile application can ask for
 * no more than an honest one, and whatever is downloaded, installed or started is authenticated as ever.
 */
#ifndef PORTCULLIS_HANDOVER_H
#define PORTCULLIS_HANDOVER_H

#include "portcullis/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum handover {
  HANDOVER_NONE = 0,
  HANDOVER_DOWNLOAD = 0x6C0A4D31, /* receive a file now, as with the user button. After an install under way has ended
                                     the word is forgotten: ask again */
  HANDOVER_INSTALL = 0x15E2B7C8,  /* install what was asked for (portcullis/update.h) now: neither button nor `load` can
                                     put a download before it */
  HANDOVER_BYPASS = 0x7A951D46    /* start the standalone loader, once authenticated, instead of the application; on
                                     a board that has none: as HANDOVER_DOWNLOAD */
};

/* Leave a request for the next start of the boot loader; HANDOVER_NONE takes one back. Takes effect at the next reset,
 * whatever causes it, but for a power cut. */
void handover_ask(enum handover what);

/* The boot loader's side: the request, HANDOVER_NONE when there is none or the check fails; it is forgotten. */
enum handover handover_take(void);

#ifdef __cplusplus
}
#endif

#endif
