# Which offerings there are, and how they stand. What is public needs no key.
curl --fail --silent --show-error "$SOFTCAP_URL/v1/offerings"
