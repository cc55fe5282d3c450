# The tiny applications are for tests, which fill them up.
pc_board(nucleo-l476rg-single-patch SERIES stm32l4 CPU cortex-m4 MODE single PATCH NO_APP TINY "full|1|FILL_KIB(0)")
