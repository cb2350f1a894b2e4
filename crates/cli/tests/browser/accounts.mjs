// Another mail address for a person, by a code and days; and second factors that somebody lost, proposed in the office.
//
// Standard input: what the harness reads, and { program, folder }. Standard output: what was seen.
import { execFileSync } from 'node:child_process';
import { addPasskey, code, desk, finish, look, open, phone, question, said, signUp } from './harness.mjs';

const { origin, program, folder } = question;
const OWNER = 'olga@example.org';
const OLD = 'mona@example.org';
const NEW = 'mona.berg@example.org';

const page = await open(desk);
await signUp(page, OLD);
await addPasskey(page);
await page.goto(`${origin}/account`);
const number = await page.locator('#own-number').textContent();

// The address: asked for, proved, seen, ended.
{
  await page.getByRole('link', { name: 'Take another one' }).click();
  await look(page, 'address');
  await page.getByLabel('New address').fill('nonsense');
  await page.getByRole('button', { name: 'Send the code' }).click();
  said.focus = await page.evaluate(() => document.activeElement.className);
  await page.getByLabel('New address').fill(NEW);
  await page.getByRole('button', { name: 'Send the code' }).click();
  await look(page, 'address-code');
  await page.getByLabel('Code of the mail').fill(await code(NEW));
  await page.getByRole('button', { name: 'Confirm the new address' }).click();
  said.waits = await page.locator('.notice.stop').textContent();
  await look(page, 'address-waits');
  await page.goto(`${origin}/account`);
  await look(page, 'account-waits');
  const state = await page.context().storageState();
  const small = await open({ ...phone, storageState: state, locale: 'de-DE', colorScheme: 'dark' });
  await small.goto(`${origin}/account/address`);
  await look(small, 'phone-address');
  await small.context().close();
  await page.getByRole('button', { name: 'Keep the address in force' }).click();
  said.ended = await page.locator('.notice.good').textContent();
}

// The factors: an owner proposes, and sees what waits.
{
  const office = await open(desk);
  await signUp(office, OWNER);
  await addPasskey(office);
  execFileSync(program, ['role', 'give', '--data', 'data', '--person', OWNER, '--role', 'owner'], { cwd: folder });
  const shown = execFileSync(program, ['person', 'show', '--data', 'data', '--person', OLD, '--json'], { cwd: folder });
  said.number = JSON.parse(shown).person === number;
  await office.goto(`${origin}/office/factors`);
  await look(office, 'office-factors');
  await office.getByLabel('Number of their account').fill(number);
  await office.getByRole('button', { name: 'Propose' }).click();
  said.missing = await office.locator('#reason-error').textContent();
  await office.getByLabel('How they showed who they are').selectOption('seen_on_video');
  await office.getByRole('button', { name: 'Propose' }).click();
  said.proposed = await office.locator('.notice.good').textContent();
  await look(office, 'office-factors-waiting');
  const state = await office.context().storageState();
  const small = await open({ ...phone, storageState: state, locale: 'de-DE', colorScheme: 'dark' });
  await small.goto(`${origin}/office/factors`);
  await look(small, 'phone-office-factors');
  await small.context().close();
}
await finish();
