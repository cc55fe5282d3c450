/* The command layer of the boot loader: bytes in, answers out, for any transport. docs/sfi-protocol.md is its manual.
 *
 * Bytes are pushed in one by one; a command is carried out inside the call that brings its last byte. Total: any bytes
 * in any order do nothing worse than what the protocol allows. No heap, one struct.
 */
#ifndef SFI_DEVICE_COMMAND_H
#define SFI_DEVICE_COMMAND_H

#include "sfi/device/install.h"

#include <stdbool.h>

#define SFI_ACK  0x79u
#define SFI_NACK 0x1Fu

/* How answers leave: ACK or NACK, and behind it `size` bytes of data (0: none). Returns when the bytes are on their
 * way; `data` may be used again then. */
struct sfi_link {
  void *ctx;
  bool framed; /* SPI: a command begins with 5A, and 5A is the sync byte; USART: the sync byte is 7F */
  void (*reply)(void *ctx, uint8_t code, const uint8_t *data, uint32_t size);
};

#define SFI_PACKET_MAX (2u + SFI_CHUNK_MAX + 1u)

struct sfi_command {
  const struct sfi_target *target;
  const struct sfi_link *link;
  struct sfi_install *install;
  bool synced;
  uint8_t code;
  void (*step)(struct sfi_command *command); /* what to do with the packet when it is there; NULL: between commands */
  uint32_t got, need;                        /* bytes of the packet */
  uint8_t packet[SFI_PACKET_MAX];
  uint32_t address;
  uint16_t opcode;
  uint8_t first[128]; /* first packet of an extended special command */
  uint32_t first_size;
  uint8_t answer[520 + 8];
  bool finish; /* target->finish() is due */
};

void sfi_command_start(struct sfi_command *command, const struct sfi_target *target, const struct sfi_link *link,
                       struct sfi_install *install);
void sfi_command_byte(struct sfi_command *command, uint8_t byte);
/* True in the middle of a command: the caller watches the time. */
bool sfi_command_in_frame(const struct sfi_command *command);
/* How many bytes at least come before it does anything. */
uint32_t sfi_command_wants(const struct sfi_command *command);
/* The rest of the frame did not come: NACK, and forgotten. */
void sfi_command_timeout(struct sfi_command *command);

#endif
