# The B-L475E-IOT01A with small slots, so that the power can be cut at many operations.
pc_board(test-l475-16k SERIES stm32l4 CPU cortex-m4 MODE overwrite EXTERNAL qspi NO_APP
  TINY "old|1|FILL_KIB(0),FILL_KIB(256),FILL_KIB(512)" "new|2|FILL_KIB(0),FILL_KIB(256)")
