/* An application that updates itself through the functions that the boot loader serves, under the vendor's names: what
 * the test has put into the flash at JOB is handed over, and what comes of it is told.
 */
#include "port/port.h"
#include "port/start.h"
#include "portcullis/se_patch.h"

#include <string.h>

struct job {
  uint32_t magic, size, chunk, delay, mode; /* mode 0: all; 1: abort in the middle, then all; 2: misuse; 4: hardware
                                               looked at; 5: interrupts; 3: all, no length told */
  uint8_t file[];
};
#ifndef JOB_AT
#define JOB_AT 0x08060000u
#endif
#define JOB   ((const struct job *)JOB_AT)
#define MAGIC 0x4A4F4231u

#define FILL_1(n)   ((n)*2654435761u ^ TINY_SEED)
#define FILL_4(n)   FILL_1(n), FILL_1((n) + 1), FILL_1((n) + 2), FILL_1((n) + 3)
#define FILL_16(n)  FILL_4(n), FILL_4((n) + 4), FILL_4((n) + 8), FILL_4((n) + 12)
#define FILL_64(n)  FILL_16(n), FILL_16((n) + 16), FILL_16((n) + 32), FILL_16((n) + 48)
#define FILL_KIB(n) FILL_64(n), FILL_64((n) + 64), FILL_64((n) + 128), FILL_64((n) + 192)
__attribute__((section(".rodata.fill"), used)) static const uint32_t fill[] = {TINY_FILL};

void start_on_fault(enum start_fault fault)
{
  (void)fault;
}

static void text(const char *words)
{
  while (*words != 0)
    port_console_put((uint8_t)*words++);
}

static void hex(uint32_t value)
{
  for (int32_t shift = 28; shift >= 0; shift -= 4)
    port_console_put((uint8_t) "0123456789abcdef"[value >> shift & 15u]);
}

static SE_PATCH_Status status;

/* ---------- mode 4: the hardware is left as it was found ---------- */

/* First and last register; all that a call could trip over but what runs by itself (SysTick's value, UART status). */
static const struct {
  uint32_t first, last;
} registers[] = {
    {0x40021000, 0x40021094}, /* RCC */
    {0x40022000, 0x40022000}, /* FLASH: ACR; SR, CR, ECCR; option registers */
    {0x40022010, 0x40022018}, {0x40022020, 0x40022030}, {0x40022044, 0x40022050}, {0x40023000, 0x40023008}, /* CRC */
    {0x40023010, 0x40023014}, {0x48000000, 0x4800000C},                                                     /* GPIO A */
    {0x48000014, 0x48000024}, {0x48000400, 0x4800040C},                                                     /* B */
    {0x48000414, 0x48000424}, {0x48000800, 0x4800080C},                                                     /* C */
    {0x48000814, 0x48000824}, {0x40004400, 0x4000440C},                                                     /* USART2 */
    {0x40007000, 0x4000700C}, {0x40010000, 0x40010014}, /* PWR, SYSCFG */
    {0x40010400, 0x40010414}, {0x40020000, 0x40020014}, /* EXTI, DMA1 */
    {0xE000E100, 0xE000E108}, {0xE000E200, 0xE000E208}, /* NVIC: enabled, pending, */
    {0xE000E400, 0xE000E44C}, {0xE000E010, 0xE000E014}, /* priorities; SysTick */
    {0xE000ED04, 0xE000ED2C}, {0xE000ED88, 0xE000ED88}, {0xE000ED90, 0xE000EDA0}, {0xE000EDFC, 0xE000EDFC},
};
#define REGISTERS 200u
static uint32_t before[REGISTERS], masks_before;

static uint32_t masks(void)
{
  uint32_t primask, basepri, faultmask, control;
  __asm volatile("mrs %0, primask" : "=r"(primask));
  __asm volatile("mrs %0, basepri" : "=r"(basepri));
  __asm volatile("mrs %0, faultmask" : "=r"(faultmask));
  __asm volatile("mrs %0, control" : "=r"(control));
  return primask << 24 | basepri << 16 | faultmask << 8 | (control & 3u); /* but the floating point's own bit */
}

static uint32_t register_at(uint32_t addr)
{
  uint32_t value = *(volatile uint32_t *)addr;
  return addr == 0xE000E010 ? value & ~0x10000u : value; /* SysTick has counted to 0: reading clears that */
}

static void look(const char *call)
{
  uint32_t n = 0;
  for (uint32_t i = 0; i < sizeof registers / sizeof *registers; i++)
    for (uint32_t addr = registers[i].first; addr <= registers[i].last && n < REGISTERS; addr += 4, n++) {
      const uint32_t value = register_at(addr);
      if (call != NULL && value != before[n]) {
        text("\r\nCHANGED by ");
        text(call);
        text(": ");
        hex(addr);
        text(" ");
        hex(before[n]);
        text(" -> ");
        hex(value);
      }
      before[n] = value;
    }
  if (call != NULL && masks() != masks_before)
    text("\r\nCHANGED: masks");
  masks_before = masks();
  if (n == REGISTERS)
    text("\r\nCHANGED: more registers than room");
}

static bool hardware;
static uint32_t looked;

/* A call, with a look before and after it. */
#define CALL(f, ...) (hardware ? look(NULL) : (void)0, looked_at(f(__VA_ARGS__), #f))

static uint32_t looked_at(uint32_t result, const char *call)
{
  if (hardware) {
    look(call);
    looked++;
  }
  return result;
}

/* Registers that nobody but the application uses, with values of its own. */
static void occupy_hardware(void)
{
  hardware = true;
  *(volatile uint32_t *)0x40021048 |= 1u << 12; /* RCC: clock of the CRC unit, */
  *(volatile uint32_t *)0x4002104C |= 7u;       /* of GPIO A to C */
  *(volatile uint32_t *)0x40023010 = 0x12345678u;
  *(volatile uint32_t *)0x40023014 = 0x04C11DB7u;
  *(volatile uint32_t *)0x40023008 = 1u;
  *(volatile uint32_t *)0x40023004 = 0x5Au;
  *(volatile uint32_t *)0x40023000 = 0xCAFEF00Du; /* a sum under way */
  *(volatile uint32_t *)0x48000418 = 1u << 7;     /* a pin set */
  *(volatile uint32_t *)0xE000E410 = 0x80504030u; /* priorities */
}

/* ---------- mode 5: an interrupt that calls, too ---------- */

static volatile uint32_t interrupted, went_through;
static volatile bool in_call;

static void refused(uint32_t result, const SE_PATCH_Status *inner)
{
  went_through += result != SE_ERROR || inner->code != SE_PATCH_StatusCode_INVALID_STATE;
}

static void tick(void)
{
  const SE_PATCH_StartInfo info = {SE_PATCH_ImageType_APP, 0, 10000};
  SE_PATCH_Status inner;
  (void)SE_PATCH_InitStatus(&inner);
  /* Harmless if nothing was interrupted: INVALID_ARG then. */
  if (!in_call || SE_PATCH_Data(&inner, NULL, 1) == SE_SUCCESS || inner.code != SE_PATCH_StatusCode_INVALID_STATE)
    return;
  interrupted++;
  refused(SE_PATCH_Data(&inner, JOB->file, 16), &inner);
  refused(SE_PATCH_Init(&inner, &info), &inner);
  refused(SE_PATCH_InstallAtNextReset(&inner), &inner);
  refused(SE_PATCH_Abort(&inner), &inner);
  refused(SE_PATCH_Poll(&inner), &inner);
}

#define SYST_CSR (*(volatile uint32_t *)0xE000E010)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014)
#define SCB_VTOR (*(volatile uint32_t *)0xE000ED08)

static void interrupt(bool on)
{
  static _Alignas(512) uint32_t vectors[16];
  if (on) {
    memcpy(vectors, (const void *)SCB_VTOR, sizeof vectors);
    vectors[15] = (uint32_t)tick;
    SCB_VTOR = (uint32_t)vectors;
  }
  in_call = on;
  SYST_RVR = on ? 2999u : 0xFFFFFFu;
  SYST_CSR = on ? 7u : 5u;
}

/* ---------- the update ---------- */

static uint32_t send(uint32_t bytes)
{
  uint32_t result = SE_SUCCESS;
  for (uint32_t at = 0; at < bytes && result == SE_SUCCESS; at += JOB->chunk)
    result = CALL(SE_PATCH_Data, &status, JOB->file + at, bytes - at < JOB->chunk ? bytes - at : JOB->chunk);
  return result;
}

static void update(void)
{
  const SE_PATCH_StartInfo info = {SE_PATCH_ImageType_APP, (uint16_t)JOB->delay, JOB->mode == 3 ? 0 : JOB->size};
  SE_APP_ActiveFwInfo active;
  char version[16];
  uint8_t user[128];
  SE_StatusTypeDef firmware = SE_KO, boot = SE_KO, data = SE_KO, wrong = SE_OK;
  if (JOB->mode == 4)
    occupy_hardware();
  CALL(SE_PATCH_InitStatus, &status);
  if (CALL(SE_APP_GetActiveFwInfo, &firmware, &active) == SE_SUCCESS && FW_VERSION_MAJOR(active.ActiveFwVersion) == 1 &&
      CALL(SE_APP_GetBootVer, &boot, version, sizeof version) == SE_SUCCESS &&
      SE_APP_GetBootVer(NULL, version, sizeof version) == SE_SUCCESS &&
      CALL(SE_APP_GetSecureUserData, &data, user, sizeof user) == SE_SUCCESS &&
      SE_APP_GetSecureUserData(&wrong, user, sizeof user + 1) == SE_ERROR && firmware == SE_OK && boot == SE_OK &&
      data == SE_OK && wrong == SE_KO) {
    text("\r\nboot loader ");
    text(version);
    text(user[0] == 0xFF ? ", no user data" : ", user data");
  }
  if (JOB->mode == 2 &&
      (SE_PATCH_Data(&status, JOB->file, 16) == SE_SUCCESS || SE_PATCH_InstallAtNextReset(&status) == SE_SUCCESS))
    text("\r\nMISUSE WENT THROUGH");
  if (CALL(SE_PATCH_Init, &status, &info) != SE_SUCCESS)
    text("\r\nnot begun");
  if (JOB->mode == 4) { /* the ends that an update can take, before the good one */
    (void)send(JOB->size / 2);
    (void)CALL(SE_PATCH_InstallAtNextReset, &status);
    (void)CALL(SE_PATCH_Data, &status, NULL, 1);
    (void)CALL(SE_PATCH_Abort, &status);
    (void)CALL(SE_PATCH_Init, &status, &info);
    (void)CALL(SE_PATCH_Data, &status, (const uint8_t *)JOB, JOB->size); /* no header */
    (void)CALL(SE_PATCH_Abort, &status);
    (void)CALL(SE_PATCH_Init, &status, &info);
  }
  if (JOB->mode == 5)
    interrupt(true);
  if (JOB->mode == 1) {
    (void)send(JOB->size / 2);
    text(SE_PATCH_Abort(&status) == SE_SUCCESS ? "\r\naborted" : "\r\nABORT FAILED");
    (void)SE_PATCH_Init(&status, &info);
  }
  uint32_t result = send(JOB->size);
  if (JOB->mode == 5) {
    interrupt(false);
    text(interrupted == 0    ? "\r\nNEVER INTERRUPTED"
         : went_through != 0 ? "\r\nA CALL WENT THROUGH"
                             : "\r\nall refused");
  }
  (void)CALL(SE_PATCH_PrintStatus, &status);
  text(result == SE_SUCCESS ? "\r\nhanded over" : "\r\nrefused: ");
  if (result != SE_SUCCESS)
    text(SE_PATCH_GetStatusCodeString(status.code));
  text("\r\n");
  if (result == SE_SUCCESS && JOB->delay == SE_PATCH_RebootDelay_COMMAND)
    text(CALL(SE_PATCH_InstallAtNextReset, &status) == SE_SUCCESS ? "asked for\r\n" : "ASKING FAILED\r\n");
  if (hardware) {
    (void)CALL(SE_PATCH_Poll, &status);
    text("looked at ");
    hex(looked);
    text(" calls\r\n");
    hardware = false;
  }
}

int main(void)
{
  volatile const uint32_t *keep = fill;
  (void)*keep;
  port_init();
  text("\r\nTINY " TINY_NAME " runs");
  if (JOB->magic == MAGIC)
    update();
  for (uint32_t polls = 0;; polls++) {
    (void)port_console_get(10);
    (void)SE_PATCH_Poll(&status);
    if (polls == 20 && (JOB->delay == SE_PATCH_RebootDelay_NEXT || JOB->delay == SE_PATCH_RebootDelay_COMMAND))
      port_reset();
  }
}
