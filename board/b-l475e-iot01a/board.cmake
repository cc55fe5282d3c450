pc_board(b-l475e-iot01a SERIES stm32l4 CPU cortex-m4 MODE overwrite EXTERNAL qspi)
