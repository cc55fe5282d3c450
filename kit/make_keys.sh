#!/bin/sh
# make_keys.sh DIR [v7m|v6m]: new keys for a product, under the names that postbuild.sh and the vendor's projects know.
#   Cipher_Key_AES_CBC.bin   AES-128 key (secret)         Signing_PrivKey_ECC.txt   P-256 private key, PEM (secret)
#   machine.txt              V7M (Cortex-M3 and up) or V6M (Cortex-M0, M0+)
# Existing keys are never replaced: devices in the field only take firmware made with theirs.
set -eu
[ $# -ge 1 ] && [ $# -le 2 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
dir=$1
case ${2:-v7m} in
  v7m) machine=V7M ;;
  v6m) machine=V6M ;;
  *) echo "make_keys: error: $2: must be v7m or v6m" >&2; exit 2 ;;
esac
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
tool=${PORTCULLIS:-$here/../Tools/portcullis}
[ -x "$tool" ] || tool=$(command -v portcullis) || { echo "make_keys: error: no portcullis in Tools/ nor in PATH" >&2; exit 1; }
for f in Cipher_Key_AES_CBC.bin Signing_PrivKey_ECC.txt; do
  [ ! -e "$dir/$f" ] || { echo "make_keys: error: $dir/$f exists; it is not replaced" >&2; exit 1; }
done
mkdir -p "$dir"
new=$(mktemp -d "$dir/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
"$tool" keys new "$new/keys" >/dev/null
mv "$new/keys/encryption_key.bin" "$dir/Cipher_Key_AES_CBC.bin"
mv "$new/keys/signing_key.pem" "$dir/Signing_PrivKey_ECC.txt"
echo "$machine" >"$dir/machine.txt"
echo "Made $dir/Cipher_Key_AES_CBC.bin, $dir/Signing_PrivKey_ECC.txt, $dir/machine.txt: keep them secret, and keep them."
