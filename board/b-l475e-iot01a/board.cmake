# The tiny applications are for measurements.
pc_board(b-l475e-iot01a SERIES stm32l4 CPU cortex-m4 MODE overwrite EXTERNAL qspi
  TINY "old|1|FILL_KIB(0)" "new|2|FILL_KIB(0)")
