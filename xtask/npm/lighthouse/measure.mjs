// Lighthouse on the public pages of a finished demo, in the form of a phone: the median of so many runs in each of its four
// categories. A minute of a page takes its time; nothing here is part of the tests.
//
// node measure.mjs PACKAGES BROWSER PROGRAM RUNS

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [packages, browserFolder, program, runs] = process.argv.slice(2);
const LEAST = 95;
const PORT = 9333;
const categories = ['performance', 'accessibility', 'best-practices', 'seo'];

const lighthouseAt = createRequire(join(packages, 'package.json')).resolve('lighthouse');
const { default: lighthouse } = await import(pathToFileURL(lighthouseAt));
const { chromium } = createRequire(join(browserFolder, 'package.json'))('playwright-core');

const folder = mkdtempSync(join(tmpdir(), 'softcap-lighthouse-'));
const demo = spawn(
  program,
  ['demo', '--data', 'demo', '--listen', '127.0.0.1:0', '--seconds', '10', '--investors', '200'],
  { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
);
const browser = await chromium.launch({
  executablePath: join(browserFolder, 'bin/chromium'),
  env: { ...process.env, LD_LIBRARY_PATH: join(browserFolder, 'lib') },
  args: ['--no-sandbox', `--remote-debugging-port=${PORT}`],
});

try {
  const [origin, offering] = await served(demo);
  let isGood = true;
  for (const path of publicPages(offering)) {
    const medians = await scores(`${origin}${path}`);
    isGood &&= medians.every((score) => score >= LEAST);
    console.log(`${medians.map((score) => String(score).padStart(3)).join(' ')}  ${path}`);
  }
  console.log(`${categories.join(', ')}: medians of ${runs}; each should be at least ${LEAST}`);
  process.exitCode = isGood ? 0 : 1;
} finally {
  await browser.close();
  const ended = new Promise((resolve) => demo.once('exit', resolve));
  demo.kill();
  await ended;
  rmSync(folder, { recursive: true, force: true });
}

// Where the demo goes on, and the page of its offering, once its sale is settled and verified.
async function served(child) {
  const said = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    const found = /the server goes on: (http:\/\/[0-9.:]+)(\/offerings\/[a-z0-9-]+)/.exec(line);
    if (found) return found.slice(1);
  }
  throw new Error(`the demo ended:\n${said.join('\n')}`);
}

// What a stranger can reach, the pages of one offering among them.
function publicPages(offering) {
  const own = ['', '/calculator', '/log', '/log/1'].map((rest) => `${offering}${rest}`);
  return ['/', ...own, '/verification', '/sign-up', '/log-in'];
}

async function scores(url) {
  const seen = categories.map(() => []);
  for (let run = 0; run < Number(runs); run += 1) {
    const { lhr } = await lighthouse(url, { port: PORT, onlyCategories: categories, logLevel: 'error' });
    categories.forEach((name, place) => seen[place].push(Math.round(lhr.categories[name].score * 100)));
    if (run === 0) complain(lhr);
  }
  return seen.map((list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]);
}

// What costs points, beside time.
function complain(lhr) {
  for (const audit of Object.values(lhr.audits)) {
    const isRule = audit.scoreDisplayMode === 'binary' && audit.score === 0;
    if (isRule) console.log(`     ${new URL(lhr.finalDisplayedUrl).pathname}: ${audit.title}`);
  }
}
