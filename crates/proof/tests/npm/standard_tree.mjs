// Reads [{"types": [...], "rows": [[...], ...]}, ...] from stdin, builds the StandardMerkleTree of each
// case and prints what there is to compare: the root, the node array, the position and proof of each row.
import { readFileSync } from "node:fs";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";

const cases = JSON.parse(readFileSync(0, "utf8"));
const answers = cases.map(({ types, rows }) => {
  const values = rows.map(([id, ...amounts]) => [id, ...amounts.map(BigInt)]);
  const tree = StandardMerkleTree.of(values, types);
  const dump = tree.dump();
  return {
    root: tree.root,
    nodes: dump.tree,
    positions: dump.values.map(({ treeIndex }) => treeIndex),
    proofs: values.map((_, index) => tree.getProof(index)),
  };
});
process.stdout.write(JSON.stringify(answers));
