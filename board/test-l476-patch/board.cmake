pc_board(test-l476-patch SERIES stm32l4 CPU cortex-m4 NO_APP PATCH DRIVE
  TINY "old|1|FILL_KIB(0),FILL_KIB(256)" "new|1|FILL_KIB(0),FILL_KIB(256),FILL_KIB(512),FILL_KIB(768)"
       "third|1|FILL_KIB(0),FILL_KIB(512),FILL_KIB(256)" "other|7|FILL_KIB(0)"
       "served|1|FILL_KIB(0)")
