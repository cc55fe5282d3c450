/* The card's state in a real file: the operations of struct card_io as system calls. */
#include "sfi/card/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool new_path(const struct card_disk *disk, char to[PATH_MAX])
{
  int n = snprintf(to, PATH_MAX, "%s.new", disk->path);
  return n > 0 && n < PATH_MAX;
}

static long read_state(void *context, uint8_t *bytes, size_t room)
{
  const struct card_disk *disk = context;
  int fd = open(disk->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT ? -1 : -2;
  size_t size = 0;
  ssize_t n = 1;
  while (n > 0 && size < room) {
    n = read(fd, bytes + size, room - size);
    if (n < 0 && errno == EINTR)
      n = 1;
    else if (n > 0)
      size += (size_t)n;
  }
  uint8_t more;
  if (n > 0 && read(fd, &more, 1) != 0)
    n = -1;
  close(fd);
  return n < 0 ? -2 : (long)size;
}

static bool create(void *context)
{
  struct card_disk *disk = context;
  char path[PATH_MAX];
  if (!new_path(disk, path))
    return false;
  if (disk->fd >= 0)
    close(disk->fd);
  disk->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  return disk->fd >= 0;
}

static bool write_all(void *context, const uint8_t *bytes, size_t size)
{
  const struct card_disk *disk = context;
  while (size > 0) {
    ssize_t n = write(disk->fd, bytes, size);
    if (n < 0 && errno != EINTR)
      return false;
    if (n > 0) {
      bytes += n;
      size -= (size_t)n;
    }
  }
  return true;
}

static bool sync_and_close(void *context)
{
  struct card_disk *disk = context;
  bool ok = fsync(disk->fd) == 0;
  ok = close(disk->fd) == 0 && ok;
  disk->fd = -1;
  return ok;
}

static bool rename_new(void *context)
{
  const struct card_disk *disk = context;
  char path[PATH_MAX];
  return new_path(disk, path) && rename(path, disk->path) == 0;
}

static bool sync_folder(void *context)
{
  const struct card_disk *disk = context;
  char folder[PATH_MAX];
  const char *slash = strrchr(disk->path, '/');
  int n = snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - disk->path) + 1 : 1, slash ? disk->path : ".");
  if (n <= 0 || n >= (int)sizeof folder)
    return false;
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return false;
  bool ok = fsync(fd) == 0;
  close(fd);
  return ok;
}

void card_disk_io(struct card_disk *disk, const char *path, struct card_io *io)
{
  disk->path = path;
  disk->fd = -1;
  *io = (struct card_io){disk, read_state, create, write_all, sync_and_close, rename_new, sync_folder};
}
