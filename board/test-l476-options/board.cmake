# test-l476-16k with the options that the NUCLEO does not have: `load` typed at reset, minimum versions in one-time words.
pc_board(test-l476-options SERIES stm32l4 CPU cortex-m4 NO_APP TRIGGER load COUNTER otp
  TINY "old|1|FILL_KIB(0),FILL_KIB(256)" "new|2|FILL_KIB(0),FILL_KIB(256),FILL_KIB(512),FILL_KIB(768)")
