/* An example of a transport of your own: updates in frames over any line that carries bytes. It knows the update API
 * and nothing else of Portcullis; replace it by your radio, modem or bus. The other end is scripts/send-update.
 *
 * A frame, both ways, little-endian:
 *   55 AA | length u16 | type u8 | sequence u8 | `length` bytes, at most 1024 | CRC-32 (IEEE 802.3) of length to last
 *
 * To the device            | payload
 *   'H' hello              | none: who are you? Any sequence number; the next frame's has to be one more
 *   'B' begin              | image u8 (1..3), file size u32
 *   'D' data               | the next bytes of the .sfb file, 1 or more
 *   'E' end                | u8: 0 install at the next reset, 1 now
 *   'A' abort              | none
 * From the device, one for each, with its sequence number; payload: status u32, bytes of the file taken u32, version
 * of the running firmware u32
 *   'a' done               | status is PC_OK
 *   'r' refused            | status says why (portcullis/status.h); the update is over
 *   'n' damaged or out of sequence: send it again
 * A frame that comes again, because the answer was lost, is answered again and not done again. Bytes between frames are
 * passed over. Only one frame is under way: the sender waits for the answer.
 */
#ifndef APP_WIRE_H
#define APP_WIRE_H

#include "portcullis/update.h"

#define WIRE_PAYLOAD 1024u
#define WIRE_FRAME   (6u + WIRE_PAYLOAD + 4u)

enum wire_outcome {
  WIRE_GOES_ON,
  WIRE_AT_NEXT_RESET, /* the file is there, and asked to be installed at the next reset */
  WIRE_NOW            /* likewise, and at once: update_install_now() */
};

struct wire {
  void (*send)(void *ctx, const uint8_t *bytes, uint32_t size);
  void *ctx;
  uint32_t version; /* of the running firmware, for the answers */
  /* ---- state ---- */
  struct update update;
  uint32_t at;       /* bytes of the frame that have come */
  uint32_t expected; /* sequence number, 0..255 */
  uint32_t answered; /* what the frame before was answered: type */
  pc_status status;  /* and status */
  uint8_t frame[WIRE_FRAME];
};

void wire_init(struct wire *w, uint32_t version, void (*send)(void *ctx, const uint8_t *bytes, uint32_t size),
               void *ctx);
/* A byte came. */
enum wire_outcome wire_byte(struct wire *w, uint8_t byte);
/* Nothing came for a while (20 ms or more): what was begun is no frame. */
void wire_silence(struct wire *w);

#endif
