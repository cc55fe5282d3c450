pc_board(nucleo-l476rg-patch SERIES stm32l4 CPU cortex-m4 PATCH TRIGGER load)
