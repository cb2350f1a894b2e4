"""Contributes for an investor with a key that has the scope contributions:write, and prints the receipt.

The Idempotency-Key is a name of your own for this contribution: when no answer came, repeat the same request with the
same name, and it counts once.
"""
import json
import os
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen

offering, investor, currency, amount, name = sys.argv[1:]
request = Request(
    f"{os.environ['SOFTCAP_URL']}/v1/offerings/{offering}/contributions",
    json.dumps({"investor": investor, "currency": currency, "amount": amount}).encode(),
    {
        "Authorization": f"Bearer {os.environ['SOFTCAP_KEY']}",
        "Idempotency-Key": name,
        "Content-Type": "application/json",
    },
)
try:
    with urlopen(request) as answer:
        entry = json.load(answer)
except HTTPError as error:
    problem = json.load(error)
    sys.exit(f"{problem['code']} {problem['title']} {problem['remedy']}")
print(f"number {entry['sequence']}: {entry['outcome']['kind']}", file=sys.stderr)
print(entry["receipt"], end="")
