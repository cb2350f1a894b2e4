// Reads a list of proofs as `softcap proof` prints them from stdin, checks each with the package itself,
// and prints the list of answers.
import { readFileSync } from "node:fs";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";

const proofs = JSON.parse(readFileSync(0, "utf8"));
const answers = proofs.map(({ root, types, values, proof }) =>
  StandardMerkleTree.verify(root, types, values, proof),
);
process.stdout.write(JSON.stringify(answers));
