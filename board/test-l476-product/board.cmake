# Everything that belongs together in a product. Development mode: what is missing of the static protections is set at each boot, the
# final lock included. The tiny applications: `new` does not validate itself.
pc_board(test-l476-product SERIES stm32l4 CPU cortex-m4 NO_APP PROTECT development LOW_LATENCY STATES IMAGES 2 PATCH DRIVE COUNTER otp
  TRIGGER load TINY "old|1|FILL_KIB(0)|TINY_VALIDATES" "good|3|FILL_KIB(0),FILL_KIB(512)|TINY_VALIDATES" "new|2|FILL_KIB(0),FILL_KIB(256)"
  "served|1|FILL_KIB(0)|JOB_AT=0x08078000u" "attacker|0|0")
