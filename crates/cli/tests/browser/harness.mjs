// What every journey needs: the question, a browser by others, windows in which every foreign request and every error in a
// console is seen, and a look that checks and paints a page.
//
// Standard input: { packages, origin, mail, key, pictures, ... }. Standard output: what was seen.
import { mkdirSync, readFileSync, readdirSync, unlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

export const question = JSON.parse(readFileSync(0, 'utf8'));
const { packages, origin, mail, key, pictures } = question;
const require = createRequire(join(packages, 'package.json'));
const { chromium } = require('playwright-core');
const { AxeBuilder } = require('@axe-core/playwright');
export const PASSWORD = 'seven grey herons over the weir';

// Pixels of a picture; the rest of a long page is more of the same.
const TALLEST = 1400;

export const said = { violations: [], weights: {}, foreign: [], errors: [], engine: '' };

// The code of the one mail that waits, which is read once; of those to an address where others get mails too, which may have
// codes of their own.
export async function code(email) {
  for (let looks = 0; looks < 600; looks += 1) {
    for (const name of readdirSync(mail).filter((name) => name.endsWith('.eml'))) {
      const place = join(mail, name);
      const text = readFileSync(place, 'utf8');
      if (email && !text.includes(`To: ${email}\r\n`)) continue;
      const found = /^ {4,}(\S{43})\s*$/m.exec(text);
      unlinkSync(place);
      if (found) return found[1];
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('no mail came');
}

export async function asPlatform(path, body, once) {
  const answer = await fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': once },
    body: body === null ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return answer.json();
}

export const browser = await chromium.launch({
  executablePath: join(packages, 'bin/chromium'),
  env: { ...process.env, LD_LIBRARY_PATH: join(packages, 'lib') },
  args: ['--no-sandbox'],
});

// A window of its own; whatever is loaded from elsewhere, and every error in a console, is seen. Nothing moves in it, so that no
// colour is looked at on its way to another.
export async function open(options) {
  const still = { locale: 'en-GB', timezoneId: 'Europe/Berlin', reducedMotion: 'reduce' };
  const context = await browser.newContext({ ...still, ...options });
  const page = await context.newPage();
  page.on('request', (request) => {
    if (!request.url().startsWith(origin)) said.foreign.push(request.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error') said.errors.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => said.errors.push(`${page.url()}: ${error.message}`));
  return page;
}

export async function look(page, name) {
  const found = await new AxeBuilder({ page }).analyze();
  said.engine = found.testEngine.version;
  for (const violation of found.violations) {
    said.violations.push(`${name}: ${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) said.violations.push(`${name}: ${wide} px wider than the window`);
  if (pictures) {
    mkdirSync(pictures, { recursive: true });
    const { width, height } = await page.evaluate(() => ({ width: innerWidth, height: document.documentElement.scrollHeight }));
    const clip = { x: 0, y: 0, width, height: Math.min(height, TALLEST) };
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true, clip });
  }
}

export const desk = { viewport: { width: 1100, height: 800 } };
export const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

const HOUR = 3600 * 1000;
const instant = (hours) => new Date(Math.floor(Date.now() / 1000) * 1000 + hours * HOUR).toISOString().replace('.000', '');

// The starter's terms, whose rounds begin and end so many hours from now.
function starter([early, late, end]) {
  return question.terms
    .replace('2026-03-02T12:00:00Z', instant(early))
    .replaceAll('2026-03-09T12:00:00Z', instant(late))
    .replace('2026-03-23T12:00:00Z', instant(end))
    .replace('2026-06-01T00:00:00Z', instant(end + 24 * 46));
}

async function announce(name, terms) {
  const checked = await asPlatform('/v1/offerings/check', { terms }, `check ${name}`);
  await asPlatform('/v1/offerings', { name, terms, terms_hash: checked.terms_hash }, `announce ${name}`);
}

// The starter's sale, whose public round began an hour ago, with what three others brought.
export async function announceStarter() {
  const { offering } = question;
  await announce(offering, starter([-3, -1, 24 * 14]));
  for (const [number, amount] of [['10001', '350000'], ['10002', '420000'], ['10003', '58000']]) {
    const at = `/v1/offerings/${offering}`;
    const transfer = number.padStart(32, '0');
    await asPlatform(`${at}/accounts/${number}/fundings`, { transfer, currency: 'EUR', amount }, `fund ${number}`);
    await asPlatform(`${at}/contributions`, { investor: number, currency: 'EUR', amount }, `made ${number}`);
  }
}

// Two more that are to come, as a home has them.
export async function announceNext() {
  for (const [name, title, days] of [['lighthouse', 'Lighthouse', 9], ['quay', 'Quay', 30]]) {
    const text = starter([24 * days, 24 * (days + 7), 24 * (days + 21)]);
    await announce(name, text.replaceAll('"Harbour"', `"${title}"`).replace('softcap.example/harbour', `softcap.example/${name}`));
  }
}

// Somebody who has signed up and is logged in, on the pages.
export async function signUp(page, email) {
  await page.goto(origin);
  await page.getByRole('link', { name: 'Sign up' }).click();
  await page.getByLabel('Mail address').fill(email);
  await page.getByRole('button', { name: 'Send the code' }).click();
  await page.getByLabel('Code of the mail').fill(await code(email));
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByRole('link', { name: email }).waitFor();
}

// On the page of the account, with an authenticator that says yes.
export async function addPasskey(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await page.goto(`${origin}/account`);
  await page.getByLabel('Name of the new one').fill('laptop');
  await Promise.all([page.waitForURL(/done=passkey/), page.getByRole('button', { name: 'Add a passkey' }).click()]);
}

// Bytes of the scripts of a page as they travel.
export async function scriptBytes(page) {
  const scripts = await page.locator('script').evaluateAll((all) => all.map((script) => script.src));
  let bytes = 0;
  for (const place of scripts) bytes += brotliCompressSync(await (await fetch(place)).text()).length;
  return bytes;
}

export async function finish() {
  said.browser = browser.version();
  await browser.close();
  console.log(JSON.stringify(said));
}
