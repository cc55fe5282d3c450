pc_board(nucleo-l476rg-single SERIES stm32l4 CPU cortex-m4 MODE single NO_APP)
