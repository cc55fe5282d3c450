# Tiny applications of different sizes (the last number is filling): 2 and 3 pages, so that every single flash operation of an
# install can be cut in a test.
pc_board(test-l476-16k SERIES stm32l4 CPU cortex-m4 NO_APP
  TINY "old|1|FILL_KIB(0),FILL_KIB(256)" "new|2|FILL_KIB(0),FILL_KIB(256),FILL_KIB(512),FILL_KIB(768)")
