# test-l476-16k without swap: the download slot keeps its cipher text, and need not be of the active slot's size.
pc_board(test-l476-overwrite SERIES stm32l4 CPU cortex-m4 MODE overwrite NO_APP
  TINY "old|1|FILL_KIB(0),FILL_KIB(256),FILL_KIB(512)" "new|2|FILL_KIB(0),FILL_KIB(256)")
