// Times StandardMerkleTree.of of @openzeppelin/merkle-tree on N synthetic settlement leaves and prints
// one JSON line: {"leaves":N,"values_seconds":..,"tree_seconds":..,"root":"0x.."}.
//
//   node --max-old-space-size=12000 merkle.mjs 1000000
//
// The package is found beside this file or above it, so install crates/proof/tests/npm (npm ci) into
// a scratch folder and copy this file there. Leaf i is made from d = SHA-256("softcap/bench/v1" || i
// as u64 little endian): address = d[0..20], amount k (k = 0..4) = (k + 1) * u64 big endian at d[4k].
import { createHash } from "node:crypto";
import { performance } from "node:perf_hooks";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";

const TYPES = ["address", "uint256", "uint256", "uint256", "uint256", "uint256"];

function leafValues(i) {
  const index = Buffer.alloc(8);
  index.writeBigUInt64LE(BigInt(i));
  const digest = createHash("sha256").update("softcap/bench/v1").update(index).digest();
  const values = ["0x" + digest.subarray(0, 20).toString("hex")];
  for (let k = 0; k < 5; k += 1) {
    values.push(BigInt(k + 1) * digest.readBigUInt64BE(4 * k));
  }
  return values;
}

const leaves = Number(process.argv[2]);
if (!Number.isSafeInteger(leaves) || leaves < 1) {
  console.error("usage: node --max-old-space-size=12000 merkle.mjs LEAVES");
  process.exit(2);
}

const start = performance.now();
const values = Array.from({ length: leaves }, (_, i) => leafValues(i));
const built = performance.now();
const tree = StandardMerkleTree.of(values, TYPES);
const done = performance.now();

console.log(
  JSON.stringify({
    leaves,
    values_seconds: Number(((built - start) / 1000).toFixed(3)),
    tree_seconds: Number(((done - built) / 1000).toFixed(3)),
    root: tree.root,
  }),
);
