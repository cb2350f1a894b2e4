// What people do on the pages, in a browser by others: a stranger checks, an investor signs up, contributes and follows it;
// on a phone, with the keyboard alone, and without a script.
import { join } from 'node:path';
import {
  addPasskey, PASSWORD, announceNext, announceStarter, asPlatform, code, desk, finish, look, open, phone, question, said, scriptBytes,
} from './harness.mjs';

const { origin, offering } = question;
const EMAIL = 'ada@example.org';

await announceStarter();
await announceNext();

// A stranger: the list, an offering, its log, a receipt, and what comes of a changed one.
{
  const page = await open(desk);
  for (const [name, path] of [
    ['home', '/'],
    ['offering-balance', `/offerings/${offering}`],
    ['calculator', `/offerings/${offering}/calculator?currency=EUR&amount=1000`],
    ['log', `/offerings/${offering}/log`],
    ['entry', `/offerings/${offering}/log/2`],
    ['verification', '/verification'],
    ['design', '/design'],
    ['log-in', '/log-in'],
    ['missing', '/nothing-here'],
  ]) {
    await page.goto(origin + path);
    said.weights[name] = (await page.content()).length;
    await look(page, name);
  }
  await page.goto(`${origin}/offerings/${offering}/log/2`);
  const receipt = await page.locator('#receipt').textContent();
  said.localTime = await page.locator('time').first().textContent();
  // The title is what the server said.
  said.otherClocks = await page.locator('time').evaluateAll((all) => {
    const parts = (text) => text.split(':').length;
    return all.filter((time) => parts(time.title) !== parts(time.textContent)).map((time) => time.textContent);
  });
  await page.goto(`${origin}/verification`);
  await page.getByLabel('Receipt', { exact: true }).fill(receipt);
  await page.getByRole('button', { name: 'Check the receipt' }).click();
  said.receipt = await page.getByRole('heading', { level: 1 }).textContent();
  await look(page, 'receipt');
  await page.goto(`${origin}/verification`);
  await page.getByLabel('Receipt', { exact: true }).fill(receipt.replace(/index \d+/, 'index 0'));
  await page.getByRole('button', { name: 'Check the receipt' }).click();
  said.falseReceipt = await page.locator('.summary').textContent();
  said.focus = await page.evaluate(() => document.activeElement.className);
  await page.context().close();
}

// The raise over time: drawn by the library under the policy, read with the arrow keys, and live; in a browser whose language
// is what some systems say (LANG=C.UTF-8), which is no language tag.
{
  const page = await open(desk);
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'language', { get: () => 'en-US@posix' }));
  await page.goto(`${origin}/offerings/${offering}`);
  const chart = page.locator('[data-chart]');
  await chart.locator('.plot canvas').waitFor();
  await chart.locator('.plot').focus();
  await page.keyboard.press('End');
  said.chartEnd = await chart.locator('[data-readout]').textContent();
  await page.keyboard.press('Home');
  said.chartBegin = await chart.locator('[data-readout]').textContent();
  if (question.pictures) await chart.screenshot({ path: join(question.pictures, 'raise-chart.png') });
  const at = `/v1/offerings/${offering}`;
  const money = { currency: 'EUR', amount: '72000' };
  await asPlatform(`${at}/accounts/10004/fundings`, { transfer: '10004'.padStart(32, '0'), ...money }, 'fund 10004');
  await asPlatform(`${at}/contributions`, { investor: '10004', ...money }, 'made 10004');
  await page.locator('.headline', { hasText: '9,000.00' }).waitFor();
  await page.keyboard.press('End');
  said.chartLive = await chart.locator('[data-readout]').textContent();
  await chart.locator('summary').click();
  said.chartRows = await chart.locator('tbody tr').count();
  await look(page, 'offering-chart-live');
  await page.context().close();
  const bare = await open({ ...phone, javaScriptEnabled: false, colorScheme: 'dark' });
  await bare.goto(`${origin}/offerings/${offering}`);
  said.chartBare = await bare.locator('[data-chart] svg.chart').isVisible();
  if (question.pictures) await bare.screenshot({ path: join(question.pictures, 'phone-offering-bare.png') });
  await bare.context().close();
}

// An investor: signs up, finds no money, has some, contributes, and sees it counted.
let state;
{
  const page = await open(desk);
  await page.goto(origin);
  await page.getByRole('link', { name: 'Sign up' }).click();
  await page.getByLabel('Mail address').fill(EMAIL);
  await page.getByRole('button', { name: 'Send the code' }).click();
  await page.getByLabel('Code of the mail').fill(await code());
  await page.getByLabel('New password').fill(PASSWORD);
  await look(page, 'set-password');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await look(page, 'portfolio-empty');
  const person = await page.locator('#person').textContent();
  await asPlatform('/v1/platform/currencies', { symbol: 'EUR', decimals: 2 }, 'EUR');
  await asPlatform(`/v1/people/${person}/deposits`, { currency: 'EUR', amount: '250000' }, 'bank-1');
  await page.goto(`${origin}/offerings/${offering}`);
  await page.getByRole('link', { name: 'Contribute', exact: true }).click();
  await page.getByLabel('How much').fill('12 apples');
  await page.getByRole('button', { name: 'Continue' }).click();
  said.wrongAmount = await page.locator('#amount-error').textContent();
  said.kept = await page.getByLabel('How much').inputValue();
  await look(page, 'contribute-error');
  await page.getByLabel('How much').fill('1,000.50');
  await page.getByRole('button', { name: 'Continue' }).click();
  await look(page, 'check-answers');
  await page.getByRole('button', { name: /^Contribute/ }).click();
  said.state = await page.locator('[data-state]').getAttribute('data-state');
  said.sentence = await page.locator('[data-state] .lead').textContent();
  said.place = new URL(page.url()).pathname;
  await look(page, 'contribution');
  await page.goBack();
  said.again = new URL(page.url()).pathname;
  await page.goto(`${origin}/portfolio`);
  await look(page, 'portfolio');
  await page.goto(`${origin}/account`);
  await look(page, 'account');
  state = await page.context().storageState();
  await page.context().close();
}

// The same person adds a passkey on the page of their account, logs out, and logs in with it.
{
  const page = await open({ ...desk, storageState: state });
  await addPasskey(page);
  await look(page, 'account-passkey');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByText('You are logged out.').waitFor();
  await Promise.all([page.waitForURL(/portfolio/), page.getByRole('button', { name: 'Log in with a passkey' }).click()]);
  said.withPasskey = await page.getByRole('heading', { level: 1 }).textContent();
  state = await page.context().storageState();
  await page.context().close();
}

// The same person on a phone, in German and in the dark.
{
  const page = await open({ ...phone, storageState: state, locale: 'de-DE', colorScheme: 'dark' });
  for (const [name, path] of [
    ['phone-home', '/'],
    ['phone-offering-balance', `/offerings/${offering}`],
    ['phone-portfolio', '/portfolio'],
    ['phone-contribution', said.place],
    ['phone-log', `/offerings/${offering}/log`],
    ['phone-account', '/account'],
  ]) {
    await page.goto(origin + path);
    await look(page, name);
  }
  await page.context().close();
}

// With the keyboard alone: from the top of the list to a contribution that is taken back.
{
  const page = await open({ ...desk, storageState: state });
  const tabTo = async (name) => {
    for (let steps = 0; steps < 60; steps += 1) {
      await page.keyboard.press('Tab');
      const text = await page.evaluate(() => document.activeElement.textContent.trim());
      if (text.startsWith(name)) return;
    }
    throw new Error(`no ${name} by keyboard on ${page.url()}`);
  };
  await page.goto(origin + said.place);
  await tabTo('Take it back');
  await Promise.all([page.waitForURL(/done=withdrawn/), page.keyboard.press('Enter')]);
  said.takenBack = await page.locator('[data-state]').getAttribute('data-state');
  await look(page, 'taken-back');
  await page.goto(origin);
  await page.keyboard.press('Tab');
  said.firstStop = await page.evaluate(() => document.activeElement.className);
  await page.context().close();
}

// Without a script: the same pages, in UTC, and a contribution.
{
  const page = await open({ ...desk, storageState: state, javaScriptEnabled: false });
  await page.goto(`${origin}/offerings/${offering}`);
  said.utc = await page.locator('time').first().textContent();
  await page.goto(`${origin}/offerings/${offering}/contribute?currency=EUR&amount=50`);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: /^Contribute/ }).click();
  said.withoutScript = await page.locator('[data-state]').getAttribute('data-state');
  said.scriptBytes = await scriptBytes(page);
  await page.context().close();
}

await finish();
