pc_board(nucleo-l476rg SERIES stm32l4 CPU cortex-m4 QUIET_TOO)
