/* Characteristic curves: what pulls the double library in. */
#include "app.h"

#include <math.h>
#include <stdio.h>

double extra_model(double x, double y)
{
  double r = sqrt(x * x + y * y);
  double angle = atan2(y, x);
  return r < 1e-6 ? 0 : exp(-r / 3) * cos(angle * 2) + pow(r, 1.7) * sin(angle) / (1 + log(1 + r));
}

void extra_table(void)
{
  for (int i = -4; i <= 4; i++) {
    for (int j = 0; j < 6; j++)
      printf(" %8.4f", extra_model(i * 0.5, j * 0.25));
    printf("\n");
  }
}
