# Secure install on a device: secure boot and secure boot loader, keyed and plain.
#   build/arm/sfi-l462/ and sfi-l462-plain/: secure-boot.elf, loader.elf, both as .bin too
# `portcullis device make --program DIR` makes a device of the keyed ones.
set(SFI_FLAGS ${FW_FLAGS})
list(TRANSFORM SFI_FLAGS REPLACE "crypto/mbedtls_config.h" "sfi/crypto/mbedtls_config.h")
set(SFI_MBEDTLS ${FW_MBEDTLS} ${m}/library/gcm.c ${m}/library/block_cipher.c ${m}/library/constant_time.c)
set_source_files_properties(${SFI_MBEDTLS} PROPERTIES COMPILE_FLAGS -w)

# sfi_program(NAME MAP_FOLDER OUT SCRIPT CPU ENTRY SOURCES... ): one ELF and its binary.
function(sfi_program NAME)
  cmake_parse_arguments(A "" "BOARD;CHIP;SCRIPT;CPU" "SOURCES;DEFINES" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/${A_BOARD})
  file(MAKE_DIRECTORY ${out})
  set(target ${A_BOARD}_${NAME})
  set(ld ${out}/${NAME}.ld)
  add_custom_command(OUTPUT ${ld}
    COMMAND ${CMAKE_C_COMPILER} -E -P -x c -I${CMAKE_SOURCE_DIR}/${A_CHIP} ${CMAKE_SOURCE_DIR}/${A_CHIP}/${A_SCRIPT} -o ${ld}
    DEPENDS ${CMAKE_SOURCE_DIR}/${A_CHIP}/${A_SCRIPT} ${CMAKE_SOURCE_DIR}/${A_CHIP}/map.h)
  add_custom_target(${target}_ld DEPENDS ${ld})
  add_executable(${target} ${A_SOURCES})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/${A_CHIP} ${FW_INCLUDES})
  target_compile_options(${target} PRIVATE -mcpu=${A_CPU} ${SFI_FLAGS} ${FW_WARN})
  target_compile_definitions(${target} PRIVATE ${A_DEFINES})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${NAME}.elf RUNTIME_OUTPUT_DIRECTORY ${out} LINK_DEPENDS ${ld})
  target_link_options(${target} PRIVATE -mcpu=${A_CPU} -mthumb -nostartfiles -specs=nano.specs -T ${ld} -Wl,--gc-sections
    -Wl,-u,vectors -Wl,-Map=${out}/${NAME}.map -Wl,--no-warn-rwx-segments)
  add_dependencies(${target} ${target}_ld)
  add_custom_command(TARGET ${target} POST_BUILD COMMAND ${CMAKE_OBJCOPY} -O binary ${out}/${NAME}.elf ${out}/${NAME}.bin)
endfunction()

# pc_sfi_board(NAME SERIES stm32l4 CHIP sfi/l462 CPU cortex-m4 [PLAIN])
function(pc_sfi_board BOARD)
  cmake_parse_arguments(A "PLAIN" "SERIES;CHIP;CPU" "" ${ARGN})
  if(PC_BOARDS AND NOT BOARD IN_LIST PC_BOARDS)
    return()
  endif()
  set(kind keyed)
  set(commands)
  set(defines)
  if(A_PLAIN)
    set(kind plain)
    set(commands sfi/device/memory.c)
    set(defines SFI_PLAIN)
  endif()
  set(common BOARD ${BOARD} CHIP ${A_CHIP} CPU ${A_CPU} DEFINES ${defines})
  set(ground sfi/device/record.c ${A_CHIP}/options.c ${A_CHIP}/program.c port/${A_SERIES}/flash.c flash/flash.c port/cortexm/string.c)
  sfi_program(secure-boot ${common} SCRIPT secure_boot.ld.in SOURCES ${A_CHIP}/secure_boot.c ${ground})
  sfi_program(loader ${common} SCRIPT loader.ld.in SOURCES
    ${A_CHIP}/loader.c ${A_CHIP}/loader_${kind}.c ${A_CHIP}/wire.c sfi/device/command.c sfi/device/special.c ${commands}
    sfi/device/install.c sfi/device/module.c sfi/format/sfi.c sfi/licence/licence.c sfi/crypto/mbedtls.c sfi/crypto/gcm_mbedtls.c
    sfi/crypto/gcm_stream.c crypto/sha256.c crypto/memory.c crypto/no_random.c ${SFI_MBEDTLS} ${ground})
endfunction()

pc_sfi_board(sfi-l462 SERIES stm32l4 CHIP sfi/l462 CPU cortex-m4)
pc_sfi_board(sfi-l462-plain SERIES stm32l4 CHIP sfi/l462 CPU cortex-m4 PLAIN)

# Firmware for its tests.
set(out ${CMAKE_BINARY_DIR}/sfi-l462)
add_executable(sfi-l462_hello test/arm/sfi_hello.c)
target_include_directories(sfi-l462_hello PRIVATE ${FW_INCLUDES})
target_compile_options(sfi-l462_hello PRIVATE -mcpu=cortex-m4 ${FW_FLAGS} ${FW_WARN})
set_target_properties(sfi-l462_hello PROPERTIES OUTPUT_NAME hello.elf RUNTIME_OUTPUT_DIRECTORY ${out})
target_link_options(sfi-l462_hello PRIVATE -mcpu=cortex-m4 -mthumb -nostartfiles -specs=nano.specs -T ${CMAKE_SOURCE_DIR}/test/arm/sfi_hello.ld
  -Wl,-u,vectors -Wl,--gc-sections -Wl,-e,vectors -Wl,--no-warn-rwx-segments)
add_custom_command(TARGET sfi-l462_hello POST_BUILD COMMAND ${CMAKE_OBJCOPY} -O binary ${out}/hello.elf ${out}/hello.bin)
