# Three images. Image 1 is started; the others are data as far as the tests are concerned (test/set/).
pc_board(test-l476-3 SERIES stm32l4 CPU cortex-m4 STATES IMAGES 3
  TINY "old|1|FILL_KIB(0),FILL_KIB(256)" "new|2|FILL_KIB(0),FILL_KIB(256),FILL_KIB(512),FILL_KIB(768)"
    "good|3|FILL_KIB(0),FILL_KIB(256),FILL_KIB(512)|TINY_VALIDATES")
