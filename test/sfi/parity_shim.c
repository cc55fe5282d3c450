/* A pseudo-terminal does not keep the parity bit, and programs that check what they have set refuse it: this remembers
 * the bit for them (LD_PRELOAD). The bytes on a pseudo-terminal have no parity anyway. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <termios.h>

static tcflag_t parity;

int tcsetattr(int fd, int when, const struct termios *t)
{
  int (*real)(int, int, const struct termios *) =
      (int (*)(int, int, const struct termios *))dlsym(RTLD_NEXT, "tcsetattr");
  parity = t->c_cflag & (PARENB | PARODD);
  return real(fd, when, t);
}

int tcgetattr(int fd, struct termios *t)
{
  int (*real)(int, struct termios *) = (int (*)(int, struct termios *))dlsym(RTLD_NEXT, "tcgetattr");
  int result = real(fd, t);
  t->c_cflag |= parity;
  return result;
}
