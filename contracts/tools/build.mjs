// Compiles the contracts and writes what the Rust side reads to `abi/`; with --check it compares instead.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileOnce, settings } from "./compiler.mjs";

const root = join(import.meta.dirname, "..");
/** What is deployed or called from Rust: contract, and whether its bytecode is needed, or the code that is then there. */
const artifacts = [
  { name: "EscrowFactory", bytecode: true },
  { name: "IEscrow", bytecode: false },
  { name: "IRootEscrow", bytecode: false },
  { name: "IRounds", bytecode: false },
  { name: "IWithdrawal", bytecode: false },
  { name: "Milestones", bytecode: true },
  { name: "OfferingFactory", bytecode: true },
  { name: "RootEscrowFactory", bytecode: true },
  { name: "RoundsEscrowFactory", bytecode: true },
  { name: "RoundsOfferingFactory", bytecode: true },
  { name: "SaleToken", bytecode: false },
  { name: "TokenClone", bytecode: true, deployed: true },
  { name: "Vesting", bytecode: true },
  { name: "WithdrawableEscrowFactory", bytecode: true },
  { name: "WithdrawableRoundsEscrowFactory", bytecode: true },
];

const names = readdirSync(join(root, "src")).filter((name) => name.endsWith(".sol"));
const sources = Object.fromEntries(
  names.map((name) => [`src/${name}`, { content: readFileSync(join(root, "src", name), "utf8") }]),
);
const outputSelection = { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } };
const output = compileOnce({ language: "Solidity", sources, settings: { ...settings, outputSelection } });
const messages = output.errors ?? [];
for (const message of messages) console.error(message.formattedMessage);
// A warning fails, too: there is no second place where anybody would read it.
if (messages.length > 0) process.exit(1);

const check = process.argv.includes("--check");
let different = 0;
mkdirSync(join(root, "abi"), { recursive: true });
for (const { name, bytecode, deployed } of artifacts) {
  const built = output.contracts[`src/${name}.sol`][name];
  const artifact = { contract: name, abi: built.abi };
  if (bytecode) artifact.bytecode = `0x${built.evm.bytecode.object}`;
  const lines = artifact.abi.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n");
  let code = bytecode ? `,\n  "bytecode": "${artifact.bytecode}"` : "";
  if (deployed) code += `,\n  "deployedBytecode": "0x${built.evm.deployedBytecode.object}"`;
  const text = `{\n  "contract": "${name}",\n  "abi": [\n${lines}\n  ]${code}\n}\n`;
  const file = join(root, "abi", `${name}.json`);
  if (!check) writeFileSync(file, text);
  else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
    console.error(`abi/${name}.json is not what the sources compile to; run \`cargo xtask contracts build\``);
    different += 1;
  }
}
const deployed = [
  "Escrow",
  "EscrowFactory",
  "Milestones",
  "OfferingFactory",
  "RootEscrow",
  "RootEscrowFactory",
  "RoundsEscrow",
  "RoundsEscrowFactory",
  "RoundsOfferingFactory",
  "SaleToken",
  "TokenClone",
  "Vesting",
  "WithdrawableEscrow",
  "WithdrawableEscrowFactory",
  "WithdrawableRoundsEscrow",
  "WithdrawableRoundsEscrowFactory",
];
for (const name of deployed) {
  const size = output.contracts[`src/${name}.sol`][name].evm.deployedBytecode.object.length / 2;
  console.log(`${name}: ${size} of 24576 bytes`);
  if (size > 24576) different += 1;
}
process.exit(different === 0 ? 0 : 1);
