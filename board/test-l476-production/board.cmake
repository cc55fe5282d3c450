# As test-l476-secure, but static protections are only checked, and interrupts stay off while the engine works.
pc_board(test-l476-production SERIES stm32l4 CPU cortex-m4 NO_APP PROTECT production
  TINY "old|1|FILL_KIB(0),FILL_KIB(256)" "attacker|0|0")
