/* Analogue channels of the sample firmware. */
#include "app.h"

#include <math.h>
#include <string.h>

#define ADC ((volatile uint32_t *)0x50040000)

struct channel channels[6] = {
    {.name = "inlet", .pin = 3, .gain = 0.0125f, .offset = -40.0f},
    {.name = "outlet", .pin = 4, .gain = 0.0125f, .offset = -40.0f},
    {.name = "pressure", .pin = 7, .gain = 0.0031f, .offset = 0.25f},
    {.name = "flow", .pin = 8, .flags = 1, .gain = 0.0500f},
    {.name = "supply", .pin = 11, .gain = 0.0016f},
    {.name = "ambient", .pin = 17, .flags = 2, .gain = 0.0101f, .offset = -273.15f},
};

void sensors_start(void)
{
  ADC[2] = 0x10000000;
  for (unsigned i = 0; i < 1000; i++)
    __asm volatile("nop");
  ADC[2] |= 1;
  for (unsigned i = 0; i < 6; i++) {
    memset(channels[i].history, 0, sizeof channels[i].history);
    channels[i].count = 0;
#ifdef WITH_STRUCT
    channels[i].serial = i * 17 + 5;
    channels[i].drift = 0.0f;
#endif
  }
}

float sensors_convert(unsigned index, uint16_t raw)
{
  const struct channel *c = &channels[index];
  float value = (float)raw * c->gain + c->offset;
  if (c->flags & 1)
    value = sqrtf(value < 0.0f ? 0.0f : value) * 4.21f;
  if (c->flags & 2) {
    float r = 10000.0f * (float)raw / (4096.0f - (float)raw);
    value = 1.0f / (1.0f / 298.15f + logf(r / 10000.0f) / 3950.0f) + c->offset;
  }
#ifdef WITH_STRUCT
  value -= c->drift;
#endif
  return value;
}

float sensors_read(unsigned index)
{
  struct channel *c = &channels[index];
  uint32_t sum = 0;
  ADC[12] = (uint32_t)c->pin << 6;
  for (unsigned i = 0; i < 8; i++) {
    ADC[2] |= 4;
    while (!(ADC[0] & 4)) {
    }
    sum += ADC[16];
  }
  float value = sensors_convert(index, (uint16_t)(sum / 8));
  c->history[c->count++ % 16] = value;
  return value;
}
