"""Checks an audit bundle of Softcap with Python's standard library and none of Softcap's code.

From terms.json and journal it computes every leaf and outcome, root, settlement, tables, totals and tree, and compares
them with the bundle. Written from docs/rules.md and docs/bundle-format.md; reads the tables of docs/journal-format.md
and docs/refusals.md. Exit code 0: all of it follows. 1: something is false, and a line each says where and what.
2: there is nothing to read. 3: no fault found, but the sale uses what is not computed here, and a line says it.
"""
import argparse, base64, decimal, hashlib, io, itertools, json, pathlib, re, struct, sys
from collections import defaultdict
from fractions import Fraction
from math import ceil, floor

DOCS = pathlib.Path(__file__).resolve().parents[1]
LEFT_OUT = ("left to `softcap verify`: the signature of the checkpoint, what offering.toml says, report.html, "
            "and in settlement.json the shares, minted tokens and sums of rounds")
false = []  # where, and what is false there

# ---- Hashes and trees.
sha256 = lambda data: hashlib.sha256(data).digest()

def log_root(hashes):  # RFC 6962: the left side is the largest complete tree that leaves something on the right
    if len(hashes) < 2: return hashes[0] if hashes else sha256(b"")
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return sha256(b"\1" + log_root(hashes[:split]) + log_root(hashes[split:]))

TURNS = [0, 44, 43, 21, 14, 28, 20, 3, 45, 61, 1, 6, 25, 8, 18, 27, 36, 10, 15, 56, 62, 55, 39, 41, 2]
def keccak256(data):  # as Ethereum uses it: the permutation of FIPS 202 with the padding of the first submission
    turn = lambda lane, by: (lane << by | lane >> 64 - by) & 2**64 - 1
    fill, a = 136 - len(data) % 136, [0] * 25
    for block in struct.iter_unpack("<17Q", data + (0x80 << 8 * fill - 8 | 1).to_bytes(fill, "little")):
        a, lfsr = [lane ^ more for lane, more in itertools.zip_longest(a, block, fillvalue=0)], 1
        for _ in range(24):
            c = [a[i] ^ a[i + 5] ^ a[i + 10] ^ a[i + 15] ^ a[i + 20] for i in range(5)]
            a = [a[i] ^ c[(i - 1) % 5] ^ turn(c[(i + 1) % 5], 1) for i in range(25)]
            a = [turn(a[(i % 5 + i // 5 * 3) % 5 + i % 5 * 5], TURNS[i]) for i in range(25)]
            a = [a[i] ^ ~a[i - i % 5 + (i + 1) % 5] & a[i - i % 5 + (i + 2) % 5] for i in range(25)]
            for bit in range(7):
                a[0] ^= (lfsr & 1) << (1 << bit) - 1
                lfsr = lfsr << 1 ^ (lfsr >> 7) * 0x171
    return struct.pack("<4Q", *a[:4])

def settlement_tree(rows):  # the tree of @openzeppelin/merkle-tree over investors and amounts: root, and its file
    named = any(not re.fullmatch("0x[0-9a-f]{40}", who) for who, *_ in rows)
    word = lambda who: sha256(b"softcap/investor/v1\0" + who.encode()) if named else bytes.fromhex(who[2:].zfill(64))
    leaves = [word(who) + b"".join(amount.to_bytes(32, "big") for amount in amounts) for who, *amounts in rows]
    leaves, size = [keccak256(keccak256(leaf)) for leaf in leaves], len(rows)
    order = sorted(range(size), key=leaves.__getitem__, reverse=True)
    nodes = [b""] * (size - 1) + [leaves[row] for row in order]
    for at in reversed(range(size - 1)): nodes[at] = keccak256(b"".join(sorted(nodes[2 * at + 1:2 * at + 3])))
    places = [size - 1 + at for _, at in sorted(zip(order, range(size)))]
    return nodes[0], b"softcap-settlement-tree\n\1" + struct.pack(f"<Q{size}I", size, *places) + b"".join(nodes)

# ---- The journal. Its kinds of entries and outcomes are the tables of docs/journal-format.md.
class Refused(Exception): pass  # carries why: the code of a refusal, or what is wrong with the form of an entry
def refuse(reasons):  # with the first reason that holds
    for why, holds in reasons.items():
        if holds: raise Refused(why)

class Fields(dict):  # what terms, an entry or an outcome say: attributes, and None where there are none
    __getattr__, __setattr__ = dict.get, dict.__setitem__

def table(heading):  # by tag: a name, then names and types of the fields; without a name a field has its type's
    page = (DOCS / "journal-format.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return {int(tag): (name, re.findall(r"([a-z ]*)`([\w ]+)`", fields))
            for tag, name, fields in re.findall(r"\| (\d+) \| ([a-z ]+) \|(.*)\|", page)}
COMMANDS, OUTCOMES = table("Commands"), table("Outcomes")
SIZES = dict(u8=1, choice=1, round=1, currency=1, u16=2, u32=4, u64=8, id=16, address=20, hash=32)
def read(leaf, kind):  # refuses every spelling but the canonical one
    if kind in ("limit", "ratio"): return read(leaf, "amount"), read(leaf, "amount")
    if kind == "investor": return read(leaf, "text") if read(leaf, "choice") else "0x" + read(leaf, "address").hex()
    if kind.startswith("option "): return read(leaf, kind[7:]) if read(leaf, "choice") else None
    size = SIZES.get(kind) or read(leaf, "u8" if kind == "amount" else "u16")
    found = leaf.read(size)
    refuse({"ends too early": len(found) < size, "has a choice other than 0 and 1": kind == "choice" and found > b"\1",
            "has too long an amount": kind == "amount" and (size > 16 or found[:1] == b"\0")})
    if kind == "text": return found.decode("ascii")
    return found if kind in ("hash", "id", "bytes", "address") else int.from_bytes(found, "big")

def read_entry(leaf, number):  # an entry and its outcome
    entry, outcome = Fields(version=read(leaf, "u8"), sequence=read(leaf, "u64"), line=read(leaf, "u8")), Fields()
    entry.update(position=read(leaf, "u64"), request=read(leaf, "id") if entry.version == 2 else None)
    refuse({"has another number": entry.sequence != number, "has another version": entry.version not in (1, 2)})
    for said, kinds in ((entry, COMMANDS), (outcome, OUTCOMES)):
        said.kind, fields = kinds[read(leaf, "u8")]
        said.update({name.strip().replace(" ", "_") or of: read(leaf, of) for name, of in fields})
    refuse({"goes on after its outcome": leaf.read()})
    return entry, outcome

# ---- The rules: docs/rules.md. Amounts are in smallest units; what is not whole is a fraction.
ANY_TIME = ["announce", "settle", "publish", "tick", "document", "take back"]
KNOWN = ANY_TIME + ["admit", "revoke", "fund", "escrow", "withdraw", "return", "cancel", "contribute",
                    "contribute on chain", "contribute from account"]
RETURNS = "? discretion over_limit identity_not_proved sanctions order not_eligible wrongful_payment".split()
VERDICTS = "? succeeded failed cancelled expired".split()
ROUNDING = {"down": floor, "half_up": lambda exact: floor(exact + Fraction(1, 2)), "half_even": round}
NOTHING = {"value": 0, "tokens": 0}

def least(most, holds, low=0):  # the least amount above `low` for which something holds that holds from there on
    while most - low > 1:
        middle = (low + most) // 2
        low, most = (low, middle) if holds(middle) else (middle, most)
    return most

def room(code, most, used, kind="value"):  # what is left below a cap, in a list that is empty where there is no cap
    kind, most = (most.kind, most.most) if isinstance(most, dict) else (kind, most)
    return [] if most is None else [(code, kind, max(most - used[kind], 0))]

class Row(Fields):  # a contribution with the arithmetic of its currency, rate and price
    def __init__(self, entry, of, round=None, price=0):
        rate, price, unit, mode = Fraction(of.rate.rate), Fraction(price), of.rounding.unit, of.rounding.mode
        self.update(entry, of=of, round=round, rate=rate, accepted=0, kept=0, once=of.rounding.per == "investor")
        self.value = lambda money: floor(money * rate)
        self.exact = lambda money: (money + of.credit) * rate * price if money else 0
        self.rounded = lambda exact: ROUNDING[mode](exact / unit) * unit
        self.bought = lambda money: self.rounded(self.exact(money))
        # As caps count them: of tokens that are rounded once per investor, the most they come to.
        self.counted = (lambda money: ceil(self.exact(money) / unit) * unit) if self.once else self.bought
        self.nothing = lambda money: not self.once and self.bought(money) == 0

    def cut(self, asked, policy, rooms):  # what is accepted, when each room takes the part that fits into it
        accepted = asked
        for code, kind, left in rooms:
            fits, size = asked, {"money": int, "value": self.value, "tokens": self.counted}[kind]
            if size(asked) > left:
                fits = floor(left / self.rate) if kind == "value" else left
                if kind == "tokens":
                    fits = most = least(asked, lambda money: size(money) > left) - 1
                    if not self.once: fits = least(most, lambda money: size(money) >= size(most))
                if self.nothing(fits): fits = 0
            if fits < accepted:
                refuse({code: policy == "refuse" or (policy == "partial" and fits == 0)})
                self.kept += accepted - fits if policy == "kept" else 0
                accepted, self.reason = fits, code
        return accepted

class Sale(Fields):  # applies entries in order; has the fields of its terms, too
    def __init__(self, terms, terms_hash):
        self.update(terms, terms_hash=terms_hash, stage="draft", now=0, rights_end=0, escrow=None, published=None)
        self.rows, self.investors, self.admissions, self.seen = {}, {}, {}, {}
        self.used = defaultdict(NOTHING.copy)  # by round, by person, by both
        self.money, self.held = defaultdict(int), defaultdict(int)  # by person and currency
        windows = [each.windows[str(self.clock.lines[0])] for each in self.rounds]
        self.windows = [(each["from"], each.until + (each.end == "inclusive")) for each in windows]
        # What each round takes of the caps of all; one that is shared out keeps its own until then.
        self.shared = [number for number, each in enumerate(self.rounds) if each.allocation.kind == "pro_rata"]
        self.taken = {number: {"value": each.cap or 0, "tokens": each.supply or 0} if number in self.shared
                      else self.used[number] for number, each in enumerate(self.rounds)}

    def apply(self, entry):  # gives the outcome of an entry
        for name in ("request", entry.request), ("transfer", entry.transfer):
            if name[1] and (first := self.seen.setdefault(name, entry.sequence)) != entry.sequence:
                return {"kind": "repeat of", "first": first}
        entry.of = dict(enumerate(self.currencies)).get(entry.currency or 0)
        try:
            return self.act(entry) or {"kind": "done"}
        except Refused as refusal:
            if entry.kind in ("contribute", "contribute on chain") and entry.of and self.stage != "settled":
                self.take(Row(entry, entry.of), 0, refusal.args[0])
            return {"kind": "refused", "code": refusal.args[0]}

    def act(self, entry):  # gives its outcome if that is not `done`
        refuse({407: entry.line > 0, 108: entry.position + self.clock.tolerance < self.now and entry.kind != "escrow"})
        self.now = max(self.now, entry.position)
        if self.stage == "running" and self.now > self.get("refund_deadline", self.now): self.stage = "expired"
        ended = {"cancelled": 106, "expired": 112, "settled": 107}.get(self.stage, 0)
        stranger, locked = entry.investor not in self.investors, entry.of is self.escrow
        refuse({109: self.stage == "draft" and entry.kind != "announce", ended: ended and entry.kind not in ANY_TIME,
                214: stranger and entry.kind == "contribute from account",
                407: entry.of is None, 305: (entry.round or 0) >= len(self.rounds)})
        account, admission = (entry.investor, entry.currency), (entry.investor, entry.round)
        held = 0 if self.stage in ("cancelled", "expired") else self.held[account]
        entry.free = self.money[account] - held if account in self.money else -1  # never funded: not even 0 is free
        refuse({
            "announce": {110: self.stage != "draft", 111: entry.terms_hash != self.terms_hash},
            "revoke": {301: admission not in self.admissions}, "contribute on chain": {409: not locked},
            "contribute": {410: locked}, "contribute from account": {410: locked},
            "escrow": {409: entry.of.rail != "evm", 412: self.escrow or self.rows},
            "fund": {408: entry.of.rail != "balance", 209: entry.amount == 0},
            "take back": {804: stranger, 209: entry.amount == 0, 214: (entry.amount or 0) > entry.free},
            "publish": {706: self.stage != "settled", 712: self.published}}.get(entry.kind, {}))
        if entry.investor: self.investors.setdefault(entry.investor, [])
        match entry.kind:
            case "announce": self.stage = "running"
            case "cancel": self.stage = "cancelled"
            case "admit": self.admissions[admission] = entry
            case "revoke": self.admissions[admission].revoked = True
            case "escrow": self.escrow, self.now = entry.of, entry.position
            case "fund": self.money[account] += entry.amount
            case "take back": self.money[account] -= entry.amount
            case "publish": self.published = entry.settlement_root
            case "contribute" | "contribute from account" | "contribute on chain": return self.contribute(entry)
            case "withdraw" | "return": return self.give_back(entry)
            case "settle": return self.settle()

    def find_round(self, entry):  # the first open one that takes the currency and lets the person in; else why not
        at, why = entry.position, []
        for number, (terms, (begin, end)) in enumerate(zip(self.rounds, self.windows)):
            admission = self.admissions.get((entry.investor, number), Fields())
            code = (401 if entry.currency not in terms.currencies else
                    301 if not admission and terms.access == "admitted" else
                    304 if admission.revoked else 302 if None is not admission.expires <= at else 0)
            if begin <= at < end and not code: return number
            if begin <= at < end: why.append(code)
        begun = [begin <= at for begin, _ in self.windows]
        raise Refused(min(why, key=lambda code: code == 401, default=102 if all(begun) else 103 if any(begun) else 101))

    def contribute(self, entry):
        amount, person, number = entry.amount, entry.investor, self.find_round(entry)
        terms, mine, all_of_mine = self.rounds[number], self.used[person, number], self.used[person]
        steps = terms.pricing.steps or [terms.pricing | {"from": 0}]
        row = Row(entry, entry.of, number, [step["price"] for step in steps if step["from"] <= entry.position][-1])
        size = {"money": amount, "value": row.value(amount), "tokens": row.bought(amount)}
        bounds = lambda key: [bound for bound in terms[key] if bound.currency in (None, entry.currency)]
        row.above_zero = above_zero = all(bound.amount for bound in bounds("contribution_min"))
        refuse({502: entry.limit, 201: any(size[bound.kind] < bound.amount for bound in bounds("contribution_min")),
                209: above_zero and amount == 0, 208: above_zero and (size["value"] == 0 or row.nothing(amount)),
                203: mine["value"] + size["value"] < (terms.investor_min or 0)})
        rooms = [(202, bound.kind, bound.amount) for bound in bounds("contribution_max")]
        rooms += room(204, terms.investor_max, mine) + room(204, self.investor_max, all_of_mine)
        rooms += room(303, self.admissions.get((person, number), Fields()).limit, mine)
        accepted = taken = row.cut(amount, terms.over_limit, rooms)
        if number not in self.shared: accepted = row.cut(accepted, terms.over_cap, self.caps(number, self.used[number]))
        refuse({411: row.kind == "contribute on chain" and (taken if self.root else accepted) != entry.accepted,
                214: row.kind == "contribute from account" and amount > entry.free})
        if row.kind == "contribute from account": self.money[person, row.currency] -= row.kept
        self.take(row, accepted, row.reason)
        self.rights_end = max(self.rights_end, row.right_ends or 0)
        return {"kind": "contributed", "round": number, "accepted": accepted, "refunded": amount - accepted - row.kept,
                "waiting": 0, "kept": row.kept, "tokens": row.tokens, "reason": row.reason}

    def caps(self, number, own):  # the rooms of a round, and those that all share
        terms, supply = self.rounds[number], self.token.supply
        used = {kind: sum(each[kind] for each in self.taken.values()) for kind in NOTHING}
        return (room(205, terms.cap, own) + room(207, terms.supply, own, "tokens") + room(206, self.hard_cap, used)
                + room(207, supply.get("for_sale", supply.max), used, "tokens"))

    def take(self, row, accepted, reason, reopens=True):  # counts the difference where it uses or frees room
        if row.sequence not in self.rows:
            self.rows[row.sequence], right = row, self.withdrawal
            self.investors.setdefault(row.investor, []).append(row)
            row.right_ends = right and right.get("until", row.position + (right.span or 0))
        for key in (row.round, row.investor, (row.investor, row.round)) if reopens else ():
            self.used[key]["value"] += row.value(accepted) - row.value(row.accepted)
            self.used[key]["tokens"] += row.counted(accepted) - row.counted(row.accepted)
        if row.kind == "contribute from account": self.held[row.investor, row.currency] += accepted - row.accepted
        row.update(accepted=accepted, tokens=row.bought(accepted), reason=reason)

    def give_back(self, entry):  # a withdrawal by the investor, or a return by the issuer
        row, amount, reason = self.rows.get(entry.contribution), entry.amount, f"returned_{RETURNS[entry.reason or 0]}"
        refuse({603: row is None, 601: entry.kind == "withdraw" and not self.withdrawal})
        if entry.kind == "withdraw":
            amount, reason = row.accepted, "withdrawn"
            marked = self.admissions.get((row.investor, row.round), Fields()).withdrawal_mark
            refuse({608: self.withdrawal.who == "marked" and not marked, 602: entry.position >= row.right_ends})
        elif row.round is not None:
            over = self.now >= self.windows[row.round][1] and entry.reason in (1, 2)
            refuse({606: over, 209: amount == 0, 605: amount > row.accepted > 0})
        refuse({604: row.accepted == 0})
        self.take(row, row.accepted - amount, reason, self.freed_room != "closed")
        return {"kind": "refunded", "amount": amount}

    def settle(self):  # shares out, gives back what buys nothing, judges the soft cap, rounds once per investor
        last = max(self.rights_end, *(end for _, end in self.windows))
        refuse({107: self.stage == "settled", 705: self.stage == "running" and self.now < last})
        verdict, self.stage = {"running": 1, "cancelled": 3, "expired": 4}[self.stage], "settled"
        rows, cap, exact, before = self.rows.values(), self.soft_cap, defaultdict(Fraction), defaultdict(Fraction)
        together = lambda row: (row.investor, row.round, row.currency) if row.once else row.sequence  # rounded as one
        got = lambda: {"value": sum(row.value(row.accepted) for row in rows), "tokens": sum(row.tokens for row in rows)}
        self.taken |= dict.fromkeys(self.shared, NOTHING)
        for number in self.shared if verdict == 1 else ():
            asked = [row for row in rows if row.round == number and row.accepted]
            self.share_out(number, self.rounds[number].pricing.price, asked)
            self.taken[number] = self.used[number]
        for row in rows: exact[together(row)] += row.exact(row.accepted)
        for row in rows if verdict == 1 else ():
            if row.accepted and row.above_zero and not row.rounded(exact[together(row)]): self.take(row, 0, 208)
        if verdict == 1 and cap and got()[cap.kind] < cap.most: verdict = 2
        for row in rows if verdict > 1 else ():
            void = "soft_cap_missed" if verdict == 2 else VERDICTS[verdict]
            self.take(row, 0, void if row.accepted or row.reason is None else row.reason)
        for row, key in zip(rows, map(together, rows)):
            begin, before[key] = before[key], before[key] + row.exact(row.accepted)
            row.tokens = row.rounded(before[key]) - row.rounded(begin)
        self.update(verdict=verdict, raised=got()["value"], sold=got()["tokens"])
        return {"kind": "settled", "verdict": verdict, "raised": self.raised, "sold": self.sold}

    def share_out(self, number, price, rows):  # pro rata by person, then by contribution; without a price by steps
        asks, before, caps = defaultdict(int), defaultdict(int), self.caps(number, NOTHING)
        for row in rows: row.ask = ceil(row.accepted * row.rate)
        for row in rows: asks[row.investor] += row.ask
        value, tokens = (min((most for _, kind, most in caps if kind == of), default=2**256) for of in NOTHING)
        total, wanted = sum(asks.values()), sum(row.counted(row.accepted) for row in rows)
        fits = tokens // Fraction(price) if price else total * tokens // wanted if wanted > tokens else total
        if total <= (capacity := min(value, fits)): return
        parts = {who: ask * capacity // total for who, ask in asks.items()}
        rank = lambda who: (-(asks[who] * capacity % total), sha256(self.terms_hash + who.encode()))
        dust = capacity - sum(parts.values()) if self.dust == "largest_remainder" and (price or wanted <= tokens) else 0
        for who in sorted(asks, key=rank)[:dust]: parts[who] += 1
        for row in sorted(rows, key=lambda row: (row.currency, row.ask, row.amount, row.sequence)):
            part, ask, begin = parts[row.investor], asks[row.investor], before[row.investor]
            before[row.investor] = end = begin + row.ask
            share = end * part // ask - begin * part // ask
            fits = min(row.accepted, floor(share / row.rate)) if price else row.accepted * part // ask
            if fits < row.accepted: self.take(row, 0 if row.nothing(fits) else fits, 212)

# ---- The folder: docs/bundle-format.md.
KINDS, EXACT = ("contributed", "accepted", "refunded", "kept"), decimal.Context(prec=99)
plain = lambda units, decimals: format(EXACT.normalize(EXACT.scaleb(units, -decimals)), "f")  # the shortest decimal

def compare(name, files, lines):  # says the first line in which a file is not what it must be
    found = files[name].decode(errors="replace").split("\n")
    for number, (line, right) in enumerate(itertools.zip_longest(found, [*map(",".join, lines), ""]), 1):
        if line != right: return false.append(f"{name}, line {number}: there is {line}, it must be {right}")

def check_log(files, origin, sale, unchecked):  # leaves, hashes, outcomes, checkpoint: as settlement.json has the log
    journal, hashes = io.BytesIO(files["journal"]), []
    while size := journal.read(2):
        leaf, where = journal.read(int.from_bytes(size, "big")), f"journal, entry {len(hashes)}"
        try:
            entry, said = read_entry(io.BytesIO(leaf), len(hashes))
        except (Refused, LookupError, UnicodeDecodeError) as error:
            return false.append(f"{where}: {error}")
        hashes.append(sha256(b"\0" + leaf))
        if entry.kind not in KNOWN or entry.guaranteed or entry.withdrawal_until is not None:
            unchecked.append(f"an entry of the kind {entry.kind!r}, and what follows from it")
        right = {} if unchecked else sale.apply(entry)
        wrong = [f"{key} is {said.get(key)}, it must be {due}" for key, due in right.items() if said.get(key) != due]
        if wrong: false.append(f"{where} ({entry.kind}): {'; '.join(wrong)}")
    if files["journal.hashes"] != b"".join(hashes): false.append("journal.hashes: not the hashes of the entries")
    root = log_root(hashes)
    body = f"{origin}\n{len(hashes)}\n{base64.b64encode(root).decode()}\n\n"
    if not (files["checkpoint"].decode() + "\n").startswith(body): false.append(f"checkpoint: must begin with {body!r}")
    return {"origin": origin, "size": len(hashes), "root": root.hex()}

def check_settlement(files, sale, log):  # both tables, the settlement tree, and the totals
    names = dict(re.findall(r"\| (\d+) \| `(\w+)`", (DOCS / "refusals.md").read_text()))
    rows, columns = sale.rows.values(), [(of, kind) for of in sale.currencies for kind in KINDS]
    sums = lambda rows: [sum(row[kind] for row in rows if row.of is of) for of, kind in columns]
    decimals, lines = sale.token.decimals, [["contribution_id,investor,currency", *KINDS, "tokens,reason"]]
    for row in rows:
        row.update(contributed=row.amount, refunded=row.amount - row.accepted - row.kept)
        money = [plain(row[kind], row.of.decimals) for kind in KINDS]
        lines.append([row.reference, row.investor, str(row.of.symbol), *money, plain(row.tokens, decimals),
                      names.get(str(row.reason), row.reason) or ""])
    compare("settlement.csv", files, lines)
    lines, leaves = [["investor,tokens", *(f"{kind}_{of.symbol}" for of, kind in columns)]], []
    for who, own in sale.investors.items():
        money, tokens = sums(own), sum(row.tokens for row in own)
        lines.append([who, plain(tokens, decimals), *(plain(n, of.decimals) for n, (of, _) in zip(money, columns))])
        leaves.append([who, tokens, *(n for n, (_, kind) in zip(money, columns) if kind in KINDS[1:3])])
    compare("investors.csv", files, lines)
    root, tree = settlement_tree(leaves) if leaves else (None, None)
    if files.get("settlement.tree") != tree or sale.published != root:
        false.append(f"settlement.tree, or its root in the journal: must be {root and root.hex()}")
    found = json.loads(files["settlement.json"], object_hook=lambda each: each.get("units", each))
    found["settlement_tree"], totals = (found["settlement_tree"] or {}).get("root"), list(map(str, sums(rows)))
    right = {"outcome": VERDICTS[sale.verdict], "raised": str(sale.raised), "sold": str(sale.sold),
             "currencies": [{"currency": of.symbol} | dict(zip(KINDS, totals[4 * place:]))
                            for place, of in enumerate(sale.currencies)],
             "contributions": len(rows), "investors": len(leaves), "journal": log,
             "terms_hash": sale.terms_hash.hex(), "settlement_tree": root and "0x" + root.hex()}
    false.extend(f"settlement.json, {key}: there is {found[key]}, it must be {right[key]}"
                 for key in right if found[key] != right[key])

def check(files, terms_hash):  # gives what is not computed here
    if "manifest.json" in files:
        listed = {each["name"]: each["sha256"] for each in json.loads(files.pop("manifest.json"))["files"]}
        there = {name: sha256(data).hex() for name, data in files.items()}
        false.extend(f"{name}: is not as manifest.json lists it"
                     for name in sorted(listed | there) if listed.get(name) != there.get(name))
    # A count is a string in terms.json; here it is a number. Ratios stay strings, for Fraction.
    numbers = re.sub(r'(?<!\\)"(\d+)"(?=[],}])', r"\1", files["terms.json"].decode())
    terms, own_hash = json.loads(numbers, object_hook=Fields), sha256(files["terms.json"])
    uses = [(key, each[key]["kind"]) for each in terms.rounds + terms.currencies
            for key in ("pricing", "allocation", "rate") if key in each]
    uses += [("freed room", terms["freed_room"]), ("count of clocks", len(terms.clock.lines)),
             ("ceiling", terms.token_ceiling_per_investor)]
    computed = ("fixed", "steps", "first_come", "pro_rata", "reopen", "closed", 1, None)
    unchecked = [f"the {key} {kind!r}" for key, kind in uses if kind not in computed]
    if terms_hash and terms_hash.lower() != own_hash.hex():
        false.append(f"terms.json: has the hash {own_hash.hex()}, expected was {terms_hash.lower()}")
    sale = None if unchecked else Sale(terms, own_hash)
    log = check_log(files, terms.origin, sale, unchecked)
    if log and not unchecked and sale.stage == "settled": check_settlement(files, sale, log)
    elif log and not unchecked: false.append("journal: has no settlement")
    return unchecked

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--terms-hash", help="SHA-256 of terms.json, from a source you trust")
    given, unchecked, unreadable = parser.parse_args(), [], []
    try:
        unchecked = check({path.name: path.read_bytes() for path in given.bundle.iterdir()}, given.terms_hash)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        unreadable = [f"cannot read {given.bundle}: {type(error).__name__}: {error}"]
    unchecked = [f"not checked: {what}" for what in dict.fromkeys(unchecked)]
    good = unchecked + [f"consistent{' as far as checked' if unchecked else ''}; {LEFT_OUT}"]
    print(*([f"false: {what}" for what in false[:20]] + unreadable or good), sep="\n")
    sys.exit(1 if false else 2 if unreadable else 3 if unchecked else 0)
