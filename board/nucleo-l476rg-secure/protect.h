/* What is on: one switch each, 0 for off (docs/protections.md). Plain #defines, read by C and by assembly. */
#define PROTECT_RDP      1 /* level; 2 is the final lock: no debugger, no change of option bytes, ever again */
#define PROTECT_WRP      1 /* boot loader's pages */
#define PROTECT_PCROP    1 /* keys: execute only, gone with a regression of RDP */
#define PROTECT_DAP      1 /* pins of the debug port */
#define PROTECT_IWDG     6 /* seconds */
#define PROTECT_MPU      1
#define PROTECT_TAMPER   1 /* PA0, falling edge */
#define PROTECT_FIREWALL 1

/* What may be executed once the application starts, as MPU regions (RBAR, RASR): the active slot, whose start is not
 * aligned to its size: 512 KiB at 0x08080000 without its first eighth, and 32 KiB at 0x08088000. */
#define PROTECT_SLOT_RBAR_1 0x08080000
#define PROTECT_SLOT_RASR_1 0x03020125
#define PROTECT_SLOT_RBAR_2 0x08088000
#define PROTECT_SLOT_RASR_2 0x0302001D
