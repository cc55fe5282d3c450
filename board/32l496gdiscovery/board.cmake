pc_board(32l496gdiscovery SERIES stm32l4 CPU cortex-m4 MODE overwrite EXTERNAL qspi SEGMENTS PATCH TRIGGER load
  TINY "assets-a|1|0" "assets-b|1|0|ASSETS_ONE_LINE_MORE=1")
