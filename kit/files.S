/* The files of the kit, inside the command line: it then makes kits without this repository. */
  .section .rodata
  .macro file name, path
  .global kit_\name, kit_\name\()_end
kit_\name:
  .incbin "\path"
kit_\name\()_end:
  .byte 0
  .endm

  file postbuild, "kit/postbuild.sh"
  file make_keys, "kit/make_keys.sh"
  file readme, "kit/README.md"
  file application_ld, "kit/application.ld"
  file multiseg_ld, "kit/application_multiseg.ld"
  file sections_ld, "kit/sections.ld"
  file status_h, "include/portcullis/status.h"
  file engine_h, "include/portcullis/engine.h"
  file update_h, "include/portcullis/update.h"
  file handover_h, "include/portcullis/handover.h"
  file patch_h, "include/portcullis/patch.h"
  file se_patch_h, "include/portcullis/se_patch.h"
  file interface_h, "kit/interface.h"
  .section .note.GNU-stack,"",%progbits
