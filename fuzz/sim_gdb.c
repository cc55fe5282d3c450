/* gdb's protocol as stm32sim serves it: any bytes on the debugger's connection, over a target of a few arrays. */
#include "sim/host/gdb_server.h"

#include <stdlib.h>
#include <string.h>

static uint64_t regs[4];
static uint8_t memory[256];

static uint64_t get(void *ctx, unsigned reg)
{
  (void)ctx;
  return regs[reg];
}

static void set(void *ctx, unsigned reg, uint64_t value)
{
  (void)ctx;
  regs[reg & 3] = value;
}

static bool inside(uint32_t addr, size_t size)
{
  return addr < sizeof memory && size <= sizeof memory - addr;
}

static bool read_memory(void *ctx, uint32_t addr, void *to, size_t size)
{
  (void)ctx;
  if (!inside(addr, size))
    return false;
  memcpy(to, memory + addr, size);
  return true;
}

static bool write_memory(void *ctx, uint32_t addr, const void *from, size_t size)
{
  (void)ctx;
  if (!inside(addr, size))
    return false;
  memcpy(memory + addr, from, size);
  return true;
}

static bool erase(void *ctx, uint32_t addr, size_t size)
{
  (void)ctx;
  if (!inside(addr, size))
    return false;
  memset(memory + addr, 0xff, size);
  return true;
}

static bool point(void *ctx, enum gdb_point kind, uint32_t addr, uint32_t size, bool on)
{
  (void)ctx, (void)addr, (void)size;
  return on && kind != GDB_WATCH_READ;
}

static void resume(void *ctx, enum gdb_resume how, uint32_t start, uint32_t end)
{
  static const struct gdb_stop stop = {.signal = 5, .reason = "watch", .addr = 1};
  (void)how, (void)start, (void)end;
  gdb_server_console(ctx, "a line\n");
  gdb_server_stopped(ctx, &stop);
}

static void interrupt(void *ctx)
{
  static const struct gdb_stop stop = {.signal = 2};
  gdb_server_stopped(ctx, &stop);
}

static char *monitor(void *ctx, const char *command)
{
  (void)ctx;
  return *command ? strdup(command) : NULL;
}

static void leave(void *ctx, bool kill)
{
  (void)ctx, (void)kill;
}

static void restart(void *ctx)
{
  (void)ctx;
}

static void send_bytes(void *ctx, const void *bytes, size_t size)
{
  (void)ctx;
  const char first = size > 0 ? *(const char *)bytes : '+';
  if (size > GDB_FRAME_MAX || (first != '+' && first != '-' && first != '$'))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct gdb_register registers[] = {{"org.gnu.gdb.arm.m-profile", "r0", "uint32", 32},
                                                  {"org.gnu.gdb.arm.m-profile", "pc", "code_ptr", 32},
                                                  {"org.gnu.gdb.arm.vfp", "d0", "ieee_double", 64}};
  static const struct gdb_region regions[] = {{0, 128, 16}, {128, 128, 0}};
  static struct gdb_server server;
  const struct gdb_target target = {
      .ctx = &server,
      .registers = registers,
      .register_count = 3,
      .regions = regions,
      .region_count = 2,
      .get = get,
      .set = set,
      .read = read_memory,
      .write = write_memory,
      .flash_erase = erase,
      .flash_write = write_memory,
      .point = point,
      .resume = resume,
      .interrupt = interrupt,
      .monitor = monitor,
      .leave = leave,
      .restart = restart,
      .send = send_bytes,
  };
  gdb_server_start(&server, &target);
  gdb_server_input(&server, data, size);

  /* Most inputs have a wrong checksum; so once more, each line as the payload of a packet. */
  static uint8_t frame[GDB_FRAME_MAX];
  gdb_server_start(&server, &target);
  while (size > 0) {
    const uint8_t *end = memchr(data, '\n', size);
    size_t n = end ? (size_t)(end - data) : size;
    if (n <= GDB_PACKET_MAX)
      gdb_server_input(&server, frame, gdb_frame(data, n, frame));
    n += end != NULL;
    data += n;
    size -= n;
  }
  return 0;
}
