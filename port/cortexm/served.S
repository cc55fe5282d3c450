/* Functions of the boot loader that applications call: a table of jumps at a fixed address (MAP_SERVED_BASE), a word each, in an order
 * that never changes. portcullis.ld names them. */
  .syntax unified
  .thumb
  .section .served, "ax", %progbits
  b.w patch_init_status
  b.w patch_print_status
  b.w patch_start
  b.w patch_data
  b.w patch_install_at_next_reset
  b.w patch_abort
  b.w patch_poll
  b.w patch_code_text
  b.w patch_active_info
  b.w patch_boot_version
  b.w patch_user_data
  b.w se_active_info
  b.w se_boot_version
  b.w se_user_data

  .text
  .thumb_func
se_active_info: /* the vendor's have a status before their arguments, which is left alone */
  mov r0, r1
  b.w patch_active_info
  .thumb_func
se_boot_version:
  mov r0, r1
  mov r1, r2
  b.w patch_boot_version
  .thumb_func
se_user_data:
  mov r0, r1
  mov r1, r2
  b.w patch_user_data
