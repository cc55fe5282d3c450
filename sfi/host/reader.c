/* Talking to the card through PC/SC. */
#include "sfi/host/reader.h"

#include "sfi/crypto/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

#define PROGRAM_MAX 2048u
#define PART        255u /* data bytes of a short command */

const struct cli_option reader_options[] = {
    {"reader", 'r', "N",
     "reader, counted from 1, or part of its name\n"
     "(default: the only one that holds a card)",
     false, false},
    {0},
};

struct reader {
  SCARDCONTEXT context;
  SCARDHANDLE card;
  bool connected;
  DWORD protocol;
  char *names;
  const char *name;
};

const char *reader_name(const struct reader *r)
{
  return r->name;
}

void reader_close(struct reader *r)
{
  if (r == NULL)
    return;
  if (r->connected)
    SCardDisconnect(r->card, SCARD_RESET_CARD);
  SCardReleaseContext(r->context);
  free(r->names);
  free(r);
}

/* ---- finding the reader ---- */

static bool list(struct reader *r, struct problem *problem)
{
  DWORD size = 0;
  LONG result = SCardListReaders(r->context, NULL, NULL, &size);
  if (result == SCARD_S_SUCCESS) {
    r->names = calloc(1, size + 2);
    if (r->names == NULL)
      return problem_set(problem, CLI_INPUT, "out of memory");
    result = SCardListReaders(r->context, NULL, r->names, &size);
  }
  if (result == (LONG)SCARD_E_NO_READERS_AVAILABLE)
    return problem_set(problem, CLI_INPUT, "there is no card reader");
  return result == SCARD_S_SUCCESS ||
         problem_set(problem, CLI_INPUT, "the list of readers: %s", pcsc_stringify_error(result));
}

static bool holds_card(const struct reader *r, const char *name)
{
  SCARD_READERSTATE state = {.szReader = name, .dwCurrentState = SCARD_STATE_UNAWARE};
  return SCardGetStatusChange(r->context, 0, &state, 1) == SCARD_S_SUCCESS &&
         (state.dwEventState & SCARD_STATE_PRESENT) != 0;
}

static bool choose(struct reader *r, const char *wanted, struct problem *problem)
{
  char *end = NULL;
  unsigned long number = wanted != NULL ? strtoul(wanted, &end, 10) : 0, n = 0;
  bool by_number = wanted != NULL && wanted[0] != '\0' && *end == '\0';
  for (const char *name = r->names; *name != '\0'; name += strlen(name) + 1) {
    n++;
    bool fits = wanted == NULL ? holds_card(r, name) : by_number ? n == number : strstr(name, wanted) != NULL;
    if (fits && r->name != NULL)
      return problem_set(problem, CLI_USAGE, "--reader: which one? Both '%s' and '%s' fit", r->name, name);
    if (fits)
      r->name = name;
  }
  if (r->name == NULL && wanted == NULL)
    return problem_set(problem, CLI_INPUT, "none of the %lu readers holds a card", n);
  return r->name != NULL ||
         problem_set(problem, CLI_INPUT, "--reader %s: there are %lu readers, the first is '%s'", wanted, n, r->names);
}

/* ---- commands ---- */

static const char *meaning(unsigned sw)
{
  switch (sw) {
  case 0x6581:
    return "the card's memory failed; take the card out and look at it again";
  case 0x6982:
    return "the device's certificate was not issued by the maker CA that the card knows";
  case 0x6983:
    return "no count is left on the card";
  case 0x6985:
    return "the card is not in the state for this: already personalised, or not yet";
  case 0x6A80:
    return "the card cannot make sense of the data";
  default:
    return "the card refused";
  }
}

/* One command; *size: room in `answer` before, bytes in it after. The status word in *sw. */
static bool transmit(struct reader *r, const uint8_t *command, size_t length, uint8_t *answer, size_t *size,
                     unsigned *sw, struct problem *problem)
{
  uint8_t bytes[512];
  DWORD got = sizeof bytes;
  const SCARD_IO_REQUEST *pci = r->protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
  LONG result = SCardTransmit(r->card, pci, command, (DWORD)length, NULL, bytes, &got);
  if (result != SCARD_S_SUCCESS)
    return problem_set(problem, CLI_INPUT, "reader '%s': %s", r->name, pcsc_stringify_error(result));
  if (got < 2 || got - 2 > *size)
    return problem_set(problem, CLI_INPUT, "reader '%s': the card's answer has an impossible length", r->name);
  *sw = (unsigned)bytes[got - 2] << 8 | bytes[got - 1];
  *size = got - 2;
  if (*size != 0)
    memcpy(answer, bytes, *size);
  return true;
}

/* A command whose data may be long: chained in parts of 255 bytes, so that any reader can carry it. */
static bool command(struct reader *r, uint8_t ins, const uint8_t *data, size_t length, uint8_t *answer, size_t *size,
                    struct problem *problem)
{
  size_t room = *size;
  unsigned sw = 0;
  for (size_t at = 0; at < length;) {
    size_t part = length - at < PART ? length - at : PART;
    bool last = at + part == length;
    uint8_t bytes[5 + PART + 1] = {last ? 0x80 : 0x90, ins, 0, 0, (uint8_t)part};
    memcpy(bytes + 5, data + at, part);
    *size = room;
    bool ok = transmit(r, bytes, 5 + part + (last ? 1 : 0), answer, size, &sw, problem);
    sfi_wipe(bytes, sizeof bytes); /* a part of a personalisation holds the key */
    if (!ok)
      return false;
    at += part;
    if (sw != 0x9000)
      return problem_set(problem, CLI_REFUSED, "%s (status %04X)", meaning(sw), sw);
  }
  return true;
}

/* False: no such data, or an error. */
static bool get_data(struct reader *r, uint8_t tag, uint8_t *to, size_t *size, struct problem *problem)
{
  const uint8_t bytes[] = {0x80, 0xCA, 0, tag, 0};
  unsigned sw;
  if (!transmit(r, bytes, sizeof bytes, to, size, &sw, problem))
    return false;
  return sw == 0x9000 || problem_set(problem, CLI_REFUSED, "%s (status %04X)", meaning(sw), sw);
}

static bool select_applet(struct reader *r, struct problem *problem)
{
  static const uint8_t bytes[] = {0x00, 0xA4, 0x04, 0x00, 8, 0xF0, 'P', 'C', 'L', 'S', 'F', 'I', 1};
  uint8_t answer[256];
  size_t size = sizeof answer;
  unsigned sw;
  if (!transmit(r, bytes, sizeof bytes, answer, &size, &sw, problem))
    return false;
  return sw == 0x9000 ||
         problem_set(problem, CLI_INPUT, "reader '%s': not a secure-install card (status %04X)", r->name, sw);
}

static bool connect_card(struct reader *r, struct problem *problem)
{
  if (!holds_card(r, r->name))
    return problem_set(problem, CLI_INPUT, "reader '%s': there is no card in it", r->name);
  LONG result = SCardConnect(r->context, r->name, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
                             &r->card, &r->protocol);
  r->connected = result == SCARD_S_SUCCESS;
  return r->connected || problem_set(problem, CLI_INPUT, "reader '%s': %s", r->name, pcsc_stringify_error(result));
}

struct reader *reader_open(const struct cli *cli, struct problem *problem)
{
  return reader_open_named(cli_value(cli, "reader"), problem);
}

struct reader *reader_open_named(const char *wanted, struct problem *problem)
{
  struct reader *r = calloc(1, sizeof *r);
  if (r == NULL) {
    problem_set(problem, CLI_INPUT, "out of memory");
    return NULL;
  }
  LONG result = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &r->context);
  if (result != SCARD_S_SUCCESS) {
    problem_set(problem, CLI_INPUT, "no card service: %s (is pcscd running?)", pcsc_stringify_error(result));
    free(r);
    return NULL;
  }
  if (list(r, problem) && choose(r, wanted, problem) && connect_card(r, problem) && select_applet(r, problem))
    return r;
  reader_close(r);
  return NULL;
}

static uint32_t get32(const uint8_t *p)
{
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

bool reader_info(struct reader *r, struct card_info *info, struct problem *problem)
{
  uint8_t bytes[256];
  size_t size = sizeof bytes;
  memset(info, 0, sizeof *info);
  if (!get_data(r, 1, bytes, &size, problem))
    return false;
  if (size != 2 || bytes[1] != 1 || bytes[0] > 1)
    return problem_set(problem, CLI_INPUT, "reader '%s': the card is damaged, or newer than this program", r->name);
  info->personalised = bytes[0] == 1;
  if (!info->personalised)
    return true;
  size = SFI_IDENTIFIER_MAX;
  if (!get_data(r, 2, bytes, &size, problem))
    return false;
  memcpy(info->identifier, bytes, size);
  bool ok = sfi_identifier_check(bytes, size) == PC_OK;
  size = sizeof bytes;
  if (!get_data(r, 3, bytes, &size, problem))
    return false;
  ok = ok && size == 8;
  info->left = get32(bytes);
  info->maximum = get32(bytes + 4);
  size = sizeof bytes;
  if (!get_data(r, 4, bytes, &size, problem))
    return false;
  ok = ok && size == 32;
  memcpy(info->ca_digest, bytes, 32);
  return ok || problem_set(problem, CLI_INPUT, "reader '%s': the card's answers make no sense", r->name);
}

bool reader_program(struct reader *r, const struct card_program *p, struct problem *problem)
{
  uint8_t bytes[PROGRAM_MAX], answer[256];
  size_t n = strlen(p->identifier), fixed = 2 + n + 16 + 12 + 4, size = sizeof answer;
  if (sfi_identifier_check((const uint8_t *)p->identifier, n) != PC_OK)
    return problem_set(problem, CLI_USAGE, "the firmware identifier has 1 to %u printable ASCII characters",
                       SFI_IDENTIFIER_MAX);
  if (fixed + p->ca_size > sizeof bytes)
    return problem_set(problem, CLI_REFUSED, "the CA's certificate is too large for the card");
  bytes[0] = 1;
  bytes[1] = (uint8_t)n;
  memcpy(bytes + 2, p->identifier, n);
  uint8_t *at = bytes + 2 + n;
  memcpy(at, p->key, 16);
  memcpy(at + 16, p->nonce, 12);
  for (unsigned i = 0; i < 4; i++)
    at[28 + i] = (uint8_t)(p->maximum >> (24 - 8 * i));
  memcpy(at + 32, p->ca, p->ca_size);
  bool ok = command(r, 0xD0, bytes, fixed + p->ca_size, answer, &size, problem);
  sfi_wipe(bytes, sizeof bytes);
  return ok;
}

bool reader_licence(struct reader *r, const uint8_t challenge[SFI_CHALLENGE_SIZE], const uint8_t *certificate,
                    size_t size, uint8_t licence[SFI_LICENCE_SIZE], struct problem *problem)
{
  uint8_t bytes[PROGRAM_MAX];
  size_t got = SFI_LICENCE_SIZE;
  struct sfi_licence parsed;
  if (size > sizeof bytes - SFI_CHALLENGE_SIZE)
    return problem_set(problem, CLI_REFUSED, "the certificate is too large for the card");
  memcpy(bytes, challenge, SFI_CHALLENGE_SIZE);
  memcpy(bytes + SFI_CHALLENGE_SIZE, certificate, size);
  if (!command(r, 0x50, bytes, SFI_CHALLENGE_SIZE + size, licence, &got, problem))
    return false;
  return sfi_licence_parse(licence, got, &parsed) == PC_OK ||
         problem_set(problem, CLI_INPUT, "reader '%s': the card's answer is no licence", r->name);
}
