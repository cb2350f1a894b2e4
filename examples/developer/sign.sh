# Lists the keys with one that has no secret, by curl and openssl 3: the request is signed (RFC 9421) with the private half
# of an Ed25519 pair. Make one, and give its public half when you make the key:
#   openssl genpkey -algorithm ed25519 -out key.pem && openssl pkey -in key.pem -pubout
# SOFTCAP_KEYID is the key's public part, SOFTCAP_PRIVATE_KEY the file key.pem. A request with a body signs its
# content-digest too, and one with an Idempotency-Key that.
set -eu
url="$SOFTCAP_URL/v1/keys?limit=10"
params="(\"@method\" \"@target-uri\");created=$(date +%s);nonce=\"$(openssl rand -hex 16)\";keyid=\"$SOFTCAP_KEYID\""
base=$(mktemp)
trap 'rm -f "$base"' EXIT
printf '"@method": GET\n"@target-uri": %s\n"@signature-params": %s' "$url" "$params" > "$base"
signature=$(openssl pkeyutl -sign -rawin -inkey "$SOFTCAP_PRIVATE_KEY" -in "$base" | base64 | tr -d '\n')
curl --silent --fail-with-body "$url" -H "signature-input: sig=$params" -H "signature: sig=:$signature:"
