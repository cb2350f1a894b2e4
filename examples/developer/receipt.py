"""Checks a receipt without asking the server: receipt.py FILE KEY.

The key is the one that the site shows and the issuer publishes elsewhere: NAME+ID+BASE64. Python has no Ed25519 of its
own: here openssl 3 checks the signature.
"""
import base64
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

decode = base64.b64decode
text = Path(sys.argv[1]).read_text(encoding="utf-8")
name, key_id, key = sys.argv[2].split("+", 2)
head, checkpoint, signatures = text.split("\n\n")
checkpoint += "\n"
_, extra, index, *proof = head.split("\n")
index = int(index.removeprefix("index "))
_, size, root = checkpoint.split("\n")[:3]

# The signature of the log over the checkpoint: four bytes of the key's id, then Ed25519.
line = next(line for line in signatures.split("\n") if line.startswith(f"— {name} "))
signed = decode(line.rsplit(" ", 1)[1])
assert signed[:4].hex() == key_id, "signed with another key"
with tempfile.TemporaryDirectory() as folder:
    files = {
        "key": bytes.fromhex("302a300506032b6570032100") + decode(key)[1:],
        "checkpoint": checkpoint.encode(),
        "signature": signed[4:],
    }
    for file, content in files.items():
        Path(folder, file).write_bytes(content)
    command = "openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey key -in checkpoint -sigfile signature"
    subprocess.run(command.split(), cwd=folder, check=True, stdout=subprocess.DEVNULL)


# From the leaf to the root (RFC 9162, section 2.1.3.2): a leaf is hashed behind a byte 0, a pair behind a byte 1.
def digest(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


node = digest(b"\0", decode(extra.removeprefix("extra ")))
first, last = index, int(size) - 1
for sibling in map(decode, proof):
    if first & 1 or first == last:
        node = digest(b"\1", sibling, node)
        while first and not first & 1:
            first, last = first >> 1, last >> 1
    else:
        node = digest(b"\1", node, sibling)
    first, last = first >> 1, last >> 1
assert last == 0 and node == decode(root), "the entry is not in the log"
print(f"entry {index} stands in the log of {size} entries")
