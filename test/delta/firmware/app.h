/* The sample application: a process controller with sensors, filters, alarms, a log, a store and a serial menu. Macros
 * named WITH_... turn on the edits that the pairs are made of.
 */
#ifndef APP_H
#define APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef THRESHOLD
#define THRESHOLD 73.5
#endif
#ifndef RELEASE
#define RELEASE "1.4.2"
#endif

struct channel {
  char name[12];
  uint16_t pin, flags;
#ifdef WITH_STRUCT
  uint32_t serial;
  float drift;
#endif
  float gain, offset;
  float history[16];
  uint32_t count;
};

struct alarm {
  uint8_t channel, level;
  uint16_t repeats;
  uint32_t when;
  double value;
};

extern struct channel channels[6];
extern volatile uint32_t tick_count;

/* sensors.c */
void sensors_start(void);
float sensors_read(unsigned index);
float sensors_convert(unsigned index, uint16_t raw);
/* filter.c */
float filter_mean(const float *values, unsigned count);
float filter_median(const float *values, unsigned count);
float filter_spread(const float *values, unsigned count);
double filter_trend(const float *values, unsigned count);
/* control.c */
void control_step(float target, float measured);
float control_output(void);
void control_tune(float p, float i, float d);
void control_report(void);
/* alarms.c */
void alarms_check(unsigned channel, double value);
unsigned alarms_list(void);
void alarms_clear(void);
/* log.c */
void log_add(int level, const char *format, ...);
void log_show(unsigned count);
/* store.c */
uint16_t store_crc(const void *data, size_t size);
bool store_save(const char *key, const void *data, size_t size);
bool store_load(const char *key, void *data, size_t size);
unsigned store_used(void);
/* frame.c */
size_t frame_pack(uint8_t *to, size_t room, uint8_t type, const void *data, size_t size);
int frame_unpack(const uint8_t *from, size_t size, void *data, size_t room);
/* clock.c */
void clock_set(uint32_t seconds);
void clock_show(void);
uint32_t clock_parse(const char *text);
/* menu.c */
void menu_show(void);
bool menu_command(char *line);
/* extra.c */
double extra_model(double x, double y);
void extra_table(void);

#endif
