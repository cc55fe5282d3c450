/* The secure-install card in a PC/SC reader: commands of sfi/card/applet.h through libpcsclite. */
#ifndef SFI_HOST_READER_H
#define SFI_HOST_READER_H

#include "sfi/licence/licence.h"
#include "tool/cli.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const struct cli_option reader_options[]; /* --reader */

struct reader; /* a card, held exclusively */

/* The card in --reader (counted from 1, or part of the reader's name; without it, the only reader that holds a card).
 * NULL: no PC/SC service, no such reader, no card, or another card. */
struct reader *reader_open(const struct cli *cli, struct problem *problem);
/* The same with the value of --reader at hand, NULL: not given. */
struct reader *reader_open_named(const char *wanted, struct problem *problem);
void reader_close(struct reader *reader);
const char *reader_name(const struct reader *reader);

struct card_info {
  bool personalised;
  char identifier[SFI_IDENTIFIER_MAX + 1u];
  uint32_t left, maximum;
  uint8_t ca_digest[32];
};
bool reader_info(struct reader *reader, struct card_info *info, struct problem *problem);

struct card_program {
  const char *identifier;
  const uint8_t *key, *nonce; /* 16, 12 */
  uint32_t maximum;
  const uint8_t *ca;
  size_t ca_size;
};
bool reader_program(struct reader *reader, const struct card_program *program, struct problem *problem);
/* Costs a count. */
bool reader_licence(struct reader *reader, const uint8_t challenge[SFI_CHALLENGE_SIZE], const uint8_t *certificate,
                    size_t size, uint8_t licence[SFI_LICENCE_SIZE], struct problem *problem);

#endif
