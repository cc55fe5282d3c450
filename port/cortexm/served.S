/* Functions of the boot loader that applications call: a table of jumps at a fixed address (MAP_SERVED_BASE), a word each, in an order
 * that never changes. portcullis.ld names them; so does `portcullis kit`, by the symbols served_... */
  .syntax unified
  .thumb

  .macro serve function, se_name
  .global served_\function
  .thumb_func
served_\function:
  .ifnb \se_name
  .global served_\se_name
  .thumb_func
served_\se_name:
  .endif
  b.w \function
  .endm

  .section .served, "ax", %progbits
  serve patch_init_status, SE_PATCH_InitStatus
  serve patch_print_status, SE_PATCH_PrintStatus
  serve patch_start, SE_PATCH_Init
  serve patch_data, SE_PATCH_Data
  serve patch_install_at_next_reset, SE_PATCH_InstallAtNextReset
  serve patch_abort, SE_PATCH_Abort
  serve patch_poll, SE_PATCH_Poll
  serve patch_code_text, SE_PATCH_GetStatusCodeString
  serve patch_active_info
  serve patch_boot_version
  serve patch_user_data
  serve SE_APP_GetActiveFwInfo
  serve SE_APP_GetBootVer
  serve SE_APP_GetSecureUserData

/* The vendor's have a status before their arguments, a byte (NULL: none): 0 (SE_OK) or 1 (SE_KO). */
  .text
  .macro with_status name, function
  .thumb_func
\name:
  push {r4, lr}
  mov r4, r0
  mov r0, r1
  mov r1, r2
  bl \function
  eor r1, r0, #1
  cbz r4, 1f
  strb r1, [r4]
1:
  pop {r4, pc}
  .endm

  with_status SE_APP_GetActiveFwInfo, patch_active_info
  with_status SE_APP_GetBootVer, patch_boot_version
  with_status SE_APP_GetSecureUserData, patch_user_data
