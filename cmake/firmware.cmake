# The firmware: for each board in board/*/board.cmake a boot loader (engine and all) and the user applications.
#   build/arm/<board>/boot.elf .bin .hex .map, userapp-a.elf, userapp-b.elf
# Keys come from KEYS_DIR, made by `portcullis keys new` when it does not exist yet.

set(PORTCULLIS "${CMAKE_SOURCE_DIR}/build/host/portcullis" CACHE FILEPATH "the command line of the host build")
set(KEYS_DIR "${CMAKE_SOURCE_DIR}/build/keys" CACHE PATH "key folder whose keys are embedded")
set(PC_BOARDS "" CACHE STRING "boards to build, empty: all")

set(m "${MBEDTLS_DIR}")
set(FW_INCLUDES ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include ${m}/include ${m}/library ${m}/3rdparty/p256-m/p256-m)
set(FW_WARN -Wall -Wextra -Wconversion -Werror)
set(FW_FLAGS -std=c11 -mthumb -Os -g -ffreestanding -fbuiltin -ffunction-sections -fdata-sections -fno-delete-null-pointer-checks
  -fno-common -fstack-usage -fno-tree-loop-distribute-patterns "SHELL:-DMBEDTLS_CONFIG_FILE='\"crypto/mbedtls_config.h\"'")
set(FW_MBEDTLS ${m}/library/sha256.c ${m}/library/aes.c ${m}/3rdparty/p256-m/p256-m/p256-m.c)
# Most of a boot is spent in p256-m: its short fixed loops are peeled, which costs some bytes and saves millions of instructions.
set_source_files_properties(${m}/3rdparty/p256-m/p256-m/p256-m.c PROPERTIES COMPILE_OPTIONS
  "-O1;-fpeel-loops;--param=max-completely-peeled-insns=60;--param=max-completely-peel-times=8")
set_source_files_properties(${FW_MBEDTLS} PROPERTIES COMPILE_FLAGS -w)

# Made once, never replaced: whoever has a key folder keeps it. Sets FW_KEYS_<n>.
macro(fw_key_folder n)
  if(${n} EQUAL 1)
    set(FW_KEYS_${n} ${KEYS_DIR})
  else()
    set(FW_KEYS_${n} ${KEYS_DIR}-${n})
  endif()
  if(NOT EXISTS ${FW_KEYS_${n}}/encryption_key.bin)
    get_property(made GLOBAL PROPERTY FW_KEYS_MADE_${n})
    if(NOT made)
      add_custom_command(OUTPUT ${FW_KEYS_${n}}/encryption_key.bin
        COMMAND test -e ${FW_KEYS_${n}}/encryption_key.bin || ${PORTCULLIS} keys new ${FW_KEYS_${n}} VERBATIM)
      set_property(GLOBAL PROPERTY FW_KEYS_MADE_${n} TRUE)
    endif()
  endif()
endmacro()

function(fw_objects NAME BOARD CPU)
  add_library(${NAME} OBJECT ${ARGN})
  target_include_directories(${NAME} PRIVATE ${CMAKE_SOURCE_DIR}/board/${BOARD} ${FW_INCLUDES})
  target_compile_options(${NAME} PRIVATE -mcpu=${CPU} $<$<COMPILE_LANGUAGE:C>:${FW_FLAGS} ${FW_WARN}>)
endfunction()

# pc_board(NAME SERIES stm32l4 CPU cortex-m4 [MODE swap|overwrite|single] [EXTERNAL qspi] [IMAGES 3] [PARTIAL] [COUNTER log|otp] [DEFINES ...] [NO_APP] [STATES]
#   [DRIVE] [PATCH] [SEGMENTS] [TRIGGER button|load] [PROGRESS percent|none] [QUIET_TOO] [LOADER standalone]
#   [PROTECT development|production [LOW_LATENCY]] [TINY name|seed|filling[|define] ...])
function(pc_board BOARD)
  cmake_parse_arguments(A "NO_APP;STATES;PARTIAL;LOW_LATENCY;DRIVE;PATCH;QUIET_TOO;SEGMENTS" "SERIES;CPU;MODE;EXTERNAL;IMAGES;COUNTER;PROTECT;TRIGGER;PROGRESS;LOADER"
    "DEFINES;TINY" ${ARGN})
  if(PC_BOARDS AND NOT BOARD IN_LIST PC_BOARDS)
    return()
  endif()
  # A word that is misspelt must not make a board without what it asks for.
  if(A_UNPARSED_ARGUMENTS OR A_KEYWORDS_MISSING_VALUES)
    list(JOIN A_UNPARSED_ARGUMENTS " " words)
    message(FATAL_ERROR "${BOARD}: not understood in its board.cmake: ${words} ${A_KEYWORDS_MISSING_VALUES}")
  endif()
  foreach(strategy "COUNTER engine/counter_" "TRIGGER boot/trigger_" "PROGRESS boot/progress_")
    string(REPLACE " " ";" strategy ${strategy})
    list(GET strategy 0 option)
    list(GET strategy 1 files)
    if(A_${option} AND NOT EXISTS ${CMAKE_SOURCE_DIR}/${files}${A_${option}}.c)
      message(FATAL_ERROR "${BOARD}: no ${option} ${A_${option}}: there is no ${files}${A_${option}}.c")
    endif()
  endforeach()
  if(A_PROTECT AND NOT EXISTS ${CMAKE_SOURCE_DIR}/board/${BOARD}/protect.h)
    message(FATAL_ERROR "${BOARD}: PROTECT needs board/${BOARD}/protect.h: which protections are on (docs/protections.md)")
  endif()
  set(out ${CMAKE_BINARY_DIR}/${BOARD})
  file(MAKE_DIRECTORY ${out})
  set(cpu -mcpu=${A_CPU} -mthumb)
  set(inc -I${CMAKE_SOURCE_DIR}/board/${BOARD} -I${CMAKE_SOURCE_DIR})
  set(port port/${A_SERIES})
  # The flash drivers: the chip's own, and one for a flash outside
  set(flash_drivers ${port}/flash.c)
  if(A_EXTERNAL)
    if(NOT A_MODE STREQUAL overwrite)
      message(FATAL_ERROR "${BOARD}: a download slot outside the chip must never hold an image in clear: MODE overwrite")
    endif()
    list(APPEND flash_drivers ${port}/${A_EXTERNAL}.c)
  endif()
  # Images in two segments, the second one in the flash outside
  set(with_segments 0)
  if(A_SEGMENTS)
    if(NOT A_EXTERNAL)
      message(FATAL_ERROR "${BOARD}: a second segment needs a flash outside: EXTERNAL")
    endif()
    list(APPEND flash_drivers flash/joined.c board/segments.c)
    set(with_segments 1)
  endif()
  set(sparse_engine)
  set(slot_writer whole)
  # The slot mode: where an image is received and how it gets to the active slot
  set(mode_engine mode_dual)
  if(NOT A_MODE OR A_MODE STREQUAL swap)
    set(mode_boot mode_dual)
    set(mode_install install/move.c install/swap.c)
  elseif(A_MODE STREQUAL overwrite)
    set(mode_boot mode_dual)
    set(mode_install install/move.c install/overwrite.c)
    if(A_SEGMENTS) # megabytes of slow flash: what is there already stays
      list(APPEND mode_install install/spare.c install/sparse.c)
      set(sparse_engine engine/sparse.c install/sparse.c)
      set(slot_writer sparse)
      list(APPEND A_DEFINES INSTALL_SPARE=1)
    endif()
  elseif(A_MODE STREQUAL single)
    set(mode_boot mode_single)
    set(mode_engine mode_single)
    set(mode_install install/single.c boot/single_sink.c)
  else()
    message(FATAL_ERROR "${BOARD}: no slot mode ${A_MODE}")
  endif()
  if(A_STATES AND A_MODE AND NOT A_MODE STREQUAL swap)
    message(FATAL_ERROR "${BOARD}: image states need the swap: without it there is no image to go back to")
  endif()
  # Image states: a strategy, linked or not
  set(states none)
  set(boot_states none)
  if(A_STATES)
    set(states swap)
    set(boot_states swap)
  endif()
  # Several images (as many as MAP_IMAGES), installed and brought back as a set; only with the dual slot
  if(NOT A_IMAGES)
    set(A_IMAGES 1)
  endif()
  if(A_IMAGES GREATER 1)
    if(A_MODE AND NOT A_MODE STREQUAL swap)
      message(FATAL_ERROR "${BOARD}: several images need the dual slot with swap")
    endif()
    set(mode_boot mode_set)
    if(A_STATES)
      set(boot_states set)
    endif()
  endif()
  # Partial images, likewise
  set(partial)
  set(with_partial 0)
  if(A_PARTIAL)
    if(A_MODE AND NOT A_MODE STREQUAL swap)
      message(FATAL_ERROR "${BOARD}: partial images need the dual slot with swap")
    endif()
    set(partial engine/partial.c)
    set(with_partial 1)
  endif()
  list(APPEND A_DEFINES INSTALL_IMAGES=${A_IMAGES}u INSTALL_PARTIAL=${with_partial} IMAGE_SEGMENTS=${with_segments})

  # Updates from a USB drive
  set(drive boot/drive_none.c)
  if(A_DRIVE)
    set(drive boot/drive_usb.c loader/drive/drive.c loader/fat/fat.c loader/fat/dir.c ${port}/drive.c)
  endif()

  # Who receives a file when no application does: the boot loader, or an image of its own
  set(loader)
  if(A_LOADER)
    if(NOT A_LOADER STREQUAL standalone OR A_IMAGES LESS 2)
      message(FATAL_ERROR "${BOARD}: LOADER is standalone, and image 2 of IMAGES")
    endif()
    set(loader boot/loader_standalone.c)
    list(APPEND A_DEFINES LOADER_STANDALONE=1)
  endif()

  # Patches (.sfbp): the decoder and AES encryption in the engine
  set(patch_engine engine/patch_none.c)
  set(patch_update loader/update_patch_none.c)
  set(patch_served)
  set(served_menu served_menu_none)
  set(served_link)
  if(A_PATCH)
    if(mode_engine STREQUAL mode_single)
      # In place: stored in the patch area, then decoded over the old image
      set(patch_engine engine/in_place.c engine/patch_judge.c board/in_place.c delta/decoder.c image/patch.c)
      set(patch_update loader/update_patch_stored.c loader/update_patch_head.c loader/update_patch_none.c)
      set(mode_boot mode_in_place)
    else()
      set(patch_engine engine/slot_${slot_writer}.c engine/patch_delta.c engine/patch_judge.c ${port}/enclave_progress.c delta/decoder.c image/patch.c crypto/aes_cbc_encrypt.c)
      set(patch_update loader/update_patch_board.c loader/update_patch.c loader/update_patch_head.c)
      set(patch_served loader/patch_api.c loader/patch_board.c port/cortexm/served.S)
      set(served_menu served_menu)
      set(served_link ${out}/portcullis.ld)
    endif()
  endif()

  # Where the minimum versions are kept: flash pages, or one-time programmable words
  if(NOT A_COUNTER)
    set(A_COUNTER log)
  endif()

  # Who asks for a download before the application runs; and whether the console tells how far an operation has come
  if(NOT A_TRIGGER)
    set(A_TRIGGER button)
  endif()
  if(NOT A_PROGRESS)
    set(A_PROGRESS percent)
  endif()

  # The chip's protections, as the board's protect.h asks for them: applied (development) or only checked (production)
  set(ecdsa crypto/ecdsa.c)
  set(gate port/cortexm/gate.S)
  set(protect_boot boot/protect_none.c port/cortexm/jump.c)
  set(protect_call)
  set(protect_app)
  set(protections none)
  if(A_PROTECT)
    set(interrupts masked)
    if(A_LOW_LATENCY)
      set(interrupts interrupts)
    endif()
    set(protect_static refuse)
    if(A_PROTECT STREQUAL development)
      set(protect_static apply)
    elseif(NOT A_PROTECT STREQUAL production)
      message(FATAL_ERROR "${BOARD}: PROTECT is development or production")
    endif()
    set(ecdsa crypto/ecdsa_twice.c)
    set(gate port/cortexm/gate_firewall.S port/cortexm/enclave_${interrupts}.S engine/abort.c ${port}/enclave_nmi.c)
    set(protect_call port/cortexm/call.S)
    set(protect_app ${port}/tamper.c)
    set(protections l4)
    set(protect_boot ${port}/protect.c ${port}/protect_${protect_static}.c ${port}/jump_protect.S port/cortexm/outside.S ${protect_call} ${protect_app})
  endif()

  # Linker scripts through the preprocessor
  file(GLOB maps CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/board/*/map.h) # they include each other
  foreach(ld boot app portcullis)
    add_custom_command(OUTPUT ${out}/${ld}.ld
      COMMAND ${CMAKE_C_COMPILER} -E -P -x c ${inc} ${CMAKE_SOURCE_DIR}/port/cortexm/${ld}.ld.in -o ${out}/${ld}.ld
      DEPENDS ${CMAKE_SOURCE_DIR}/port/cortexm/${ld}.ld.in ${maps})
  endforeach()

  # Keys as code, each image's own: image 1 from KEYS_DIR, image N from KEYS_DIR-N
  set(keys "")
  foreach(n RANGE 1 ${A_IMAGES})
    fw_key_folder(${n})
    add_custom_command(OUTPUT ${out}/keys${n}.S
      COMMAND ${PORTCULLIS} keys embed --keys ${FW_KEYS_${n}} --image ${n} --arch v7m -o ${out}/keys${n}.S
      DEPENDS ${FW_KEYS_${n}}/encryption_key.bin ${PORTCULLIS})
    list(APPEND keys ${out}/keys${n}.S)
  endforeach()

  # The engine: linked with itself and the C library alone, everything but the gate made local. What it lacks would show as an
  # undefined symbol, and stops the build.
  fw_objects(${BOARD}_enclave_objects ${BOARD} ${A_CPU}
    engine/gate.c engine/header.c engine/rules.c engine/verify.c ${partial} ${sparse_engine} engine/states_${states}.c engine/counter_${A_COUNTER}.c
    engine/${mode_engine}.c ${patch_engine} image/header.c flash/flash.c flash/log.c
    crypto/sha256.c crypto/aes_cbc.c ${ecdsa} crypto/memory.c crypto/no_random.c ${FW_MBEDTLS}
    ${flash_drivers} board/engine_board.c ${gate} port/cortexm/string.c ${keys})
  target_compile_definitions(${BOARD}_enclave_objects PRIVATE ${A_DEFINES})
  add_custom_command(OUTPUT ${out}/enclave.o
    COMMAND ${CMAKE_C_COMPILER} ${cpu} -r -nostdlib -nostartfiles $<TARGET_OBJECTS:${BOARD}_enclave_objects>
      -Wl,--gc-sections -Wl,-e,engine_gate -Wl,-u,engine_gate -lc_nano -lgcc -o ${out}/enclave.o
    COMMAND ${CMAKE_OBJCOPY} --keep-global-symbol=engine_gate ${out}/enclave.o
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/check-enclave ${out}/enclave.o
    DEPENDS ${BOARD}_enclave_objects $<TARGET_OBJECTS:${BOARD}_enclave_objects> ${CMAKE_SOURCE_DIR}/scripts/check-enclave
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(${BOARD}_enclave DEPENDS ${out}/enclave.o)

  fw_objects(${BOARD}_boot_objects ${BOARD} ${A_CPU}
    boot/boot.c boot/console.c boot/errors.c boot/services.c boot/download.c boot/trigger_${A_TRIGGER}.c boot/states_${boot_states}.c
    boot/${mode_boot}.c ${loader} ${drive} flash/flash.c image/header.c image/patch.c
    ${mode_install}
    loader/ymodem.c loader/update.c loader/update_sink.c loader/update_board.c ${patch_update} ${patch_served} loader/handover.c board/slots.c ${flash_drivers}
    ${port}/port.c ${port}/start.c port/cortexm/string.c ${protect_boot})
  target_compile_definitions(${BOARD}_boot_objects PRIVATE ${A_DEFINES})
  fw_objects(${BOARD}_progress_none ${BOARD} ${A_CPU} boot/progress_none.c)
  fw_objects(${BOARD}_progress_percent ${BOARD} ${A_CPU} boot/progress_percent.c)
  add_executable(${BOARD}_boot ${out}/enclave.o $<TARGET_OBJECTS:${BOARD}_progress_${A_PROGRESS}>)
  target_sources(${BOARD}_boot PRIVATE $<TARGET_OBJECTS:${BOARD}_boot_objects>)
  set_source_files_properties(${out}/enclave.o PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  set_target_properties(${BOARD}_boot PROPERTIES OUTPUT_NAME boot.elf RUNTIME_OUTPUT_DIRECTORY ${out} LINKER_LANGUAGE C
    LINK_DEPENDS ${out}/boot.ld)
  target_link_options(${BOARD}_boot PRIVATE ${cpu} -nostartfiles -specs=nano.specs -T ${out}/boot.ld -Wl,--gc-sections
    -Wl,-u,vectors -Wl,-Map=${out}/boot.map -Wl,--no-warn-rwx-segments)
  add_custom_target(${BOARD}_ld DEPENDS ${out}/boot.ld ${out}/app.ld ${out}/portcullis.ld)
  add_dependencies(${BOARD}_boot ${BOARD}_enclave ${BOARD}_ld)
  add_custom_command(TARGET ${BOARD}_boot POST_BUILD
    COMMAND ${CMAKE_OBJCOPY} -O binary ${out}/boot.elf ${out}/boot.bin
    COMMAND ${CMAKE_OBJCOPY} -O ihex ${out}/boot.elf ${out}/boot.hex
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/check-gate ${out}/boot.elf ${out}/boot.elf)

  if(A_QUIET_TOO)
    # The same without progress: what that costs is measured (bench/run)
    add_executable(${BOARD}_boot_quiet ${out}/enclave.o $<TARGET_OBJECTS:${BOARD}_progress_none>)
    target_sources(${BOARD}_boot_quiet PRIVATE $<TARGET_OBJECTS:${BOARD}_boot_objects>)
    set_target_properties(${BOARD}_boot_quiet PROPERTIES OUTPUT_NAME boot-quiet.elf RUNTIME_OUTPUT_DIRECTORY ${out} LINKER_LANGUAGE C
      LINK_DEPENDS ${out}/boot.ld)
    target_link_options(${BOARD}_boot_quiet PRIVATE ${cpu} -nostartfiles -specs=nano.specs -T ${out}/boot.ld -Wl,--gc-sections
      -Wl,-u,vectors -Wl,--no-warn-rwx-segments)
    add_dependencies(${BOARD}_boot_quiet ${BOARD}_enclave ${BOARD}_ld)
    add_custom_command(TARGET ${BOARD}_boot_quiet POST_BUILD
      COMMAND ${CMAKE_OBJCOPY} -O binary ${out}/boot-quiet.elf ${out}/boot-quiet.bin)
  endif()

  if(A_LOADER)
    # The standalone loader, and tiny applications in its place (<name>-loader), are linked to the active slot of image 2.
    add_custom_command(OUTPUT ${out}/loader.ld
      COMMAND ${CMAKE_C_COMPILER} -E -P -x c ${inc} -DAPP_BASE=MAP_ACTIVE_BASE_2 -DAPP_MAX=MAP_IMAGE_MAX_2
        ${CMAKE_SOURCE_DIR}/port/cortexm/app.ld.in -o ${out}/loader.ld
      DEPENDS ${CMAKE_SOURCE_DIR}/port/cortexm/app.ld.in ${maps})
    add_custom_target(${BOARD}_loader_ld DEPENDS ${out}/loader.ld)
  endif()

  # Tiny applications for tests and measurements: NAME SEED FILL
  foreach(tiny IN LISTS A_TINY)
    set(A_TINY_SOURCE test/arm/tiny.c)
    if(tiny MATCHES "^attacker")
      set(A_TINY_SOURCE test/attack/attacker.c)
    elseif(tiny MATCHES "^served")
      set(A_TINY_SOURCE test/arm/served.c)
    elseif(tiny MATCHES "^assets")
      set(A_TINY_SOURCE test/arm/assets.c flash/flash.c board/slots.c ${flash_drivers} port/cortexm/jump.c)
    endif()
    string(REPLACE "|" ";" t "${tiny}")
    list(GET t 0 name)
    list(GET t 1 seed)
    list(GET t 2 fill)
    fw_objects(${BOARD}_tiny_${name}_objects ${BOARD} ${A_CPU} ${A_TINY_SOURCE} ${port}/port.c ${port}/start.c ${protect_call} ${protect_app})
    set(tiny_defines ${t})
    list(REMOVE_AT tiny_defines 0 1 2)
    target_compile_definitions(${BOARD}_tiny_${name}_objects PRIVATE TINY_NAME=\"${name}\" TINY_SEED=${seed} "TINY_FILL=${fill}"
      ${tiny_defines})
    add_executable(${BOARD}_tiny_${name} $<TARGET_OBJECTS:${BOARD}_tiny_${name}_objects>)
    set(tiny_ld app)
    if(name MATCHES "-loader$")
      set(tiny_ld loader)
      add_dependencies(${BOARD}_tiny_${name} ${BOARD}_loader_ld)
    endif()
    set_target_properties(${BOARD}_tiny_${name} PROPERTIES OUTPUT_NAME tiny-${name}.elf RUNTIME_OUTPUT_DIRECTORY ${out}
      LINK_DEPENDS ${out}/${tiny_ld}.ld)
    target_link_options(${BOARD}_tiny_${name} PRIVATE ${cpu} -nostartfiles -specs=nano.specs -T ${out}/${tiny_ld}.ld -Wl,--gc-sections
      -Wl,--no-warn-rwx-segments)
    if(tiny MATCHES "^served")
      target_link_options(${BOARD}_tiny_${name} PRIVATE ${out}/portcullis.ld)
    endif()
    if(tiny MATCHES "^assets")
      target_link_options(${BOARD}_tiny_${name} PRIVATE -Wl,--no-gc-sections -Wl,--whole-archive -lm -Wl,--no-whole-archive)
    endif()
    add_dependencies(${BOARD}_tiny_${name} ${BOARD}_ld)
  endforeach()

  if(NOT A_NO_APP)
    # What applications link: updates, hand-over word, flash driver. With portcullis.ld and include/portcullis/*.h it is all they need.
    set(call)
    if(A_PROTECT)
      set(call port/cortexm/call.S)
    endif()
    fw_objects(${BOARD}_library_objects ${BOARD} ${A_CPU} ${protect_call} loader/update.c loader/update_board.c ${patch_update} loader/handover.c flash/flash.c
      image/header.c image/patch.c board/slots.c ${flash_drivers} port/cortexm/reset.c ${call})
    target_compile_definitions(${BOARD}_library_objects PRIVATE ${A_DEFINES})
    add_library(${BOARD}_library STATIC $<TARGET_OBJECTS:${BOARD}_library_objects>)
    set_target_properties(${BOARD}_library PROPERTIES OUTPUT_NAME portcullis ARCHIVE_OUTPUT_DIRECTORY ${out} LINKER_LANGUAGE C)
    foreach(id a b)
      string(TOUPPER ${id} ID)
      file(GLOB app_sources CONFIGURE_DEPENDS app/*.c)
      list(FILTER app_sources EXCLUDE REGEX "/protections_|/served_menu")
      list(APPEND app_sources app/protections_${protections}.c app/${served_menu}.c)
      fw_objects(${BOARD}_app_${id}_objects ${BOARD} ${A_CPU} ${app_sources} loader/ymodem.c loader/update_sink.c
        ${port}/port.c ${port}/wire.c ${port}/start.c port/cortexm/string.c ${protect_app})
      target_compile_definitions(${BOARD}_app_${id}_objects PRIVATE USERAPP_ID='${ID}' ${A_DEFINES})
      add_executable(${BOARD}_app_${id} $<TARGET_OBJECTS:${BOARD}_app_${id}_objects>)
      target_link_libraries(${BOARD}_app_${id} PRIVATE ${BOARD}_library)
      set_target_properties(${BOARD}_app_${id} PROPERTIES OUTPUT_NAME userapp-${id}.elf RUNTIME_OUTPUT_DIRECTORY ${out}
        LINK_DEPENDS ${out}/app.ld)
      target_link_options(${BOARD}_app_${id} PRIVATE ${cpu} -nostartfiles -specs=nano.specs -T ${out}/app.ld -Wl,--gc-sections
        -Wl,-Map=${out}/userapp-${id}.map -Wl,--no-warn-rwx-segments ${served_link})
      add_dependencies(${BOARD}_app_${id} ${BOARD}_ld ${BOARD}_boot)
      add_custom_command(TARGET ${BOARD}_app_${id} POST_BUILD
        COMMAND ${CMAKE_SOURCE_DIR}/scripts/check-gate ${out}/boot.elf ${out}/userapp-${id}.elf)
    endforeach()
    if(A_LOADER)
      # With what an application has
      fw_objects(${BOARD}_loader_objects ${BOARD} ${A_CPU} app/loader/main.c app/update.c app/line.c app/console.c loader/ymodem.c loader/update_sink.c
        ${port}/port.c ${port}/start.c port/cortexm/string.c ${protect_app})
      target_compile_definitions(${BOARD}_loader_objects PRIVATE ${A_DEFINES})
      add_executable(${BOARD}_loader $<TARGET_OBJECTS:${BOARD}_loader_objects>)
      target_link_libraries(${BOARD}_loader PRIVATE ${BOARD}_library)
      set_target_properties(${BOARD}_loader PROPERTIES OUTPUT_NAME loader.elf RUNTIME_OUTPUT_DIRECTORY ${out} LINK_DEPENDS ${out}/loader.ld)
      target_link_options(${BOARD}_loader PRIVATE ${cpu} -nostartfiles -specs=nano.specs -T ${out}/loader.ld -Wl,--gc-sections
        -Wl,-Map=${out}/loader.map -Wl,--no-warn-rwx-segments)
      add_dependencies(${BOARD}_loader ${BOARD}_loader_ld ${BOARD}_boot)
      add_custom_command(TARGET ${BOARD}_loader POST_BUILD
        COMMAND ${CMAKE_SOURCE_DIR}/scripts/check-gate ${out}/boot.elf ${out}/loader.elf)
    endif()
  endif()
endfunction()

# The delta decoder: some optimisations make it larger, without making it faster.
set_source_files_properties(delta/decoder.c PROPERTIES COMPILE_OPTIONS
  "-fno-thread-jumps;-fno-tree-sra;-fno-move-loop-invariants;-fno-schedule-insns2;-fno-cse-follow-jumps;-fno-ivopts;-fno-if-conversion")
# It alone, for bench/decode.
fw_objects(delta_decode_objects . cortex-m4 delta/decoder.c test/arm/delta.c port/cortexm/string.c)
add_executable(delta_decode $<TARGET_OBJECTS:delta_decode_objects>)
set_target_properties(delta_decode PROPERTIES OUTPUT_NAME delta-decode.elf)
target_link_options(delta_decode PRIVATE -mcpu=cortex-m4 -mthumb -nostartfiles -specs=nano.specs -Wl,-e,run
  -Wl,--section-start=.vectors=0x08000000 -Wl,-Ttext=0x08000100 -Wl,--section-start=.result=0x20000000 -Wl,-Tbss=0x20000100
  -Wl,--no-warn-rwx-segments)
add_custom_command(TARGET delta_decode POST_BUILD
  COMMAND ${CMAKE_OBJCOPY} -O binary -R .result $<TARGET_FILE:delta_decode> ${CMAKE_BINARY_DIR}/delta-decode.bin)

file(GLOB boards CONFIGURE_DEPENDS board/*/board.cmake)
foreach(b IN LISTS boards)
  include(${b})
endforeach()
include(cmake/sfi_firmware.cmake)
