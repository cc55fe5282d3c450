/* Statistics over a channel's history. */
#include "app.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
  float x = *(const float *)a, y = *(const float *)b;
  return x < y ? -1 : x > y;
}

float filter_mean(const float *values, unsigned count)
{
  double sum = 0;
  for (unsigned i = 0; i < count; i++)
    sum += (double)values[i];
  return count ? (float)(sum / count) : 0.0f;
}

float filter_median(const float *values, unsigned count)
{
  float sorted[64];
  if (count == 0 || count > 64)
    return 0.0f;
  memcpy(sorted, values, count * sizeof *values);
  qsort(sorted, count, sizeof *sorted, compare);
  return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2.0f;
}

float filter_spread(const float *values, unsigned count)
{
  float mean = filter_mean(values, count), sum = 0.0f;
  for (unsigned i = 0; i < count; i++)
    sum += (values[i] - mean) * (values[i] - mean);
  return count > 1 ? sqrtf(sum / (float)(count - 1)) : 0.0f;
}

double filter_trend(const float *values, unsigned count)
{
  double sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (unsigned i = 0; i < count; i++) {
    sx += i;
    sy += (double)values[i];
    sxx += (double)i * i;
    sxy += (double)i * (double)values[i];
  }
  double below = count * sxx - sx * sx;
#ifdef WITH_GROWN
  if (fabs(below) < 1e-9)
    return 0;
  double slope = (count * sxy - sx * sy) / below, start = (sy - slope * sx) / count, worst = 0;
  for (unsigned i = 0; i < count; i++) {
    double away = fabs((double)values[i] - (start + slope * i));
    if (away > worst)
      worst = away;
  }
  if (worst > 3 * (double)filter_spread(values, count)) {
    log_add(2, "trend: one value %g off the line", worst);
    slope *= exp(-worst / 10);
  }
  return slope;
#else
  return fabs(below) < 1e-9 ? 0 : (count * sxy - sx * sy) / below;
#endif
}
