# Image 2 is the standalone loader: the boot loader itself receives nothing.
pc_board(test-l476-loader SERIES stm32l4 CPU cortex-m4 IMAGES 2 LOADER standalone)
