#!/usr/bin/env python3
"""Checks an audit bundle of Softcap with Python's standard library and none of Softcap's code.

    python3 softcap_verify.py BUNDLE [--terms-hash HEX]

From terms.json and journal it computes every leaf and outcome, the log's root, the settlement, its
tables, totals and tree, and compares them with the bundle. Written from docs/rules.md and
docs/bundle-format.md; the tables of docs/journal-format.md and docs/refusals.md are read. Exit
code 0: all of it follows. 1: something is false; a line each says where and what. 2: there is
nothing to read. 3: no fault found, but the sale uses what is not computed here, and a line says it.
"""
import argparse, base64, hashlib, io, json, pathlib, re, struct, sys
from collections import defaultdict
from fractions import Fraction
from itertools import zip_longest
from math import ceil, floor

DOCS = pathlib.Path(__file__).resolve().parents[1]
LEFT_OUT = ("left to `softcap verify`: the signature of the checkpoint, what offering.toml says, "
            "report.html, and in settlement.json the shares, minted tokens and sums of rounds")
problems = []

def false(where, what):
    problems.append(f"false: {where}: {what}")

# ---- Hashes and trees.

def sha256(data):
    return hashlib.sha256(data).digest()

def log_root(hashes):
    """RFC 6962: the left side is the largest complete tree that leaves something on the right."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256(b"")
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return sha256(b"\1" + log_root(hashes[:split]) + log_root(hashes[split:]))

def keccak256(data):
    """As Ethereum uses it: the permutation of FIPS 202 with the padding of the first submission."""
    turn = lambda lane, by: (lane << by % 64 | lane >> 64 - by % 64) & 2**64 - 1
    padded, a = bytearray(data + b"\1" + bytes(-(len(data) + 1) % 136)), [0] * 25
    padded[-1] |= 0x80
    for block in struct.iter_unpack("<17Q", padded):
        a, lfsr = [lane ^ more for lane, more in zip_longest(a, block, fillvalue=0)], 1
        for _ in range(24):
            c = [a[i] ^ a[i + 5] ^ a[i + 10] ^ a[i + 15] ^ a[i + 20] for i in range(5)]
            a = [a[i] ^ c[(i - 1) % 5] ^ turn(c[(i + 1) % 5], 1) for i in range(25)]
            x, y, lane = 1, 0, a[1]
            for step in range(1, 25):
                x, y = y, (2 * x + 3 * y) % 5
                a[x + 5 * y], lane = turn(lane, step * (step + 1) // 2), a[x + 5 * y]
            a = [a[i] ^ ~a[i - i % 5 + (i + 1) % 5] & a[i - i % 5 + (i + 2) % 5] for i in range(25)]
            for bit in range(7):
                a[0] ^= (lfsr & 1) << (1 << bit) - 1
                lfsr = lfsr << 1 ^ (lfsr >> 7) * 0x171
    return struct.pack("<4Q", *a[:4])

def settlement_tree(rows):
    """The tree of @openzeppelin/merkle-tree over investors and amounts: root, and its file."""
    word = lambda who: sha256(b"softcap/investor/v1\0" + who.encode())
    if all(re.fullmatch("0x[0-9a-f]{40}", who) for who, *_ in rows):
        word = lambda who: bytes.fromhex(who[2:].zfill(64))
    leaves = [[word(who)] + [n.to_bytes(32, "big") for n in amounts] for who, *amounts in rows]
    leaves, size = [keccak256(keccak256(b"".join(leaf))) for leaf in leaves], len(rows)
    order = sorted(range(size), key=leaves.__getitem__, reverse=True)
    nodes = [b""] * (size - 1) + [leaves[row] for row in order]
    for at in reversed(range(size - 1)):
        nodes[at] = keccak256(b"".join(sorted(nodes[2 * at + 1:2 * at + 3])))
    places = [size - 1 + at for _, at in sorted(zip(order, range(size)))]
    head = b"softcap-settlement-tree\n\1" + struct.pack(f"<Q{size}I", size, *places)
    return nodes[0], head + b"".join(nodes)

# ---- The journal. Its kinds of entries and outcomes are the tables of docs/journal-format.md.

class Refused(Exception):
    """Carries why: the code of a refusal, or what is wrong with the form of an entry."""

def refuse(reasons):
    """With the first reason that holds."""
    for why, holds in reasons.items():
        if holds:
            raise Refused(why)

class Fields(dict):
    """What an entry or outcome says. Fields are attributes, too, and None where there are none."""
    __getattr__, __setattr__ = dict.get, dict.__setitem__

def table(heading):
    """By tag: a name, then names and types of the fields; without a name a field has its type's."""
    page = (DOCS / "journal-format.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return {int(tag): (name, re.findall(r"([a-z ]*)`([\w ]+)`", fields))
            for tag, name, fields in re.findall(r"\| (\d+) \| ([a-z ]+) \|(.*)\|", page)}

def read(leaf, kind):
    """Reads a value and refuses every spelling but the canonical one."""
    if kind in ("limit", "ratio"):
        return read(leaf, "amount"), read(leaf, "amount")
    if kind.startswith("option ") or kind == "investor":
        choice = read(leaf, "u8")
        refuse({"has a choice other than 0 and 1": choice > 1})
        if kind == "investor":
            return read(leaf, "text") if choice else "0x" + read(leaf, "address").hex()
        return read(leaf, kind[7:]) if choice else None
    size = SIZES.get(kind) or read(leaf, "u8" if kind == "amount" else "u16")
    found = leaf.read(size)
    too_long = kind == "amount" and (size > 16 or found[:1] == b"\0")
    refuse({"ends too early": len(found) < size, "has too long an amount": too_long})
    if kind == "text":
        return found.decode("ascii")
    return found if kind in ("hash", "id", "bytes", "address") else int.from_bytes(found, "big")

def read_entry(leaf, number):
    """An entry and its outcome."""
    version, sequence, line, position = (read(leaf, kind) for kind in ("u8", "u64", "u8", "u64"))
    refuse({"has another number": sequence != number, "has another version": version not in (1, 2)})
    entry = Fields(sequence=sequence, line=line, position=position, request=None)
    entry.update({"request": read(leaf, "id")} if version == 2 else {})
    outcome = Fields()
    for said, kinds in ((entry, COMMANDS), (outcome, OUTCOMES)):
        said.kind, fields = kinds[read(leaf, "u8")]
        said.update({name.strip().replace(" ", "_") or of: read(leaf, of) for name, of in fields})
    refuse({"goes on after its outcome": leaf.read()})
    return entry, outcome

SIZES = dict(u8=1, round=1, currency=1, u16=2, u32=4, u64=8, id=16, address=20, hash=32)
COMMANDS, OUTCOMES = table("Commands"), table("Outcomes")

# ---- The rules: docs/rules.md. Amounts are in smallest units; what is not whole is a fraction.

COMPUTED = ("fixed", "steps", "first_come", "pro_rata", "reopen", "closed", 1)
AT_ANY_TIME = ("announce", "settle", "publish", "tick", "document", "take back")
ARRIVES = ("contribute", "contribute on chain")
KNOWN = ("admit", "revoke", "contribute from account", "withdraw", "return", "fund", "cancel",
         "escrow", *ARRIVES, *AT_ANY_TIME)
ENDED = {"cancelled": 106, "expired": 112, "settled": 107}
RETURNS = ("? discretion over_limit identity_not_proved sanctions order not_eligible "
           "wrongful_payment").split()
ROUNDING = {"down": floor, "half_up": lambda n: floor(n + Fraction(1, 2)), "half_even": round}
VERDICTS = "? succeeded failed cancelled expired".split()
NOTHING = {"value": 0, "tokens": 0}

def not_computed(terms):
    uses = [(key, each[key]["kind"]) for each in terms["rounds"] + terms["currencies"]
            for key in ("pricing", "allocation", "rate") if key in each]
    uses += [("freed room", terms["freed_room"]), ("count of clocks", len(terms["clock"]["lines"]))]
    uses += [("ceiling", terms[key]) for key in ("token_ceiling_per_investor",) if key in terms]
    return [f"the {key} {kind!r}" for key, kind in uses if kind not in COMPUTED]

def least(most, holds):
    """The least amount above zero for which something holds that holds from there on."""
    low = 0
    while most - low > 1:
        middle = (low + most) // 2
        low, most = (low, middle) if holds(middle) else (middle, most)
    return most

def room(code, most, used, kind="value"):
    """What is left below a cap, in a list that is empty where there is no cap."""
    kind, most = (most["kind"], most["most"]) if isinstance(most, dict) else (kind, most)
    return [] if most is None else [(code, kind, max(most - used[kind], 0))]

class Row(Fields):
    """A contribution with the arithmetic of its currency, rate and price."""

    def __init__(self, entry, currency, round=None, price=0):
        self.update(entry, of=currency, round=round, accepted=0, kept=0, tokens=0)
        rate, price = Fraction(currency["rate"]["rate"]), Fraction(price)
        unit, mode, per = (currency["rounding"][key] for key in ("unit", "mode", "per"))
        self.once = per == "investor"
        self.value = lambda money: floor(money * rate)
        self.asked = lambda money: ceil(money * rate)
        self.worth = lambda value: floor(value / rate)
        self.exact = lambda money: (money + currency["credit"]) * rate * price if money else 0
        self.rounded = lambda exact: ROUNDING[mode](exact / unit) * unit
        self.bought = lambda money: self.rounded(self.exact(money))
        # As caps count them: of tokens that are rounded once per investor, the most they come to.
        up = lambda money: ceil(self.exact(money) / unit) * unit
        self.counted = up if self.once else self.bought
        self.nothing = lambda money: not self.once and self.bought(money) == 0

    def within(self, amount, kind, left):
        """The part of an amount that fits into what is left."""
        if {"money": int, "value": self.value, "tokens": self.counted}[kind](amount) <= left:
            return amount
        fits = self.worth(left) if kind == "value" else left
        if kind == "tokens":
            fits = most = least(amount, lambda money: self.counted(money) > left) - 1
            if not self.once:
                fits = least(most, lambda money: self.counted(money) >= self.counted(most))
        return 0 if self.nothing(fits) else fits

    def cut(self, asked, policy, rooms):
        """What is accepted of what is asked, when each room takes what fits."""
        accepted = asked
        for code, kind, left in rooms:
            if (fits := self.within(asked, kind, left)) < accepted:
                refuse({code: policy == "refuse" or (policy == "partial" and fits == 0)})
                self.kept += accepted - fits if policy == "kept" else 0
                accepted, self.reason = fits, code
        return accepted

class Sale:
    """Applies entries in order."""

    def __init__(self, terms, terms_hash):
        self.terms, self.terms_hash = terms, terms_hash
        self.rounds, self.currencies = terms["rounds"], terms["currencies"]
        self.stage, self.now, self.rights_end, self.published = "draft", 0, 0, None
        self.escrow = None  # the currency of which a contract holds the money
        self.rows, self.investors, self.admissions, self.seen = {}, {}, {}, {}
        self.used = defaultdict(NOTHING.copy)  # by round, by person, by both
        self.money, self.held = defaultdict(int), defaultdict(int)  # by person and currency
        windows = [each["windows"][str(terms["clock"]["lines"][0])] for each in self.rounds]
        self.windows = [(each["from"], each["until"] + (each["end"] == "inclusive"))
                        for each in windows]
        # What each round takes of the caps of all; one that is shared out keeps its own until then.
        self.taken = {number: {"value": each.get("cap", 0), "tokens": each.get("supply", 0)}
                      if each["allocation"]["kind"] == "pro_rata" else self.used[number]
                      for number, each in enumerate(self.rounds)}

    def apply(self, entry):
        """The outcome of an entry."""
        for key in ("request", "transfer"):
            name = (key, entry[key] if entry.get(key) else entry.sequence)
            if (first := self.seen.setdefault(name, entry.sequence)) != entry.sequence:
                return {"kind": "repeat of", "first": first}
        known = (entry.currency or 0) < len(self.currencies)
        try:
            too_late = entry.position + self.terms["clock"]["tolerance"] < self.now
            too_late = too_late and entry.kind != "escrow"  # from which on its chain's clock counts
            refuse({407: entry.line > 0, 108: too_late})
            self.now = max(self.now, entry.position)
            if self.stage == "running" and self.now > self.terms.get("refund_deadline", self.now):
                self.stage = "expired"
            ended = ENDED.get(self.stage) if entry.kind not in AT_ANY_TIME else None
            stranger = entry.kind.endswith(" account") and entry.investor not in self.investors
            refuse({109: self.stage == "draft" and entry.kind != "announce", ended: ended,
                    214: stranger, 407: not known, 305: (entry.round or 0) >= len(self.rounds)})
            return self.act(entry, (entry.investor, entry.currency)) or {"kind": "done"}
        except Refused as refusal:
            code, = refusal.args
            if entry.kind in ARRIVES and known and self.stage != "settled":
                row = Row(entry, self.currencies[entry.currency])
                row.reason = code
                self.take(row, 0)
            return {"kind": "refused", "code": code}

    def act(self, entry, account):
        """Does what a command in its time says; gives its outcome if that is not `done`."""
        given_up = self.stage in ("cancelled", "expired")
        # Not even nothing is drawn from an account that was never funded.
        held = 0 if given_up else self.held[account]
        free = self.money[account] - held if account in self.money else -1
        match entry.kind:
            case "announce":
                refuse({110: self.stage != "draft", 111: entry.terms_hash != self.terms_hash})
                self.stage = "running"
            case "cancel":
                self.stage = "cancelled"
            case "admit":
                self.investors.setdefault(entry.investor, [])
                self.admissions[entry.investor, entry.round] = entry
            case "revoke":
                refuse({301: (entry.investor, entry.round) not in self.admissions})
                self.admissions[entry.investor, entry.round].revoked = True
            case "escrow":
                rail = self.currencies[entry.currency]["rail"]
                refuse({409: rail != "evm", 412: self.escrow is not None or self.rows})
                self.escrow, self.now = entry.currency, entry.position
            case "fund":
                rail = self.currencies[entry.currency]["rail"]
                refuse({408: rail != "balance", 209: entry.amount == 0})
                self.investors.setdefault(entry.investor, [])
                self.money[account] += entry.amount
            case "take back":
                unknown = entry.investor not in self.investors
                refuse({804: unknown, 209: entry.amount == 0, 214: entry.amount > free})
                self.money[account] -= entry.amount
            case "contribute" | "contribute from account" | "contribute on chain":
                held, on_chain = self.escrow == entry.currency, entry.kind == "contribute on chain"
                refuse({409: on_chain and not held, 410: held and not on_chain})
                return self.contribute(entry, free)
            case "withdraw" | "return":
                return self.give_back(entry)
            case "settle":
                return self.settle()
            case "publish":
                refuse({706: self.stage != "settled", 712: self.published})
                self.published = entry.settlement_root

    def find_round(self, entry):
        """The first open round that takes the currency and lets the person in; else why not."""
        at, obstacles = entry.position, []
        for number, (terms, (begin, end)) in enumerate(zip(self.rounds, self.windows)):
            admission = self.admissions.get((entry.investor, number), Fields())
            code = (401 if entry.currency not in terms["currencies"] else
                    301 if not admission and terms["access"] == "admitted" else
                    304 if admission.revoked else 302 if None is not admission.expires <= at else 0)
            if begin <= at < end and not code:
                return number
            obstacles += [code] if begin <= at < end else []
        begun = [begin <= at for begin, _ in self.windows]
        by_time = 102 if all(begun) else 103 if any(begun) else 101
        refuse({min(obstacles, key=lambda code: code == 401, default=by_time): True})

    def contribute(self, entry, free):
        """A contribution at its place; `free` is what the account has, if it pays."""
        amount, person, number = entry.amount, entry.investor, self.find_round(entry)
        terms, mine, all_of_mine = self.rounds[number], self.used[person, number], self.used[person]
        refuse({502: entry.limit})
        steps = terms["pricing"].get("steps", [terms["pricing"] | {"from": 0}])
        price = [step["price"] for step in steps if step["from"] <= entry.position][-1]
        row = Row(entry, self.currencies[entry.currency], number, price)
        size = {"money": amount, "value": row.value(amount), "tokens": row.bought(amount)}
        lower, upper = ([(bound["kind"], bound["amount"]) for bound in terms[key]
                         if bound.get("currency", entry.currency) == entry.currency]
                        for key in ("contribution_min", "contribution_max"))
        nothing = size["value"] == 0 or row.nothing(amount)
        row.above_zero = above_zero = all(bound for _, bound in lower)
        refuse({201: any(size[kind] < bound for kind, bound in lower),
                209: above_zero and amount == 0, 208: above_zero and nothing,
                203: mine["value"] + size["value"] < terms.get("investor_min", 0)})
        limit = self.admissions.get((person, number), Fields()).limit
        accepted = row.cut(amount, terms["over_limit"], [(202, *bound) for bound in upper]
                           + room(204, terms.get("investor_max"), mine)
                           + room(204, self.terms.get("investor_max"), all_of_mine)
                           + room(303, limit, mine))
        if self.taken[number] is self.used[number]:
            accepted = row.cut(accepted, terms["over_cap"], self.caps(number, self.used[number]))
        refuse({411: row.kind == "contribute on chain" and accepted != entry.accepted})
        if row.kind == "contribute from account":
            refuse({214: amount > free})
            self.money[person, row.currency] -= row.kept
        self.take(row, accepted)
        if right := self.terms.get("withdrawal"):
            end = right.get("until", row.position + right["span"])
            self.rights_end = max(self.rights_end, end)
        row.update(refunded=amount - accepted - row.kept, waiting=0)
        said = ("round", "accepted", "refunded", "waiting", "kept", "tokens", "reason")
        return {"kind": "contributed"} | {key: row.get(key) for key in said}

    def caps(self, number, own):
        """Rooms that all share."""
        terms, supply = self.rounds[number], self.terms["token"]["supply"]
        used = {kind: sum(each[kind] for each in self.taken.values()) for kind in NOTHING}
        return (room(205, terms.get("cap"), own) + room(207, terms.get("supply"), own, "tokens")
                + room(206, self.terms.get("hard_cap"), used)
                + room(207, supply.get("for_sale", supply.get("max")), used, "tokens"))

    def take(self, row, accepted, reopens=True):
        """Makes this the accepted part, and counts the difference where it uses or frees room."""
        if row.sequence not in self.rows:
            self.rows[row.sequence] = row
            self.investors.setdefault(row.investor, []).append(row)
        for key in (row.round, row.investor, (row.investor, row.round)) if reopens else ():
            self.used[key]["value"] += row.value(accepted) - row.value(row.accepted)
            self.used[key]["tokens"] += row.counted(accepted) - row.counted(row.accepted)
        if row.kind == "contribute from account":
            self.held[row.investor, row.currency] += accepted - row.accepted
        row.update(accepted=accepted, tokens=row.bought(accepted))

    def give_back(self, entry):
        row, right = self.rows.get(entry.contribution), self.terms.get("withdrawal")
        refuse({603: row is None, 601: entry.kind == "withdraw" and not right})
        amount, reason = entry.amount, f"returned_{RETURNS[entry.reason or 0]}"
        if entry.kind == "withdraw":
            amount, reason = row.accepted, "withdrawn"
            marked = self.admissions.get((row.investor, row.round), Fields()).withdrawal_mark
            end = right.get("until", row.position + right["span"])
            refuse({608: right["who"] == "marked" and not marked, 602: entry.position >= end})
        elif row.round is not None:
            over = self.now >= self.windows[row.round][1] and entry.reason in (1, 2)
            refuse({606: over, 209: amount == 0, 605: amount > row.accepted > 0})
        refuse({604: row.accepted == 0})
        self.take(row, row.accepted - amount, self.terms["freed_room"] != "closed")
        row.reason = reason
        return {"kind": "refunded", "amount": amount}

    def settle(self):
        last = max(self.rights_end, *(end for _, end in self.windows))
        refuse({107: self.stage == "settled", 705: self.stage == "running" and self.now < last})
        rows, cap = self.rows.values(), self.terms.get("soft_cap")
        sums = lambda: {"value": sum(row.value(row.accepted) for row in rows),
                        "tokens": sum(row.tokens for row in rows)}
        verdict, self.stage = {"running": 1, "cancelled": 3, "expired": 4}[self.stage], "settled"
        shared = [number for number in self.taken if self.taken[number] is not self.used[number]]
        self.taken |= {number: NOTHING for number in shared}
        for number in shared if verdict == 1 else ():
            self.share_out(number, [row for row in rows if row.round == number and row.accepted])
            self.taken[number] = self.used[number]
        for row in self.for_nothing(rows) if verdict == 1 else ():
            row.reason = 208
            self.take(row, 0)
        if verdict == 1 and cap and sums()[cap["kind"]] < cap["most"]:
            verdict = 2
        void = "soft_cap_missed" if verdict == 2 else VERDICTS[verdict]
        exact = defaultdict(Fraction)
        for row in rows:
            key = row.investor, row.round, row.currency
            if verdict > 1:
                row.reason = void if row.accepted or row.reason is None else row.reason
                self.take(row, 0)
            elif row.once:
                before, exact[key] = row.rounded(exact[key]), exact[key] + row.exact(row.accepted)
                row.tokens = row.rounded(exact[key]) - before
        self.verdict, self.raised, self.sold = verdict, sums()["value"], sums()["tokens"]
        return {"kind": "settled", "verdict": verdict, "raised": self.raised, "sold": self.sold}

    def for_nothing(self, rows):
        """Contributions whose money comes to no token, where no minimum of zero lets it in."""
        exact, of = defaultdict(Fraction), lambda row: (row.investor, row.round, row.currency)
        for row in rows:
            exact[of(row)] += row.exact(row.accepted) if row.once else 0
        tokens = lambda row: row.rounded(exact[of(row)]) if row.once else row.tokens
        return [row for row in rows if row.accepted and row.above_zero and not tokens(row)]

    def share_out(self, number, rows):
        """Pro rata: people share the room by what they ask, their contributions a person's part."""
        asks, before, left = defaultdict(int), defaultdict(int), {"value": 2**256, "tokens": 2**256}
        for row in rows:
            row.ask = row.asked(row.accepted)
            asks[row.investor] += row.ask
        for _, kind, most in self.caps(number, NOTHING):
            left[kind] = min(left[kind], most)
        total, wanted = sum(asks.values()), sum(row.counted(row.accepted) for row in rows)
        capacity, price = left["value"], self.rounds[number]["pricing"].get("price")
        dust = self.terms["dust"] == "largest_remainder"
        if price:
            capacity = min(capacity, floor(left["tokens"] / Fraction(price)))
        elif wanted > left["tokens"]:
            capacity, dust = min(capacity, total * left["tokens"] // wanted), False
        if total <= capacity:
            return
        parts = {who: ask * capacity // total for who, ask in asks.items()}
        rank = lambda who: (-(asks[who] * capacity % total), sha256(self.terms_hash + who.encode()))
        for who in sorted(asks, key=rank)[:capacity - sum(parts.values())] if dust else ():
            parts[who] += 1
        for row in sorted(rows, key=lambda row: (row.currency, row.ask, row.amount, row.sequence)):
            part, ask, begin = parts[row.investor], asks[row.investor], before[row.investor]
            before[row.investor] = end = begin + row.ask
            share = end * part // ask - begin * part // ask
            whole = row.accepted if share == row.ask else min(row.accepted, row.worth(share))
            fits = whole if price else row.accepted * part // ask
            if fits < row.accepted:
                row.reason = 212
                self.take(row, 0 if row.nothing(fits) else fits)

# ---- The folder: docs/bundle-format.md.

KINDS = ("contributed", "accepted", "refunded", "kept")

def compare(name, files, lines):
    """Says the first line in which a file is not what it must be."""
    found = files[name].decode(errors="replace").split("\n")
    right = [",".join(line) for line in lines] + [""]
    for number, (line, right) in enumerate(zip_longest(found, right), 1):
        if line != right:
            return false(f"{name}, line {number}", f"there is {line}, it must be {right}")

def plain(units, decimals):
    """Whole units as the shortest exact decimal."""
    whole, part = divmod(units, 10**decimals)
    return f"{whole}.{part:0{decimals}}".rstrip("0").rstrip(".") if part else str(whole)

def check_log(files, origin, sale, unchecked):
    """Every leaf, hash and outcome, and the checkpoint; gives what settlement.json says of it."""
    journal, hashes = io.BytesIO(files["journal"]), []
    while size := journal.read(2):
        leaf, where = journal.read(int.from_bytes(size, "big")), f"journal, entry {len(hashes)}"
        try:
            entry, outcome = read_entry(io.BytesIO(leaf), len(hashes))
        except (Refused, LookupError, UnicodeDecodeError) as error:
            return false(where, error)
        hashes.append(sha256(b"\0" + leaf))
        if entry.kind not in KNOWN or entry.guaranteed or entry.withdrawal_until is not None:
            unchecked.append(f"an entry of the kind {entry.kind!r}, and what follows from it")
        right = {} if unchecked else sale.apply(entry)
        wrong = [f"{key} is {outcome.get(key)}, it must be {must_be}"
                 for key, must_be in right.items() if outcome.get(key) != must_be]
        if wrong:
            false(f"{where} ({entry.kind})", "; ".join(wrong))
    if files["journal.hashes"] != b"".join(hashes):
        false("journal.hashes", "does not hold the hashes of the entries")
    root = log_root(hashes)
    body = f"{origin}\n{len(hashes)}\n{base64.b64encode(root).decode()}\n"
    if not (files["checkpoint"].decode() + "\n").startswith(body + "\n"):
        false("checkpoint", f"does not begin with {body!r}")
    return {"origin": origin, "size": len(hashes), "root": root.hex()}

def check_settlement(files, sale, log):
    """Both tables, the settlement tree, and the totals."""
    rows, columns = sale.rows.values(), [(of, kind) for of in sale.currencies for kind in KINDS]
    names = dict(re.findall(r"\| (\d+) \| `(\w+)`", (DOCS / "refusals.md").read_text()))
    decimals, lines = sale.terms["token"]["decimals"], [["contribution_id,investor,currency"]]
    lines[0] += [*KINDS, "tokens,reason"]
    for row in rows:
        row.update(contributed=row.amount, refunded=row.amount - row.accepted - row.kept)
        money = [plain(row[kind], row.of["decimals"]) for kind in KINDS]
        reason = names.get(str(row.reason), row.reason) or ""
        lines.append([row.reference, row.investor, f"{row.of['symbol']}", *money,
                      plain(row.tokens, decimals), reason])
    compare("settlement.csv", files, lines)
    sums = lambda rows: [sum(row[kind] for row in rows if row.of is of) for of, kind in columns]
    lines, leaves = [["investor,tokens"] + [f"{kind}_{of['symbol']}" for of, kind in columns]], []
    for who, own in sale.investors.items():
        money, tokens = list(zip(sums(own), columns)), sum(row.tokens for row in own)
        leaves.append([who, tokens] + [n for n, (_, kind) in money if kind in KINDS[1:3]])
        amounts = [plain(n, of["decimals"]) for n, (of, _) in money]
        lines.append([who, plain(tokens, decimals), *amounts])
    compare("investors.csv", files, lines)
    root, tree = settlement_tree(leaves) if leaves else (None, None)
    if files.get("settlement.tree") != tree or sale.published != root:
        false("settlement.tree, or its root in the journal", f"must be {root and root.hex()}")
    found = json.loads(files["settlement.json"], object_hook=lambda each: each.get("units", each))
    found["settlement_tree"] = found["settlement_tree"] and found["settlement_tree"]["root"]
    totals = [str(total) for total in sums(rows)]
    right = {"outcome": VERDICTS[sale.verdict], "raised": str(sale.raised), "sold": str(sale.sold),
             "currencies": [{"currency": of["symbol"]} | dict(zip(KINDS, totals[4 * place:]))
                            for place, of in enumerate(sale.currencies)],
             "contributions": len(rows), "investors": len(leaves), "journal": log,
             "terms_hash": sale.terms_hash.hex(), "settlement_tree": root and "0x" + root.hex()}
    for key in right:
        if found[key] != right[key]:
            false(f"settlement.json, {key}", f"there is {found[key]}, it must be {right[key]}")

def check(files, terms_hash):
    """Runs all checks; gives what is not computed here."""
    if "manifest.json" in files:
        listed = json.loads(files.pop("manifest.json"))["files"]
        listed = {each["name"]: each["sha256"] for each in listed}
        there = {name: sha256(data).hex() for name, data in files.items()}
        for name in sorted(name for name in listed | there if listed.get(name) != there.get(name)):
            false(name, "is not as manifest.json lists it")
    # A count is a string in terms.json; here it is a number. Ratios stay strings, for Fraction.
    terms = json.loads(re.sub(r'(?<!\\)"(\d+)"(?=[],}])', r"\1", files["terms.json"].decode()))
    own_hash, unchecked = sha256(files["terms.json"]), not_computed(terms)
    if terms_hash and terms_hash.lower() != own_hash.hex():
        false("terms.json", f"has the hash {own_hash.hex()}, expected was {terms_hash.lower()}")
    sale = None if unchecked else Sale(terms, own_hash)
    log = check_log(files, terms["origin"], sale, unchecked)
    if log and not unchecked and sale.stage != "settled":
        false("journal", "has no settlement")
    elif log and not unchecked:
        check_settlement(files, sale, log)
    return unchecked

def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--terms-hash", help="SHA-256 of terms.json, from a source you trust")
    given, unchecked, unreadable = parser.parse_args(), [], []
    try:
        files = {path.name: path.read_bytes() for path in given.bundle.iterdir()}
        unchecked = check(files, given.terms_hash)
    except (OSError, ValueError, LookupError, TypeError) as error:
        unreadable = [f"cannot read {given.bundle}: {type(error).__name__}: {error}"]
    verdict = f"consistent{' as far as checked' if unchecked else ''}; {LEFT_OUT}"
    good = [f"not checked: {what}" for what in unchecked] + [verdict]
    print(*(problems[:20] + unreadable or good), sep="\n")
    return 1 if problems else 2 if unreadable else 3 if unchecked else 0

if __name__ == "__main__":
    sys.exit(main())
