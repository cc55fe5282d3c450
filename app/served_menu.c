/* The example of the served update functions, under the vendor's names: a .sfb or .sfbp over YMODEM, handed over as it
 * comes. Nothing of the update is linked into the application: no key, no decoder, no flash driver. What it knows is
 * the status, in the boot loader's own words.
 */
#include "app/served_menu.h"

#include "app/console.h"
#include "app/line.h"
#include "loader/ymodem.h"
#include "port/port.h"
#include "portcullis/se_patch.h"

#include <stddef.h>

const char *const served_menu_line = "  Update through the boot loader's functions ------------- 8";

#define WINDOW   10u /* polls of a second: the restart comes in one of them */
#define ABORT_AT 50u /* percent, where the abort in the middle comes */

static struct ymodem ymodem;
static SE_PATCH_Status status;

struct transfer {
  uint32_t size, delay;
  bool give_up; /* in the middle */
};

static pc_status begin(void *ctx, const char *name, uint32_t size)
{
  struct transfer *t = ctx;
  const SE_PATCH_StartInfo info = {SE_PATCH_ImageType_APP, (uint16_t)t->delay, size};
  (void)name;
  t->size = size;
  return SE_PATCH_Init(&status, &info) == SE_SUCCESS ? PC_OK : PC_ERR_STATE;
}

static pc_status data(void *ctx, uint32_t offset, const uint8_t *bytes, uint32_t length)
{
  const struct transfer *t = ctx;
  if (t->give_up && offset >= t->size / 100u * ABORT_AT)
    return PC_ERR_CANCELLED;
  return SE_PATCH_Data(&status, bytes, length) == SE_SUCCESS ? PC_OK : PC_ERR_TRANSFER;
}

static pc_status end(void *ctx)
{
  (void)ctx;
  return status.completed ? PC_OK : PC_ERR_TRANSFER;
}

/* The status says why, so it is kept while the update is given up: for those that an error ended already, nothing is
 * left to be done. */
static void abort_transfer(void *ctx, pc_status reason)
{
  SE_PATCH_Status ignored;
  (void)ctx;
  (void)reason;
  (void)SE_PATCH_Abort(&ignored);
}

static void receive(uint32_t delay, bool give_up)
{
  struct transfer transfer = {0, delay, give_up};
  const struct ymodem_sink sink = {begin, data, end, abort_transfer, &transfer};
  (void)SE_PATCH_InitStatus(&status);
  console_line("  -- Send a .sfb or a .sfbp");
  console_line("  -- -- File> Transfer> YMODEM> Send .......\r\n");
  ymodem_init(&ymodem, &app_line, &sink);
  (void)ymodem_receive(&ymodem);
  (void)SE_PATCH_PrintStatus(&status);
  console_text("\r\n");
}

/* ---------- the menu ---------- */

/* The restart that was asked for comes in a poll. */
static void wait(void)
{
  for (uint32_t polls = 0; status.completed && polls <= WINDOW; polls++) {
    (void)SE_PATCH_Poll(&status);
    port_watchdog_refresh();
    if (polls < WINDOW)
      (void)port_console_get(1000);
  }
}

static void about(void)
{
  SE_APP_ActiveFwInfo active;
  char version[16];
  console_line("  Active firmware ");
  if (SE_APP_GetActiveFwInfo(NULL, &active) == SE_SUCCESS) {
    console_number(FW_VERSION_MAJOR(active.ActiveFwVersion));
    console_text(".");
    console_number(FW_VERSION_MINOR(active.ActiveFwVersion));
    console_text(".");
    console_number(FW_VERSION_PATCH(active.ActiveFwVersion));
    console_text(", ");
    console_number(active.ActiveFwSize);
    console_text(" bytes");
  } else {
    console_text("unknown");
  }
  if (SE_APP_GetBootVer(NULL, version, sizeof version) == SE_SUCCESS) {
    console_text("; boot loader ");
    console_text(version);
  }
  (void)SE_PATCH_PrintStatus(&status);
}

void served_menu(void)
{
  for (;;) {
    console_line("========== The Boot Loader's Update Functions ==========\r\n");
    console_line("  Receive, install now ---------------------------------- 1");
    console_line("  Receive, install at the next reset -------------------- 2");
    console_line("  Receive, install on command --------------------------- 3");
    console_line("  Receive, install within ten seconds ------------------- 4");
    console_line("  Receive half of it and give up ------------------------ 5");
    console_line("  The command: install at the next reset ---------------- i");
    console_line("  Take it back ------------------------------------------ a");
    console_line("  How it stands ----------------------------------------- s");
    console_line("  Reset ------------------------------------------------- r");
    console_line("  Previous Menu ----------------------------------------- x\r\n");
    console_line("  Selection : ");
    uint8_t key = console_key();
    console_text("\r\n");
    switch (key) {
    case '1':
      receive(SE_PATCH_RebootDelay_IMMEDIATE, false);
      if (status.completed)
        wait();
      break;
    case '2':
      receive(SE_PATCH_RebootDelay_NEXT, false);
      break;
    case '3':
      receive(SE_PATCH_RebootDelay_COMMAND, false);
      break;
    case '4':
      receive(WINDOW, false);
      if (status.completed)
        wait();
      break;
    case '5':
      receive(SE_PATCH_RebootDelay_NEXT, true);
      break;
    case 'i':
      (void)SE_PATCH_InstallAtNextReset(&status);
      (void)SE_PATCH_PrintStatus(&status);
      break;
    case 'a':
      console_line(SE_PATCH_Abort(&status) == SE_SUCCESS ? "  -- Nothing is open or asked for any more.\r\n"
                                                         : "  -- It cannot be taken back.\r\n");
      break;
    case 's':
      about();
      break;
    case 'r':
      port_reset();
    case 'x':
      return;
    default:
      console_line("  Invalid selection.\r\n");
      break;
    }
  }
}
