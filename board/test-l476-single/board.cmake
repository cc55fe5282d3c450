# test-l476-16k with a single slot: the boot loader's own loader writes what it receives straight into it.
pc_board(test-l476-single SERIES stm32l4 CPU cortex-m4 MODE single NO_APP
  TINY "old|1|FILL_KIB(0),FILL_KIB(256),FILL_KIB(512)" "new|2|FILL_KIB(0),FILL_KIB(256)")
