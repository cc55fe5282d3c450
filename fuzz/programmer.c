/* A device that answers anything: the programmer's side of the protocol, over USART and SPI. Never a crash, always an
 * end, and an install only counts when every answer was right. */
#include "sfi/host/container.h"
#include "sfi/programmer/install.h"
#include "sfi/programmer/rom.h"
#include "sfi/programmer/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *answers;
static size_t left;

struct wire {
  int unused;
};

struct wire *wire_open(const char *port, struct problem *problem)
{
  static struct wire wire;
  (void)port;
  (void)problem;
  return &wire;
}

void wire_close(struct wire *wire)
{
  (void)wire;
}

bool wire_put(struct wire *wire, const uint8_t *bytes, size_t size, struct problem *problem)
{
  (void)wire;
  (void)bytes;
  (void)size;
  return left != 0 || problem_set(problem, CLI_INPUT, "closed");
}

bool wire_get(struct wire *wire, uint8_t *bytes, size_t size, unsigned timeout_ms, struct problem *problem)
{
  (void)wire;
  (void)timeout_ms;
  if (size > left) {
    left = 0;
    return problem_set(problem, CLI_INPUT, "no answer");
  }
  memcpy(bytes, answers, size);
  answers += size;
  left -= size;
  return true;
}

void wire_drain(struct wire *wire, unsigned quiet_ms)
{
  (void)wire;
  (void)quiet_ms;
}

/* What the library does, without the command line around it. */
void problem_write(struct problem *problem, int code, const char *format, ...)
{
  (void)format;
  problem->code = code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const uint8_t licence[SFI_LICENCE_SIZE];
  static const uint8_t file[SFI_HEADER_SIZE + SFI_AREA_SIZE + 2000];
  struct container_part part = {.area = {.type = 'F', .index = 1, .areas = 1, .size = 2000},
                                .descriptor = file + SFI_HEADER_SIZE,
                                .cipher = file + SFI_HEADER_SIZE + SFI_AREA_SIZE};
  const struct container container = {SFI_IMAGE, 1, &part};
  const struct install_job job = {file, &container, NULL, 2, NULL, NULL};
  struct problem problem = {0};
  struct install_device device = {0};
  uint8_t der[INSTALL_CERTIFICATE], memory[600];
  size_t der_size = sizeof der;
  uint16_t id;
  if (size == 0)
    return 0;
  answers = data + 1;
  left = size - 1;
  struct link *link = link_open((data[0] & 1) != 0 ? "spi:x" : "x", &problem);
  if (link == NULL)
    return 0;
  switch (data[0] >> 1 & 3) {
  case 0:
    if (install_identify(link, &device, &problem))
      (void)install_certificate(link, &device, der, &der_size, &problem);
    break;
  case 1:
    (void)install_run(link, &job, licence, &problem);
    break;
  case 2:
    if (rom_chip_id(link, &id, &problem))
      (void)rom_read(link, 0x08000000, memory, sizeof memory, NULL, NULL, &problem);
    break;
  default:
    if (rom_erase(link, 0, 700, &problem) && rom_write(link, 0x08001000, memory, sizeof memory, NULL, NULL, &problem))
      (void)rom_go(link, 0x08001000, &problem);
    break;
  }
  if (der_size > sizeof der)
    abort();
  link_close(link);
  return 0;
}
