# "new" and "good" differ from "old" in what they say and in their filling; the tests put more filling behind.
pc_board(test-l476-partial SERIES stm32l4 CPU cortex-m4 NO_APP STATES PARTIAL
  TINY "old|1|FILL_KIB(0)" "new|2|FILL_KIB(0)" "good|3|FILL_KIB(0)|TINY_VALIDATES")
