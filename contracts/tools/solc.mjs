#!/usr/bin/env node
// What forge calls as its compiler: the npm solc behind the two options that forge uses.
import { readFileSync, writeSync } from "node:fs";
import { compile, solc } from "./compiler.mjs";

/** A pipe takes part of a long answer at a time. */
function answer(text) {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

if (process.argv.includes("--version")) {
  const version = solc.version().replace(".Emscripten.clang", ".Linux.g++");
  answer(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else if (process.argv.includes("--standard-json")) {
  answer(JSON.stringify(compile(JSON.parse(readFileSync(0, "utf8")))));
} else {
  console.error("solc.mjs: only --version and --standard-json");
  process.exit(2);
}
