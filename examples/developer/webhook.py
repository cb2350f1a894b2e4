"""Checks a call of a webhook: its body is on standard input, its headers and your secret are in variables."""
import base64
import hashlib
import hmac
import os
import sys
import time


def is_genuine(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Before the body is read, on the bytes as they came."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    sent = headers["webhook-timestamp"]
    if abs(time.time() - int(sent)) > 300:
        return False
    signed = f"{headers['webhook-id']}.{sent}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    # There may be several signatures while a secret is replaced.
    return any(hmac.compare_digest(expected, one) for one in headers["webhook-signature"].split(" "))


names = ["webhook-id", "webhook-timestamp", "webhook-signature"]
received = {name: os.environ[name.upper().replace("-", "_")] for name in names}
if not is_genuine(os.environ["WEBHOOK_SECRET"], received, sys.stdin.buffer.read()):
    sys.exit("forged")
print("genuine")
