/* A server for gdb's remote serial protocol over any target: bytes in, calls to `struct gdb_target`, bytes out.
 *
 * Knows the protocol, not the simulator and no sockets; so it is tested and fuzzed with a target made of a few arrays.
 * One thread, all-stop. Total over any bytes from outside.
 */
#ifndef SIM_HOST_GDB_SERVER_H
#define SIM_HOST_GDB_SERVER_H

#include "sim/host/gdb_packet.h"

#define GDB_XML_MAX      8192u
#define GDB_ANY_SIZE_MAX 0x10000000u /* largest range of one flash request */

/* In the order of the g packet; gdb's register numbers are the indices. Registers of a feature stand together. */
struct gdb_register {
  const char *feature; /* "org.gnu.gdb.arm.m-profile" */
  const char *name, *type;
  unsigned bits; /* 32 or 64 */
};

struct gdb_region {
  uint32_t base, size;
  uint32_t page; /* erase unit; 0: RAM */
};

enum gdb_point { GDB_SOFT_BREAK, GDB_HARD_BREAK, GDB_WATCH_WRITE, GDB_WATCH_READ, GDB_WATCH_ANY };
enum gdb_resume { GDB_CONTINUE, GDB_STEP, GDB_STEP_RANGE };

struct gdb_target {
  void *ctx;
  const struct gdb_register *registers;
  size_t register_count;
  const struct gdb_region *regions;
  size_t region_count;

  uint64_t (*get)(void *ctx, unsigned reg);
  void (*set)(void *ctx, unsigned reg, uint64_t value);
  bool (*read)(void *ctx, uint32_t addr, void *to, size_t size);
  bool (*write)(void *ctx, uint32_t addr, const void *from, size_t size); /* not flash */
  bool (*flash_erase)(void *ctx, uint32_t addr, size_t size);
  bool (*flash_write)(void *ctx, uint32_t addr, const void *from, size_t size);
  bool (*point)(void *ctx, enum gdb_point kind, uint32_t addr, uint32_t size, bool set);
  /* Let the core run; gdb_server_stopped() follows when it has stopped. GDB_STEP_RANGE: step until the PC leaves
   * [start, end). */
  void (*resume)(void *ctx, enum gdb_resume how, uint32_t start, uint32_t end);
  void (*interrupt)(void *ctx); /* stop the core soon; gdb_server_stopped() follows */
  /* `monitor COMMAND`: what to show, malloc'ed, or NULL for nothing. */
  char *(*monitor)(void *ctx, const char *command);
  /* The debugger goes: breakpoints are to be removed, and the core is to run. */
  void (*leave)(void *ctx, bool kill);
  void (*restart)(void *ctx); /* reset and hold */
  void (*send)(void *ctx, const void *bytes, size_t size);
};

struct gdb_stop {
  unsigned signal;    /* 2 SIGINT, 5 SIGTRAP, 11 SIGSEGV */
  const char *reason; /* "swbreak", "hwbreak", "watch", "rwatch", "awatch" or NULL */
  uint32_t addr;      /* of the watched data */
};

struct gdb_server {
  const struct gdb_target *target;
  struct gdb_reader reader;
  bool no_ack, gone;
  bool tell_breaks; /* gdb understands swbreak and hwbreak */
  bool running;
  struct gdb_stop stop;
  uint8_t reply[GDB_PACKET_MAX];
  size_t reply_size;
  uint8_t frame[GDB_FRAME_MAX]; /* the last one sent, should gdb ask for it again */
  size_t frame_size;
  char features[GDB_XML_MAX], memory_map[GDB_XML_MAX];
};

/* A debugger has connected; the core is held. `server` needs no preparation. */
void gdb_server_start(struct gdb_server *server, const struct gdb_target *target);
/* Bytes from the debugger. After a detach or kill `gone` is true: close the connection. */
void gdb_server_input(struct gdb_server *server, const uint8_t *bytes, size_t size);
/* The core has stopped. Sends nothing if it was not running for the debugger. */
void gdb_server_stopped(struct gdb_server *server, const struct gdb_stop *stop);
/* Text for the debugger's console; only shown while the core runs for the debugger. */
void gdb_server_console(struct gdb_server *server, const char *text);

#endif
