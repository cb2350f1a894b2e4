// The review desk: two compliance officers and a person, in a browser by others.
//
// Standard input: what the harness reads, and { offering, terms, program, folder }. Standard output: what was seen.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addPasskey, announceStarter, desk, finish, look, open, phone, question, said, signUp } from './harness.mjs';

const { origin, program, folder } = question;
// One pixel.
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

async function officer(email) {
  const page = await open(desk);
  await signUp(page, email);
  await addPasskey(page);
  const args = ['role', 'give', '--data', 'data', '--person', email, '--role', 'compliance_officer'];
  execFileSync(program, args, { cwd: folder });
  return page;
}

await announceStarter();
const ada = await open(desk);
await signUp(ada, 'ada@example.org');
const standing = async () => {
  await ada.goto(`${origin}/account/verification`);
  return ada.locator('[data-check]').getAttribute('data-check');
};
const send = async () => {
  const file = join(tmpdir(), `softcap-review-${process.pid}.png`);
  writeFileSync(file, PICTURE);
  for (const kind of ['identity', 'proof_of_life']) {
    await ada.locator(`#upload_${kind}`).setInputFiles(file);
    await ada.locator(`form:has(#upload_${kind}) button`).click();
    await ada.getByText('The file is kept, sealed.').waitFor();
  }
  await ada.getByRole('button', { name: 'Send it', exact: true }).click();
};

// What a person says and shows.
await ada.goto(`${origin}/account/verification`);
await ada.getByRole('radio', { name: /^Document/ }).check();
await ada.getByRole('button', { name: 'Begin' }).click();
await ada.getByLabel('Full name', { exact: true }).fill('Ada Lovelace');
await ada.getByLabel('Date of birth', { exact: true }).fill('1990-12-31');
await ada.getByLabel('Address', { exact: true }).fill('Kaj 4\n111 30 Stockholm');
await ada.getByLabel('Country of residence', { exact: true }).fill('se');
await ada.getByLabel(/early bird/).check();
await ada.getByRole('button', { name: 'Save' }).click();
await send();

// The first officer looks at it, and asks for more with a reason.
const cleo = await officer('cleo@example.org');
await cleo.goto(`${origin}/office/verifications`);
said.waits = await cleo.locator('tbody tr').count();
await look(cleo, 'review-cases');
await cleo.locator('tbody a').first().click();
const place = new URL(cleo.url()).pathname;
await cleo.getByRole('button', { name: 'Take it for review' }).click();
await cleo.getByText('It is yours now.').waitFor();
const saving = cleo.waitForEvent('download');
await cleo.locator('a[download]').first().click();
said.picture = readFileSync(await (await saving).path()).length;
await cleo.getByRole('link', { name: /^See it/ }).click();
await look(cleo, 'review-values');
said.seen = await cleo.locator('dd').filter({ hasText: 'Lovelace' }).first().textContent();
await cleo.goto(origin + place);
await look(cleo, 'review-case');
await cleo.getByLabel(/cannot be read/).check();
await cleo.getByRole('button', { name: 'Ask the person for more' }).click();
await cleo.getByText('The person is asked by mail.').waitFor();
said.asked = await standing();
await send();
said.again = await standing();

// More than one officer may decide: she approves, and it waits.
await cleo.goto(origin + place);
await cleo.getByRole('button', { name: 'Take it for review' }).click();
await cleo.locator('#round-0').check();
await cleo.locator('#limit-0').fill('20,000');
await cleo.getByRole('button', { name: 'Approve', exact: true }).click();
await cleo.getByText('A second officer must approve it before it counts.').first().waitFor();
said.alone = await cleo.getByRole('button', { name: 'Confirm the approval' }).count();
await look(cleo, 'review-waits');
said.before = await standing();

// The second one confirms, with the keyboard alone.
const max = await officer('max@example.org');
await max.goto(origin + place);
await look(max, 'review-second');
for (let steps = 0; ; steps += 1) {
  await max.keyboard.press('Tab');
  const text = await max.evaluate(() => document.activeElement.textContent.trim());
  if (text === 'Confirm the approval') break;
  if (steps > 80) throw new Error('no button by keyboard');
}
await Promise.all([max.waitForURL(/done=confirmed/), max.keyboard.press('Enter')]);
said.confirmed = (await max.getByRole('status').first().textContent()).trim();
said.after = await standing();
await look(max, 'review-done');

// On a phone, in German and in the dark.
const state = await max.context().storageState();
const small = await open({ ...phone, storageState: state, locale: 'de-DE', colorScheme: 'dark' });
await small.goto(origin + place);
await look(small, 'phone-review-case');
await small.context().close();

await finish();
