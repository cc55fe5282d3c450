/* Whole files in and out. A file is written under a temporary name next to its final one and renamed, so that an error
 * or a kill never leaves half a file under a name that somebody trusts. */
#include "tool/objfile/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(const char *path, const char *what, char *err, size_t err_size)
{
  snprintf(err, err_size, "%s: %s", path, what);
  return false;
}

static uint8_t *slurp(int fd, const char *path, size_t limit, size_t *size, char *err, size_t err_size)
{
  size_t room = 65536, used = 0;
  struct stat st;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && (uint64_t)st.st_size <= limit)
    room = (size_t)st.st_size + 1; /* one more, so that the read that finds the end needs no growing */
  uint8_t *bytes = malloc(room);
  fail(path, "out of memory", err, err_size); /* unless something better is known */
  while (bytes != NULL) {
    ssize_t n = read(fd, bytes + used, room - used);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      fail(path, strerror(errno), err, err_size);
      break;
    }
    if (n == 0) {
      *size = used;
      return bytes;
    }
    used += (size_t)n;
    if (used > limit) {
      snprintf(err, err_size, "%s: larger than %zu bytes", path, limit);
      break;
    }
    if (used == room) {
      uint8_t *grown = realloc(bytes, room *= 2);
      if (grown == NULL)
        break;
      bytes = grown;
    }
  }
  free(bytes);
  return NULL;
}

uint8_t *objfile_slurp(const char *path, size_t limit, size_t *size, char *err, size_t err_size)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    fail(path, strerror(errno), err, err_size);
    return NULL;
  }
  uint8_t *bytes = slurp(fd, path, limit, size, err, err_size);
  close(fd);
  return bytes;
}

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
  while (size > 0) {
    ssize_t n = write(fd, bytes, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    bytes += n;
    size -= (size_t)n;
  }
  return true;
}

bool objfile_spit(const char *path, const void *bytes, size_t size, unsigned mode, char *err, size_t err_size)
{
  struct stat st;
  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* a device or a pipe: nothing to replace */
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write_all(fd, bytes, size);
    if (!ok)
      fail(path, strerror(errno), err, err_size);
    if (fd >= 0)
      close(fd);
    return ok;
  }
  size_t length = strlen(path) + sizeof ".XXXXXX";
  char *temporary = malloc(length);
  if (temporary == NULL)
    return fail(path, "out of memory", err, err_size);
  snprintf(temporary, length, "%s.XXXXXX", path);
  int fd = mkstemp(temporary);
  if (fd < 0) {
    fail(path, strerror(errno), err, err_size);
    free(temporary);
    return false;
  }
  mode_t mask = umask(0);
  umask(mask);
  bool ok = write_all(fd, bytes, size) && fchmod(fd, (mode_t)mode & ~mask) == 0;
  ok = close(fd) == 0 && ok;
  ok = ok && rename(temporary, path) == 0;
  if (!ok) {
    fail(path, strerror(errno), err, err_size);
    unlink(temporary);
  }
  free(temporary);
  return ok;
}
