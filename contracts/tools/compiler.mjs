// Compiles with the npm solc: sources in, the compiler's JSON out. No download, no network.
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder that holds node_modules; `cargo xtask contracts` sets it. */
export const modules = process.env.SOFTCAP_CONTRACTS_MODULES;
if (!modules) {
  console.error("SOFTCAP_CONTRACTS_MODULES is not set; run `cargo xtask contracts`, which sets it");
  process.exit(2);
}

export const solc = createRequire(join(modules, "package.json"))("solc");

/** The settings of every build, also of forge (foundry.toml says the same). */
export const settings = {
  evmVersion: "prague",
  viaIR: true,
  optimizer: { enabled: true, runs: 1_000_000 },
  metadata: { bytecodeHash: "none", appendCBOR: false },
};

/** An import from a package. */
export function readImport(path) {
  const file = join(modules, "node_modules", path);
  return existsSync(file) ? { contents: readFileSync(file, "utf8") } : { error: `${path} is not installed` };
}

/** The compiler's output. */
export function compile(input) {
  return JSON.parse(solc.compile(JSON.stringify(input), { import: readImport }));
}
