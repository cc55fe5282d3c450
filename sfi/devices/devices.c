/* The table of chips. */
#include "sfi/devices/device.h"

#include <ctype.h>

extern const struct sfi_device sfi_stm32h753xi, sfi_stm32l462ce;

const struct sfi_device *const sfi_devices[] = {&sfi_stm32h753xi, &sfi_stm32l462ce, NULL};

static bool same(const char *a, const char *b)
{
  while (*a != '\0' && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
    a++;
    b++;
  }
  return *a == '\0' && *b == '\0';
}

const struct sfi_device *sfi_device_find(const char *name)
{
  for (const struct sfi_device *const *d = sfi_devices; *d != NULL; d++)
    if (same((*d)->name, name))
      return *d;
  return NULL;
}

bool sfi_device_has_options(const struct sfi_device *device, const uint32_t *values)
{
  const struct sfi_maker *m = device->maker;
  bool same_values = m != NULL;
  for (size_t i = 0; same_values && i < m->option_count; i++)
    same_values = ((values[i] ^ m->options[i]) & m->option_masks[i]) == 0;
  return same_values;
}

size_t sfi_device_options(const struct sfi_device *device)
{
  size_t n = 0;
  while (device->option_names[n] != NULL)
    n++;
  return n;
}
