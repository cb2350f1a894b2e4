"""What others have specified and Python's standard library has not: RFC 6962 trees, Ed25519, Keccak-256, and the tree
of OpenZeppelin's StandardMerkleTree. Nothing here knows of Softcap.
"""
import hashlib


def sha256(data):
    return hashlib.sha256(data).digest()

# ---- Merkle trees of logs: RFC 6962.


def log_root(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256(b"")
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return sha256(b"\1" + log_root(hashes[:split]) + log_root(hashes[split:]))

# ---- Ed25519 in plain integers: RFC 8032.

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def point(data):
    y, odd = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x * pow(2, (P - 1) // 4, P) % P if (x * x - square) % P else x
    if (x * x - square) % P or y >= P or (x == 0 and odd):
        raise ValueError("not a point of the curve")
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

# ---- Keccak-256, as Ethereum uses it: FIPS 202 with the padding of the first submission.


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

# ---- StandardMerkleTree.of of @openzeppelin/merkle-tree.


def standard_tree(rows):
    """The nodes, root first, and for each row its place among them; a row is a list of words of 32 bytes."""
    leaves = [keccak256(keccak256(b"".join(row))) for row in rows]
    nodes, places = [b""] * (2 * len(rows) - 1), [0] * len(rows)
    for rank, row in enumerate(sorted(range(len(rows)), key=leaves.__getitem__)):
        places[row] = len(nodes) - 1 - rank
        nodes[places[row]] = leaves[row]
    for at in reversed(range(len(rows) - 1)):
        nodes[at] = keccak256(b"".join(sorted(nodes[2 * at + 1:2 * at + 3])))
    return nodes, places
