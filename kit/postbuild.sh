#!/bin/sh
# Post-build step of an application project: signed update files and the factory image, from the ELF that the IDE has just linked.
#
#   postbuild.sh ARTIFACT KEYS BINARY LIBS VERSION PATCHREF BOARD BOOT_VERSION
#
#   ARTIFACT      the linked application, "${BuildArtifactFileName}" in STM32CubeIDE, in the current folder
#   KEYS          folder made by make_keys (or by 'portcullis keys new')
#   BINARY        where the products go; BINARY/PatchRef holds the firmware that patches start from
#   LIBS          the Libs folder of this kit
#   VERSION       1.2.3 or v1.2.3; "0" or "0.0.0": what 'git describe' says (v1.2.3-12-gabc becomes 1.2.15)
#   PATCHREF      version to make a patch from (BINARY/PatchRef/NAME_PATCHREF.bin); "0" or "0.0.0": none
#   BOARD         NUCLEO-L476RG...: a folder of LIBS
#   BOOT_VERSION  version of the boot loader in that folder, such as v1.0.0
#
# Products:  BOOT_NAME_BOARD_VERSION.hex and .bin   boot loader and application for the production programmer (no .bin on boards with two segments)
#            NAME_BOARD_VERSION.sfb                 full update
#            NAME_BOARD_PATCHREF_VERSION.sfbp       patch, if its reference is there
#            PatchRef/NAME_VERSION.bin              kept, so that later versions can be patched from this one
set -eu

fail() { echo "postbuild: error: $*" >&2; exit 1; }

[ $# -eq 8 ] || { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0" >&2; exit 2; }
artifact=$1 keys=$2 binary=$3 libs=$4 version=$5 patchref=$6 board=$7 boot_version=$8

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
tool=${PORTCULLIS:-$here/../../Tools/portcullis}
[ -x "$tool" ] || tool=$(command -v portcullis) || fail "no portcullis: neither in Tools/ of the kit nor in PATH (or set PORTCULLIS)"
[ -f "$artifact" ] || [ ! -f "$artifact.elf" ] || artifact=$artifact.elf # "${BuildArtifactFileBaseName}"
[ -f "$artifact" ] || fail "$artifact: not in $(pwd)"
[ -d "$keys" ] || fail "$keys: no such key folder; make one with Scripts/make_keys.sh"
lib=$libs/$board
[ -d "$lib" ] || fail "$lib: no such board; there are: $(ls "$libs" 2>/dev/null | tr '\n' ' ')"
boot=$lib/stm32-secure-patching-bootloader_${board}_$boot_version.elf
[ -f "$boot" ] || fail "$boot: no such boot loader version; there are: $(cd "$lib" && ls ./*.elf 2>/dev/null | tr '\n' ' ')"
map=$(sed -n 's/^board=//p' "$lib/board.properties")
[ -n "$map" ] || fail "$lib/board.properties: does not name the board"

# Keys: the folder may hold the vendor's names or ours.
if [ -f "$keys/Cipher_Key_AES_CBC.bin" ]; then
  set -- --sign-key "$keys/Signing_PrivKey_ECC.txt" --encryption-key "$keys/Cipher_Key_AES_CBC.bin"
  public=$keys/Signing_PrivKey_ECC.txt secret=$keys/Cipher_Key_AES_CBC.bin
else
  set -- --keys "$keys"
  public=$keys/signing_pub.pem secret=$keys/encryption_key.bin
fi

# Versions: what the header holds, and what the files are called.
case $version in
  0 | 0.0.0 | v0.0.0) named=$(git describe --tags --always --dirty) || fail "no git repository here: give the version instead of $version" ;;
  *) named=$version ;;
esac
number=$("$tool" version "$named") || exit 1

name=${artifact##*/}
name=${name%.*}
mkdir -p "$binary/PatchRef"
base=$binary/${name}_${board}
# A key folder in a repository is readable by others: git keeps no such permissions. A development build is packed again and again.
echo "postbuild: $name $named ($number in the header) for $board"
"$tool" image pack "$@" --insecure-key-permissions --no-ledger --board "$map" --version "$number" "$artifact" \
  -o "${base}_$named.sfb"
"$tool" image decrypt --public-key "$public" --encryption-key "$secret" --insecure-key-permissions "${base}_$named.sfb" \
  -o "$binary/PatchRef/${name}_$named.bin"
# Two segments lie too far apart for one .bin
kinds='hex bin'
if grep -q '^multiseg_start=' "$lib/board.properties"; then kinds=hex; fi
for kind in $kinds; do
  "$tool" image merge --boot "$boot" --embed-keys --image "${base}_$named.sfb" --public-key "$public" --encryption-key "$secret" \
    --insecure-key-permissions --board "$map" -o "$binary/BOOT_${name}_${board}_$named.$kind" >/dev/null
done

case $patchref in
  0 | 0.0.0 | v0.0.0) ;;
  *)
    old=$binary/PatchRef/${name}_$patchref.bin
    if [ ! -f "$old" ]; then
      echo "postbuild: note: no $old: no patch is made" >&2
    elif ! "$tool" help image patch >/dev/null 2>&1; then
      echo "postbuild: note: this portcullis makes no patches" >&2
    else
      case $(sed -n 's/^patches=//p' "$lib/board.properties") in
        yes) ;;
        in-place) set -- "$@" --in-place --board "$map" ;;
        *) echo "postbuild: note: this boot loader takes no patches, only .sfb" >&2 ;;
      esac
      "$tool" image patch "$@" --public-key "$public" --insecure-key-permissions --from-version "$("$tool" version "$patchref")" \
        "$old" "${base}_$named.sfb" \
        -o "${base}_${patchref}_$named.sfbp"
    fi ;;
esac
