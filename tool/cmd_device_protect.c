/* portcullis device status, protect, unprotect: the static protections of a chip, through its debug port.
 *
 * The sequence of UM2262 chapter 8.6: protections on, and back again with the mass erase that this brings. */
#include "tool/boards/board.h"
#include "tool/cli.h"
#include "tool/json.h"
#include "tool/objfile/objfile.h"
#include "tool/probe/l4.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FLASH_BASE   0x08000000u
#define BANK_SIZE    0x00080000u
#define KEY_FUNCTION "engine_key_"
#define LEVEL_1      0xBBu
#define LEVEL_2      0xCCu
#define LEVEL_0      0xAAu

/* ---- what a board wants ---- */
struct wanted {
  const struct board *board;
  uint32_t keys, keys_end; /* of the boot loader, addresses; 0: not known */
};

static bool find_keys(const char *path, struct wanted *w, struct problem *problem)
{
  struct objfile file;
  problem->code = CLI_INPUT;
  if (!objfile_read(path, OBJFILE_ELF, 0, &file, problem->text, sizeof problem->text))
    return false;
  /* The functions that hold keys as code (portcullis keys embed) stand side by side, on whole double words. */
  for (size_t i = 0; i < file.symbol_count; i++) {
    const struct objfile_symbol *f = &file.symbols[i];
    if (strncmp(f->name, KEY_FUNCTION, strlen(KEY_FUNCTION)) != 0)
      continue;
    if (w->keys == 0)
      w->keys = f->addr;
    w->keys_end = (f->addr + f->size + 7) & ~7u;
  }
  objfile_free(&file);
  if (w->keys == 0)
    return problem_set(problem, CLI_INPUT, "%s: no boot loader with keys (" KEY_FUNCTION "...)", path);
  if (w->keys % 8 != 0 || w->keys >= w->keys_end || w->keys < FLASH_BASE || w->keys_end > FLASH_BASE + BANK_SIZE)
    return problem_set(problem, CLI_REFUSED, "%s: its keys cannot be a PCROP area", path);
  return true;
}

static bool read_wanted(const struct cli *cli, bool needed, struct wanted *w, struct problem *problem)
{
  const char *name = cli_value(cli, "board"), *boot = cli_value(cli, "boot");
  *w = (struct wanted){0};
  if (name == NULL)
    return true;
  w->board = board_find(name);
  if (w->board == NULL)
    return problem_set(problem, CLI_USAGE, "--board %s: no such board; see portcullis board list", name);
  if (!w->board->protections.any)
    return problem_set(problem, CLI_REFUSED, "board %s has no protections (board/%s/protect.h)", name, name);
  if (boot != NULL)
    return find_keys(boot, w, problem);
  if (needed && w->board->protections.pcrop)
    return problem_set(problem, CLI_USAGE, "--boot is needed: where board %s has its keys", name);
  return true;
}

/* The registers as the board wants them, from what they are; the level stays. */
static void apply(const struct wanted *w, struct l4_chip *chip)
{
  const struct board_protections *p = &w->board->protections;
  uint32_t *v = chip->value;
  /* Boot from bank 1 of the flash, or from system memory but not RAM; SRAM2 erased at reset. */
  v[L4_OPTR] = (v[L4_OPTR] & ~(L4_OPTR_BFB2 | L4_OPTR_SRAM2_RST)) | L4_OPTR_NBOOT1;
  if (p->watchdog)
    v[L4_OPTR] &= ~L4_OPTR_IWDG_SW;
  if (p->wrp) {
    uint32_t first = (w->board->boot.base - FLASH_BASE) / w->board->page;
    v[L4_WRP1AR] = (v[L4_WRP1AR] & ~0x00FF00FFu) | first | (first + w->board->boot.size / w->board->page - 1) << 16;
  }
  if (p->pcrop && w->keys != 0) {
    v[L4_PCROP1SR] = (v[L4_PCROP1SR] & ~0xFFFFu) | (w->keys - FLASH_BASE) / 8;
    v[L4_PCROP1ER] = (v[L4_PCROP1ER] & ~0xFFFFu) | ((w->keys_end - FLASH_BASE) / 8 - 1) | L4_PCROP_RDP;
  }
  /* Areas that are not used are off. Chips with one bank have none of the others. */
  v[L4_WRP1BR] = (v[L4_WRP1BR] & ~0x00FF00FFu) | L4_WRP_NONE;
  if (chip->options == L4_OPTIONS) {
    v[L4_PCROP2SR] = (v[L4_PCROP2SR] & ~0xFFFFu) | L4_PCROP_SR_NONE;
    v[L4_PCROP2ER] = (v[L4_PCROP2ER] & ~0xFFFFu) | L4_PCROP_ER_NONE;
    v[L4_WRP2AR] = (v[L4_WRP2AR] & ~0x00FF00FFu) | L4_WRP_NONE;
    v[L4_WRP2BR] = (v[L4_WRP2BR] & ~0x00FF00FFu) | L4_WRP_NONE;
  }
}

/* Is the chip as the board wants it? A higher level than wanted is. */
static bool matches(const struct wanted *w, const struct l4_chip *chip, unsigned level)
{
  struct l4_chip other = *chip;
  apply(w, &other);
  return l4_is(chip, w->board->device) && memcmp(other.value, chip->value, sizeof other.value) == 0 &&
         l4_level(chip) >= level;
}

/* ---- showing ---- */
struct area {
  uint32_t first, last; /* addresses */
};

static unsigned wrp_areas(const struct l4_chip *chip, struct area area[4])
{
  static const enum l4_option regs[] = {L4_WRP1AR, L4_WRP1BR, L4_WRP2AR, L4_WRP2BR};
  unsigned n = 0;
  for (unsigned i = 0; i < 4; i++) {
    uint32_t first, last, bank = FLASH_BASE + (i / 2) * BANK_SIZE;
    if (regs[i] < (enum l4_option)chip->options && l4_wrp(chip->value[regs[i]], &first, &last))
      area[n++] = (struct area){bank + first * 0x800, bank + last * 0x800 + 0x7FF};
  }
  return n;
}

static unsigned pcrop_areas(const struct l4_chip *chip, struct area area[2])
{
  unsigned n = 0;
  uint32_t first, last;
  if (l4_pcrop(chip->value[L4_PCROP1SR], chip->value[L4_PCROP1ER], &first, &last))
    area[n++] = (struct area){FLASH_BASE + first, FLASH_BASE + last};
  if (chip->options == L4_OPTIONS && l4_pcrop(chip->value[L4_PCROP2SR], chip->value[L4_PCROP2ER], &first, &last))
    area[n++] = (struct area){FLASH_BASE + BANK_SIZE + first, FLASH_BASE + BANK_SIZE + last};
  return n;
}

static void json_areas(const char *name, const struct area *area, unsigned count)
{
  json_array(name);
  for (unsigned i = 0; i < count; i++) {
    json_object(NULL);
    json_address("first", area[i].first);
    json_address("last", area[i].last);
    json_end();
  }
  json_end();
}

static void print_areas(const char *title, const struct area *area, unsigned count, const char *more)
{
  printf("%-17s", title);
  for (unsigned i = 0; i < count; i++)
    printf("%s0x%08" PRIX32 " to 0x%08" PRIX32, i ? ", " : "", area[i].first, area[i].last);
  printf("%s\n", count ? more : "none");
}

static void show(const struct cli *cli, const struct l4_chip *chip, const struct wanted *w, unsigned level)
{
  static const char *const levels[] = {"level 0: the debug port sees and changes everything",
                                       "level 1: flash, SRAM2 and backup registers are closed to the debug port",
                                       "level 2"};
  struct area wrp[4], pcrop[2];
  unsigned wrps = wrp_areas(chip, wrp), pcrops = pcrop_areas(chip, pcrop);
  uint32_t optr = chip->value[L4_OPTR];
  bool erased = chip->value[L4_PCROP1ER] & L4_PCROP_RDP;
  if (cli->json) {
    json_object(NULL);
    json_string("port", "open");
    json_string("device", chip->name);
    json_number("revision", chip->revision);
    json_number("rdp", l4_level(chip));
    json_areas("wrp", wrp, wrps);
    json_areas("pcrop", pcrop, pcrops);
    json_bool("pcrop_rdp", erased);
    json_bool("boot_bank2", optr & L4_OPTR_BFB2);
    json_bool("sram2_erased_at_reset", !(optr & L4_OPTR_SRAM2_RST));
    json_bool("hardware_watchdog", !(optr & L4_OPTR_IWDG_SW));
    if (w->board != NULL)
      json_bool("as_the_board_wants", matches(w, chip, level));
    json_end();
    return;
  }
  printf("%-17s%s, revision 0x%04" PRIX32 "\n", "device", chip->name, chip->revision);
  printf("%-17s%s\n", "read protection", levels[l4_level(chip)]);
  print_areas("write protection", wrp, wrps, "");
  print_areas("PCROP", pcrop, pcrops,
              erased ? "; erased on the way back to level 0" : "; survives the way back to level 0");
  printf("%-17s%s\n", "boot", optr & L4_OPTR_BFB2 ? "bank 2 first (BFB2)" : "bank 1");
  printf("%-17s%s\n", "SRAM2", optr & L4_OPTR_SRAM2_RST ? "kept over resets" : "erased at reset");
  printf("%-17s%s\n", "watchdog", optr & L4_OPTR_IWDG_SW ? "started by software" : "started by hardware");
  if (w->board != NULL)
    printf("%-17s%s as %s wants it\n", "protections", matches(w, chip, level) ? "are" : "are not", w->board->name);
}

static void show_closed(const struct cli *cli)
{
  if (cli->json) {
    json_object(NULL);
    json_string("port", "closed");
    json_end();
  } else {
    puts("The debug port is closed.");
  }
}

/* ---- asking ---- */
static bool confirmed(const struct cli *cli, const char *what, struct problem *problem)
{
  char answer[16] = "";
  if (cli_flag(cli, "yes"))
    return true;
  fprintf(stderr, "%s Type yes to go on: ", what);
  fflush(stderr);
  if (fgets(answer, sizeof answer, stdin) == NULL)
    fputc('\n', stderr);
  answer[strcspn(answer, "\r\n")] = '\0';
  return strcmp(answer, "yes") == 0 ||
         problem_set(problem, CLI_REFUSED, "not confirmed; the device is as it was (--yes: do not ask)");
}

/* ---- status ---- */
static bool status(const struct cli *cli, struct jtag *jtag, const struct wanted *w, bool *good,
                   struct problem *problem)
{
  enum adi_port port;
  struct l4_chip chip;
  bool under_reset = cli_flag(cli, "under-reset");
  if (!(under_reset ? adi_connect_under_reset(jtag, &port, problem) : adi_connect(jtag, &port, problem)))
    return false;
  if (port == ADI_CLOSED) {
    show_closed(cli);
    cli_note(cli, under_reset ? "read protection level 2, or no power"
                              : "read protection level 2, or the program uses the pins: try --under-reset");
    /* More is not to be seen of a device with the final lock. */
    *good = w->board == NULL || (under_reset && w->board->protections.rdp == 2);
    return true;
  }
  if (!l4_read(jtag, &chip, problem) || (under_reset && !adi_release(jtag, problem)))
    return false;
  show(cli, &chip, w, w->board != NULL ? w->board->protections.rdp : 0);
  if (l4_level(&chip) == 1)
    cli_note(cli, "at level 1 a debugger stops the program: power-cycle the device");
  *good = w->board == NULL || matches(w, &chip, w->board->protections.rdp);
  return true;
}

static int run_status(struct cli *cli)
{
  struct problem problem;
  struct wanted w;
  bool good = false;
  if (!read_wanted(cli, false, &w, &problem))
    return cli_report(cli, &problem);
  struct jtag *jtag = jtag_open(cli_value(cli, "jtag"), &problem);
  bool ok = jtag != NULL && status(cli, jtag, &w, &good, &problem);
  jtag_close(jtag);
  if (!ok)
    return cli_report(cli, &problem);
  return good ? CLI_OK : CLI_REFUSED;
}

/* ---- protect and unprotect ---- */
static bool connect_and_read(struct jtag *jtag, struct l4_chip *chip, struct problem *problem)
{
  enum adi_port port;
  if (!adi_connect_under_reset(jtag, &port, problem))
    return false;
  if (port == ADI_CLOSED)
    return problem_set(problem, CLI_REFUSED,
                       "the debug port is closed even under reset: read protection level 2 is for good");
  return l4_read(jtag, chip, problem);
}

static bool protect(const struct cli *cli, struct jtag *jtag, const struct wanted *w, unsigned level,
                    struct problem *problem)
{
  struct l4_chip chip, after;
  enum adi_port port;
  if (!connect_and_read(jtag, &chip, problem))
    return false;
  if (!l4_is(&chip, w->board->device))
    return problem_set(problem, CLI_REFUSED, "the chip is an %s; board %s has an %s", chip.name, w->board->name,
                       w->board->device);
  unsigned before = l4_level(&chip);
  if (level < before)
    return problem_set(problem, CLI_REFUSED, "the device is at level %u already; 'device unprotect' goes back", before);
  if (level == 2 && !confirmed(cli,
                               "Read protection level 2 cannot be undone: no debugger, no change of option bytes, ever "
                               "again.",
                               problem))
    return false;
  apply(w, &chip);
  if (level > before && before == 0)
    chip.value[L4_OPTR] = (chip.value[L4_OPTR] & ~L4_OPTR_RDP) | LEVEL_1;
  if (!l4_write(jtag, &chip, problem))
    return false;
  if (level == 2) {
    /* The final lock comes last: after it nothing can be put right any more. */
    if (!connect_and_read(jtag, &chip, problem))
      return false;
    if (!matches(w, &chip, 1))
      return problem_set(problem, CLI_REFUSED, "the option bytes are not as they were written; level 2 was not set");
    chip.value[L4_OPTR] = (chip.value[L4_OPTR] & ~L4_OPTR_RDP) | LEVEL_2;
    if (!l4_write(jtag, &chip, problem))
      return false;
    if (!adi_connect_under_reset(jtag, &port, problem))
      return false;
    if (port == ADI_OPEN)
      return problem_set(problem, CLI_REFUSED, "level 2 was written, but the debug port still answers");
    show_closed(cli);
    return true;
  }
  if (!connect_and_read(jtag, &after, problem))
    return false;
  if (!matches(w, &after, level))
    return problem_set(problem, CLI_REFUSED, "the option bytes are not as they were written");
  show(cli, &after, w, level);
  cli_note(cli, "power-cycle the device: the program starts then");
  return true;
}

static int run_protect(struct cli *cli)
{
  struct problem problem;
  struct wanted w;
  if (!read_wanted(cli, true, &w, &problem))
    return cli_report(cli, &problem);
  if (w.board == NULL)
    return cli_fail(cli, CLI_USAGE, "--board is missing");
  uint32_t level = w.board->protections.rdp;
  if (!cli_number(cli, "level", 0, 2, &level, &problem))
    return cli_report(cli, &problem);
  struct jtag *jtag = jtag_open(cli_value(cli, "jtag"), &problem);
  bool ok = jtag != NULL && protect(cli, jtag, &w, level, &problem);
  jtag_close(jtag);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

/* Level 0 again, which erases everything; from level 0 (for PCROP areas, which do not go otherwise) by way of level 1.
 */
static bool regress(struct jtag *jtag, struct l4_chip *chip, struct problem *problem)
{
  struct area area[2];
  bool pcrop = pcrop_areas(chip, area) > 0, goes = chip->value[L4_PCROP1ER] & L4_PCROP_RDP;
  if (l4_level(chip) == 0 || (pcrop && !goes)) {
    chip->value[L4_OPTR] = (chip->value[L4_OPTR] & ~L4_OPTR_RDP) | LEVEL_1;
    chip->value[L4_PCROP1ER] |= L4_PCROP_RDP;
    if (!l4_write(jtag, chip, problem) || !connect_and_read(jtag, chip, problem))
      return false;
  }
  chip->value[L4_OPTR] = (chip->value[L4_OPTR] & ~L4_OPTR_RDP) | LEVEL_0;
  return true;
}

static void open_up(struct l4_chip *chip)
{
  static const enum l4_option wrp[] = {L4_WRP1AR, L4_WRP1BR, L4_WRP2AR, L4_WRP2BR};
  chip->value[L4_OPTR] |= L4_OPTR_IWDG_SW; /* or it would bite while the chip is programmed again */
  for (unsigned i = 0; i < 4; i++)
    if (wrp[i] < (enum l4_option)chip->options)
      chip->value[wrp[i]] = (chip->value[wrp[i]] & ~0x00FF00FFu) | L4_WRP_NONE;
}

static bool unprotect(const struct cli *cli, struct jtag *jtag, struct problem *problem)
{
  const struct wanted none = {0};
  struct l4_chip chip;
  struct area area[4];
  if (!connect_and_read(jtag, &chip, problem))
    return false;
  bool erases = l4_level(&chip) != 0 || pcrop_areas(&chip, area) > 0;
  if (erases) {
    if (!confirmed(cli, "The whole flash, SRAM2 and the backup registers will be erased.", problem) ||
        !regress(jtag, &chip, problem))
      return false;
    chip.value[L4_PCROP1SR] |= L4_PCROP_SR_NONE;
    chip.value[L4_PCROP1ER] &= ~0xFFFFu;
    if (chip.options == L4_OPTIONS) {
      chip.value[L4_PCROP2SR] |= L4_PCROP_SR_NONE;
      chip.value[L4_PCROP2ER] &= ~0xFFFFu;
    }
  }
  open_up(&chip);
  if (!l4_write(jtag, &chip, problem) || !connect_and_read(jtag, &chip, problem))
    return false;
  if (l4_level(&chip) != 0 || wrp_areas(&chip, area) > 0 || pcrop_areas(&chip, area) > 0)
    return problem_set(problem, CLI_REFUSED, "the device keeps some of its protections");
  show(cli, &chip, &none, 0);
  cli_note(cli, erases ? "the flash is erased; the device can be programmed again" : "nothing had to be erased");
  return erases || adi_release(jtag, problem);
}

static int run_unprotect(struct cli *cli)
{
  struct problem problem;
  struct jtag *jtag = jtag_open(cli_value(cli, "jtag"), &problem);
  bool ok = jtag != NULL && unprotect(cli, jtag, &problem);
  jtag_close(jtag);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

/* ---- descriptions ---- */
static const struct cli_option port_options[] = {
    {"jtag", 'j', "HOST:PORT", "the debug port: a probe that speaks remote_bitbang (stm32sim --jtag)", true, false},
    {0},
};
static const struct cli_option status_options[] = {
    {"under-reset", 0, NULL, "connect while the chip is held in reset; it starts anew", false, false},
    {"board", 'b', "NAME", "compare with what this board wants", false, false},
    {"boot", 0, "FILE", "its boot loader (ELF), for the PCROP area of its keys", false, false},
    {0},
};
static const struct cli_option protect_options[] = {
    {"board", 'b', "NAME", "the board, whose protect.h says what is on", true, false},
    {"boot", 0, "FILE", "its boot loader (ELF), for the PCROP area of its keys", false, false},
    {"level", 'l', "0|1|2", "read protection level (default: the board's)", false, false},
    {"yes", 'y', NULL, "do not ask for confirmation before level 2", false, false},
    {0},
};
static const struct cli_option unprotect_options[] = {
    {"yes", 'y', NULL, "do not ask for confirmation before everything is erased", false, false},
    {0},
};

const struct cli_command cmd_device_status = {
    .name = "device status",
    .arguments = "",
    .summary = "Show a device's static protections, through its debug port",
    .details =
        "At read protection level 1 the look stops the program until the next power-on. With --board the exit code\n"
        "is 1 if the device is not as the board wants it.",
    .options = {port_options, status_options},
    .examples = "portcullis device status --jtag 127.0.0.1:9824",
    .max_arguments = 0,
    .run = run_status,
};

const struct cli_command cmd_device_protect = {
    .name = "device protect",
    .arguments = "",
    .summary = "Set a device's static protections as its board wants them",
    .details =
        "Read protection, write protection of the boot loader, PCROP over its keys, boot from bank 1, SRAM2 erased at\n"
        "reset, watchdog started by hardware, other areas off: option bytes, programmed under reset. Level 2 is for "
        "good,\n"
        "and set last. Afterwards power-cycle the device.",
    .options = {port_options, protect_options},
    .examples = "portcullis device protect --jtag 127.0.0.1:9824 --board nucleo-l476rg-secure --boot boot.elf",
    .max_arguments = 0,
    .run = run_protect,
};

const struct cli_command cmd_device_unprotect = {
    .name = "device unprotect",
    .arguments = "",
    .summary = "Remove a device's static protections; at level 1 this erases everything",
    .details =
        "Back to read protection level 0 and no protected areas. The chip erases its whole flash on the way, keys\n"
        "included, unless it was at level 0 without PCROP. Level 2 cannot be undone.",
    .options = {port_options, unprotect_options},
    .examples = "portcullis device unprotect --jtag 127.0.0.1:9824 --yes",
    .max_arguments = 0,
    .run = run_unprotect,
};
