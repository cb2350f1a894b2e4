"""The rules by which a sale is computed again: docs/rules.md. Codes of refusals: docs/refusals.md.

All amounts are in smallest units; whatever is not a whole number is an exact fraction.
"""
import re
from collections import defaultdict
from fractions import Fraction
from math import ceil, floor

from standards import sha256

RETURNS = "? discretion over_limit identity_not_proved sanctions order not_eligible wrongful_payment".split()
VOID = "? ? soft_cap_missed cancelled expired".split()
RECOMPUTED = {"pricing": ("fixed", "steps"), "allocation": ("first_come", "pro_rata")}


def numbers(value, key=""):
    """Terms with counts as integers and ratios as fractions; in terms.json each of them is a string."""
    if isinstance(value, dict):
        return {name: numbers(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return value if key == "lines" else [numbers(each) for each in value]
    if key in ("name", "symbol", "origin", "source") or not re.fullmatch(r"\d+(/\d+)?", value):
        return value
    return Fraction(value) if "/" in value else int(value)


class Refused(Exception):
    pass


def refuse(code, when=True):
    if when:
        raise Refused(code)


def rounded(exact, unit, mode):
    steps, rest = divmod(exact, unit)
    up = {"down": 0, "half_up": 2 * rest >= unit, "half_even": (2 * rest, steps % 2) > (unit, 0)}[mode]
    return (steps + up) * unit


def first(amount, holds):
    """The least amount for which something holds that holds from there on, for `amount` at the latest; not zero."""
    low, high = 0, amount
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


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
            fits = left if kind == "money" else floor(left / self.factor)
            return 0 if self.buys_nothing(fits) else fits
        most = first(amount, lambda money: self.buys(money) > left) - 1
        tokens = self.buys(most)
        return most if self.once or not most else first(most, lambda money: self.buys(money) >= tokens) if tokens else 0

    def buys_nothing(self, amount):
        return not self.once and self.buys(amount) == 0


def room(code, kind, most, used):
    """A room under a cap: the code of who meets it, what it counts, what is left of it."""
    return [] if most is None else [(code, kind, max(most - used[kind == "tokens"], 0))]


class Sale:
    """Applies entries in order. A command is a method; it returns its outcome or refuses with a code."""

    def __init__(self, terms, terms_hash):
        self.terms, self.terms_hash, self.stage, self.published, self.raised = terms, terms_hash, "draft", None, 0
        self.rounds, self.lines, self.currencies = terms["rounds"], terms["clock"]["lines"], terms["currencies"]
        self.latest, self.rights_end = [0] * len(self.lines), [0] * len(self.lines)
        self.rows, self.investors, self.admissions, self.supply = {}, {}, {}, terms["token"]["supply"]
        self.unchecked = []  # what is not recomputed here, in the order in which it was met
        self.used = defaultdict(lambda: [0, 0])  # value and tokens by round, by investor, and by both
        self.batches = [n for n, each in enumerate(self.rounds) if each["allocation"]["kind"] != "first_come"]
        for each in self.rounds:
            for part, known in RECOMPUTED.items():
                if each[part]["kind"] not in known:
                    self.not_checked(f"the {part} {each[part]['kind']!r}")
        if any(each["rate"]["kind"] != "fixed" for each in self.currencies):
            self.not_checked("recorded rates")
        if terms["freed_room"] == "waiting_list":
            self.not_checked("the waiting list")

    def not_checked(self, what):
        if what not in self.unchecked:
            self.unchecked.append(what)

    def apply(self, sequence, line, position, command):
        kind = command["kind"]
        if not hasattr(self, kind) or command.get("guaranteed") or command.get("until"):
            self.not_checked(f"entries of the kind {kind!r}")
        try:
            refuse(407, line >= len(self.lines))
            refuse(108, position + self.terms["clock"]["tolerance"] < self.latest[line])
            self.latest[line] = max(self.latest[line], position)
            if self.stage == "running" and self.latest[0] > self.terms.get("refund_deadline", 2**64):
                self.stage = "expired"
            refuse(109, self.stage == "draft" and kind != "announce")
            if kind not in ("announce", "settle", "publish", "tick", "document"):
                refuse({"cancelled": 106, "expired": 112, "settled": 107}.get(self.stage), self.stage != "running")
            act = getattr(self, kind, self.tick)
            return act(line=line, position=position, sequence=sequence, **command) or {"kind": "done"}
        except Refused as refusal:
            if kind == "contribute" and self.stage != "settled" and command["currency"] < len(self.currencies):
                self.record(Row(sequence, position, command, self.currencies[command["currency"]]), refusal.args[0])
            return {"kind": "refused", "code": refusal.args[0]}

    def record(self, row, reason):
        row.reason, self.rows[row.sequence] = reason, row
        self.investors.setdefault(row.investor, []).append(row)

    def tick(self, **_):
        """Time has come to its place, and nothing else; a document changes as little."""
    document = tick

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
            begun, ahead = begun or position >= window[0], ahead or position < window[0]
            admission = self.admissions.get((investor, number))
            if window[0] <= position < window[1]:
                if currency not in terms["currencies"]:
                    obstacles.append(401)
                elif not admission and terms["access"] == "admitted":
                    obstacles.append(301)
                elif admission and admission["revoked"]:
                    obstacles.append(304)
                elif admission and admission["expires"] is not None and position >= admission["expires"]:
                    obstacles.append(302)
                else:
                    return number
        obstacles.sort(key=lambda code: code == 401)
        by_time = {(False, True): 101, (True, True): 103, (True, False): 102, (False, False): 401}[begun, ahead]
        refuse(obstacles[0] if obstacles else by_time)

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
        least, most = ([(each["kind"], each["amount"]) for each in terms[key]
                        if each.get("currency", currency) == currency] for key in ("contribution_min", "contribution_max"))
        refuse(201, any(size[kind] < bound for kind, bound in least))
        nothing = size["value"] == 0 or row.buys_nothing(amount)
        refuse(208 if amount else 209, nothing and all(bound for _, bound in least))
        refuse(203, mine[0] + size["value"] < terms.get("investor_min", 0))
        own = terms.get("investor_max", {"kind": "value", "most": None})
        accepted = self.cut(row, amount, terms["over_limit"], [(202, *bound) for bound in most] +
                            room(204, own["kind"], own["most"], mine) +
                            room(204, "value", self.terms.get("investor_max"), self.used[investor]) +
                            room(303, "value", self.admissions.get((investor, number), {}).get("limit"), mine))
        if number not in self.batches:
            reserved = [sum(self.rounds[n].get(key, 0) for n in self.batches) for key in ("cap", "supply")]
            rooms = self.caps(number, self.used[number], self.batches, reserved)
            accepted = self.cut(row, accepted, terms["over_cap"], rooms)
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
        self.stage, self.settled_at = "settled", self.latest[0]
        self.verdict = {"running": 1, "cancelled": 3, "expired": 4}[stage]
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
        people, pricing = defaultdict(int), self.rounds[number]["pricing"]
        ask = lambda row: ceil(row.accepted * row.factor)
        for row in rows:
            people[row.investor] += ask(row)
        total, dust = sum(people.values()), self.terms["dust"] == "largest_remainder"
        rooms = self.caps(number, [0, 0], self.batches[self.batches.index(number):], [0, 0])
        value, tokens = (min((left for _, kind, left in rooms if kind == of), default=2**256) for of in ("value", "tokens"))
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
            fits = 0 if fits < row.accepted and row.buys_nothing(fits) else fits
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
