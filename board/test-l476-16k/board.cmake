# Tiny applications of different sizes; the last number is filling. Slots hold 12 KiB.
pc_board(test-l476-16k SERIES stm32l4 CPU cortex-m4 NO_APP
  TINY "old|1|FILL_KIB(0),FILL_KIB(256),FILL_KIB(512),FILL_KIB(768),FILL_KIB(1024),FILL_KIB(1280)"
    "new|2|FILL_KIB(0),FILL_KIB(256),FILL_KIB(512),FILL_KIB(768),FILL_KIB(1024),FILL_KIB(1280),FILL_KIB(1536),FILL_KIB(1792)"
    "small|3|FILL_4(0)")
