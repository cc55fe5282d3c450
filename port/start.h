/* What a program (boot loader or application) gives its start-up code. */
#ifndef PORT_START_H
#define PORT_START_H

enum start_fault { START_HARD_FAULT, START_MEMORY_FAULT };

/* A fault ended the program: note it; the caller resets afterwards. May be called with the stack in any state. */
void start_on_fault(enum start_fault fault);

#endif
