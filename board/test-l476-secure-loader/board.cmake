# All protections on a board with a standalone loader: image 2 receives, behind the same walls as an application. The attackers: authentic ones
# in both slots, each of which also jumps to the other's code.
pc_board(test-l476-secure-loader SERIES stm32l4 CPU cortex-m4 PROTECT development LOW_LATENCY IMAGES 2 LOADER standalone
  TINY "attacker|0|0|OTHER=0x0808C000u" "attacker-loader|0|0|OTHER=0x08088000u")
