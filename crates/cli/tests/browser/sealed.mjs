// Somebody bids in a sealed round: seals the bid, keeps the file, locks the money.
import { readFileSync } from 'node:fs';
import { asPlatform, desk, finish, look, open, phone, question, said, signUp } from './harness.mjs';

const { origin, offering, terms } = question;
const checked = await asPlatform('/v1/offerings/check', { terms }, 'check');
await asPlatform('/v1/offerings', { name: offering, terms, terms_hash: checked.terms_hash }, 'announce');
const page = await open(desk);
await signUp(page, 'bea@example.org');
await asPlatform('/v1/platform/currencies', { symbol: 'EUR', decimals: 2 }, 'EUR');
await page.goto(`${origin}/account`);
const person = await page.locator('#own-number').textContent();
await asPlatform(`/v1/people/${person}/deposits`, { currency: 'EUR', amount: '50000' }, 'bank-1');

await page.goto(`${origin}/offerings/${offering}`);
await page.getByRole('link', { name: 'Contribute', exact: true }).click();
await page.getByLabel('How much').fill('1,000');
await page.getByLabel('The most you pay for one token').fill('0.25');
await page.getByRole('button', { name: 'Seal it' }).click();
said.wrong = await page.locator('#bid-amount-error').textContent();
await look(page, 'sealed-wrong');
await page.getByLabel('How much').fill('123.45');
await page.getByRole('button', { name: 'Seal it' }).click();
await page.getByRole('heading', { name: 'Keep this file' }).waitFor();
said.locked = await page.getByLabel('Money that is locked').inputValue();
await look(page, 'sealed-bid');
const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Save the file' }).click()]);
said.file = download.suggestedFilename();
said.kept = JSON.parse(readFileSync(await download.path(), 'utf8'));
const [request] = await Promise.all([
  page.waitForRequest((one) => one.method() === 'POST' && one.url().endsWith('/bid')),
  page.getByRole('button', { name: 'Lock the money' }).click(),
]);
said.sent = Object.fromEntries(new URLSearchParams(request.postData()));
await page.waitForURL(/done=sealed/);
said.state = await page.locator('[data-state]').getAttribute('data-state');
await look(page, 'sealed-contribution');
const small = await open({ ...phone, storageState: await page.context().storageState(), locale: 'de-DE', colorScheme: 'dark' });
await small.goto(`${origin}/offerings/${offering}/bid`);
await look(small, 'sealed-phone');
await small.goto(`${new URL(page.url()).origin}${new URL(page.url()).pathname}/opening`);
await look(small, 'sealed-phone-opening');
await small.context().close();
await finish();
