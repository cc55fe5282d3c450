/* Output of the test programs: semihosting, understood by QEMU and by cpu-machine alike. */
#ifndef TEST_CPU_TARGET_SEMIHOST_H
#define TEST_CPU_TARGET_SEMIHOST_H

#include <stdint.h>

#define REG(a)  (*(volatile uint32_t *)(a))
#define REG8(a) (*(volatile uint8_t *)(a))

static inline void semihost(uint32_t operation, uint32_t argument)
{
  register uint32_t r0 __asm__("r0") = operation;
  register uint32_t r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void put(const char *text);                 /* buffered: one semihosting call a line */
void put_hex(const char *name, uint32_t v); /* "name=0123abcd\n" */
void finish(int code) __attribute__((noreturn));

#endif
