// Writes a project that slither reads as one that forge has built: the sources and their syntax trees. No code is
// generated, because nothing that slither says needs it, and it takes a minute.
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile, modules, settings, solc } from "./compiler.mjs";

const folder = process.argv[2];
const root = join(import.meta.dirname, "..");
const names = readdirSync(join(root, "src")).filter((name) => name.endsWith(".sol"));
const sources = Object.fromEntries(
  names.map((name) => [`src/${name}`, { content: readFileSync(join(root, "src", name), "utf8") }]),
);
const input = {
  language: "Solidity",
  sources,
  settings: { ...settings, outputSelection: { "*": { "": ["ast"], "*": ["abi", "devdoc", "userdoc"] } } },
};
const output = compile(input);
for (const message of output.errors ?? []) console.error(message.formattedMessage);
if ((output.errors ?? []).length > 0) process.exit(1);
const none = { object: "", sourceMap: "" };
for (const contracts of Object.values(output.contracts)) {
  for (const contract of Object.values(contracts)) {
    contract.evm = { bytecode: none, deployedBytecode: none, methodIdentifiers: {} };
  }
}
rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, "out", "build-info"), { recursive: true });
cpSync(join(root, "src"), join(folder, "src"), { recursive: true });
// Slither looks up each source by the name it was imported by.
symlinkSync(join(modules, "node_modules", "@openzeppelin"), join(folder, "@openzeppelin"));
writeFileSync(join(folder, "foundry.toml"), '[profile.default]\nlibs = []\noffline = true\n');
const solcVersion = solc.version().split("+")[0];
writeFileSync(join(folder, "out", "build-info", "sources.json"), JSON.stringify({ solcVersion, input, output }));
