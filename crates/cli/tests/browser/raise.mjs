// A sale on a chain, whose clock goes on by half a day and more between contributions: its page in the middle of it.
import { desk, finish, look, open, phone, question, said } from './harness.mjs';
import { announceAll, followed, mine, onChain, sign } from './wallet_harness.mjs';

const { origin, offerings, contribute } = question;
const HOUR = 3600;
const COIN = 10n ** 18n;

await announceAll();
await followed();
// Who brings how much, after how many hours.
for (const [account, amount, hours] of [[1, 6, 5], [2, 3, 13], [3, 9, 20], [4, 2, 9], [6, 5, 31], [7, 8, 26], [8, 4, 18], [9, 11, 22], [2, 4, 25]]) {
  await onChain('evm_increaseTime', [hours * HOUR]);
  await sign(account, { to: offerings.harbour.contract, data: contribute, value: `0x${(BigInt(amount) * COIN).toString(16)}` });
  await mine();
}
await onChain('evm_increaseTime', [11 * HOUR]);
await mine(3);
await followed();

const page = await open(desk);
await page.goto(`${origin}/offerings/harbour`);
const chart = page.locator('[data-chart]');
await chart.locator('.plot canvas').waitFor();
await look(page, 'offering');
said.readout = await chart.locator('[data-readout]').textContent();
const told = await (await fetch(`${origin}/offerings/harbour/raise.json`)).json();
said.points = told.raised.length;
said.part = (told.now - told.from) / (told.raise_until - told.from);
await chart.locator('.plot').focus();
await page.keyboard.press('End');
await chart.locator('summary').click();
await look(page, 'offering-chart');
await page.context().close();

const small = await open({ ...phone, locale: 'de-DE', colorScheme: 'dark' });
await small.goto(`${origin}/offerings/harbour`);
await small.locator('[data-chart] .plot canvas').waitFor();
await look(small, 'phone-offering');
await small.context().close();
await finish();
