# Checks a receipt without asking the server: receipt.sh FILE KEY. The key is the one that the site shows and the issuer
# publishes elsewhere: NAME+ID+BASE64. Needs openssl 3 and xxd.
set -eu
file=$1 key=$2 work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
note=$(sed '1,/^$/d' "$file")
printf '%s\n' "$note" | sed '/^$/,$d' > "$work/checkpoint"
size=$(sed -n 2p "$work/checkpoint")
index=$(sed -n 's/^index //p' "$file")

# The signature of the log over the checkpoint: four bytes of the key's id, then Ed25519.
name=${key%%+*} id=${key#*+}
line=$(printf '%s\n' "$note" | grep -F "— $name " | head -1)
printf '%s' "${line##* }" | base64 -d > "$work/signed"
test "$(head -c 4 "$work/signed" | xxd -p)" = "${id%%+*}"
tail -c +5 "$work/signed" > "$work/signature"
{ printf '302a300506032b6570032100' | xxd -r -p; printf '%s' "${id#*+}" | base64 -d | tail -c +2; } > "$work/key"
openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey "$work/key" \
  -in "$work/checkpoint" -sigfile "$work/signature" > /dev/null

# From the leaf to the root (RFC 9162, section 2.1.3.2): a leaf is hashed behind a byte 0, a pair behind a byte 1.
hash() { openssl dgst -sha256 -binary | xxd -p -c 64; }
pair() { printf '01%s%s' "$1" "$2" | xxd -r -p | hash; }
node=$({ printf '\0'; sed -n 's/^extra //p' "$file" | base64 -d; } | hash)
first=$index last=$((size - 1))
for sibling in $(sed '1,/^index /d;/^$/,$d' "$file"); do
  sibling=$(printf '%s' "$sibling" | base64 -d | xxd -p -c 64)
  if [ $((first & 1)) = 1 ] || [ "$first" = "$last" ]; then
    node=$(pair "$sibling" "$node")
    while [ $((first & 1)) = 0 ] && [ "$first" != 0 ]; do first=$((first >> 1)) last=$((last >> 1)); done
  else
    node=$(pair "$node" "$sibling")
  fi
  first=$((first >> 1)) last=$((last >> 1))
done
test "$last" = 0
test "$node" = "$(sed -n 3p "$work/checkpoint" | base64 -d | xxd -p -c 64)"
echo "entry $index stands in the log of $size entries"
