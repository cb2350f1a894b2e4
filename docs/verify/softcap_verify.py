#!/usr/bin/env python3
"""Checks the folder that `softcap settle` wrote, with Python's standard library and none of Softcap's code.

    python3 softcap_verify.py BUNDLE [--key VERIFIER_KEY] [--terms-hash HEX]

Exit code 0: all of it follows from terms and journal. 1: something is false; a line each says where and what. 2: there
is nothing to read. 3: no fault found, but the sale uses something that is not recomputed here, and a line says what.
Written from docs/rules.md, journal-format.md, bundle-format.md and terms.md. All amounts are in smallest units.
"""
import argparse, base64, binascii, hashlib, json, pathlib, re, sys
from collections import defaultdict
from fractions import Fraction
from itertools import zip_longest
from math import ceil, floor, gcd

FILES = ("offering.toml terms.json journal journal.hashes checkpoint settlement.csv investors.csv settlement.json "
         "settlement.tree report.html annotations.csv").split()
COMMANDS = dict(enumerate("""announce hash:hash
admit round:u8 investor:investor limit:?amount expires:?u64 guaranteed:amount marked:u8
revoke round:u8 investor:investor
rate currency:u8 rate:ratio
contribute investor:investor currency:u8 amount:amount limit:?limit reference:text source:?text
commit investor:investor amount:amount commitment:hash reference:text
reveal bid:u64 amount:amount limit:limit salt:hash
withdraw contribution:u64
refund contribution:u64 amount:amount reason:u8
pause\nresume\nseed round:u8 seed:hash proof:bytes\ndocument hash:hash until:?u64\nclose round:u8\ncancel\ntick\nsettle
publish root:hash
distribute investor:investor tokens:amount\npay_refund investor:investor currency:u8
vest share:u8 tokens:amount\nrelease milestone:u8""".split("\n"), 1))
OUTCOMES = dict(enumerate("""contributed round:u8 accepted:amount refunded:amount waiting:amount kept:amount tokens:amount reason:?u16
refused code:u16\ndone\nrefunded amount:amount\npromoted amount:amount promoted:u32
settled verdict:u8 raised:amount sold:amount""".split("\n"), 1))
TEXTS = {"text": rb"[ !#-+\--~]{0,255}", "id": rb"(?!0x[0-9a-fA-F]{40}$)[0-9A-Za-z._:@+/=-]{1,100}"}
REASONS = dict(re.findall(r"(\d+) (\w+)", """101 not_yet_open 102 window_over 103 between_rounds 106 offering_cancelled
    108 position_went_back 109 not_announced 112 deadline_passed 201 below_minimum 202 above_maximum
    203 below_investor_minimum 204 investor_limit 205 round_cap_reached 206 hard_cap_reached 207 sold_out
    208 buys_nothing 209 zero 212 oversubscribed 301 not_admitted 302 admission_expired 303 admission_limit
    304 admission_revoked 401 currency_not_taken 407 unknown_currency 502 limit_price_not_asked"""))
RETURNS = "? discretion over_limit identity_not_proved sanctions order not_eligible wrongful_payment".split()
VERDICTS, VOID = "? succeeded failed cancelled expired".split(), "? ? soft_cap_missed cancelled expired".split()
RECOMPUTED = {"pricing": ("fixed", "steps"), "allocation": ("first_come", "pro_rata")}
problems, unchecked = [], {}  # lines to print; what is not recomputed, in the order in which it was met

def false(where, what):
    problems.append(f"false: {where}: {what}")

def demand(good, what):
    if not good:
        raise ValueError(what)

def sha256(data):
    return hashlib.sha256(data).digest()

# ---- The journal: docs/journal-format.md.

class Reader:
    """Reads a leaf and refuses every spelling but the canonical one."""
    def __init__(self, leaf):
        self.leaf, self.at = leaf, 0
    def take(self, count):
        self.at += count
        demand(self.at <= len(self.leaf), "ends too early")
        return self.leaf[self.at - count:self.at]
    def read(self, kind):
        if kind == "hash":
            return self.take(32)
        if kind == "bytes":
            return self.take(self.read("u16"))
        if kind[0] == "u":
            return int.from_bytes(self.take(int(kind[1:]) // 8), "big")
        if kind == "amount":
            digits = self.take(self.read("u8"))
            demand(len(digits) <= 16 and digits[:1] != b"\0", "has an amount that is not in its shortest form")
            return int.from_bytes(digits, "big")
        if kind in ("ratio", "limit"):
            pair = self.read("amount"), self.read("amount")
            demand(pair[1] and (kind == "limit" or gcd(*pair) == 1), f"has a {kind} that is not in its lowest terms")
            return pair
        if kind in TEXTS:
            found = self.read("bytes")
            demand(re.fullmatch(TEXTS[kind], found), f"has characters that are not allowed in {found!r}")
            return found.decode()
        choice = self.read("u8")
        demand(choice < 2, f"has a choice {choice} where there are 0 and 1")
        if kind == "investor":
            return self.read("id") if choice else "0x" + self.take(20).hex()
        return self.read(kind[1:]) if choice else None
    def tagged(self, table):
        tag = self.read("u8")
        demand(tag in table, f"has an unknown tag {tag}")
        kind, *fields = table[tag].split()
        return {"kind": kind} | {name: self.read(how) for name, how in (field.split(":") for field in fields)}

def read_journal(data):
    """Yields each leaf with its line, position, command and outcome; stops at one that cannot be read."""
    at = number = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at:at + 2], "big")
        reader = Reader(data[at + 2:end])
        try:
            demand(end <= len(data), "is cut off")
            demand((reader.read("u8"), reader.read("u64")) == (1, number), "has a wrong version or sequence number")
            entry = reader.read("u8"), reader.read("u64"), reader.tagged(COMMANDS), reader.tagged(OUTCOMES)
            demand(reader.at == len(reader.leaf), "goes on after its outcome")
        except ValueError as error:
            return false(f"journal, entry {number}", error)
        yield reader.leaf, *entry
        at, number = end, number + 1

def journal_root(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256(b"")
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return sha256(b"\1" + journal_root(hashes[:split]) + journal_root(hashes[split:]))

# ---- Ed25519 in plain integers: RFC 8032.

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

def point(data):
    y, odd = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x * pow(2, (P - 1) // 4, P) % P if (x * x - square) % P else x
    demand((x * x - square) % P == 0 and y < P and (x or not odd), "not a point of the curve")
    return (P - x if x % 2 != odd else x), y

def add(a, b):
    k = D * a[0] * b[0] * a[1] * b[1]
    return (a[0] * b[1] + a[1] * b[0]) * pow(1 + k, -1, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P) % P

def times(scalar, base):
    total = (0, 1)
    for bit in f"{scalar:b}":
        total = add(add(total, total), base if bit == "1" else (0, 1))
    return total

def is_signed(public, message, signature):
    scalar = int.from_bytes(signature[32:], "little")
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    sum_of_both = add(point(signature[:32]), times(challenge, point(public)))
    return scalar < ORDER and times(scalar, point(b"\x58" + b"\x66" * 31)) == sum_of_both

# ---- Keccak-256 and the settlement tree: docs/bundle-format.md.

def keccak_tables():
    constants, turns, lfsr, x, y = [], [], 1, 1, 0
    for step in range(24):
        x, y, constant = y, (2 * x + 3 * y) % 5, 0
        turns.append((x + 5 * y, (step + 1) * (step + 2) // 2 % 64))
        for j in range(7):
            constant |= (lfsr & 1) << ((1 << j) - 1)
            lfsr = lfsr << 1 ^ (0x171 if lfsr & 0x80 else 0)
        constants.append(constant)
    return constants, turns

CONSTANTS, TURNS = keccak_tables()

def keccak256(data):
    turn = lambda lane, by: (lane << by | lane >> (64 - by)) & (2**64 - 1)
    padded, a = bytearray(data + b"\1" + bytes(-(len(data) + 1) % 136)), [0] * 25
    padded[-1] |= 0x80
    for begin in range(0, len(padded), 136):
        for i in range(17):
            a[i] ^= int.from_bytes(padded[begin + 8 * i:begin + 8 * i + 8], "little")
        for constant in CONSTANTS:
            c = [a[i] ^ a[i + 5] ^ a[i + 10] ^ a[i + 15] ^ a[i + 20] for i in range(5)]
            a = [a[i] ^ c[(i - 1) % 5] ^ turn(c[(i + 1) % 5], 1) for i in range(25)]
            lane = a[1]
            for place, by in TURNS:
                a[place], lane = turn(lane, by), a[place]
            a = [a[i] ^ (~a[i - i % 5 + (i + 1) % 5] & a[i - i % 5 + (i + 2) % 5]) for i in range(25)]
            a[0] ^= constant
    return b"".join(lane.to_bytes(8, "little") for lane in a[:4])

def settlement_tree(rows):
    """The types of a leaf, the root, and the content of the file, for rows of an investor and amounts."""
    opaque, count = any(not re.fullmatch("0x[0-9a-f]{40}", row[0]) for row in rows), len(rows)
    word = lambda name: sha256(b"softcap/investor/v1\0" + name.encode()) if opaque else bytes.fromhex(name[2:].zfill(64))
    leaves = [keccak256(keccak256(word(name) + b"".join(n.to_bytes(32, "big") for n in row))) for name, *row in rows]
    nodes, places = [b""] * (2 * count - 1), [0] * count
    for rank, row in enumerate(sorted(range(count), key=leaves.__getitem__)):
        places[row] = 2 * count - 2 - rank
        nodes[places[row]] = leaves[row]
    for at in reversed(range(count - 1)):
        nodes[at] = keccak256(b"".join(sorted(nodes[2 * at + 1:2 * at + 3])))
    types = ["bytes32" if opaque else "address"] + ["uint256"] * (len(rows[0]) - 1)
    return types, nodes[0], b"softcap-settlement-tree\n\1" + count.to_bytes(8, "little") + b"".join(
        [place.to_bytes(4, "little") for place in places] + nodes)

# ---- The rules: docs/rules.md. Codes of refusals: docs/refusals.md.

class Refused(Exception):
    pass

def refuse(code, when=True):
    if when:
        raise Refused(code)

def rounded(exact, unit, mode):
    steps, rest = divmod(exact, unit)
    up = {"down": 0, "half_up": 2 * rest >= unit, "half_even": (2 * rest, steps % 2) > (unit, 0)}[mode]
    return (steps + up) * unit

class Row:
    """A contribution, with the arithmetic of its currency and price."""
    def __init__(self, sequence, position, command, currency, number=None, price=0):
        vars(self).update(currency | command, sequence=sequence, position=position, round=number, price=price)
        self.accepted, self.kept, self.tokens, self.reason, self.returned = 0, 0, 0, None, False
        self.unit, self.once = currency["rounding"]["unit"], currency["rounding"]["per"] == "investor"
        self.factor = Fraction(currency["rate"].get("rate", 0))
    def value(self, amount):
        return floor(amount * self.factor)
    def exact(self, amount):
        return (amount + self.credit) * self.factor * self.price if amount else Fraction(0)
    def rounded(self, exact):
        return rounded(exact, self.unit, self.rounding["mode"])
    def buys(self, amount):
        """Tokens as caps count them: if they are rounded once per investor, the most they can come to."""
        return ceil(self.exact(amount) / self.unit) * self.unit if self.once else self.rounded(self.exact(amount))
    def within(self, amount, kind, left):
        """The part of an amount that fits into what is left in money, value or tokens."""
        if {"money": int, "value": self.value, "tokens": self.buys}[kind](amount) <= left:
            return amount
        if kind != "tokens":
            return left if kind == "money" else floor(left / self.factor)
        money = (left - left % self.unit) / (self.factor * self.price)
        least, most = (min(amount, max(whole(money) - self.credit, 0)) for whole in (ceil, floor))
        return least if self.buys(least) <= left else most

def room(code, kind, most, used):
    """A room under a cap: the code of who meets it, what it counts, what is left of it."""
    return [] if most is None else [(code, kind, max(most - used[kind == "tokens"], 0))]

class Sale:
    """Applies entries in order. A command is a method; it returns its outcome or refuses with a code."""
    def __init__(self, terms, terms_hash):
        self.terms, self.terms_hash, self.stage, self.published = terms, terms_hash, "draft", None
        self.raised, self.verdict = 0, 0
        self.rounds, self.lines, self.currencies = terms["rounds"], terms["clock"]["lines"], terms["currencies"]
        self.latest, self.rights_end = [0] * len(self.lines), [0] * len(self.lines)
        self.rows, self.investors, self.admissions, self.supply = {}, {}, {}, terms["token"]["supply"]
        self.used = defaultdict(lambda: [0, 0])  # value and tokens by round, by investor, and by both
        self.batches = [n for n, each in enumerate(self.rounds) if each["allocation"]["kind"] != "first_come"]
        unchecked.update((f"the {part} {each[part]['kind']!r}", 0) for each in self.rounds for part in RECOMPUTED
                         if each[part]["kind"] not in RECOMPUTED[part])
        unchecked.update(("recorded rates", 0) for each in self.currencies if each["rate"]["kind"] != "fixed")
        unchecked.update([("the waiting list", 0)] if terms["freed_room"] == "waiting_list" else [])
    def apply(self, sequence, line, position, command):
        kind, stages = command["kind"], ("settled", "running", "cancelled", "expired")
        if kind not in dir(self) or command.get("guaranteed") or command.get("until"):
            unchecked[f"entries of the kind {kind!r}"] = 0
        try:
            refuse(407, line >= len(self.lines))
            refuse(108, position + self.terms["clock"]["tolerance"] < self.latest[line])
            self.latest[line] = max(self.latest[line], position)
            if self.stage == "running" and self.latest[0] > self.terms.get("refund_deadline", 2**64):
                self.stage = "expired"
            free = {"settle": stages, "publish": stages, "tick": stages, "document": stages, "announce": ("draft", *stages)}
            refuse({"draft": 109, "cancelled": 106, "expired": 112, "settled": 107}.get(self.stage),
                   self.stage not in free.get(kind, ("running",)))
            return getattr(self, kind, self.tick)(line=line, position=position, sequence=sequence, **command) or {"kind": "done"}
        except Refused as refusal:
            if kind == "contribute" and self.stage != "settled" and command["currency"] < len(self.currencies):
                self.record(Row(sequence, position, command, self.currencies[command["currency"]]), refusal.args[0])
            return {"kind": "refused", "code": refusal.args[0]}
    def record(self, row, reason):
        row.reason, self.rows[row.sequence] = reason, row
        self.investors.setdefault(row.investor, []).append(row)
    def tick(self, **_):
        pass
    def document(self, **_):
        pass
    def cancel(self, **_):
        self.stage = "cancelled"
    def announce(self, hash, **_):
        refuse(110, self.stage != "draft")
        refuse(111, hash != self.terms_hash)
        self.stage = "running"
    def admit(self, round, investor, **admission):
        refuse(305, round >= len(self.rounds))
        self.investors.setdefault(investor, [])
        self.admissions[investor, round] = admission | {"revoked": False}
    def revoke(self, round, investor, **_):
        refuse(305, round >= len(self.rounds))
        refuse(301, (investor, round) not in self.admissions)
        self.admissions[investor, round]["revoked"] = True
    def windows(self, number):
        """By clock line: the first position, and the first one after the window."""
        windows = [self.rounds[number]["windows"].get(line) for line in self.lines]
        return [each and (each["from"], each["until"] + (each["end"] == "inclusive")) for each in windows]
    def is_over(self, number):
        return all(not window or now >= window[1] for window, now in zip(self.windows(number), self.latest))
    def find_round(self, line, position, currency, investor):
        """The first open round that takes the currency and lets the person in; else the nearest obstacle."""
        obstacles, begun, ahead = [], False, False
        for number, terms in enumerate(self.rounds):
            if not (window := self.windows(number)[line]):
                continue
            begun, ahead, admission = begun or position >= window[0], ahead or position < window[0], self.admissions.get((investor, number))
            if window[0] <= position < window[1]:
                barred = (terms["access"] == "admitted" and 301 if not admission else 304 if admission["revoked"] else
                          admission["expires"] is not None and position >= admission["expires"] and 302)
                obstacles.append(401 if currency not in terms["currencies"] else barred)
                if not obstacles[-1]:
                    return number
        obstacles.sort(key=lambda code: code == 401)
        refuse(obstacles[0] if obstacles else (103 if ahead else 102) if begun else 101 if ahead else 401)
    def contribute(self, sequence, line, position, **command):
        investor, currency, amount = command["investor"], command["currency"], command["amount"]
        self.investors.setdefault(investor, [])
        refuse(407, currency >= len(self.currencies) or self.currencies[currency]["line"] != line)
        number = self.find_round(line, position, currency, investor)
        refuse(502, command["limit"])
        terms, mine = self.rounds[number], self.used[investor, number]
        steps = terms["pricing"].get("steps", [{"from": 0, "price": terms["pricing"].get("price", 0)}])
        price = [step["price"] for step in steps if step["from"] <= position][-1]
        row = Row(sequence, position, command, self.currencies[currency], number, price)
        size = {"money": amount, "value": row.value(amount), "tokens": row.rounded(row.exact(amount))}
        least, most = ([(each["kind"], each["amount"]) for each in terms[key] if each.get("currency", currency) == currency]
                       for key in ("contribution_min", "contribution_max"))
        refuse(201, any(size[kind] < bound for kind, bound in least))
        refuse(208 if amount else 209, size["value"] == 0 and all(bound for _, bound in least))
        refuse(203, mine[0] + size["value"] < terms.get("investor_min", 0))
        own = terms.get("investor_max", {"kind": "value", "most": None})
        accepted = self.cut(row, amount, terms["over_limit"], [(202, *bound) for bound in most] +
                            room(204, own["kind"], own["most"], mine) +
                            room(204, "value", self.terms.get("investor_max"), self.used[investor]) +
                            room(303, "value", self.admissions.get((investor, number), {}).get("limit"), mine))
        if number not in self.batches:
            reserved = [sum(self.rounds[n].get(key, 0) for n in self.batches) for key in ("cap", "supply")]
            accepted = self.cut(row, accepted, terms["over_cap"], self.caps(number, self.used[number], self.batches, reserved))
        self.record(row, row.reason)
        self.take(row, accepted)
        if right := self.terms.get("withdrawal"):
            self.rights_end[line] = max(self.rights_end[line], right.get("until", position + right["span"]))
        return {"kind": "contributed", "round": number, "accepted": accepted, "refunded": amount - accepted - row.kept,
                "waiting": 0, "kept": row.kept, "tokens": row.tokens, "reason": row.reason}
    def caps(self, number, own, batches, reserved):
        """Rooms of all together. A batch round keeps its cap and supply for itself until it is shared out."""
        used = [reserved[i] + sum(self.used[n][i] for n in range(len(self.rounds)) if n not in batches) for i in (0, 1)]
        terms, hard = self.rounds[number], self.terms.get("hard_cap", {"kind": "value", "most": None})
        return (room(205, "value", terms.get("cap"), own) + room(207, "tokens", terms.get("supply"), own) +
                room(206, hard["kind"], hard["most"], used) +
                room(207, "tokens", self.supply.get("for_sale", self.supply.get("max")), used))
    def cut(self, row, asked, policy, rooms):
        accepted = asked
        for code, kind, left in rooms:
            fits = row.within(asked, kind, left)
            if fits < accepted:
                refuse(code, policy == "refuse" or (policy == "partial" and fits == 0))
                row.kept += accepted - fits if policy == "kept" else 0
                accepted, row.reason = fits, code
        return accepted
    def take(self, row, accepted, reopens=True):
        """Makes this the accepted part of a contribution, and counts the difference where it uses or reopens room."""
        for key in (row.round, row.investor, (row.investor, row.round)) if reopens else ():
            self.used[key][0] += row.value(accepted) - row.value(row.accepted)
            self.used[key][1] += row.buys(accepted) - row.buys(row.accepted)
        row.accepted, row.tokens = accepted, row.rounded(row.exact(accepted))
    def withdraw(self, line, position, contribution, **_):
        row, right = self.rows.get(contribution), self.terms.get("withdrawal")
        refuse(603, not row)
        refuse(601, not right)
        refuse(608, right["who"] == "marked" and not self.admissions.get((row.investor, row.round), {}).get("marked"))
        now = position if line == row.line else self.latest[row.line]
        refuse(602, now >= right.get("until", row.position + right["span"]))
        return self.give_back(row, row.accepted, "withdrawn")
    def refund(self, contribution, amount, reason, **_):
        row = self.rows.get(contribution)
        refuse(603, not row)
        refuse(604, row.round is None)
        refuse(606, reason < 3 and self.is_over(row.round))
        refuse(209, amount == 0)
        refuse(605, amount > row.accepted > 0)
        row.returned = row.returned or RETURNS[reason] == "over_limit"
        return self.give_back(row, amount, "returned_" + RETURNS[reason])
    def give_back(self, row, amount, reason):
        refuse(604, row.accepted == 0)
        self.take(row, row.accepted - amount, self.terms["freed_room"] != "closed")
        row.reason = reason
        return {"kind": "refunded", "amount": amount}
    def settle(self, **_):
        rows, cap, stage = list(self.rows.values()), self.terms.get("soft_cap"), self.stage
        refuse(107, stage == "settled")
        rights = any(now < end for now, end in zip(self.latest, self.rights_end))
        refuse(705, stage == "running" and (rights or not all(map(self.is_over, range(len(self.rounds))))))
        self.stage, self.verdict, self.settled_at = "settled", {"running": 1, "cancelled": 3, "expired": 4}[stage], self.latest[0]
        for number in self.batches if self.verdict == 1 else ():
            self.share_out(number, [row for row in rows if row.round == number and row.accepted])
        raised = {"value": sum(row.value(row.accepted) for row in rows), "tokens": sum(row.tokens for row in rows)}
        if self.verdict == 1 and cap and raised[cap["kind"]] < cap["most"]:
            self.verdict = 2
        for own in self.investors.values() if self.verdict == 1 else ():
            self.round_once(own)
        for row in rows if self.verdict > 1 else ():
            row.reason = VOID[self.verdict] if row.accepted or row.reason is None else row.reason
            row.accepted = row.tokens = 0
        return {"kind": "settled", "verdict": self.verdict, "raised": sum(row.value(row.accepted) for row in rows),
                "sold": sum(row.tokens for row in rows)}
    def share_out(self, number, rows):
        """Pro rata: people share the room by what they asked, and a person's contributions share the person's part."""
        people, pricing, ask = defaultdict(int), self.rounds[number]["pricing"], lambda row: ceil(row.accepted * row.factor)
        for row in rows:
            people[row.investor] += ask(row)
        total, dust = sum(people.values()), self.terms["dust"] == "largest_remainder"
        rooms = self.caps(number, [0, 0], self.batches[self.batches.index(number):], [0, 0])
        value, tokens = (min((left for _, kind, left in rooms if kind == wanted), default=2**256) for wanted in ("value", "tokens"))
        wanted, fixed = sum(row.buys(row.accepted) for row in rows), pricing["kind"] == "fixed"
        if not fixed and wanted > tokens:
            value, dust = min(value, total * tokens // wanted), False
        capacity = min(value, floor(tokens / Fraction(pricing["price"]))) if fixed else value
        if total <= capacity:
            return
        parts, before = {investor: asked * capacity // total for investor, asked in people.items()}, defaultdict(int)
        rank = lambda investor: (-(people[investor] * capacity % total), sha256(self.terms_hash + investor.encode()))
        for investor in sorted(people, key=rank)[:capacity - sum(parts.values())] if dust else ():
            parts[investor] += 1
        for row in sorted(rows, key=lambda row: (row.currency, ask(row), row.amount, row.sequence)):
            part, asked, begin = parts[row.investor], people[row.investor], before[row.investor]
            before[row.investor] = end = begin + ask(row)
            share = end * part // asked - begin * part // asked
            fits = row.accepted if share == ask(row) else min(row.accepted, floor(share / row.factor))
            fits = fits if fixed else row.accepted * part // asked
            row.reason = 212 if fits < row.accepted else row.reason
            self.take(row, fits)
    def round_once(self, rows):
        """Rounds the sums of an investor where the terms say so, and cuts their tokens to the ceiling."""
        is_cut = self.terms["token_ceiling_scope"] == "everyone" or any(row.returned for row in rows)
        left, sums = self.terms.get("token_ceiling_per_investor", 2**128) if is_cut else 2**128, defaultdict(Fraction)
        for row in rows:
            if row.once:
                given = row.rounded(sums[row.round, row.currency])
                sums[row.round, row.currency] += row.exact(row.accepted)
                row.tokens = row.rounded(sums[row.round, row.currency]) - given
            row.tokens = min(row.tokens, left)
            left -= row.tokens
    def publish(self, root, **_):
        refuse(706, self.stage != "settled")
        refuse(712, self.published)
        self.published = root

# ---- The folder: docs/bundle-format.md.

def numbers(value, key=""):
    """Terms with counts as integers and ratios as fractions; in terms.json each of them is a string."""
    if isinstance(value, dict):
        return {name: numbers(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return value if key == "lines" else [numbers(each) for each in value]
    if key in ("name", "symbol", "origin", "source") or not re.fullmatch(r"\d+(/\d+)?", value):
        return value
    return Fraction(value) if "/" in value else int(value)

def plain(units, decimals):
    digits = f"{units:0{decimals + 1}}"
    return re.sub(r"\.?0*$", "", f"{digits[:-decimals]}.{digits[-decimals:]}") if decimals else digits

def compare(name, right, files):
    pairs = zip_longest(files.get(name, b"").decode(errors="replace").split("\n"), right.split("\n"), fillvalue="(nothing)")
    for number, (found, right) in enumerate(pairs, 1):
        if found != right:
            return false(f"{name}, line {number}", f"there is {found.strip()}, it must be {right.strip()}")

def check_manifest(files):
    signer = json.loads(files["manifest.json"])["signer"]
    for name in sorted(files.keys() - {*FILES, "manifest.json"}):
        false(name, "does not belong to a bundle")
    rows = [f'    {{"name": "{name}", "size": {len(files[name])}, "sha256": "{sha256(files[name]).hex()}"}}'
            for name in FILES if name in files]
    above = f'{{\n  "format": "softcap-bundle-1",\n  "signer": {json.dumps(signer)},\n  "files": [\n' + ",\n".join(rows) + "\n  ],\n"
    compare("manifest.json", f'{above}  "sha256_above": "{sha256(above.encode()).hex()}"\n}}\n', files)
    return signer

def replay(files, terms):
    """The sale after the last entry, and the hash of each entry."""
    sale, hashes = Sale(terms, sha256(files["terms.json"])), []
    for number, (leaf, line, position, command, outcome) in enumerate(read_journal(files["journal"])):
        hashes.append(sha256(b"\0" + leaf))
        if files["journal.hashes"][32 * number:32 * number + 32] != hashes[-1]:
            false(f"journal.hashes, entry {number}", "is not the hash of the entry")
        right = sale.apply(number, line, position, command)
        wrong = [f"{key} is {outcome.get(key)}, it must be {right[key]}" for key in right if outcome.get(key) != right[key]]
        if wrong and not unchecked:
            false(f"journal, entry {number} ({command['kind']})", "; ".join(wrong))
        if outcome["kind"] == "settled" and unchecked:
            sale.stage, sale.verdict, sale.settled_at = "settled", outcome["verdict"], sale.latest[0]
        sale.raised = outcome.get("raised", sale.raised)
    if len(files["journal.hashes"]) != 32 * len(hashes):
        false("journal.hashes", f"has {len(files['journal.hashes'])} bytes for {len(hashes)} entries")
    return sale, hashes

def check_checkpoint(text, origin, hashes, key):
    body = f"{origin}\n{len(hashes)}\n{base64.b64encode(journal_root(hashes)).decode()}\n"
    if not text.startswith(body) or text[len(body):len(body) + 1] not in ("", "\n"):
        false("checkpoint", f"is not the one of this journal: {body!r}")
    if key:
        name, _, public = key.split("+", 2)
        public = base64.b64decode(public)
        signatures = [base64.b64decode(line.split(" ")[2]) for line in text.splitlines() if line.startswith(f"\u2014 {name} ")]
        if not any(each[:4] == sha256(name.encode() + b"\n" + public)[:4] and
                   is_signed(public[1:], body.encode(), each[4:]) for each in signatures):
            false("checkpoint", f"has no signature by {key}")

def check_tables(files, sale):
    """Both tables and the tree; gives the totals by currency, the types of a leaf and the root."""
    rows, currencies, token = list(sale.rows.values()), sale.currencies, sale.terms["token"]["decimals"]
    for row, line in zip(rows, files["settlement.csv"].decode().splitlines()[1:] if unchecked else ()):
        accepted, _, kept, tokens, row.reason = line.split(",")[4:]
        row.accepted, row.kept = (int(Fraction(money) * 10**row.decimals) for money in (accepted, kept))
        row.tokens = int(Fraction(tokens) * 10**token)
    money = lambda row: [row.amount, row.accepted, row.amount - row.accepted - row.kept, row.kept]
    compare("settlement.csv", "contribution_id,investor,currency,contributed,accepted,refunded,kept,tokens,reason\n" + "".join(
        ",".join([row.reference, row.investor, row.symbol, *(plain(each, row.decimals) for each in money(row)),
                  plain(row.tokens, token), REASONS.get(str(row.reason), row.reason) or ""]) + "\n" for row in rows), files)
    header = [f"{kind}_{each['symbol']}" for each in currencies for kind in ("contributed", "accepted", "refunded", "kept")]
    table, leaves, totals = [",".join(["investor", "tokens", *header])], [], [[0] * 4 for _ in currencies]
    for investor, own in sale.investors.items():
        sums = [[sum(money(row)[i] for row in own if row.currency == n) for i in range(4)] for n in range(len(currencies))]
        totals = [[a + b for a, b in zip(*pair)] for pair in zip(totals, sums)]
        tokens = sum(row.tokens for row in own)
        leaves.append([investor, tokens] + [each for four in sums for each in four[1:3]])
        table.append(",".join([investor, plain(tokens, token)] + [
            plain(each, currency["decimals"]) for currency, four in zip(currencies, sums) for each in four]))
    compare("investors.csv", "\n".join(table) + "\n", files)
    types, root, content = settlement_tree(leaves) if leaves else (None, None, None)
    if files.get("settlement.tree") != content:
        false("settlement.tree", f"is not the tree of the investors, whose root is {root and root.hex()}")
    if sale.published != root:
        false("journal", f"publishes the settlement root {sale.published and sale.published.hex()}, it must be {root and root.hex()}")
    return totals, types, root

def summary(files, sale, hashes, totals, types, root):
    terms, token, rows, good = sale.terms, sale.terms["token"], sale.rows.values(), sale.verdict == 1
    both = lambda count, of: {"units": str(count), "display": f"{plain(count, of['decimals'])} {of['symbol']}"}
    sold, most = sum(row.tokens for row in rows), sale.supply.get("for_sale", sale.supply.get("max"))
    shares = [good * (rounded(sold * each["size"]["of_sold"], 1, each["size"]["rounding"])
                      if isinstance(each["size"], dict) else each["size"]) for each in sale.supply["shares"]]
    unsold = most - sold if good and most is not None else 0
    minted = sold + sum(shares) if "total" not in sale.supply else sale.supply["total"] - unsold * (terms["unsold"] == "burned")
    own = lambda number: [row for row in rows if row.round == number]
    rounds = [{"round": each["name"], "accepted": both(sum(row.value(row.accepted) for row in own(number)), terms["numeraire"]),
               "sold": both(sum(row.tokens for row in own(number)), token)} for number, each in enumerate(sale.rounds)]
    return {"format": "softcap-settlement-1", "offering": terms["name"], "outcome": VERDICTS[sale.verdict],
            "settled_at": {"line": sale.lines[0], "position": str(sale.settled_at)}, "contributions": len(rows),
            "investors": len(sale.investors), "raised": both(sale.raised, terms["numeraire"]), "sold": both(sold, token),
            "unsold": both(unsold, token), "minted": both(minted * good, token),
            "shares": [{"name": each["name"], "tokens": both(n, token)} for each, n in zip(sale.supply["shares"], shares)],
            "currencies": [{"currency": each["symbol"]} | {kind: both(n, each) for kind, n in zip(
                ("contributed", "accepted", "refunded", "kept"), four)} for each, four in zip(sale.currencies, totals)],
            "rounds": json.loads(files["settlement.json"])["rounds"] if unchecked else rounds,
            "terms_hash": sale.terms_hash.hex(),
            "journal": {"origin": terms["origin"], "size": len(hashes), "root": journal_root(hashes).hex()},
            "settlement_tree": root and {"root": "0x" + root.hex(), "leaf_encoding": types}}

def check(files, key, terms_hash):
    """Runs all checks on the files of a bundle; gives what the result rests on."""
    signer = check_manifest(files)
    stated = json.loads(files["terms.json"])
    compare("terms.json", json.dumps(stated, sort_keys=True, separators=(",", ":"), ensure_ascii=False), files)
    sale, hashes = replay(files, numbers(stated))
    if terms_hash and terms_hash.lower() != sale.terms_hash.hex():
        false("terms.json", f"has the hash {sale.terms_hash.hex()}, expected was {terms_hash.lower()}")
    check_checkpoint(files["checkpoint"].decode(), sale.terms["origin"], hashes, key or signer)
    if sale.stage != "settled":
        return false("journal", "has no settlement")
    text = json.dumps(summary(files, sale, hashes, *check_tables(files, sale)), indent=2, ensure_ascii=False)
    compare("settlement.json", text + "\n", files)
    trust = "" if key else f"compare the key {signer} with a source you trust; " if signer else "not signed; "
    return trust + ("" if terms_hash else f"compare the terms hash {sale.terms_hash.hex()} with a source you trust; ")

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--key", help="verifier key of the log: name+id+key")
    parser.add_argument("--terms-hash", help="SHA-256 of the canonical terms, in hexadecimal")
    given = parser.parse_args()
    try:
        trust = check({path.name: path.read_bytes() for path in given.bundle.iterdir()}, given.key, given.terms_hash)
    except (OSError, ValueError, LookupError, TypeError) as error:
        print("\n".join(problems) or f"cannot read {given.bundle}: {type(error).__name__}: {error}")
        return 1 if problems else 2
    for line in problems[:20] or [f"not checked: {what}" for what in unchecked]:
        print(line)
    if not problems:
        print(f"consistent{' as far as checked' if unchecked else ''}; {trust}offering.toml and report.html by their hashes only")
    return 1 if problems else 3 if unchecked else 0

if __name__ == "__main__":
    sys.exit(main())
