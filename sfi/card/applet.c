/* The card's applet. Knows no file, no socket and no X.509. */
#include "sfi/card/applet.h"

#include "sfi/card/apdu.h"
#include "sfi/card/trust.h"
#include "sfi/crypto/crypto.h"

#include <string.h>

const uint8_t card_aid[8] = {0xF0, 'P', 'C', 'L', 'S', 'F', 'I', 1};

enum { INS_SELECT = 0xA4, INS_GET_DATA = 0xCA, INS_PERSONALISE = 0xD0, INS_LICENCE = 0x50 };

enum status_word {
  SW_OK = 0x9000,
  SW_MEMORY = 0x6581,
  SW_LENGTH = 0x6700,
  SW_CERTIFICATE = 0x6982,
  SW_NO_COUNT = 0x6983,
  SW_STATE = 0x6985,
  SW_DATA = 0x6A80,
  SW_NO_APPLET = 0x6A82,
  SW_P1P2 = 0x6A86,
  SW_NOT_FOUND = 0x6A88,
  SW_INSTRUCTION = 0x6D00,
  SW_CLASS = 0x6E00,
  SW_CRYPTO = 0x6F00
};

struct reply {
  uint8_t *bytes; /* room for 256 */
  size_t size;
};

static void put32(uint8_t *p, uint32_t value)
{
  for (unsigned i = 0; i < 4; i++)
    p[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void chain_close(struct card *card)
{
  sfi_wipe(card->chain, sizeof card->chain);
  card->chain_ins = 0;
  card->chain_size = 0;
}

void card_power_on(struct card *card, const struct card_io *io)
{
  card->io = *io;
  card->selected = true;
  chain_close(card);
  sfi_wipe(&card->state, sizeof card->state);
  pc_status status = card_state_load(&card->io, &card->state);
  card->lifecycle = status == PC_OK ? CARD_PERSONALISED : status == PC_ERR_BLANK ? CARD_VIRGIN : CARD_DAMAGED;
}

void card_power_off(struct card *card)
{
  chain_close(card);
  sfi_wipe(&card->state, sizeof card->state);
  card->lifecycle = CARD_DAMAGED;
}

/* What to answer when the card is not in the state that a command needs. */
static enum status_word not_now(const struct card *card)
{
  return card->lifecycle == CARD_DAMAGED ? SW_MEMORY : SW_STATE;
}

static enum status_word get_data(const struct card *card, const struct apdu *apdu, struct reply *reply)
{
  if (apdu->size != 0)
    return SW_LENGTH;
  if (apdu->p1 != 0)
    return SW_P1P2;
  if (apdu->p2 == 1) {
    reply->bytes[0] = (uint8_t)card->lifecycle;
    reply->bytes[1] = 1;
    reply->size = 2;
    return SW_OK;
  }
  if (apdu->p2 < 2 || apdu->p2 > 4)
    return SW_NOT_FOUND;
  if (card->lifecycle != CARD_PERSONALISED)
    return not_now(card);
  if (apdu->p2 == 2) {
    memcpy(reply->bytes, card->state.identifier, card->state.identifier_size);
    reply->size = card->state.identifier_size;
  } else if (apdu->p2 == 3) {
    put32(reply->bytes, card->state.left);
    put32(reply->bytes + 4, card->state.maximum);
    reply->size = 8;
  } else {
    if (sfi_sha256(card->state.ca, card->state.ca_size, reply->bytes) != PC_OK)
      return SW_CRYPTO;
    reply->size = 32;
  }
  return SW_OK;
}

/* Take a personalisation apart. */
static bool parse_state(const uint8_t *data, size_t size, struct card_state *state)
{
  if (size < 2 || data[0] != 1)
    return false;
  size_t n = data[1], fixed = 2 + n + 16 + 12 + 4;
  if (size <= fixed || size - fixed > CARD_CA_MAX || sfi_identifier_check(data + 2, n) != PC_OK)
    return false;
  const uint8_t *at = data + 2 + n;
  memset(state, 0, sizeof *state);
  state->identifier_size = (uint8_t)n;
  memcpy(state->identifier, data + 2, n);
  memcpy(state->key, at, 16);
  memcpy(state->nonce, at + 16, 12);
  state->maximum = (uint32_t)at[28] << 24 | (uint32_t)at[29] << 16 | (uint32_t)at[30] << 8 | at[31];
  state->left = state->maximum;
  state->ca_size = (uint16_t)(size - fixed);
  memcpy(state->ca, data + fixed, state->ca_size);
  return state->maximum != 0;
}

static enum status_word personalise(struct card *card, const uint8_t *data, size_t size)
{
  if (card->lifecycle != CARD_VIRGIN)
    return not_now(card);
  enum status_word sw = SW_OK;
  if (!parse_state(data, size, &card->state) || trust_check_ca(card->state.ca, card->state.ca_size) != PC_OK)
    sw = SW_DATA;
  else if (card_state_save(&card->io, &card->state) != PC_OK)
    sw = SW_MEMORY;
  if (sw == SW_OK)
    card->lifecycle = CARD_PERSONALISED;
  else
    sfi_wipe(&card->state, sizeof card->state);
  if (sw == SW_MEMORY)
    card->lifecycle = CARD_DAMAGED; /* until the next power on tells what was kept */
  return sw;
}

static enum status_word make_licence(const struct card *card, const uint8_t *challenge, const uint8_t point[64],
                                     uint8_t licence[SFI_LICENCE_SIZE])
{
  uint8_t private_key[32], public_key[64];
  struct sfi_licence info = {.left = card->state.left - 1};
  memcpy(info.identifier, card->state.identifier, card->state.identifier_size);
  memcpy(info.challenge, challenge, SFI_CHALLENGE_SIZE);
  pc_status status = trust_fresh_pair(private_key, public_key);
  if (status == PC_OK)
    status = sfi_licence_seal(&info, point, private_key, public_key, card->state.key, card->state.nonce, licence);
  sfi_wipe(private_key, sizeof private_key);
  return status == PC_OK ? SW_OK : SW_CRYPTO;
}

static enum status_word issue(struct card *card, const uint8_t *data, size_t size, struct reply *reply)
{
  uint8_t point[64];
  if (card->lifecycle != CARD_PERSONALISED)
    return not_now(card);
  if (size <= SFI_CHALLENGE_SIZE)
    return SW_LENGTH;
  pc_status status = trust_device_key(card->state.ca, card->state.ca_size, data + SFI_CHALLENGE_SIZE,
                                      size - SFI_CHALLENGE_SIZE, point);
  if (status != PC_OK)
    return status == PC_ERR_FORMAT ? SW_DATA : SW_CERTIFICATE;
  if (card->state.left == 0)
    return SW_NO_COUNT;
  enum status_word sw = make_licence(card, data, point, reply->bytes);
  if (sw != SW_OK)
    return sw;
  card->state.left--;
  if (card_state_save(&card->io, &card->state) != PC_OK) {
    sfi_wipe(reply->bytes, SFI_LICENCE_SIZE);
    card_power_off(card);
    return SW_MEMORY;
  }
  reply->size = SFI_LICENCE_SIZE;
  return SW_OK;
}

/* The commands with long data: the last part, or all of it. */
static enum status_word long_command(struct card *card, const struct apdu *apdu, struct reply *reply)
{
  const uint8_t *data = apdu->data;
  size_t size = apdu->size;
  bool chained = card->chain_ins == apdu->ins, more = (apdu->cla & 0x10u) != 0;
  if (card->chain_ins != 0 && !chained)
    chain_close(card);
  if (apdu->p1 != 0 || apdu->p2 != 0) {
    chain_close(card);
    return SW_P1P2;
  }
  if (chained || more) {
    if (size > CARD_CHAIN_MAX - card->chain_size) {
      chain_close(card);
      return SW_LENGTH;
    }
    memcpy(card->chain + card->chain_size, data, size);
    card->chain_size += size;
    card->chain_ins = apdu->ins;
    if (more)
      return SW_OK;
    data = card->chain;
    size = card->chain_size;
  }
  enum status_word sw = apdu->ins == INS_PERSONALISE ? personalise(card, data, size) : issue(card, data, size, reply);
  chain_close(card);
  return sw;
}

static enum status_word select_applet(struct card *card, const struct apdu *apdu)
{
  if (apdu->p1 != 4 || apdu->p2 != 0)
    return SW_P1P2;
  card->selected = apdu->size == sizeof card_aid && memcmp(apdu->data, card_aid, sizeof card_aid) == 0;
  return card->selected ? SW_OK : SW_NO_APPLET;
}

static enum status_word dispatch(struct card *card, const struct apdu *apdu, struct reply *reply)
{
  bool is_long = apdu->ins == INS_PERSONALISE || apdu->ins == INS_LICENCE;
  if (!is_long || (apdu->cla & 0xEFu) != 0x80u)
    chain_close(card);
  if (apdu->cla == 0x00 && apdu->ins == INS_SELECT)
    return select_applet(card, apdu);
  if ((apdu->cla != 0x80 && apdu->cla != 0x90) || !card->selected)
    return SW_CLASS;
  if (is_long)
    return long_command(card, apdu, reply);
  if (apdu->cla != 0x80)
    return SW_CLASS;
  return apdu->ins == INS_GET_DATA ? get_data(card, apdu, reply) : SW_INSTRUCTION;
}

size_t card_command(struct card *card, const uint8_t *command, size_t size, uint8_t answer[CARD_RESPONSE_MAX])
{
  struct apdu apdu;
  struct reply reply = {answer, 0};
  enum status_word sw = SW_LENGTH;
  memset(answer, 0, CARD_RESPONSE_MAX);
  if (apdu_parse(command, size, &apdu))
    sw = dispatch(card, &apdu, &reply);
  else
    chain_close(card);
  if (sw != SW_OK)
    reply.size = 0;
  answer[reply.size] = (uint8_t)(sw >> 8);
  answer[reply.size + 1] = (uint8_t)sw;
  return reply.size + 2;
}
