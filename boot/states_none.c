/* A board without image states: see states.h. */
#include "boot/states.h"

#include "portcullis/engine.h"

enum boot_state boot_states_check(struct boot *boot)
{
  (void)boot;
  return BOOT_CHECK_USER_FW_STATUS;
}

pc_status boot_states_seal(uint32_t images, bool validated)
{
  (void)images;
  (void)validated;
  return PC_ERR_UNSUPPORTED;
}

pc_status boot_states_launch(struct boot *boot)
{
  (void)boot;
  return engine_call(ENGINE_RAISE_MINIMUM, BOOT_IMAGE, 0, 0);
}

enum boot_state boot_states_rollback(struct boot *boot)
{
  (void)boot;
  return BOOT_REBOOT;
}
