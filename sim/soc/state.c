/* The state folder: what a device keeps without power, one file each. Files are written beside the old ones and renamed
 * over them together, so that a killed simulator leaves the old state or the new one. A lock keeps a second simulator
 * from using the same device. */
#include "sim/soc/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool path_of(struct soc *soc, const char *name, const char *suffix, char **path)
{
  size_t size = strlen(soc->state_dir) + strlen(name) + strlen(suffix) + 2;
  *path = malloc(size);
  if (!*path)
    return soc_fail(soc, "out of memory");
  snprintf(*path, size, "%s/%s%s", soc->state_dir, name, suffix);
  return true;
}

bool soc_state_open(struct soc *soc, const char *dir)
{
  if (mkdir(dir, 0777) && errno != EEXIST)
    return soc_fail(soc, "cannot make state folder %s: %s", dir, strerror(errno));
  soc->state_dir = strdup(dir);
  char *path;
  if (!soc->state_dir || !path_of(soc, "lock", "", &path))
    return soc_fail(soc, "out of memory");
  soc->state_lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  free(path);
  if (soc->state_lock < 0)
    return soc_fail(soc, "cannot use state folder %s: %s", dir, strerror(errno));
  if (flock(soc->state_lock, LOCK_EX | LOCK_NB))
    return soc_fail(soc, "state folder %s is in use by another simulator", dir);
  return true;
}

void soc_state_close(struct soc *soc)
{
  if (soc->state_lock >= 0)
    close(soc->state_lock);
  free(soc->state_dir);
}

enum soc_loaded soc_load_any(struct soc *soc, const char *name, uint8_t **to, size_t *size, size_t max)
{
  char *path;
  if (!path_of(soc, name, "", &path))
    return SOC_BROKEN;
  FILE *f = fopen(path, "rb");
  enum soc_loaded result = SOC_BROKEN;
  uint8_t *bytes = NULL;
  if (!f) {
    if (errno == ENOENT)
      result = SOC_ABSENT;
    else
      soc_fail(soc, "cannot read %s: %s", path, strerror(errno));
  } else if (!(bytes = malloc(max + 1))) {
    soc_fail(soc, "out of memory");
  } else {
    *size = fread(bytes, 1, max + 1, f);
    if (ferror(f) || *size > max)
      soc_fail(soc, "%s: not a file of this model (more than %zu bytes, or unreadable)", path, max);
    else
      result = SOC_LOADED;
  }
  if (f)
    fclose(f);
  free(path);
  if (result == SOC_LOADED)
    *to = bytes;
  else
    free(bytes);
  return result;
}

enum soc_loaded soc_load(struct soc *soc, const char *name, void *to, size_t size)
{
  uint8_t *bytes;
  size_t got;
  enum soc_loaded r = soc_load_any(soc, name, &bytes, &got, size);
  if (r != SOC_LOADED)
    return r;
  if (got == size) {
    memcpy(to, bytes, size);
  } else {
    soc_fail(soc, "%s/%s: %zu bytes, must be %zu for %s", soc->state_dir, name, got, size, soc->model->name);
    r = SOC_BROKEN;
  }
  free(bytes);
  return r;
}

bool soc_stage(struct soc *soc, const char *name, const void *from, size_t size)
{
  char *path, *copy = strdup(name);
  if (!copy || soc->staged_count == SOC_MAX_STAGED || !path_of(soc, name, ".new", &path)) {
    free(copy);
    return soc_fail(soc, "out of memory");
  }
  soc->staged[soc->staged_count++] = copy;
  FILE *f = fopen(path, "wb");
  bool ok = f && fwrite(from, 1, size, f) == size;
  if (f && fclose(f))
    ok = false;
  if (!ok) {
    soc_fail(soc, "cannot write %s: %s", path, strerror(errno));
    unlink(path);
  }
  free(path);
  return ok;
}

bool soc_state_commit(struct soc *soc, bool ok)
{
  for (unsigned i = 0; i < soc->staged_count; i++) {
    char *from = NULL, *to = NULL;
    if (ok && (!path_of(soc, soc->staged[i], ".new", &from) || !path_of(soc, soc->staged[i], "", &to)))
      ok = false;
    if (ok && rename(from, to))
      ok = soc_fail(soc, "cannot write %s: %s", to, strerror(errno));
    if (!ok && (from || path_of(soc, soc->staged[i], ".new", &from)))
      unlink(from);
    free(from);
    free(to);
    free(soc->staged[i]);
  }
  soc->staged_count = 0;
  return ok;
}
