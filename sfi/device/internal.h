/* What the files of the command layer share. */
#ifndef SFI_DEVICE_INTERNAL_H
#define SFI_DEVICE_INTERNAL_H

#include "sfi/device/command.h"

/* The next packet: `need` bytes, then step(). */
void command_expect(struct sfi_command *c, uint32_t need, void (*step)(struct sfi_command *));
/* `more` bytes behind those that are already there. */
void command_extend(struct sfi_command *c, uint32_t more, void (*step)(struct sfi_command *));
void command_ack(struct sfi_command *c);
void command_answer(struct sfi_command *c, const uint8_t *data, uint32_t size); /* ACK and data, no end */
void command_end(struct sfi_command *c);                                        /* ACK; between commands */
void command_refuse(struct sfi_command *c);                                     /* NACK; between commands */
bool command_checked(const struct sfi_command *c); /* the XOR of all bytes of the packet is 0 */
uint32_t command_number(const uint8_t *bytes, uint32_t size);
void command_put(uint8_t *to, uint32_t value, uint32_t size);

/* special.c: codes 50 and 51, after the code */
void special_begin(struct sfi_command *c);
/* memory.c: the memory commands, after the code. Only called where target->memory is not NULL. False: no such code. */
bool memory_begin(struct sfi_command *c);
bool memory_knows(uint8_t code);

#endif
