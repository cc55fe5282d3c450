/* The flow of a secure install, and how it goes on when the line fails. */
#include "sfi/programmer/install.h"

#include "sfi/format/sfi.h"

#include <stdio.h>
#include <string.h>

enum {
  IDENTIFY = 0x0100,
  CERTIFICATE = 0x0101,
  STATUS = 0x0102,
  LICENCE = 0x0110,
  HEADER = 0x0111,
  AREA = 0x0112,
  CHUNK = 0x0113,
  FINISH = 0x0114,
  ABORT = 0x0115,
  MODULE_LICENCE = 0x0116
};

#define OFFSET_WRONG 0x0050u

const char *install_status_text(uint16_t status)
{
  static const struct {
    uint16_t status;
    const char *text;
  } texts[] = {
      {0x0001, "not in this state"},
      {0x0002, "a packet has a wrong length"},
      {0x0010, "it has no key of its own: a plain boot loader"},
      {0x0020, "the licence is malformed"},
      {0x0021, "the licence is for another device"},
      {0x0022, "the licence is for another challenge: an old one"},
      {0x0023, "the licence was altered, or not made for this device's key"},
      {0x0030, "the image's header is malformed"},
      {0x0031, "the image's header does not authenticate: another key or nonce than the licence's, or altered"},
      {0x0040, "an area is out of turn"},
      {0x0041, "an area lies where firmware may not be"},
      {0x0042, "areas overlap"},
      {0x0043, "an area does not authenticate: altered, or of another image"},
      {0x0044, "the chip cannot install this type of area"},
      {0x0045, "the option bytes are refused"},
      {0x0046, "a module comes without a licence of its maker"},
      {0x0047, "a module is no .smi for this place"},
      {0x0048, "a module does not authenticate: its licence is for another key or nonce, or it was altered"},
      {0x0050, "bytes of an area are out of turn"},
      {0x0051, "a chunk has a wrong size"},
      {0x0060, "its flash failed"},
      {0x0070, "areas are missing"},
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (texts[i].status == status)
      return texts[i].text;
  return "a status that this program does not know";
}

static uint32_t be(const uint8_t *p, unsigned bytes)
{
  uint32_t value = 0;
  while (bytes-- != 0)
    value = value << 8 | *p++;
  return value;
}

/* One special command. False with a message: refused or lost. */
static bool ask(struct link *link, uint16_t opcode, const uint8_t *first, size_t first_size, const uint8_t *second,
                size_t second_size, uint8_t *data, size_t *size, uint16_t *status, struct problem *problem)
{
  enum link_answer answer =
      link_special(link, opcode, first, first_size, second, second_size, data, size, status, LINK_LONG, problem);
  if (answer == LINK_NACK && opcode == IDENTIFY)
    return problem_set(problem, CLI_REFUSED, "the device does not know secure install");
  if (answer == LINK_NACK) /* it knows the command: what arrived was damaged */
    return problem_set(problem, CLI_INPUT, "the device refused a frame (command %04x): the line is bad", opcode);
  return answer == LINK_ACK;
}

/* The same, and the status must be 0. */
static bool demand(struct link *link, uint16_t opcode, const uint8_t *first, size_t first_size, const uint8_t *second,
                   size_t second_size, const char *what, struct problem *problem)
{
  uint16_t status;
  if (!ask(link, opcode, first, first_size, second, second_size, NULL, NULL, &status, problem))
    return false;
  return status == 0 || problem_set(problem, CLI_REFUSED, "%s: the device says: %s (status %04x)", what,
                                    install_status_text(status), status);
}

bool install_identify(struct link *link, struct install_device *device, struct problem *problem)
{
  uint8_t b[48];
  size_t size = sizeof b;
  uint16_t status;
  if (!ask(link, IDENTIFY, NULL, 0, NULL, 0, b, &size, &status, problem))
    return false;
  if (size != sizeof b || b[0] != 1 || status != 0)
    return problem_set(problem, CLI_INPUT, "the device speaks another version of the protocol (%u)", b[0]);
  *device = (struct install_device){.state = b[1],
                                    .chip_id = (uint16_t)be(b + 2, 2),
                                    .keyed = (b[5] & 1u) != 0,
                                    .chunk = (uint16_t)be(b + 6, 2),
                                    .certificate_size = (uint16_t)be(b + 8, 2),
                                    .start = be(b + 38, 4),
                                    .end = be(b + 42, 4),
                                    .started_over = (uint16_t)be(b + 46, 2)};
  memcpy(device->uid, b + 10, INSTALL_UID);
  memcpy(device->challenge, b + 22, SFI_CHALLENGE_SIZE);
  if (!device->keyed)
    return problem_set(problem, CLI_REFUSED, "the device has no key of its own: it is a plain boot loader");
  if (device->chunk < 16 || device->chunk > 1024 || device->certificate_size > INSTALL_CERTIFICATE)
    return problem_set(problem, CLI_INPUT, "the device describes itself impossibly");
  return true;
}

bool install_certificate(struct link *link, const struct install_device *device, uint8_t *der, size_t *size,
                         struct problem *problem)
{
  size_t got = 0;
  if (device->certificate_size > *size)
    return problem_set(problem, CLI_INPUT, "the device's certificate is too long");
  while (got < device->certificate_size) {
    const uint8_t offset[2] = {(uint8_t)(got >> 8), (uint8_t)got};
    size_t n = device->certificate_size - got;
    uint16_t status;
    if (!ask(link, CERTIFICATE, offset, 2, NULL, 0, der + got, &n, &status, problem))
      return false;
    if (status != 0 || n == 0)
      return problem_set(problem, CLI_REFUSED, "certificate: the device says: %s (status %04x)",
                         install_status_text(status), status);
    got += n;
  }
  *size = got;
  return true;
}

/* After the line failed in an area: where to go on. */
static bool look_again(struct link *link, uint16_t index, uint32_t *done, struct problem *problem)
{
  uint8_t b[24];
  size_t size = sizeof b;
  uint16_t status;
  if (link_sync(link, LINK_LONG, problem) != LINK_ACK ||
      !ask(link, STATUS, NULL, 0, NULL, 0, b, &size, &status, problem))
    return false;
  if (size != sizeof b || (b[0] != 2 && b[0] != 3) || be(b + 4, 2) != index)
    return problem_set(problem, CLI_INPUT, "the line failed, and the device has started over");
  *done = be(b + 6, 4);
  return true;
}

static bool send_chunk(struct link *link, const struct container_part *part, uint32_t done, uint32_t n,
                       uint16_t *status, struct problem *problem)
{
  const uint8_t offset[4] = {(uint8_t)(done >> 24), (uint8_t)(done >> 16), (uint8_t)(done >> 8), (uint8_t)done};
  return ask(link, CHUNK, offset, 4, part->cipher + done, n, NULL, NULL, status, problem);
}

static bool send_area(struct link *link, const struct install_job *job, const struct container_part *part,
                      uint16_t chunk, uint32_t before, uint32_t all, struct problem *problem)
{
  unsigned tries = job->tries;
  char what[60];
  snprintf(what, sizeof what, "area %u at 0x%08x", part->area.index, part->area.address);
  if (!demand(link, AREA, part->descriptor, SFI_AREA_SIZE, NULL, 0, what, problem))
    return false;
  for (uint32_t done = 0; done < part->area.size;) {
    const uint32_t n = part->area.size - done < chunk ? part->area.size - done : chunk;
    uint16_t status;
    if (!send_chunk(link, part, done, n, &status, problem)) {
      if (problem->code != CLI_INPUT || tries-- == 0 || !look_again(link, part->area.index, &done, problem))
        return false;
    } else if (status == 0) {
      done += n;
    } else if (status != OFFSET_WRONG || tries-- == 0 || !look_again(link, part->area.index, &done, problem)) {
      return problem_set(problem, CLI_REFUSED, "%s: the device says: %s (status %04x)", what,
                         install_status_text(status), status);
    }
    if (job->progress != NULL)
      job->progress(job->ctx, before + done, all);
  }
  return true;
}

uint32_t install_modules(const struct container *c)
{
  uint32_t n = 0;
  for (uint32_t i = 0; i < c->count; i++)
    n += c->parts[i].area.type == SFI_MODULE;
  return n;
}

static bool send_all(struct link *link, const struct install_job *job, const uint8_t licence[SFI_LICENCE_SIZE],
                     struct problem *problem)
{
  const struct container *c = job->container;
  struct install_device device;
  uint32_t all = 0, before = 0, module = 0;
  for (uint32_t i = 0; i < c->count; i++)
    all += c->parts[i].area.size;
  if (!install_identify(link, &device, problem))
    return false;
  if (device.state != 0 && !demand(link, ABORT, NULL, 0, NULL, 0, "abort", problem))
    return false;
  if (!demand(link, LICENCE, NULL, 0, licence, SFI_LICENCE_SIZE, "licence", problem) ||
      !demand(link, HEADER, job->file, SFI_HEADER_SIZE, NULL, 0, "header", problem))
    return false;
  for (uint32_t i = 0; i < c->count; i++) {
    if (c->parts[i].area.type == SFI_MODULE && !demand(link, MODULE_LICENCE, NULL, 0, job->module_licences[module++],
                                                       SFI_LICENCE_SIZE, "the module's licence", problem))
      return false;
    if (!send_area(link, job, &c->parts[i], device.chunk, before, all, problem))
      return false;
    before += c->parts[i].area.size;
  }
  return demand(link, FINISH, NULL, 0, NULL, 0, "finish", problem);
}

bool install_run(struct link *link, const struct install_job *job, const uint8_t licence[SFI_LICENCE_SIZE],
                 struct problem *problem)
{
  for (unsigned tries = job->tries;; tries--) {
    if (send_all(link, job, licence, problem))
      return true;
    /* Only a line that failed is worth another try; what the device refused it refuses again. */
    struct problem again;
    if (tries == 0 || problem->code != CLI_INPUT || link_sync(link, LINK_LONG, &again) != LINK_ACK)
      return false;
  }
}
