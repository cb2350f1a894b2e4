"""The journal, byte by byte: docs/journal-format.md."""
import re
from math import gcd

COMMANDS = """announce hash:hash | admit round:u8 investor:investor limit:?amount expires:?u64 guaranteed:amount marked:u8
    | revoke round:u8 investor:investor | rate currency:u8 rate:ratio
    | contribute investor:investor currency:u8 amount:amount limit:?limit reference:text source:?text
    | commit investor:investor amount:amount commitment:hash reference:text
    | reveal bid:u64 amount:amount limit:limit salt:hash | withdraw contribution:u64
    | refund contribution:u64 amount:amount reason:u8 | pause | resume | seed round:u8 seed:hash proof:bytes
    | document hash:hash until:?u64 | close round:u8 | cancel | tick | settle | publish root:hash
    | distribute investor:investor tokens:amount | pay_refund investor:investor currency:u8
    | vest share:u8 tokens:amount | release milestone:u8""".split("|")
OUTCOMES = """contributed round:u8 accepted:amount refunded:amount waiting:amount kept:amount tokens:amount reason:?u16
    | refused code:u16 | done | refunded amount:amount | promoted amount:amount promoted:u32
    | settled verdict:u8 raised:amount sold:amount""".split("|")
TEXTS = {"text": rb"[ !#-+\--~]{0,255}", "id": rb"(?!0x[0-9a-fA-F]{40}$)[0-9A-Za-z._:@+/=-]{1,100}"}


def demand(good, what):
    if not good:
        raise ValueError(what)


class Reader:
    """Reads a leaf and refuses every spelling but the canonical one."""

    def __init__(self, leaf):
        self.leaf, self.at = leaf, 0

    def take(self, count):
        self.at += count
        demand(self.at <= len(self.leaf), "ends too early")
        return self.leaf[self.at - count:self.at]

    def read(self, kind):
        match kind:
            case "hash":
                return self.take(32)
            case "bytes":
                return self.take(self.read("u16"))
            case "u8" | "u16" | "u32" | "u64":
                return int.from_bytes(self.take(int(kind[1:]) // 8), "big")
            case "amount":
                digits = self.take(self.read("u8"))
                demand(len(digits) <= 16 and digits[:1] != b"\0", "has an amount that is not in its shortest form")
                return int.from_bytes(digits, "big")
            case "ratio" | "limit":
                pair = self.read("amount"), self.read("amount")
                demand(pair[1] and (kind == "limit" or gcd(*pair) == 1), f"has a {kind} that is not in its lowest terms")
                return pair
            case "text" | "id":
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
        demand(0 < tag <= len(table), f"has an unknown tag {tag}")
        kind, *fields = table[tag - 1].split()
        return {"kind": kind} | {name: self.read(how) for name, how in (field.split(":") for field in fields)}


def read_journal(data):
    """Yields each leaf with its line, position, command and outcome."""
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
            raise ValueError(f"entry {number} {error}") from error
        yield reader.leaf, *entry
        at, number = end, number + 1
