# The tiny application is for tests: filled up to all that the slot takes.
pc_board(nucleo-l476rg-single SERIES stm32l4 CPU cortex-m4 MODE single NO_APP TINY "full|1|FILL_KIB(0)")
