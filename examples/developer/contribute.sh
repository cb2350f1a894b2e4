# Contributes for an investor with a key that has the scope contributions:write, and prints the answer with its receipt.
# The Idempotency-Key is a name of your own for this contribution: when no answer came, repeat the same request
# with the same name, and it counts once.
offering=$1 investor=$2 currency=$3 amount=$4 name=$5
curl --fail-with-body --silent --show-error "$SOFTCAP_URL/v1/offerings/$offering/contributions" \
  --header "Authorization: Bearer $SOFTCAP_KEY" \
  --header "Idempotency-Key: $name" \
  --json "{\"investor\":\"$investor\",\"currency\":\"$currency\",\"amount\":\"$amount\"}"
