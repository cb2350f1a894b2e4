#!/usr/bin/env python3
"""Checks the folder that `softcap settle` wrote, with Python's standard library and none of Softcap's code.

    python3 softcap_verify.py BUNDLE [--key VERIFIER_KEY] [--terms-hash HEX]

Exit code 0: all of it follows from terms and journal. 1: something is false; a line each says where and what. 2: there
is nothing to read. 3: no fault found, but the sale uses something that is not recomputed here, and a line says what.

Here is the folder (docs/bundle-format.md); rules.py computes the sale (docs/rules.md), journal.py reads its record
(docs/journal-format.md), standards.py has the signatures and hashes that Python lacks.
"""
import argparse
import base64
import json
import pathlib
import re
import sys
from fractions import Fraction
from itertools import zip_longest

sys.dont_write_bytecode = True  # whoever checks a bundle finds no new files beside this one

from journal import read_journal
from rules import Sale, numbers, rounded
from standards import is_signed, log_root, sha256, standard_tree

FILES = ("offering.toml terms.json journal journal.hashes checkpoint settlement.csv investors.csv settlement.json "
         "settlement.tree report.html annotations.csv").split()
REASONS = dict(re.findall(r"(\d+) (\w+)", """101 not_yet_open 102 window_over 103 between_rounds
    106 offering_cancelled 108 position_went_back 109 not_announced 112 deadline_passed 201 below_minimum
    202 above_maximum 203 below_investor_minimum 204 investor_limit 205 round_cap_reached 206 hard_cap_reached
    207 sold_out 208 buys_nothing 209 zero 212 oversubscribed 301 not_admitted 302 admission_expired
    303 admission_limit 304 admission_revoked 401 currency_not_taken 407 unknown_currency 502 limit_price_not_asked"""))
VERDICTS = "? succeeded failed cancelled expired".split()
KINDS = ("contributed", "accepted", "refunded", "kept")
problems = []


def false(where, what):
    problems.append(f"false: {where}: {what}")


def compare(name, right, files):
    """Says the first line in which a file is not what it must be."""
    found = files.get(name, b"").decode(errors="replace")
    pairs = zip_longest(found.split("\n"), right.split("\n"), fillvalue="(nothing)")
    for number, (is_there, must_be) in enumerate(pairs, 1):
        if is_there != must_be:
            return false(f"{name}, line {number}", f"there is {is_there.strip()}, it must be {must_be.strip()}")


def plain(units, decimals):
    """Whole units as the shortest exact decimal."""
    digits = f"{units:0{decimals + 1}}"
    return re.sub(r"\.?0*$", "", f"{digits[:-decimals]}.{digits[-decimals:]}") if decimals else digits


def check_manifest(files):
    """The manifest is the one of these files; gives who signed, by its own word."""
    signer = json.loads(files["manifest.json"])["signer"]
    rows = ",\n".join("    " + json.dumps({"name": name, "size": len(files[name]), "sha256": sha256(files[name]).hex()})
                      for name in FILES if name in files)
    above = f'{{\n  "format": "softcap-bundle-1",\n  "signer": {json.dumps(signer)},\n  "files": [\n{rows}\n  ],\n'
    compare("manifest.json", f'{above}  "sha256_above": "{sha256(above.encode()).hex()}"\n}}\n', files)
    for name in sorted(files.keys() - {*FILES, "manifest.json"}):
        false(name, "does not belong to a bundle")
    return signer


def replay(files, terms):
    """The sale after the last entry, and the hash of each entry."""
    sale, hashes, listed = Sale(terms, sha256(files["terms.json"])), [], files["journal.hashes"]
    try:
        for number, (leaf, line, position, command, outcome) in enumerate(read_journal(files["journal"])):
            hashes.append(sha256(b"\0" + leaf))
            if listed[32 * number:32 * number + 32] != hashes[-1]:
                false(f"journal.hashes, entry {number}", "is not the hash of the entry")
            right = sale.apply(number, line, position, command)
            wrong = [f"{key} is {outcome.get(key)}, it must be {must_be}"
                     for key, must_be in right.items() if outcome.get(key) != must_be]
            if wrong and not sale.unchecked:
                false(f"journal, entry {number} ({command['kind']})", "; ".join(wrong))
            if outcome["kind"] == "settled" and sale.unchecked:  # what is not recomputed is taken from the record
                sale.stage, sale.verdict, sale.settled_at = "settled", outcome["verdict"], sale.latest[0]
            sale.raised = outcome.get("raised", sale.raised)
    except ValueError as error:
        false("journal", error)
    if len(listed) != 32 * len(hashes):
        false("journal.hashes", f"has {len(listed)} bytes for {len(hashes)} entries")
    return sale, hashes


def check_checkpoint(text, origin, hashes, key):
    body = f"{origin}\n{len(hashes)}\n{base64.b64encode(log_root(hashes)).decode()}\n"
    if text != body and not text.startswith(body + "\n"):
        false("checkpoint", f"does not begin with {body!r}")
    if key:
        name, _, public = key.split("+", 2)
        public = base64.b64decode(public)
        key_id = sha256(name.encode() + b"\n" + public)[:4]
        lines = [line.split(" ")[2] for line in text.splitlines() if line.startswith(f"\u2014 {name} ")]
        signatures = [signature[4:] for signature in map(base64.b64decode, lines) if signature[:4] == key_id]
        if not any(is_signed(public[1:], body.encode(), signature) for signature in signatures):
            false("checkpoint", f"has no signature by {key}")


def settlement_tree(rows):
    """Types of a leaf, root and content of the file, for rows of an investor and amounts."""
    opaque = any(not re.fullmatch("0x[0-9a-f]{40}", investor) for investor, *_ in rows)

    def word(investor):
        return sha256(b"softcap/investor/v1\0" + investor.encode()) if opaque else bytes.fromhex(investor[2:].zfill(64))

    nodes, places = standard_tree([[word(investor)] + [each.to_bytes(32, "big") for each in amounts]
                                   for investor, *amounts in rows])
    head = b"softcap-settlement-tree\n\1" + len(rows).to_bytes(8, "little")
    types = ["bytes32" if opaque else "address"] + ["uint256"] * (len(rows[0]) - 1)
    return types, nodes[0], head + b"".join([place.to_bytes(4, "little") for place in places] + nodes)


def money(row):
    return [row.amount, row.accepted, row.amount - row.accepted - row.kept, row.kept]


def believe_table(files, rows, token):
    """Of a sale that is not recomputed the rows are taken from their table; the other files must follow from them."""
    for row, line in zip(rows, files["settlement.csv"].decode().splitlines()[1:]):
        accepted, _, kept, tokens, row.reason = line.split(",")[4:]
        row.accepted, row.kept = (int(Fraction(each) * 10**row.decimals) for each in (accepted, kept))
        row.tokens = int(Fraction(tokens) * 10**token)


def check_tables(files, sale):
    """Both tables and the tree; gives the totals by currency, the types of a leaf and the root."""
    rows, currencies, token = list(sale.rows.values()), sale.currencies, sale.terms["token"]["decimals"]
    if sale.unchecked:
        believe_table(files, rows, token)
    table = [",".join(["contribution_id,investor,currency", *KINDS, "tokens,reason"])]
    for row in rows:
        amounts = [plain(each, row.decimals) for each in money(row)]
        reason = REASONS.get(str(row.reason), row.reason) or ""
        table.append(",".join([row.reference, row.investor, row.symbol, *amounts, plain(row.tokens, token), reason]))
    compare("settlement.csv", "\n".join(table) + "\n", files)

    table = [",".join(["investor,tokens"] + [f"{kind}_{each['symbol']}" for each in currencies for kind in KINDS])]
    leaves, totals = [], [[0] * 4 for _ in currencies]
    for investor, own in sale.investors.items():
        sums, tokens = [[0] * 4 for _ in currencies], sum(row.tokens for row in own)
        for row in own:
            for all_of_it in (sums[row.currency], totals[row.currency]):
                all_of_it[:] = [before + each for before, each in zip(all_of_it, money(row))]
        leaves.append([investor, tokens] + [each for four in sums for each in four[1:3]])
        amounts = [plain(each, of["decimals"]) for of, four in zip(currencies, sums) for each in four]
        table.append(",".join([investor, plain(tokens, token), *amounts]))
    compare("investors.csv", "\n".join(table) + "\n", files)

    types, root, content = settlement_tree(leaves) if leaves else (None, None, None)
    if files.get("settlement.tree") != content:
        false("settlement.tree", f"is not the tree of the investors, whose root is {root and root.hex()}")
    if sale.published != root:
        published = sale.published and sale.published.hex()
        false("journal", f"publishes the settlement root {published}, it must be {root and root.hex()}")
    return totals, types, root


def summary(files, sale, hashes, totals, types, root):
    """What settlement.json must be."""
    terms, token, numeraire = sale.terms, sale.terms["token"], sale.terms["numeraire"]
    rows, supply, succeeded = sale.rows.values(), sale.supply, sale.verdict == 1

    def both(count, of):
        return {"units": str(count), "display": f"{plain(count, of['decimals'])} {of['symbol']}"}

    def share(size):
        return rounded(sold * size["of_sold"], 1, size["rounding"]) if isinstance(size, dict) else size

    def round_of(number):
        own = [row for row in rows if row.round == number]
        return {"round": sale.rounds[number]["name"],
                "accepted": both(sum(row.value(row.accepted) for row in own), numeraire),
                "sold": both(sum(row.tokens for row in own), token)}

    sold, most = sum(row.tokens for row in rows), supply.get("for_sale", supply.get("max"))
    shares = [share(each["size"]) if succeeded else 0 for each in supply["shares"]]
    unsold = most - sold if succeeded and most is not None else 0
    minted = sold + sum(shares)
    if succeeded and supply["kind"] == "fixed":
        minted = supply["total"] - (unsold if terms["unsold"] == "burned" else 0)
    rounds = [round_of(number) for number in range(len(sale.rounds))]
    return {"format": "softcap-settlement-1", "offering": terms["name"], "outcome": VERDICTS[sale.verdict],
            "settled_at": {"line": sale.lines[0], "position": str(sale.settled_at)}, "contributions": len(rows),
            "investors": len(sale.investors), "raised": both(sale.raised, numeraire), "sold": both(sold, token),
            "unsold": both(unsold, token), "minted": both(minted, token),
            "shares": [{"name": each["name"], "tokens": both(n, token)} for each, n in zip(supply["shares"], shares)],
            "currencies": [{"currency": each["symbol"]} | {kind: both(n, each) for kind, n in zip(KINDS, four)}
                           for each, four in zip(sale.currencies, totals)],
            "rounds": json.loads(files["settlement.json"])["rounds"] if sale.unchecked else rounds,
            "terms_hash": sale.terms_hash.hex(),
            "journal": {"origin": terms["origin"], "size": len(hashes), "root": log_root(hashes).hex()},
            "settlement_tree": root and {"root": "0x" + root.hex(), "leaf_encoding": types}}


def check(files, key, terms_hash):
    """Runs all checks on the files of a bundle; gives what is not recomputed, and what the result rests on."""
    signer = check_manifest(files)
    terms = json.loads(files["terms.json"])
    compare("terms.json", json.dumps(terms, sort_keys=True, separators=(",", ":"), ensure_ascii=False), files)
    sale, hashes = replay(files, numbers(terms))
    if terms_hash and terms_hash.lower() != sale.terms_hash.hex():
        false("terms.json", f"has the hash {sale.terms_hash.hex()}, expected was {terms_hash.lower()}")
    check_checkpoint(files["checkpoint"].decode(), terms["origin"], hashes, key or signer)
    if sale.stage == "settled":
        right = summary(files, sale, hashes, *check_tables(files, sale))
        compare("settlement.json", json.dumps(right, indent=2, ensure_ascii=False) + "\n", files)
    else:
        false("journal", "has no settlement")
    trust = [] if key else [f"signed by {signer}: compare this key" if signer else "not signed: nobody vouches for it"]
    trust += [] if terms_hash else [f"compare the terms hash {sale.terms_hash.hex()} with a source you trust"]
    return sale.unchecked, trust + ["offering.toml and report.html are compared with the manifest only"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--key", help="verifier key of the log: name+id+key")
    parser.add_argument("--terms-hash", help="SHA-256 of the canonical terms, in hexadecimal")
    given = parser.parse_args()
    unchecked, trust = {}, []
    try:
        files = {path.name: path.read_bytes() for path in given.bundle.iterdir()}
        unchecked, trust = check(files, given.key, given.terms_hash)
    except (OSError, ValueError, LookupError, TypeError) as error:
        if not problems:
            print(f"cannot read {given.bundle}: {type(error).__name__}: {error}")
            return 2
    if problems:
        print("\n".join(problems[:20]))
        return 1
    for what in unchecked:
        print(f"not checked: {what}")
    print("; ".join(["consistent as far as checked" if unchecked else "consistent", *trust]))
    return 3 if unchecked else 0


if __name__ == "__main__":
    sys.exit(main())
