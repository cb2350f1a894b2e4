# Checks a call of a webhook: its body is on standard input, its headers and your secret are in variables.
set -eu
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
age=$(( $(date +%s) - WEBHOOK_TIMESTAMP ))
test "${age#-}" -le 300 || { echo "too old"; exit 1; }
{ printf '%s.%s.' "$WEBHOOK_ID" "$WEBHOOK_TIMESTAMP"; cat; } > "$work/signed"
key=$(printf '%s' "${WEBHOOK_SECRET#whsec_}" | base64 -d | xxd -p -c 64)
expected=$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary "$work/signed" | base64)
# There may be several signatures while a secret is replaced.
for signature in $WEBHOOK_SIGNATURE; do
  if [ "$signature" = "v1,$expected" ]; then echo "genuine"; exit 0; fi
done
echo "forged"
exit 1
