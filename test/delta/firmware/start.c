/* Start-up of the sample firmware: vector table, RAM set up, and the system calls that newlib wants. The samples are
 * built to be compared, not run; they are shaped as a product's firmware is.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

extern uint32_t image_data_load[], image_data[], image_data_end[], image_bss[], image_bss_end[], image_stack[];
int main(void);

volatile uint32_t tick_count;

void tick_handler(void)
{
  tick_count++;
}

void default_handler(void)
{
  for (;;) {
  }
}

void reset_handler(void)
{
  uint32_t *from = image_data_load;
  // cppcheck-suppress comparePointers
  for (uint32_t *to = image_data; to < image_data_end;)
    *to++ = *from++;
  // cppcheck-suppress comparePointers
  for (uint32_t *to = image_bss; to < image_bss_end;)
    *to++ = 0;
  main();
  default_handler();
}

typedef void (*handler)(void);
__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack;
  handler handlers[15 + 82];
} vectors = {image_stack,
             {reset_handler, [1 ... 13] = default_handler, [14] = tick_handler, [15 ... 96] = default_handler}};

#define UART ((volatile uint32_t *)0x40004400)

int _write(int file, const char *text, int size)
{
  (void)file;
  for (int i = 0; i < size; i++) {
    while (!(UART[7] & 0x80)) {
    }
    UART[10] = (uint8_t)text[i];
  }
  return size;
}

int _read(int file, char *to, int size)
{
  (void)file;
  if (size < 1 || !(UART[7] & 0x20))
    return 0;
  *to = (char)UART[9];
  return 1;
}

void *_sbrk(ptrdiff_t grow)
{
  static char heap[0x4000];
  static ptrdiff_t used;
  if (used + grow > (ptrdiff_t)sizeof heap)
    return (void *)-1;
  used += grow;
  return heap + used - grow;
}

int _fstat(int file, struct stat *status)
{
  (void)file;
  status->st_mode = S_IFCHR;
  return 0;
}

int _close(int file)
{
  return file - file - 1;
}

int _isatty(int file)
{
  return file >= 0;
}

off_t _lseek(int file, off_t offset, int whence)
{
  (void)file;
  (void)whence;
  return offset;
}

void _exit(int status)
{
  (void)status;
  default_handler();
}

int _kill(int process, int signal)
{
  (void)process;
  (void)signal;
  return -1;
}

int _getpid(void)
{
  return 1;
}
