// What a person does about themself, in a browser by others: is checked, bounds themself, adds an app, changes the password and
// reads what is held of them.
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { announceStarter, desk, finish, look, open, phone, question, said, signUp } from './harness.mjs';

const { origin, offering } = question;
// One pixel.
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

await announceStarter();
const page = await open(desk);
await signUp(page, 'ada@example.org');
const checkOf = () => page.locator('[data-check]').getAttribute('data-check');

// The check, from an offering and back to it.
{
  const file = join(tmpdir(), `softcap-own-${process.pid}.png`);
  writeFileSync(file, PICTURE);
  await page.goto(`${origin}/account/verification?next=${encodeURIComponent(`/offerings/${offering}`)}`);
  await look(page, 'check-begin');
  await page.getByRole('radio', { name: /^Document/ }).check();
  await page.getByRole('button', { name: 'Begin' }).click();
  said.begun = await checkOf();
  await page.getByLabel('Full name', { exact: true }).fill('Ada Lovelace');
  await page.getByLabel('Date of birth', { exact: true }).fill('yesterday');
  await page.getByRole('button', { name: 'Save' }).click();
  said.focus = await page.evaluate(() => document.activeElement.className);
  said.kept = await page.getByLabel('Full name', { exact: true }).inputValue();
  await look(page, 'check-error');
  await page.getByLabel('Date of birth', { exact: true }).fill('1990-12-31');
  await page.getByLabel('Address', { exact: true }).fill('Kaj 4\n111 30 Stockholm');
  await page.getByLabel('Country of residence', { exact: true }).fill('se');
  await page.getByLabel(/early bird/).check();
  await page.getByRole('button', { name: 'Save' }).click();
  for (const kind of ['identity', 'proof_of_life']) {
    await page.locator(`#upload_${kind}`).setInputFiles(file);
    await page.locator(`form:has(#upload_${kind}) button`).click();
    await page.getByText('The file is kept, sealed.').waitFor();
  }
  await look(page, 'check-open');
  await page.getByRole('button', { name: 'Send it', exact: true }).click();
  said.submitted = await checkOf();
  await look(page, 'check-sent');
  said.back = await page.getByRole('link', { name: 'where you came from' }).getAttribute('href');
}

// An app by its QR code, a budget, another password, and what is held.
{
  await page.goto(`${origin}/account/budget`);
  await page.getByRole('radio', { name: 'EUR' }).check();
  await page.getByLabel('In this year at most').fill('500');
  await page.getByLabel('In one offering at most').fill('200');
  await page.getByRole('button', { name: 'Set it' }).click();
  said.budget = await page.locator('.notice').first().textContent();
  await page.getByRole('radio', { name: 'EUR' }).check();
  await page.getByLabel('In this year at most').fill('900');
  await page.getByLabel('In one offering at most').fill('200');
  await page.getByRole('button', { name: 'Set it' }).click();
  await look(page, 'budget');
  await page.goto(`${origin}/account/notifications?offering=${offering}`);
  await page.getByLabel(/A round opens/).check();
  await page.getByLabel(/Your contribution was decided/).uncheck();
  await page.getByRole('button', { name: 'Save' }).click();
  said.notices = await page.locator('.notice').first().textContent();
  said.noticesKept = [await page.getByLabel(/A round opens/).isChecked(), await page.getByLabel(/Your contribution was decided/).isChecked()];
  await look(page, 'notifications');
  await page.goto(`${origin}/account`);
  await look(page, 'own-account');
  await page.getByRole('button', { name: 'Add an app' }).click();
  said.qr = await page.locator('svg.qr').getAttribute('viewBox');
  await look(page, 'account-app');
  await page.goto(`${origin}/account/password`);
  await look(page, 'password');
  await page.goto(`${origin}/account/privacy`);
  await look(page, 'privacy');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save everything' }).click();
  said.saved = (await saved).suggestedFilename().endsWith('.json');
}

// On a phone, in German and in the dark.
{
  const state = await page.context().storageState();
  const small = await open({ ...phone, storageState: state, locale: 'de-DE', colorScheme: 'dark' });
  for (const [name, path] of [
    ['phone-check', '/account/verification'],
    ['phone-budget', '/account/budget'],
    ['phone-notifications', '/account/notifications'],
    ['phone-privacy', '/account/privacy'],
  ]) {
    await small.goto(origin + path);
    await look(small, name);
  }
  await small.context().close();
}
await finish();
