/* Running statistics, percentiles, a straight line through points. */
#include "recorder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void stats_add(struct stats *s, double value)
{
  if (s->count++ == 0) {
    s->least = s->most = s->mean = s->smooth = value;
    s->m2 = 0;
    return;
  }
  double away = value - s->mean;
  s->mean += away / s->count;
  s->m2 += away * (value - s->mean);
  s->least = fmin(s->least, value);
  s->most = fmax(s->most, value);
  s->smooth += ALPHA * (value - s->smooth);
}

double stats_deviation(const struct stats *s)
{
  return s->count < 2 ? 0 : sqrt(s->m2 / (s->count - 1));
}

static int by_value(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double stats_percentile(const double *values, size_t count, double percent)
{
  double sorted[64];
  if (!count || count > 64)
    return 0;
  memcpy(sorted, values, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, by_value);
  double place = percent / 100 * (double)(count - 1);
  size_t low = (size_t)floor(place), high = low + 1 < count ? low + 1 : low;
  return sorted[low] + (place - floor(place)) * (sorted[high] - sorted[low]);
}

bool stats_fit(const double *x, const double *y, size_t count, double *slope, double *offset)
{
  double sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (size_t i = 0; i < count; i++) {
    sx += x[i];
    sy += y[i];
    sxx += x[i] * x[i];
    sxy += x[i] * y[i];
  }
  double under = (double)count * sxx - sx * sx;
  if (count < 2 || fabs(under) < 1e-12)
    return false;
  *slope = ((double)count * sxy - sx * sy) / under;
  *offset = (sy - *slope * sx) / (double)count;
  return true;
}
