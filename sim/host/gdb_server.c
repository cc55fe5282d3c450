/* gdb's remote serial protocol: what each packet means. Facts: "Debugging with GDB", appendix E. */
#include "sim/host/gdb_server.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the payload being read: a cursor that never leaves it ---- */

struct cursor {
  const uint8_t *at, *end;
};

static bool skip(struct cursor *c, char expected)
{
  if (c->at == c->end || *c->at != (uint8_t)expected)
    return false;
  c->at++;
  return true;
}

static bool starts(struct cursor *c, const char *prefix)
{
  size_t n = strlen(prefix);
  if ((size_t)(c->end - c->at) < n || memcmp(c->at, prefix, n) != 0)
    return false;
  c->at += n;
  return true;
}

static bool is(struct cursor *c, const char *text)
{
  return starts(c, text) && c->at == c->end;
}

static bool hex64(struct cursor *c, uint64_t max, uint64_t *value)
{
  const uint8_t *first = c->at;
  uint64_t v = 0;
  int digit;
  while (c->at < c->end && (digit = gdb_hex_digit(*c->at)) >= 0) {
    if (v > max >> 4)
      return false;
    v = v << 4 | (unsigned)digit;
    c->at++;
  }
  *value = v;
  return c->at != first && v <= max;
}

static bool hex32(struct cursor *c, uint32_t *value)
{
  uint64_t v;
  if (!hex64(c, UINT32_MAX, &v))
    return false;
  *value = (uint32_t)v;
  return true;
}

/* "ADDR,SIZE" */
static bool range(struct cursor *c, uint32_t *addr, uint32_t *size)
{
  return hex32(c, addr) && skip(c, ',') && hex32(c, size);
}

/* `size` bytes, two digits each. */
static bool bytes(struct cursor *c, uint8_t *to, size_t size)
{
  if ((size_t)(c->end - c->at) < 2 * size)
    return false;
  for (size_t i = 0; i < size; i++) {
    int high = gdb_hex_digit(c->at[0]), low = gdb_hex_digit(c->at[1]);
    if (high < 0 || low < 0)
      return false;
    to[i] = (uint8_t)(high << 4 | low);
    c->at += 2;
  }
  return true;
}

/* ---- the reply being made ---- */

static void add_bytes(struct gdb_server *s, const void *from, size_t size)
{
  size_t room = sizeof s->reply - s->reply_size;
  if (size > room)
    size = room;
  memcpy(s->reply + s->reply_size, from, size);
  s->reply_size += size;
}

static void add(struct gdb_server *s, const char *text)
{
  add_bytes(s, text, strlen(text));
}

static void add_hex(struct gdb_server *s, const uint8_t *from, size_t size)
{
  static const char hex[] = "0123456789abcdef";
  for (size_t i = 0; i < size; i++) {
    char two[2] = {hex[from[i] >> 4], hex[from[i] & 15]};
    add_bytes(s, two, 2);
  }
}

static void send_reply(struct gdb_server *s)
{
  s->frame_size = gdb_frame(s->reply, s->reply_size, s->frame);
  s->target->send(s->target->ctx, s->frame, s->frame_size);
  s->reply_size = 0;
}

static void say(struct gdb_server *s, const char *text)
{
  s->reply_size = 0;
  add(s, text);
  send_reply(s);
}

static void done(struct gdb_server *s, bool ok)
{
  say(s, ok ? "OK" : "E01");
}

/* Console text in pieces that fit a packet. */
static void send_console(struct gdb_server *s, const char *text)
{
  const size_t piece = GDB_PACKET_MAX / 2 - 1;
  for (size_t left = strlen(text); left > 0;) {
    size_t n = left < piece ? left : piece;
    s->reply_size = 0;
    add(s, "O");
    add_hex(s, (const uint8_t *)text, n);
    send_reply(s);
    text += n;
    left -= n;
  }
}

/* ---- descriptions ---- */

struct text {
  char *to;
  size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *t, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int n = vsnprintf(t->to + t->used, t->size - t->used, format, args);
  va_end(args);
  if (n > 0)
    t->used = (size_t)n < t->size - t->used ? t->used + (size_t)n : t->size - 1;
}

static void describe(struct gdb_server *s)
{
  const struct gdb_target *t = s->target;
  struct text x = {s->features, sizeof s->features, 0};
  append(&x, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">"
             "<architecture>arm</architecture>");
  const char *feature = NULL;
  for (size_t i = 0; i < t->register_count; i++) {
    const struct gdb_register *r = &t->registers[i];
    if (!feature || strcmp(feature, r->feature) != 0) {
      append(&x, "%s<feature name=\"%s\">", feature ? "</feature>" : "", r->feature);
      feature = r->feature;
    }
    append(&x, "<reg name=\"%s\" bitsize=\"%u\" regnum=\"%zu\" type=\"%s\"/>", r->name, r->bits, i, r->type);
  }
  append(&x, "%s</target>", feature ? "</feature>" : "");

  struct text m = {s->memory_map, sizeof s->memory_map, 0};
  append(&m, "<?xml version=\"1.0\"?><!DOCTYPE memory-map PUBLIC \"+//IDN gnu.org//DTD GDB Memory Map V1.0//EN\" "
             "\"http://sourceware.org/gdb/gdb-memory-map.dtd\"><memory-map>");
  for (size_t i = 0; i < t->region_count; i++) {
    const struct gdb_region *r = &t->regions[i];
    append(&m, "<memory type=\"%s\" start=\"0x%x\" length=\"0x%x\"", r->page ? "flash" : "ram", r->base, r->size);
    if (r->page)
      append(&m, "><property name=\"blocksize\">0x%x</property></memory>", r->page);
    else
      append(&m, "/>");
  }
  append(&m, "</memory-map>");
}

/* qXfer: "OFFSET,LENGTH" of a document. */
static void transfer(struct gdb_server *s, const char *document, struct cursor *c)
{
  uint32_t offset, length;
  size_t size = strlen(document);
  if (!range(c, &offset, &length) || offset > size) {
    done(s, false);
    return;
  }
  size_t left = size - offset, n = left < length ? left : length;
  if (n > GDB_PACKET_MAX / 2)
    n = GDB_PACKET_MAX / 2;
  s->reply_size = 0;
  add(s, n == left ? "l" : "m");
  add_bytes(s, document + offset, n);
  send_reply(s);
}

/* ---- registers ---- */

static void little(uint64_t value, uint8_t to[8])
{
  for (unsigned i = 0; i < 8; i++)
    to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t from_little(const uint8_t *from, size_t size)
{
  uint64_t value = 0;
  for (size_t i = size; i > 0; i--)
    value = value << 8 | from[i - 1];
  return value;
}

static void add_register(struct gdb_server *s, unsigned reg)
{
  uint8_t raw[8];
  little(s->target->get(s->target->ctx, reg), raw);
  add_hex(s, raw, s->target->registers[reg].bits / 8);
}

static bool set_register(struct gdb_server *s, unsigned reg, struct cursor *c)
{
  uint8_t raw[8];
  size_t size = s->target->registers[reg].bits / 8;
  if (!bytes(c, raw, size))
    return false;
  s->target->set(s->target->ctx, reg, from_little(raw, size));
  return true;
}

static void registers(struct gdb_server *s, uint8_t kind, struct cursor *c)
{
  uint32_t reg;
  unsigned count = (unsigned)s->target->register_count;
  s->reply_size = 0;
  switch (kind) {
  case 'g':
    for (reg = 0; reg < count; reg++)
      add_register(s, reg);
    send_reply(s);
    return;
  case 'G':
    for (reg = 0; reg < count; reg++) {
      if (!set_register(s, reg, c)) {
        done(s, false);
        return;
      }
    }
    done(s, true);
    return;
  case 'p':
    if (!hex32(c, &reg) || reg >= count) {
      done(s, false);
      return;
    }
    add_register(s, reg);
    send_reply(s);
    return;
  default:
    done(s, hex32(c, &reg) && reg < count && skip(c, '=') && set_register(s, reg, c));
  }
}

/* ---- memory ---- */

static void memory(struct gdb_server *s, uint8_t kind, struct cursor *c)
{
  uint32_t addr, size;
  uint8_t data[GDB_PACKET_MAX / 2];
  const struct gdb_target *t = s->target;
  bool ok = range(c, &addr, &size);
  if (ok && kind == 'm') {
    if (size > sizeof data)
      size = sizeof data; /* a short answer is allowed */
    if (!t->read(t->ctx, addr, data, size)) {
      done(s, false);
      return;
    }
    s->reply_size = 0;
    add_hex(s, data, size);
    send_reply(s);
    return;
  }
  ok = ok && skip(c, ':');
  if (ok && kind == 'M') {
    ok = size <= sizeof data && bytes(c, data, size) && c->at == c->end;
    done(s, ok && (size == 0 || t->write(t->ctx, addr, data, size)));
    return;
  }
  ok = ok && (size_t)(c->end - c->at) == size;
  done(s, ok && (size == 0 || t->write(t->ctx, addr, c->at, size)));
}

static void flash(struct gdb_server *s, struct cursor *c)
{
  const struct gdb_target *t = s->target;
  uint32_t addr, size;
  if (starts(c, "Erase:")) {
    done(s, range(c, &addr, &size) && size <= GDB_ANY_SIZE_MAX && t->flash_erase(t->ctx, addr, size));
  } else if (starts(c, "Write:")) {
    bool ok = hex32(c, &addr) && skip(c, ':');
    size_t n = (size_t)(c->end - c->at);
    done(s, ok && (n == 0 || t->flash_write(t->ctx, addr, c->at, n)));
  } else {
    done(s, is(c, "Done")); /* every write took effect at once */
  }
}

/* ---- running ---- */

static void send_stop(struct gdb_server *s)
{
  char text[64];
  const struct gdb_stop *stop = &s->stop;
  if (stop->reason && strstr(stop->reason, "watch"))
    snprintf(text, sizeof text, "T%02xthread:1;%s:%x;", stop->signal, stop->reason, stop->addr);
  else if (stop->reason && s->tell_breaks)
    snprintf(text, sizeof text, "T%02xthread:1;%s:;", stop->signal, stop->reason);
  else
    snprintf(text, sizeof text, "T%02xthread:1;", stop->signal);
  say(s, text);
}

static void resume(struct gdb_server *s, enum gdb_resume how, uint32_t start, uint32_t end)
{
  s->running = true;
  s->target->resume(s->target->ctx, how, start, end);
}

/* vCont;ACTION[:THREAD][;...]: there is one thread, so the first action is the one that counts. */
static void v_cont(struct gdb_server *s, struct cursor *c)
{
  uint32_t start, end;
  uint8_t action = c->at < c->end ? *c->at++ : 0;
  if (action == 'c' || action == 'C')
    resume(s, GDB_CONTINUE, 0, 0);
  else if (action == 's' || action == 'S')
    resume(s, GDB_STEP, 0, 0);
  else if (action == 'r' && range(c, &start, &end))
    resume(s, GDB_STEP_RANGE, start, end);
  else if (action == 't')
    s->target->interrupt(s->target->ctx);
  else
    done(s, false);
}

/* c, s, and with a signal (which a bare chip cannot take) C, S; then maybe an address to go on at. */
static void old_resume(struct gdb_server *s, uint8_t kind, struct cursor *c)
{
  uint32_t value;
  bool ok = true;
  if (kind == 'C' || kind == 'S')
    ok = hex32(c, &value) && (c->at == c->end || skip(c, ';'));
  if (ok && c->at < c->end) {
    ok = hex32(c, &value);
    if (ok)
      s->target->set(s->target->ctx, 15, value);
  }
  if (!ok)
    done(s, false);
  else
    resume(s, kind == 's' || kind == 'S' ? GDB_STEP : GDB_CONTINUE, 0, 0);
}

static void point(struct gdb_server *s, bool set, struct cursor *c)
{
  uint32_t kind, addr, size;
  if (!hex32(c, &kind) || !skip(c, ',') || !range(c, &addr, &size)) {
    done(s, false);
    return;
  }
  if (kind > GDB_WATCH_ANY) {
    say(s, ""); /* not supported */
    return;
  }
  done(s, s->target->point(s->target->ctx, (enum gdb_point)kind, addr, size, set));
}

static void leave(struct gdb_server *s, bool kill)
{
  s->gone = true;
  s->running = false;
  s->target->leave(s->target->ctx, kill);
}

/* ---- general queries ---- */

static void monitor(struct gdb_server *s, struct cursor *c)
{
  char command[1100];
  size_t n = (size_t)(c->end - c->at) / 2;
  if (n >= sizeof command || !bytes(c, (uint8_t *)command, n)) {
    done(s, false);
    return;
  }
  command[n] = 0;
  char *text = s->target->monitor(s->target->ctx, command);
  if (text)
    send_console(s, text);
  free(text);
  done(s, true);
}

static void query(struct gdb_server *s, struct cursor *c)
{
  const struct cursor all = *c;
  if (starts(c, "Supported")) {
    char hello[512];
    snprintf(hello, sizeof hello, "%.*s", (int)(c->end - c->at < 500 ? c->end - c->at : 500), (const char *)c->at);
    s->tell_breaks = strstr(hello, "swbreak+") && strstr(hello, "hwbreak+");
    snprintf(hello, sizeof hello,
             "PacketSize=%x;qXfer:features:read+;qXfer:memory-map:read+;QStartNoAckMode+;vContSupported+;swbreak+;"
             "hwbreak+",
             GDB_PACKET_MAX);
    say(s, hello);
    return;
  }
  if (starts(c, "Xfer:features:read:target.xml:")) {
    transfer(s, s->features, c);
    return;
  }
  if (starts(c, "Xfer:memory-map:read::")) {
    transfer(s, s->memory_map, c);
    return;
  }
  if (starts(c, "Rcmd,")) {
    monitor(s, c);
    return;
  }
  *c = all;
  static const struct {
    const char *query, *answer;
  } fixed[] = {{"Attached", "1"}, {"C", "QC1"}, {"fThreadInfo", "m1"}, {"sThreadInfo", "l"}};
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
    *c = all;
    if (is(c, fixed[i].query)) {
      say(s, fixed[i].answer);
      return;
    }
  }
  say(s, "");
}

static void v_packet(struct gdb_server *s, struct cursor *c)
{
  if (starts(c, "Flash")) {
    flash(s, c);
  } else if (starts(c, "Cont?")) {
    say(s, "vCont;c;C;s;S;r;t");
  } else if (starts(c, "Cont;")) {
    v_cont(s, c);
  } else if (starts(c, "Kill")) {
    done(s, true);
    leave(s, true);
  } else {
    say(s, "");
  }
}

static void packet(struct gdb_server *s, const uint8_t *data, size_t size)
{
  struct cursor c = {data, data + size};
  uint8_t kind = size > 0 ? *c.at++ : 0;
  switch (kind) {
  case 'g':
  case 'G':
  case 'p':
  case 'P':
    registers(s, kind, &c);
    return;
  case 'm':
  case 'M':
  case 'X':
    memory(s, kind, &c);
    return;
  case 'c':
  case 'C':
  case 's':
  case 'S':
    old_resume(s, kind, &c);
    return;
  case 'Z':
  case 'z':
    point(s, kind == 'Z', &c);
    return;
  case 'v':
    v_packet(s, &c);
    return;
  case 'q':
    query(s, &c);
    return;
  case 'Q':
    if (is(&c, "StartNoAckMode")) {
      done(s, true);
      s->no_ack = true;
    } else {
      say(s, "");
    }
    return;
  case 'H':
  case 'T':
  case '!':
    done(s, true);
    return;
  case '?':
    send_stop(s);
    return;
  case 'R': /* no answer */
    s->target->restart(s->target->ctx);
    return;
  case 'D':
    done(s, true);
    leave(s, false);
    return;
  case 'k':
    leave(s, true);
    return;
  default:
    say(s, "");
  }
}

void gdb_server_start(struct gdb_server *s, const struct gdb_target *target)
{
  memset(s, 0, sizeof *s);
  s->target = target;
  s->stop.signal = 5;
  describe(s);
}

void gdb_server_input(struct gdb_server *s, const uint8_t *from, size_t size)
{
  for (size_t i = 0; i < size && !s->gone; i++) {
    switch (gdb_reader_byte(&s->reader, from[i])) {
    case GDB_PACKET:
      if (!s->no_ack)
        s->target->send(s->target->ctx, "+", 1);
      packet(s, s->reader.data, s->reader.size);
      break;
    case GDB_BROKEN:
      if (!s->no_ack)
        s->target->send(s->target->ctx, "-", 1);
      break;
    case GDB_RETRY:
      if (!s->no_ack && s->frame_size > 0)
        s->target->send(s->target->ctx, s->frame, s->frame_size);
      break;
    case GDB_INTERRUPT:
      s->target->interrupt(s->target->ctx);
      break;
    case GDB_ACK:
    case GDB_NOTHING:
      break;
    }
  }
}

void gdb_server_stopped(struct gdb_server *s, const struct gdb_stop *stop)
{
  s->stop = *stop;
  if (!s->running)
    return;
  s->running = false;
  send_stop(s);
}

void gdb_server_console(struct gdb_server *s, const char *text)
{
  if (s->running)
    send_console(s, text);
}
