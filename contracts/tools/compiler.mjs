// Compiles with the npm solc: sources in, the compiler's JSON out. No download, no network.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The folder that holds node_modules; `cargo xtask contracts` sets it. */
export const modules = process.env.SOFTCAP_CONTRACTS_MODULES;
if (!modules) {
  console.error("SOFTCAP_CONTRACTS_MODULES is not set; run `cargo xtask contracts`, which sets it");
  process.exit(2);
}

export const solc = createRequire(join(modules, "package.json"))("solc");

/** The settings of every build of the sources. */
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

/**
 * The same, read from the last time where all that goes in is what it was: sources and settings, and the lock, which names the
 * compiler and what is imported.
 */
export function compileOnce(input) {
  const lock = readFileSync(join(modules, "installed-lock.json"));
  const key = createHash("sha256").update(lock).update(JSON.stringify(input)).digest("hex");
  const file = join(modules, "compiled.json");
  const last = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  if (last.key === key) return last.output;
  const output = compile(input);
  // Under another name first: a run that is killed leaves nothing half written.
  writeFileSync(`${file}.new`, JSON.stringify({ key, output }));
  renameSync(`${file}.new`, file);
  return output;
}
