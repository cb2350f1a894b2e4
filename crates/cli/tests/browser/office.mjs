// An auditor reads everything and takes it along; an owner does what an incident asks for.
//
// Standard input: what the harness reads, and { terms, program, folder }. Standard output: what was seen.
import { execFileSync } from 'node:child_process';
import { addPasskey, asPlatform, desk, finish, look, open, phone, question, said, signUp } from './harness.mjs';

const { origin, terms, program, folder } = question;
const EMAIL = 'anna@example.org';
const give = (role) => execFileSync(program, ['role', 'give', '--data', 'data', '--person', EMAIL, '--role', role], { cwd: folder });

// A sale, and a thief who has found a canary.
{
  const checked = await asPlatform('/v1/offerings/check', { terms }, 'check');
  await asPlatform('/v1/offerings', { name: 'harbour', terms, terms_hash: checked.terms_hash }, 'announce');
  const bait = await asPlatform('/v1/keys', { label: 'old backup', scopes: ['keys:read:*'], canary: true }, 'bait');
  const used = await fetch(`${origin}/v1/keys`, { headers: { authorization: `Bearer ${bait.secret}` } });
  if (used.status !== 401) throw new Error(`a canary opened: ${used.status}`);
}

const page = await open(desk);
await signUp(page, EMAIL);
await addPasskey(page);
give('auditor');

// The alert is written by itself, a moment after the key was used.
async function alertIsThere() {
  for (let looks = 0; looks < 600; looks += 1) {
    await page.goto(`${origin}/office/alerts`);
    if ((await page.getByRole('link', { name: 'A canary key was used' }).count()) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('no alert');
}

// Everything, with its files.
await page.goto(`${origin}/office`);
said.weights.office = (await page.content()).length;
await look(page, 'office');
const csv = await (await page.request.get(`${origin}/v1/audit?format=csv`)).text();
const lines = csv.trim().split('\r\n');
said.csv = lines[0];
said.logins = lines.filter((line) => line.includes(',log_in,')).length;
await page.goto(`${origin}/office/audit`);
said.weights.audit = (await page.content()).length;
await look(page, 'office-audit');
await page.getByLabel('Did what').fill('log_in');
await page.getByRole('button', { name: 'Find' }).click();
said.found = await page.locator('tbody tr').count();
await page.goto(`${origin}/office/audit/entries/0`);
const leaf = await (await page.request.get(`${origin}/v1/audit/entries/0`)).json();
said.leaf = leaf.leaf_hash;
said.proved = await page.locator('dd.hash').first().textContent();
await look(page, 'office-audit-entry');
await page.goto(`${origin}/office/health`);
await look(page, 'office-health');
await alertIsThere();
await look(page, 'office-alerts');
await page.getByRole('link', { name: 'A canary key was used' }).click();
const place = new URL(page.url()).pathname;
said.buttonsOfAuditor = await page.locator('main button').count();
await look(page, 'office-incident-auditor');

// As an owner, with the keyboard alone: the key is revoked, and the alert closed.
give('owner');
const tabTo = async (name) => {
  for (let steps = 0; steps < 80; steps += 1) {
    await page.keyboard.press('Tab');
    const text = await page.evaluate(() => document.activeElement.textContent.trim());
    if (text.startsWith(name)) return;
  }
  throw new Error(`no ${name} by keyboard on ${page.url()}`);
};
await page.goto(origin + place);
await look(page, 'office-incident');
await tabTo('Revoke this key');
await Promise.all([page.waitForURL(/done=revoked/), page.keyboard.press('Enter')]);
said.revoked = await page.locator('.notice').first().textContent();
await tabTo('Close the alert');
await Promise.all([page.waitForURL(/done=closed/), page.keyboard.press('Enter')]);
said.closed = await page.locator('.notice').first().textContent();
await look(page, 'office-incident-closed');
const state = await page.context().storageState();
await page.context().close();

// On a phone, in German and in the dark.
{
  const page = await open({ ...phone, storageState: state, locale: 'de-DE', colorScheme: 'dark' });
  for (const [name, path] of [
    ['phone-office', '/office'],
    ['phone-office-audit', '/office/audit'],
    ['phone-office-alerts', '/office/alerts?show=all'],
    ['phone-office-incident', place],
    ['phone-office-health', '/office/health'],
  ]) {
    await page.goto(origin + path);
    await look(page, name);
  }
  await page.context().close();
}

await finish();
