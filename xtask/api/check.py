"""Draws requests from the server's own OpenAPI document and sends them to the real program.

    python check.py SOFTCAP

`cargo xtask api` runs it with schemathesis at the version of requirements.txt. The program serves a new
folder with an open offering. No answer may be a server error, and each must be one that the document
describes: status, media type, headers, and body. The seed is fixed, so that a run can be repeated.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

SEED = 20261128
EXAMPLES = 10
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,"
          "response_headers_conformance,response_schema_conformance")
OFFERING = "harbour"
# These end the sale: what is asked of an open offering is asked before.
ENDS_THE_SALE = "^/v1/offerings/{offering}/(operations|settlement)$"
# These end keys, and schemathesis learns ids from answers: its own key is gone after them.
ENDS_KEYS = "^/v1/keys/{id}(/rotation)?$"
# Streams until the client goes away; crates/server/tests/api/events.rs reads it as clients do.
NEVER_ENDS = "/v1/offerings/{offering}/events"
TERMS = """
rules = 1
name = "Harbour"
origin = "softcap.example/harbour"
numeraire = "EUR"
soft_cap = "1 EUR"
hard_cap = "1_000_000 EUR"
[clock]
kind = "time"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 2
[token.supply]
kind = "minted"
[currency.EUR]
decimals = 2
rail = "balance"
[withdrawal]
span = "14 days"
who = "everyone"
[[round]]
name = "public"
from = "2020-01-01T00:00:00Z"
until = "2098-01-01T00:00:00Z"
end = "exclusive"
price = "10 HBR per 1 EUR"
contribution = { min = "0.05 EUR" }
"""


class Client:
    """Enters what the offering has before anything is drawn."""

    def __init__(self, url, key):
        self.url, self.key = url, key

    def post(self, path, body):
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json",
                   "Idempotency-Key": path[-60:]}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            sys.exit(f"{path}: {refused}: {refused.read().decode()}")

    def is_let_in(self):
        """Whether the key still counts: without it every answer is a right refusal and says nothing."""
        headers = {"Authorization": f"Bearer {self.key}"}
        request = urllib.request.Request(f"{self.url}/v1/keys", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status == 200
        except urllib.error.HTTPError:
            return False

    def open_offering(self):
        terms_hash = self.post("/v1/offerings/check", {"terms": TERMS})["terms_hash"]
        offering = {"name": OFFERING, "terms": TERMS, "terms_hash": terms_hash}
        self.post("/v1/offerings", offering)
        path = f"/v1/offerings/{OFFERING}"
        funding = {"transfer": f"{1:032x}", "currency": "EUR", "amount": "100000"}
        self.post(f"{path}/accounts/p-1/fundings", funding)
        self.post(f"{path}/contributions", {"investor": "p-1", "currency": "EUR", "amount": "5000"})


def draw(client, folder, phase, *which):
    """One run of schemathesis over some of the operations."""
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    command = [program, "--config-file", folder / "schemathesis.toml", "run",
               f"{client.url}/openapi.json", "--header", f"Authorization: Bearer {client.key}",
               "--checks", CHECKS, "--seed", str(SEED), "--max-examples", str(EXAMPLES),
               "--phases", "examples,coverage,fuzzing", "--request-timeout", "30",
               "--exclude-path", NEVER_ENDS, "--warnings", "off", "--no-color", *which]
    print(f"==> {phase}", flush=True)
    return subprocess.run(command, cwd=folder, check=False).returncode


def main():
    softcap = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory(prefix="softcap-api-") as name:
        folder = pathlib.Path(name)
        (folder / "schemathesis.toml").write_text(f'[parameters]\n"path.offering" = "{OFFERING}"\n')
        new = [softcap, "api-key", "new", "--data", "data", "--label", "api",
               "--test", "--per-second", "400000", "--json"]
        made = subprocess.run(new, cwd=folder, stdout=subprocess.PIPE, check=True).stdout
        # People get mail, so that what they can do is drawn too.
        environment = dict(os.environ, SOFTCAP_MAIL_FOLDER="mail")
        serve = [softcap, "serve", "--data", "data", "--listen", "127.0.0.1:0", "--json"]
        with open(folder / "log", "w") as log:
            server = subprocess.Popen(serve, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True,
                                      env=environment)
        try:
            said = ""
            while not said.rstrip().endswith("}"):
                line = server.stdout.readline()
                if not line:
                    print((folder / "log").read_text(), file=sys.stderr)
                    return 1
                said += line
            client = Client(json.loads(said)["url"], json.loads(made)["key"])
            client.open_offering()
            others = f"{ENDS_THE_SALE}|{ENDS_KEYS}"
            found = draw(client, folder, "an open sale", "--exclude-path-regex", others)
            found |= draw(client, folder, "its end", "--include-path-regex", ENDS_THE_SALE)
            if not client.is_let_in():
                print("error: the key was ended by a route that ENDS_KEYS does not name")
                return 1
            return found | draw(client, folder, "the end of keys", "--include-path-regex", ENDS_KEYS)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
