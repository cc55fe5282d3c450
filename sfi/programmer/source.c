/* Licences from a card, a file or a folder. */
#include "sfi/programmer/source.h"

#ifdef PORTCULLIS_HAVE_PCSC
#include "sfi/host/reader.h"
#endif
#include "tool/objfile/file.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reader;

struct source {
  pthread_mutex_t lock; /* one card, many devices */
  const char *folder;   /* NULL: licences are not kept */
  unsigned module;      /* 0: the image's */
  bool from_file;
  uint8_t file[SFI_LICENCE_SIZE];
  struct reader *reader;
};

static bool load(const char *path, uint8_t licence[SFI_LICENCE_SIZE], struct problem *problem)
{
  size_t size;
  struct sfi_licence info;
  problem->code = CLI_INPUT;
  uint8_t *bytes = objfile_slurp(path, 4096, &size, problem->text, sizeof problem->text);
  if (bytes == NULL)
    return false;
  bool ok = sfi_licence_parse(bytes, size, &info) == PC_OK;
  if (ok)
    memcpy(licence, bytes, SFI_LICENCE_SIZE);
  free(bytes);
  return ok || problem_set(problem, CLI_INPUT, "%s: holds no licence", path);
}

#ifdef PORTCULLIS_HAVE_PCSC
static bool open_card(struct source *s, const char *reader, struct problem *problem)
{
  s->reader = reader_open_named(reader, problem);
  return s->reader != NULL;
}

static bool issue(struct source *s, const struct install_device *device, const uint8_t *certificate, size_t size,
                  uint8_t licence[SFI_LICENCE_SIZE], struct problem *problem)
{
  return reader_licence(s->reader, device->challenge, certificate, size, licence, problem);
}

static void close_card(struct source *s)
{
  reader_close(s->reader);
}

bool source_left(struct source *s, uint32_t *left)
{
  struct card_info info;
  struct problem ignored;
  if (s->reader == NULL)
    return false;
  pthread_mutex_lock(&s->lock);
  bool ok = reader_info(s->reader, &info, &ignored);
  pthread_mutex_unlock(&s->lock);
  *left = ok ? info.left : 0;
  return ok;
}
#else
static bool open_card(struct source *s, const char *reader, struct problem *problem)
{
  (void)s;
  (void)reader;
  return problem_set(problem, CLI_INPUT,
                     "this program was built without PC/SC and knows no cards; give a licence with --licence");
}

static bool issue(struct source *s, const struct install_device *device, const uint8_t *certificate, size_t size,
                  uint8_t licence[SFI_LICENCE_SIZE], struct problem *problem)
{
  (void)s;
  (void)device;
  (void)certificate;
  (void)size;
  (void)licence;
  return problem_set(problem, CLI_INPUT, "no card");
}

static void close_card(struct source *s)
{
  (void)s;
}

bool source_left(struct source *s, uint32_t *left)
{
  (void)s;
  (void)left;
  return false;
}
#endif

struct source *source_open(const struct cli *cli, struct problem *problem)
{
  return source_open_for(cli, 0, cli_value(cli, "licence"), cli_value(cli, "reader"), problem);
}

struct source *source_open_for(const struct cli *cli, unsigned module, const char *file, const char *reader,
                               struct problem *problem)
{
  struct source *s = calloc(1, sizeof *s);
  if (s == NULL) {
    problem_set(problem, CLI_INPUT, "out of memory");
    return NULL;
  }
  pthread_mutex_init(&s->lock, NULL);
  s->module = module;
  s->folder = cli_value(cli, "licences");
  s->from_file = file != NULL;
  bool ok = s->folder == NULL || access(s->folder, W_OK | X_OK) == 0 ||
            problem_set(problem, CLI_INPUT, "%s: no folder that can be written", s->folder);
  ok = ok && (s->from_file ? load(file, s->file, problem) : open_card(s, reader, problem));
  if (ok)
    return s;
  source_close(s);
  return NULL;
}

void source_close(struct source *s)
{
  if (s == NULL)
    return;
  close_card(s);
  pthread_mutex_destroy(&s->lock);
  free(s);
}

static void path_of(const struct source *s, const struct install_device *device, char path[4096])
{
  int n = snprintf(path, 4000, "%s/", s->folder);
  for (unsigned i = 0; i < INSTALL_UID; i++)
    n += snprintf(path + n, 4096 - (size_t)n, "%02x", device->uid[i]);
  if (s->module != 0)
    n += snprintf(path + n, 4096 - (size_t)n, ".m%u", s->module);
  snprintf(path + n, 4096 - (size_t)n, ".lic");
}

/* Issued before for the challenge that the device still expects. */
static bool kept(const struct source *s, const struct install_device *device, uint8_t licence[SFI_LICENCE_SIZE])
{
  char path[4096];
  struct problem ignored;
  struct sfi_licence info;
  if (s->folder == NULL)
    return false;
  path_of(s, device, path);
  return load(path, licence, &ignored) && sfi_licence_parse(licence, SFI_LICENCE_SIZE, &info) == PC_OK &&
         memcmp(info.challenge, device->challenge, SFI_CHALLENGE_SIZE) == 0;
}

static bool keep(const struct source *s, const struct install_device *device, const uint8_t licence[SFI_LICENCE_SIZE],
                 struct problem *problem)
{
  char path[4096];
  if (s->folder == NULL)
    return true;
  path_of(s, device, path);
  problem->code = CLI_INPUT;
  return objfile_spit(path, licence, SFI_LICENCE_SIZE, 0666, problem->text, sizeof problem->text);
}

bool source_licence(struct source *s, const struct install_device *device, const uint8_t *certificate, size_t size,
                    uint8_t licence[SFI_LICENCE_SIZE], bool *issued, uint32_t *left, struct problem *problem)
{
  struct sfi_licence info;
  bool ok = true;
  *issued = false;
  pthread_mutex_lock(&s->lock);
  if (s->from_file) {
    memcpy(licence, s->file, SFI_LICENCE_SIZE);
  } else if (!kept(s, device, licence)) {
    ok = issue(s, device, certificate, size, licence, problem);
    *issued = ok;
    ok = ok && keep(s, device, licence, problem);
  }
  pthread_mutex_unlock(&s->lock);
  if (ok)
    ok = sfi_licence_parse(licence, SFI_LICENCE_SIZE, &info) == PC_OK ||
         problem_set(problem, CLI_INPUT, "the card's licence is malformed");
  if (ok)
    *left = info.left;
  return ok;
}
