/* Messages and small files for people and scripts. */
#include "sim/host/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void json_string(FILE *to, const char *text)
{
  fputc('"', to);
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\')
      fprintf(to, "\\%c", c);
    else if (c < 0x20 || c >= 0x7f)
      fprintf(to, "\\u%04x", c);
    else
      fputc(c, to);
  }
  fputc('"', to);
}

void report(const struct report *r, const char *event, const char *format, ...)
{
  char text[2048];
  va_list args;
  if (r->quiet && strcmp(event, "error") != 0)
    return;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (r->json) {
    fprintf(stderr, "{\"event\":\"%s\",\"text\":", event);
    json_string(stderr, text);
    fputs("}\n", stderr);
  } else if (strcmp(event, "log") == 0 || strcmp(event, "error") == 0) {
    fprintf(stderr, "stm32sim: %s\n", text);
  } else {
    fprintf(stderr, "%s: %s\n", event, text);
  }
  fflush(stderr);
}

static bool write_fd(int fd, const char *text)
{
  size_t left = strlen(text);
  while (left > 0) {
    ssize_t n = write(fd, text, left);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    text += n;
    left -= (size_t)n;
  }
  return true;
}

bool write_whole(const char *path, const char *text)
{
  struct stat st;
  bool special = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
  size_t size = strlen(path) + 32;
  char *temporary = malloc(size);
  if (!temporary)
    return false;
  snprintf(temporary, size, "%s.%ld", path, (long)getpid());
  int fd = special ? open(path, O_WRONLY | O_CLOEXEC) : open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  bool ok = fd >= 0 && write_fd(fd, text);
  if (fd >= 0 && close(fd) != 0)
    ok = false;
  if (!special && ok)
    ok = rename(temporary, path) == 0;
  if (!special && !ok && fd >= 0) {
    int error = errno;
    unlink(temporary);
    errno = error;
  }
  free(temporary);
  return ok;
}
