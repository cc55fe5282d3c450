/* The main loop of the sample firmware. */
#include "app.h"

#include <stdio.h>
#include <string.h>

#ifdef WITH_LIBRARY
void library_start(void);
#endif

int main(void)
{
  char line[64];
  unsigned at = 0;
  uint32_t last = 0;
  setvbuf(stdout, NULL, _IONBF, 0);
  sensors_start();
  log_add(0, "started, release %s", RELEASE);
  menu_show();
#ifdef WITH_LIBRARY
  library_start();
#endif
  for (;;) {
    int c = getchar();
    if (c == '\n' || c == '\r') {
      line[at] = 0;
      if (at && !menu_command(line))
        printf("unknown: %s\n", line);
      at = 0;
      menu_show();
    } else if (c > 0 && at < sizeof line - 1) {
      line[at++] = (char)c;
    }
    if (tick_count - last >= 250) {
      last = tick_count;
      for (unsigned i = 0; i < 6; i++) {
        float value = sensors_read(i);
        alarms_check(i, (double)filter_median(channels[i].history, 16));
        if (i == 1)
          control_step(60.0f, value);
      }
      uint8_t frame[80];
      float now[4] = {sensors_read(0), sensors_read(1), control_output(), (float)filter_trend(channels[1].history, 16)};
      size_t size = frame_pack(frame, sizeof frame, 0x21, now, sizeof now);
      if (size && frame_unpack(frame, size, now, sizeof now) < 0)
        log_add(3, "frame lost");
    }
  }
}
