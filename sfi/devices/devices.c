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

size_t sfi_device_options(const struct sfi_device *device)
{
  size_t n = 0;
  while (device->option_names[n] != NULL)
    n++;
  return n;
}
