/* portcullis kit: everything that an application project needs of a board, in one folder. */
#include "tool/cli.h"
#include "tool/embed.h"
#include "tool/firmware.h"
#include "tool/json.h"
#include "tool/objfile/file.h"
#include "tool/objfile/objfile.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH 4096

/* The vendor's projects place their vectors VECTOR_SIZE behind SLOT0_START, where the header was. Here the header lives
 * elsewhere, and the slot starts with the vectors: the symbol is that much lower. */
#define VECTOR_SIZE 0x200u

#define SERVED_NAME "served_" /* before the names in the boot loader's table (port/cortexm/served.S) */

/* ---- the files of the kit (kit/files.S) ---- */
#define FILE_OF(name) extern const char kit_##name[], kit_##name##_end[];
FILE_OF(postbuild)
FILE_OF(make_keys)
FILE_OF(readme)
FILE_OF(application_ld)
FILE_OF(multiseg_ld)
FILE_OF(status_h)
FILE_OF(sections_ld)
FILE_OF(engine_h)
FILE_OF(update_h)
FILE_OF(handover_h)
FILE_OF(patch_h)
FILE_OF(se_patch_h)
FILE_OF(interface_h)

enum kind {
  ALWAYS,
  LIBRARY,
  SERVED,
  MULTISEG
}; /* LIBRARY: only with libportcullis.a; SERVED: if the boot loader serves updates; MULTISEG: images have two segments
    */
#define SECTIONS_LD "Linker/stm32-secure-patching-bootloader-app-linker-sections_@VERSION@.ld"
#define INTERFACE_H "Include/stm32_secure_patching_bootloader_interface_@VERSION@.h"

static const struct file {
  const char *path, *from, *end;
  unsigned mode;
  enum kind kind;
} files[] = {
    {"README.md", kit_readme, kit_readme_end, 0666, ALWAYS},
    {"Scripts/make_keys.sh", kit_make_keys, kit_make_keys_end, 0777, ALWAYS},
    {"Scripts/STM32CubeIDE/postbuild.sh", kit_postbuild, kit_postbuild_end, 0777, ALWAYS},
    {"Linker/application.ld", kit_application_ld, kit_application_ld_end, 0666, ALWAYS},
    {"Linker/application_multiseg.ld", kit_multiseg_ld, kit_multiseg_ld_end, 0666, MULTISEG},
    {SECTIONS_LD, kit_sections_ld, kit_sections_ld_end, 0666, ALWAYS},
    {"Include/portcullis/status.h", kit_status_h, kit_status_h_end, 0666, ALWAYS},
    {"Include/portcullis/engine.h", kit_engine_h, kit_engine_h_end, 0666, ALWAYS},
    {"Include/portcullis/update.h", kit_update_h, kit_update_h_end, 0666, LIBRARY},
    {"Include/portcullis/handover.h", kit_handover_h, kit_handover_h_end, 0666, LIBRARY},
    {"Include/portcullis/patch.h", kit_patch_h, kit_patch_h_end, 0666, SERVED},
    {"Include/portcullis/se_patch.h", kit_se_patch_h, kit_se_patch_h_end, 0666, SERVED},
    {INTERFACE_H, kit_interface_h, kit_interface_h_end, 0666, SERVED},
};

struct kit {
  const struct cli *cli;
  const struct board *board;
  const char *dir, *version;
  char boot_path[PATH]; /* ELF that goes in */
  char name[64];        /* of the board as the vendor's projects write it: NUCLEO-L476RG */
  struct objfile boot;
  uint32_t gate;        /* address of the engine's */
  bool library, served; /* there is a libportcullis.a; the boot loader serves updates (portcullis/patch.h) */
};

__attribute__((format(printf, 4, 5))) static bool path_in(const struct kit *kit, char to[PATH], struct problem *problem,
                                                          const char *format, ...)
{
  char rest[PATH / 2];
  va_list args;
  va_start(args, format);
  vsnprintf(rest, sizeof rest, format, args);
  va_end(args);
  if (snprintf(to, PATH, "%s/%s", kit->dir, rest) >= PATH)
    return problem_set(problem, CLI_USAGE, "%s: path too long", kit->dir);
  return true;
}

/* The folders above the file `path`, as mkdir -p makes them. */
static bool make_folders(char *path, struct problem *problem)
{
  for (char *at = path + 1; *at != '\0'; at++) {
    if (*at != '/')
      continue;
    *at = '\0';
    int failed = mkdir(path, 0777);
    *at = '/';
    if (failed != 0 && errno != EEXIST)
      return problem_set(problem, CLI_INPUT, "%.*s: %s", (int)(at - path), path, strerror(errno));
  }
  return true;
}

static bool write_file(char *path, const void *bytes, size_t size, unsigned mode, struct problem *problem)
{
  problem->code = CLI_INPUT;
  return make_folders(path, problem) && objfile_spit(path, bytes, size, mode, problem->text, sizeof problem->text);
}

/* What an application has in internal flash. */
static uint32_t first_size(const struct board *b)
{
  return b->segment.size != 0 ? b->segment.offset : b->slots[0].image_max;
}

/* @NAME@ in a file's text. False: not a name that is known. */
static bool write_word(const struct kit *kit, FILE *to, const char *word, size_t length)
{
  const struct board_slot *slot = &kit->board->slots[0];
  char start[16], size[16], ram[16];
  const struct {
    const char *word, *text;
  } words[] = {
      {"BOARD", kit->name}, {"VERSION", kit->version}, {"APP_START", start}, {"APP_SIZE", size}, {"RAM_START", ram}};
  snprintf(start, sizeof start, "0x%08x", slot->active);
  snprintf(size, sizeof size, "%u", first_size(kit->board));
  snprintf(ram, sizeof ram, "0x%08x", kit->board->app_ram);
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strlen(words[i].word) == length && memcmp(words[i].word, word, length) == 0) {
      fputs(words[i].text, to);
      return true;
    }
  }
  return false;
}

/* The text with its names replaced, to be freed; NULL: out of memory. */
static char *filled_in(const struct kit *kit, const char *from, const char *end, size_t *size, struct problem *problem)
{
  char *text = NULL;
  FILE *to = open_memstream(&text, size);
  for (const char *at = from; to != NULL && at < end;) {
    const char *stop = *at == '@' ? memchr(at + 1, '@', (size_t)(end - at - 1)) : NULL;
    if (stop != NULL && write_word(kit, to, at + 1, (size_t)(stop - at - 1)))
      at = stop + 1;
    else
      fputc(*at++, to);
  }
  if (to != NULL && fclose(to) == 0)
    return text;
  problem_set(problem, CLI_INPUT, "out of memory");
  return NULL;
}

static bool write_template(const struct kit *kit, const struct file *file, struct problem *problem)
{
  char path[PATH];
  size_t size = 0, path_size = 0;
  if ((file->kind == LIBRARY && !kit->library) || (file->kind == SERVED && !kit->served) ||
      (file->kind == MULTISEG && kit->board->segment.size == 0))
    return true;
  char *text = filled_in(kit, file->from, file->end, &size, problem);
  char *name = filled_in(kit, file->path, file->path + strlen(file->path), &path_size, problem);
  bool ok = text != NULL && name != NULL && path_in(kit, path, problem, "%s", name) &&
            write_file(path, text, size, file->mode, problem);
  free(text);
  free(name);
  return ok;
}

/* ---- the boot loader ---- */

/* By default the one that was built with this program: build/arm/<board>/boot.elf beside build/host/portcullis. */
static bool find_boot(struct kit *kit, struct problem *problem)
{
  const char *given = cli_value(kit->cli, "boot");
  char self[PATH];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  self[n > 0 ? n : 0] = '\0';
  char *slash = strrchr(self, '/');
  if (slash != NULL)
    *slash = '\0';
  int size = given != NULL ? snprintf(kit->boot_path, PATH, "%s", given)
                           : snprintf(kit->boot_path, PATH, "%s/../arm/%s/boot.elf", self, kit->board->name);
  if (size >= PATH)
    return problem_set(problem, CLI_USAGE, "path too long");
  if (access(kit->boot_path, R_OK) != 0)
    return problem_set(problem, CLI_INPUT, "%s: %s; give the boot loader with --boot FILE.elf", kit->boot_path,
                       strerror(errno));
  problem->code = CLI_INPUT;
  if (!objfile_read(kit->boot_path, OBJFILE_ELF, 0, &kit->boot, problem->text, sizeof problem->text))
    return false;
  if (!objfile_symbol_find(&kit->boot, "engine_gate", &kit->gate))
    return problem_set(problem, CLI_INPUT, "%s: not a boot loader: no symbol engine_gate", kit->boot_path);
  for (size_t i = 0; i < kit->boot.symbol_count; i++)
    kit->served |= strncmp(kit->boot.symbols[i].name, SERVED_NAME, strlen(SERVED_NAME)) == 0;
  return true;
}

/* No kit carries anybody's keys: `image merge --embed-keys` puts the product's in. */
static bool remove_keys(struct kit *kit, struct problem *problem)
{
  static const uint8_t blank[64];
  for (uint32_t image = 1; image <= kit->board->images; image++) {
    char aes[32], public[32];
    snprintf(aes, sizeof aes, "engine_key_aes_%u", image);
    snprintf(public, sizeof public, "engine_key_pub_%u", image);
    if (!embed_replace(&kit->boot, aes, blank, 16) || !embed_replace(&kit->boot, public, blank, 64))
      return problem_set(problem, CLI_REFUSED,
                         "%s: its keys cannot be found (functions %s and %s), so they cannot be left out",
                         kit->boot_path, aes, public);
  }
  return true;
}

static bool write_boot(struct kit *kit, struct problem *problem)
{
  char path[PATH];
  if (!remove_keys(kit, problem) ||
      !path_in(kit, path, problem, "Libs/%s/stm32-secure-patching-bootloader_%s_%s.elf", kit->name, kit->name,
               kit->version) ||
      !make_folders(path, problem))
    return false;
  problem->code = CLI_INPUT;
  return objfile_write_elf(&kit->boot, kit->boot_path, path, problem->text, sizeof problem->text);
}

/* ---- what describes the board ---- */

static bool write_linker(const struct kit *kit, struct problem *problem)
{
  const struct board *b = kit->board;
  const struct board_slot *slot = &b->slots[0];
  char path[PATH], *text = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  if (to == NULL)
    return problem_set(problem, CLI_INPUT, "out of memory");
  fprintf(to,
          "/* %s: where an application may be, and what it may call of boot loader %s. Made by 'portcullis kit'.\n"
          " * Vectors stand at SLOT0_START + VECTOR_SIZE. */\n"
          "STM32_SECURE_PATCHING_BOOTLOADER_SLOT0_START = 0x%08x;\n"
          "STM32_SECURE_PATCHING_BOOTLOADER_SLOT0_END = 0x%08x;\n"
          "STM32_SECURE_PATCHING_BOOTLOADER_RAM_START = 0x%08x;\n"
          "STM32_SECURE_PATCHING_BOOTLOADER_RAM_END = 0x%08x;\n"
          "VECTOR_SIZE = 0x%x;\n",
          kit->name, kit->version, slot->active - VECTOR_SIZE, slot->active + first_size(b) - 1, b->app_ram,
          b->ram.base + b->ram.size - 1, VECTOR_SIZE);
  if (b->segment.size != 0)
    fprintf(to,
            "STM32_SECURE_PATCHING_BOOTLOADER_MULTISEG_START = 0x%08x;\n"
            "STM32_SECURE_PATCHING_BOOTLOADER_MULTISEG_END = 0x%08x;\n",
            b->segment.base, b->segment.base + b->segment.size - 1);
  uint32_t shared;
  /* the gate's second word, in Thumb state */
  fprintf(to, "engine_entry = 0x%08x;\nPROVIDE(engine_call = engine_entry);\n", (kit->gate + 4) | 1u);
  if (objfile_symbol_find(&kit->boot, "port_shared", &shared))
    fprintf(to, "PROVIDE(port_shared = 0x%08x);\n", shared);
  for (size_t i = 0; i < kit->boot.symbol_count; i++) {
    const struct objfile_symbol *s = &kit->boot.symbols[i];
    if (strncmp(s->name, SERVED_NAME, strlen(SERVED_NAME)) == 0)
      fprintf(to, "PROVIDE(%s = 0x%08x);\n", s->name + strlen(SERVED_NAME), s->addr | 1u);
  }
  bool ok = fclose(to) == 0 || problem_set(problem, CLI_INPUT, "out of memory");
  ok = ok &&
       path_in(kit, path, problem, "Libs/%s/stm32-secure-patching-bootloader-linker-gcc_%s_%s.ld", kit->name, kit->name,
               kit->version) &&
       write_file(path, text, size, 0666, problem);
  free(text);
  return ok;
}

static bool write_properties(const struct kit *kit, struct problem *problem)
{
  const struct board *b = kit->board;
  char path[PATH], text[600], second[120] = "";
  if (b->segment.size != 0)
    snprintf(second, sizeof second, "multiseg_start=0x%08x\nmultiseg_size=%u\nmultiseg_offset=%u\n", b->segment.base,
             b->segment.size, b->segment.offset);
  int size =
      snprintf(text, sizeof text,
               "board=%s\ntitle=%s\ndevice=%s\nboot_version=%s\nimages=%u\nflash_page=%u\nslot0_start=0x%08x\n"
               "slot0_size=%u\nslot1_start=0x%08x\nslot1_size=%u\nram_start=0x%08x\nvector_size=0x%x\npatches=%s\n%s",
               b->name, b->title, b->device, kit->version, b->images, b->page, b->slots[0].active, first_size(b),
               b->slots[0].download, b->slots[0].download_size, b->app_ram, VECTOR_SIZE,
               b->scratch.size != 0 ? "in-place"
               : kit->served        ? "yes"
                                    : "no",
               second);
  return path_in(kit, path, problem, "Libs/%s/board.properties", kit->name) &&
         write_file(path, text, (size_t)size, 0666, problem);
}

static bool copy(const char *from, char *to, unsigned mode, struct problem *problem)
{
  size_t size;
  problem->code = CLI_INPUT;
  uint8_t *bytes = objfile_slurp(from, 256u << 20, &size, problem->text, sizeof problem->text);
  bool ok = bytes != NULL && write_file(to, bytes, size, mode, problem);
  free(bytes);
  return ok;
}

static bool copy_tool(const struct kit *kit, struct problem *problem)
{
  char path[PATH];
  return path_in(kit, path, problem, "Tools/portcullis") && copy("/proc/self/exe", path, 0777, problem);
}

/* Updates over a transport of the application's own (portcullis/update.h), where the build made it: beside the boot
 * loader. */
static bool copy_library(struct kit *kit, struct problem *problem)
{
  char from[PATH], path[PATH];
  const char *slash = strrchr(kit->boot_path, '/');
  int folder = slash != NULL ? (int)(slash - kit->boot_path) + 1 : 0;
  if (snprintf(from, PATH, "%.*slibportcullis.a", folder, kit->boot_path) >= PATH || access(from, R_OK) != 0)
    return true;
  kit->library = true;
  return path_in(kit, path, problem, "Libs/%s/libportcullis.a", kit->name) && copy(from, path, 0666, problem);
}

static void show(const struct kit *kit)
{
  if (kit->cli->json) {
    json_object(NULL);
    json_string("folder", kit->dir);
    json_string("board", kit->name);
    json_string("version", kit->version);
    json_end();
  } else {
    printf("%s: kit for %s, boot loader %s without keys. Read %s/README.md.\n", kit->dir, kit->name, kit->version,
           kit->dir);
  }
}

static int run(struct cli *cli)
{
  struct problem problem = {0};
  struct kit kit = {.cli = cli, .dir = cli->arguments[1], .version = cli_value(cli, "version")};
  struct stat there;
  if (kit.version == NULL)
    kit.version = "v1.0.0";
  if (kit.version[strspn(kit.version, "v0123456789.")] != '\0' || strlen(kit.version) > 20)
    return cli_fail(cli, CLI_USAGE, "--version %s: looks like v1.0.0", kit.version);
  kit.board = board_find(cli->arguments[0]);
  if (kit.board == NULL)
    return cli_fail(cli, CLI_USAGE, "no board '%s'; 'portcullis board list' shows those there are", cli->arguments[0]);
  if (stat(kit.dir, &there) == 0)
    return cli_fail(cli, CLI_REFUSED, "%s: is there already; a kit goes into a new folder", kit.dir);
  const char *name = cli_value(cli, "name");
  if (name == NULL)
    name = kit.board->name;
  size_t length = strlen(name);
  for (size_t i = 0; i < sizeof kit.name - 1 && i < length; i++)
    kit.name[i] = (char)toupper((unsigned char)name[i]);
  if (length == 0 || length >= sizeof kit.name || strspn(kit.name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != length)
    return cli_fail(cli, CLI_USAGE, "--name %s: letters, digits and '-', at most %zu", name, sizeof kit.name - 1);
  bool ok = find_boot(&kit, &problem) && write_boot(&kit, &problem) && write_linker(&kit, &problem) &&
            write_properties(&kit, &problem) && copy_tool(&kit, &problem) && copy_library(&kit, &problem);
  for (size_t i = 0; ok && i < sizeof files / sizeof files[0]; i++)
    ok = write_template(&kit, &files[i], &problem);
  if (ok)
    show(&kit);
  objfile_free(&kit.boot);
  return ok ? CLI_OK : cli_report(cli, &problem);
}

static const struct cli_option options[] = {
    {"boot", 0, "FILE.elf", "boot loader (default: the one built beside this program)", false, false},
    {"version", 0, "V", "its version, part of file names (default v1.0.0)", false, false},
    {"name", 0, "NAME", "what the project calls the board, part of file names (default: BOARD, in capitals)", false,
     false},
    {0},
};

const struct cli_command cmd_kit = {
    .name = "kit",
    .arguments = "BOARD DIR",
    .summary = "Write what an application project needs of a board",
    .details =
        "Boot loader without keys, linker file and scripts, headers, the update library, make_keys.sh, postbuild.sh "
        "for\n"
        "STM32CubeIDE, this program. --name and --version: so that a project that was made for the vendor's kit finds "
        "the\n"
        "files under the names that it knows.",
    .options = {options},
    .examples = "portcullis kit nucleo-l476rg Bootloader\n"
                "portcullis kit nucleo-l476rg-patch Bootloader --name NUCLEO-L476RG --version v1.4.0",
    .min_arguments = 2,
    .max_arguments = 2,
    .run = run,
};
