# Two images with all protections, for the fault campaign.
pc_board(test-l476-secure-set SERIES stm32l4 CPU cortex-m4 NO_APP PROTECT development STATES IMAGES 2)
