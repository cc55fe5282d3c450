# A single slot that takes patches in place. Each version but "third" puts KiB in front, so that everything behind moves.
set(fill "FILL_KIB(0),FILL_KIB(256),FILL_KIB(512),FILL_KIB(768)")
set(more "FILL_KIB(1024),FILL_KIB(1280),FILL_KIB(1536)")
pc_board(test-l476-single-patch SERIES stm32l4 CPU cortex-m4 MODE single PATCH NO_APP
  TINY "old|1|${fill},${more}" "new|1|FILL_KIB(5000),${fill},${more}" "third|1|FILL_KIB(5000),${fill}"
       "full|1|FILL_KIB(6000),FILL_KIB(6256),FILL_KIB(6512),FILL_KIB(5000),${fill}")
