/* The last step of a launch: the boot loader's RAM is cleared and the program behind `vectors` started. A strategy:
 * port/cortexm/jump.c, or port/stm32l4/jump_protect.S, which also takes the boot loader's right to execute away. */
#ifndef PORT_JUMP_H
#define PORT_JUMP_H

#include <stdint.h>

_Noreturn void port_jump(uint32_t vectors);

#endif
