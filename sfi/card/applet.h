/* The card's applet: personalised once, then it counts installs and issues licences. ISO/IEC 7816-4 commands.
 *
 * Numbers in commands and answers are big-endian, as cards do; a licence is as in sfi/licence/licence.h.
 *
 *   00 A4 04 00  SELECT           data: the AID F0 50 43 4C 53 46 49 01. Selected from the start.
 *   80 CA 00 xx  GET DATA         01 state: 0 virgin, 1 personalised; format version 1; -> 2 bytes
 *                                 02 firmware identifier, 1 to 32 characters
 *                                 03 count left (4), maximum (4)
 *                                 04 SHA-256 of the maker CA's certificate (32)
 *   80 D0 00 00  PERSONALISE      data: 1, length of identifier, identifier, key (16), nonce (12), maximum (4), maker
 *                                 CA's certificate (DER, to the end). Once; for good.
 *   80 50 00 00  ISSUE LICENCE    data: challenge (16), device certificate (DER, to the end) -> licence (200)
 *
 * The last two take their data in one extended command, or chained (CLA 90, and 80 for the last part).
 *
 * Status words: 9000; 6581 the memory failed, nothing was done or nothing is known, switch the card off; 6700 length;
 * 6982 the certificate does not verify; 6983 no count left; 6985 not in this state; 6A80 data malformed; 6A82 no such
 * applet; 6A86 P1 P2; 6A88 no such data; 6D00 instruction; 6E00 class; 6F00 cryptography failed.
 *
 * There is no command that gives the key or the nonce out, in any state; they leave in licences only, encrypted to a
 * device. A licence is computed first, then the lowered count is saved, and only then the licence leaves.
 */
#ifndef SFI_CARD_APPLET_H
#define SFI_CARD_APPLET_H

#include "sfi/card/state.h"

#include <stddef.h>
#include <stdint.h>

#define CARD_RESPONSE_MAX 258u  /* 256 bytes and the status word */
#define CARD_CHAIN_MAX    2048u /* data of one command, chained or extended */

enum card_lifecycle { CARD_VIRGIN = 0, CARD_PERSONALISED = 1, CARD_DAMAGED = 0xFF };

extern const uint8_t card_aid[8];

struct card {
  struct card_io io;
  struct card_state state;
  enum card_lifecycle lifecycle;
  bool selected;
  uint8_t chain_ins; /* 0: no chain is open */
  size_t chain_size;
  uint8_t chain[CARD_CHAIN_MAX];
};

/* Power on or reset: everything is taken from the memory again. */
void card_power_on(struct card *card, const struct card_io *io);
/* Wipe what is in RAM. */
void card_power_off(struct card *card);
/* One command; any bytes. Returns the size of the answer, 2 to CARD_RESPONSE_MAX. */
size_t card_command(struct card *card, const uint8_t *command, size_t size, uint8_t answer[CARD_RESPONSE_MAX]);

#endif
