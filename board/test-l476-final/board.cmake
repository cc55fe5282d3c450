# As test-l476-production: the final lock, too, is only checked.
pc_board(test-l476-final SERIES stm32l4 CPU cortex-m4 NO_APP PROTECT production
  TINY "old|1|FILL_KIB(0),FILL_KIB(256)" "new|2|FILL_KIB(0),FILL_KIB(256),FILL_KIB(512),FILL_KIB(768)")
