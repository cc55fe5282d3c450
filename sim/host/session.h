/* A simulation from start to end: the device, what is wired to it, who steers it, and when it ends.
 *
 * session.c runs the core in slices and looks after the files in between; run_control.c stops it and lets it go;
 * actions.c carries out commands; control.c, gdb_link.c and jtag_link.c are the connections that steer. One thread.
 */
#ifndef SIM_HOST_SESSION_H
#define SIM_HOST_SESSION_H

#include "sim/host/gdb_server.h"
#include "sim/host/jtag_link.h"
#include "sim/host/options.h"
#include "sim/host/pace.h"
#include "sim/host/report.h"
#include "sim/host/symbols.h"
#include "sim/host/uart.h"

#include <poll.h>

#define CONTROL_CLIENTS 8u
#define GDB_POINTS      128u
#define SESSION_REGIONS 16u
#define RUN_BREAKS      64u

enum machine {
  MACHINE_RUNNING,
  MACHINE_STOPPED, /* held by a debugger or `stop` */
  MACHINE_ASLEEP,  /* WFI, and nothing on the chip will end it */
  MACHINE_LOCKUP,
  MACHINE_OFF,
};

struct control_client {
  int fd; /* -1: free */
  bool waiting, skipping;
  enum command_wait wait;
  size_t size;
  char line[COMMAND_MAX + 1];
};

struct control {
  const char *path;
  int listener;
  struct control_client clients[CONTROL_CLIENTS];
};

struct gdb_link_point {
  enum gdb_point kind;
  uint32_t addr, size;
};

struct gdb_link {
  int listener, fd; /* -1: not there */
  uint16_t port;
  bool lost;    /* the connection broke while something was sent */
  bool on_bkpt; /* the core stands on a BKPT instruction: going on means stepping over it */
  struct gdb_target target;
  struct gdb_register registers[64];
  uint8_t cpu_regs[64]; /* enum cpu_reg of each; the first of two for 64-bit registers */
  struct gdb_region regions[SESSION_REGIONS];
  struct gdb_link_point points[GDB_POINTS];
  unsigned point_count;
  struct gdb_server server;
};

/* Who may stop the core. */
enum debugger { DEBUGGER_GDB, DEBUGGER_JTAG, DEBUGGER_COMMAND, DEBUGGERS };
struct run_break {
  uint32_t addr;
  uint8_t owners; /* bit n: enum debugger */
};

struct session {
  const struct options *options;
  struct report report;
  struct soc *soc;
  struct symbols symbols;
  struct uart uarts[OPTIONS_UARTS];
  unsigned uart_count;
  FILE *transcript;
  struct watch until[OPTIONS_TEXTS], until_fail[OPTIONS_TEXTS];
  struct control control;
  struct gdb_link gdb;
  struct jtag_link jtag;
  bool debugging[DEBUGGERS];
  struct run_break breaks[RUN_BREAKS];
  unsigned break_count;
  int signals; /* signalfd */

  enum machine machine;
  bool started;  /* the first client has come, if one was to be waited for */
  bool step;     /* run one instruction, then stop */
  bool in_range; /* step until the PC leaves [range_start, range_end) */
  uint32_t range_start, range_end;
  uint64_t first_instruction;
  struct pace pace;
  bool traffic;          /* bytes went over a line since the program last waited for input */
  double listened;       /* simulated seconds when the program last waited for input */
  double button_release; /* simulated seconds; 0: nothing to release */
  bool cut_by_flag;
  bool has_break; /* of the `break` command */
  uint32_t break_at;

  bool done;
  int exit_code;
  const char *reason; /* why it ended, for the last message */
};

/* Opens everything. False: told on stderr, exit_code is set; call session_close() all the same. */
bool session_open(struct session *session, const struct options *options);
void session_run(struct session *session);
/* Saves the device and closes everything. Returns the exit code. */
int session_close(struct session *session);

/* ---- for the other files ---- */
void session_end(struct session *session, int exit_code, const char *reason);
/* Put a file into flash and, if the power is on, RAM; symbols are taken from it. LOAD_RAM: only what goes into RAM. */
enum load_what { LOAD_ALL, LOAD_RAM };
bool session_load(struct session *session, const struct option_load *load, enum load_what which, char *err,
                  size_t err_size);
bool session_add_symbols(struct session *session, const char *path, char *err, size_t err_size);
/* Any change of state goes through here, so that clients that wait for it get their answer. */
void session_set_machine(struct session *session, enum machine machine);
const char *session_machine_name(enum machine machine);
/* Something outside has changed: a core that sleeps for good looks again. */
void session_wake(struct session *session);
bool session_is_flash(const struct session *session, uint32_t addr);
void session_log(struct session *session, const char *line);
void session_power_lost(struct session *session); /* a planned cut has happened */

/* ---- actions.c ---- */
enum action_result { ACTION_OK, ACTION_ERROR, ACTION_WAIT /* answer later: command.wait */ };
/* Carry out one line. `*answer` (malloc'ed, may be NULL) is the answer without "ok " or "error ". */
enum action_result action(struct session *session, const char *line, enum command_wait *wait, char **answer);
bool action_wait_over(const struct session *session, enum command_wait wait);
void action_power_on(struct session *session);
bool action_power_off(struct session *session, char *err, size_t err_size);
void action_reset(struct session *session);
void action_after_reset(
    struct session *session); /* the chip was reset from outside: a core that slept or was locked up runs */

/* ---- control.c ---- */
bool control_open(struct session *session, char *err, size_t err_size);
void control_close(struct control *control);
unsigned control_pollfds(struct control *control, struct pollfd *fds); /* up to CONTROL_CLIENTS + 1 */
void control_service(struct session *session, const struct pollfd *fds, unsigned count);
void control_answer_waits(struct session *session);

/* ---- gdb_link.c ---- */
bool gdb_link_open(struct session *session, char *err, size_t err_size);
void gdb_link_close(struct session *session);
unsigned gdb_link_pollfds(struct gdb_link *link, struct pollfd *fds); /* up to 1 */
void gdb_link_service(struct session *session, const struct pollfd *fds, unsigned count);
bool gdb_link_connected(const struct session *session);
bool gdb_link_holds(const struct session *session); /* a debugger is there and has not let the core run */
/* The core has stopped: tell gdb why, if it let the core run. `debug`: soc_run() said SOC_STOP_DEBUG, and the
 * reason is found out. */
enum { GDB_SIGNAL_INTERRUPT = 2, GDB_SIGNAL_TRAP = 5, GDB_SIGNAL_FAULT = 11, GDB_SIGNAL_POWER = 32 };
void gdb_link_stopped(struct session *session, unsigned signal, bool debug);

/* ---- jtag_link.c ---- */
bool jtag_link_open(struct session *session, char *err, size_t err_size);
void jtag_link_close(struct session *session);
unsigned jtag_link_pollfds(struct jtag_link *link, struct pollfd *fds); /* up to 1 */
void jtag_link_service(struct session *session, const struct pollfd *fds, unsigned count);
bool jtag_link_connected(const struct session *session);
/* What the chip's debug registers say to a reset, a fault, a stop. */
enum run_wish { RUN_WISH_NONE, RUN_WISH_RUN, RUN_WISH_HALT };
enum run_wish jtag_link_reset(struct session *session, bool power_on);
bool jtag_link_fault(struct session *session, unsigned exception); /* true: halt */
void jtag_link_stopped(struct session *session, bool debug);

/* ---- run_control.c ---- */
void run_debug(struct session *session, enum debugger who, bool on); /* while anybody debugs, BKPT stops the core */
bool run_break(struct session *session, enum debugger who, uint32_t addr, bool set);
bool run_watch(struct session *session, uint32_t addr, uint32_t size, bool on_read, bool on_write, bool set);
bool run_halt(struct session *session); /* false: it did not run */
void run_resume(struct session *session, bool step, bool mask_interrupts);
bool run_is_held(const struct session *session); /* a debugger is there and keeps its hold over resets */
/* The core has stopped: debuggers are told. Arguments as for gdb_link_stopped(). */
void run_stopped(struct session *session, unsigned signal, bool debug);
void run_after_reset(struct session *session, bool power_on);
void run_after_fault(struct session *session, unsigned exception);

#endif
