# The NUCLEO-L476RG with every protection on (protect.h), and interrupts served while the engine works.
pc_board(nucleo-l476rg-secure SERIES stm32l4 CPU cortex-m4 PROTECT development LOW_LATENCY)
