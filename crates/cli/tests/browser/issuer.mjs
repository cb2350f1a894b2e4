// An issuer in a browser by others: from an empty site to money that two people release.
import { execFileSync } from 'node:child_process';

import { addPasskey, asPlatform, desk, finish, look, open, phone, question, said, signUp } from './harness.mjs';

const { origin, program, folder } = question;
const NAME = 'quay';
const HOUR = 3600 * 1000;
// As a field for date and time takes it, in UTC.
const moment = (hours) => new Date(Date.now() + hours * HOUR).toISOString().slice(0, 16);

function give(email, ...roles) {
  for (const role of roles) {
    execFileSync(program, ['role', 'give', '--data', 'data', '--person', email, '--role', role], { cwd: folder });
  }
}

// Somebody with a passkey, who has logged in with it, and with roles.
async function member(email, ...roles) {
  const page = await open(desk);
  await signUp(page, email);
  await addPasskey(page);
  give(email, ...roles);
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByText('You are logged out.').waitFor();
  await Promise.all([page.waitForURL(/portfolio/), page.getByRole('button', { name: 'Log in with a passkey' }).click()]);
  return page;
}

async function weigh(page, name) {
  said.weights[name] = (await page.content()).length;
  await look(page, name);
}

const mia = await member('mia@example.org', 'issuer_manager', 'compliance_officer');

// The form: a mistake is marked and everything typed is kept, then the draft is tried out.
await mia.getByRole('link', { name: 'Your offerings' }).click();
await weigh(mia, 'issuer-empty');
await mia.getByRole('link', { name: 'Write terms in a form' }).click();
await mia.getByRole('button', { name: 'Add a share' }).click();
await mia.getByRole('button', { name: 'Add a round' }).click();
await mia.getByRole('button', { name: 'Add a step' }).click();
await mia.getByRole('button', { name: 'Add a step' }).click();
for (const [field, value] of [
  ['name', NAME],
  ['title', 'Quay'],
  ['origin', `localhost/${NAME}`],
  ['token-name', 'Quay'],
  ['token-symbol', 'QAY'],
  ['supply-total', '1,000,000'],
  ['supply-sale', '600,000'],
  ['share-0-amount', '400,000'],
  ['share-0-cliff', '365'],
  ['share-0-duration', '1461'],
  ['soft-cap', '40,000'],
  ['hard-cap', '25,000'],
  ['investor-max', '6,000'],
  ['refund-deadline', moment(24 * 60)],
  ['round-0-name', 'friends'],
  ['round-0-from', moment(-1)],
  ['round-0-until', moment(24)],
  ['round-0-price', '0.05'],
  ['round-1-name', 'public'],
  ['round-1-from', moment(-1)],
  ['round-1-until', moment(24)],
  ['round-1-price', '0.05'],
  ['round-1-least', '10'],
  ['withdrawal-days', ''],
  ['pause-longest', '12 hours'],
  ['pause-count', '1'],
  ['milestone-0-name', 'start'],
  ['milestone-0-part', '30'],
  ['milestone-1-name', 'launch'],
  ['milestone-1-part', '70'],
  ['milestone-1-after', '30'],
]) await mia.locator(`[id="${field}"]`).fill(value);
await mia.locator('#round-0-access').selectOption('admitted');
await mia.locator('#early-close').selectOption('allowed');
await mia.getByRole('button', { name: 'Check and save' }).first().click();
said.wrongField = (await mia.locator('.summary a').first().getAttribute('href')).slice(1);
said.kept = await mia.locator('#soft-cap').inputValue();
await weigh(mia, 'issuer-form');
await mia.locator('#soft-cap').fill('10,000');
await mia.getByRole('button', { name: 'Check and save' }).first().click();
said.outcome = await mia.getByRole('row', { name: /^Twice as much/ }).locator('.tag').textContent();
await weigh(mia, 'issuer-draft');
await mia.getByRole('link', { name: 'See it as investors will' }).click();
await weigh(mia, 'issuer-preview');
await mia.getByRole('link', { name: 'Back to the draft' }).click();

// Rehearsed with people who do not exist.
await mia.getByRole('link', { name: 'Rehearsal' }).click();
await mia.getByRole('button', { name: 'Rehearse the sale' }).click();
await mia.getByText('The rehearsal passed.').waitFor();
said.rehearsed = await mia.locator('.notice strong').textContent();
await weigh(mia, 'issuer-rehearsal');
await mia.getByRole('link', { name: 'Back to the draft' }).click();

// Announced by its name; whoever goes back sees that it is done.
await mia.getByRole('link', { name: 'Announce' }).click();
await weigh(mia, 'issuer-announce');
for (const box of await mia.getByRole('checkbox').all()) await box.check();
await mia.getByLabel('To confirm, type').fill(NAME);
await mia.getByRole('button', { name: /^Announce for good/ }).click();
// A page that is still on its way has no history to go back in.
await mia.waitForURL(`${origin}/issuer/offerings/${NAME}**`, { waitUntil: 'load' });
said.announced = new URL(mia.url()).pathname;
await mia.goBack();
said.again = new URL(mia.url()).pathname;

// The desk: money comes while it is open.
await mia.goto(`${origin}/issuer/offerings/${NAME}`);
const at = `/v1/offerings/${NAME}`;
for (const number of ['10001', '10002', '10003']) {
  const transfer = number.padStart(32, '0');
  await asPlatform(`${at}/accounts/${number}/fundings`, { transfer, currency: 'EUR', amount: '600000' }, `fund ${number}`);
}
for (const [number, amount] of [['10001', '600000'], ['10002', '600000'], ['10003', '500']]) {
  await asPlatform(`${at}/contributions`, { investor: number, currency: 'EUR', amount }, `made ${number}`);
}
const raised = mia.locator('.headline[data-field=raised]');
await raised.getByText('12,000.00').waitFor();
said.raised = await raised.textContent();
// What was refused comes by itself, too: five euros are less than anybody may bring.
await mia.locator('[data-rows=refused] tr').first().waitFor();
said.refused = await mia.locator('[data-rows=refused] tr').count();
said.minute = await mia.locator('dd[data-field=minute]').textContent();
await mia.reload();
await weigh(mia, 'issuer-desk');

// With the keyboard alone: the button, and the reason.
const tabTo = async (id, name) => {
  for (let steps = 0; steps < 80; steps += 1) {
    await mia.keyboard.press('Tab');
    const [own, text] = await mia.evaluate(() => [document.activeElement.id, document.activeElement.textContent.trim()]);
    if ((id && own === id) || (name && text === name)) return;
  }
  throw new Error(`no ${id} by keyboard on ${mia.url()}`);
};
await tabTo('', 'Stop contributions');
await mia.keyboard.press('Enter');
await look(mia, 'issuer-desk-pause');
await tabTo('', 'Technical trouble');
await Promise.all([mia.waitForURL(/done=pause/), mia.keyboard.press('Enter')]);
said.paused = await mia.locator('.tag').first().textContent();
await mia.getByLabel('Reason').first().selectOption('technical');
await mia.getByRole('button', { name: 'Go on' }).click();
await mia.getByText('Contributions go on.').waitFor();

// Somebody is let in by the number that their account shows.
const ivo = await open(desk);
await signUp(ivo, 'ivo@example.org');
await ivo.goto(`${origin}/account`);
const number = await ivo.locator('#own-number').textContent();
await ivo.context().close();
await mia.getByRole('link', { name: 'Investors', exact: true }).click();
await mia.getByLabel('Whom').fill(number);
await mia.getByLabel('At most').fill('500');
await mia.getByRole('button', { name: 'Let them in' }).click();
await mia.getByText('It stands in the log.').waitFor();
said.admitted = await mia.getByText('Let in', { exact: true }).count();
await weigh(mia, 'issuer-investors');

// Both rounds are closed early, and a treasurer settles.
await mia.getByRole('link', { name: 'Desk' }).click();
for (const round of ['friends', 'public']) {
  const button = mia.getByRole('button', { name: `Close ${round}` });
  await mia.locator('#close-reason').selectOption('other');
  await button.click();
  await mia.getByText('The round is closed.').waitFor();
}
const tom = await member('tom@example.org', 'treasurer', 'owner');
await tom.goto(`${origin}/issuer/offerings/${NAME}/settlement`);
await weigh(tom, 'issuer-settlement-preview');
await tom.getByRole('button', { name: /^Settle for good/ }).click();
await tom.getByText('It is settled.').waitFor();
said.verdict = await tom.locator('.headline').textContent();

// One proposes, the other releases.
await mia.goto(`${origin}/issuer/offerings/${NAME}/settlement`);
await mia.getByRole('button', { name: /^Note as handed over/ }).first().click();
await mia.getByText('It stands in the log that').waitFor();
await mia.getByRole('button', { name: /^Propose to release/ }).click();
await mia.getByText('It is proposed.').waitFor();
said.alone = await mia.getByRole('button', { name: /^Release 30/ }).count();
await tom.reload();
await tom.getByRole('button', { name: /^Release 30/ }).click();
said.released = (await tom.getByRole('status').first().textContent()).trim();
await weigh(tom, 'issuer-settlement');
await tom.goto(`${origin}/issuer/team`);
await weigh(tom, 'issuer-team');

// On a phone, in German and in the dark.
const state = await mia.context().storageState();
{
  const page = await open({ ...phone, storageState: state, locale: 'de-DE', colorScheme: 'dark' });
  for (const [name, path] of [
    ['phone-issuer', '/issuer'],
    ['phone-issuer-form', '/issuer/new'],
    ['phone-issuer-desk', `/issuer/offerings/${NAME}`],
    ['phone-issuer-investors', `/issuer/offerings/${NAME}/investors`],
    ['phone-issuer-settlement', `/issuer/offerings/${NAME}/settlement`],
  ]) {
    await page.goto(origin + path);
    await weigh(page, name);
  }
  await page.context().close();
}

// A text with a mistake is looked at, line by line; then the right one is stored, without a script.
{
  const terms = await (await fetch(`${origin}${at}/terms`)).text();
  const own = terms.replace('name = "Quay"', 'name = "Checked by hand"').replace(`localhost/${NAME}`, 'localhost/by-hand');
  await mia.goto(`${origin}/issuer/new/text`);
  await mia.locator('#terms').fill(own.replace('10000 EUR', '10000 EURO'));
  await mia.getByRole('button', { name: 'Check without saving' }).click();
  await weigh(mia, 'issuer-text');
  const page = await open({ ...desk, storageState: state, javaScriptEnabled: false });
  await page.goto(`${origin}/issuer/new/text`);
  await page.locator('#name').fill('by-hand');
  await page.locator('#terms').fill(own);
  await page.getByRole('button', { name: 'Save' }).click();
  said.withoutScript = await page.getByRole('heading', { level: 1 }).textContent();
  await page.context().close();
}

await finish();
