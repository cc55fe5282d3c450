# All protections with small slots, for the attacks of test/attack.
pc_board(test-l476-secure SERIES stm32l4 CPU cortex-m4 NO_APP PROTECT development LOW_LATENCY
  TINY "old|1|FILL_KIB(0),FILL_KIB(256)" "attacker|0|0" "new|2|FILL_KIB(0),FILL_KIB(256),FILL_KIB(512),FILL_KIB(768)")
