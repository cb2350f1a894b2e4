// A person with a wallet objects: to the root of a settlement, which is void then, and to the release of a milestone, which stops.
import { asPlatform, desk, finish, look, open, phone, question, said, signUp } from './harness.mjs';
import { LONG, PERSON, announceAll, followed, mine, onChain, sign, wallet, withWallets } from './wallet_harness.mjs';

const { origin, accounts, offerings, settle, begin, announce, post } = question;
const DAY = 86_400;
const ISSUER = 0;

await announceAll();
const page = await open(desk);
await withWallets(page);
await signUp(page, 'wanda@example.org');

const stateOf = () => page.locator('[data-state]').getAttribute('data-state');
const waitFor = (state) => page.locator(`[data-state="${state}"]`).waitFor({ timeout: LONG });
const rail = async (name) => (await fetch(`${origin}/v1/offerings/${name}/rail`)).json();

// What the server knows of a contract is as new as the chain.
async function known(name, is) {
  for (let looks = 0; looks < 1200; looks += 1) {
    const found = await rail(name);
    if (is(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name}: ${JSON.stringify(await rail(name))}`);
}

// Paid, and the page of the contribution.
async function pay(name, more) {
  await followed();
  await page.goto(`${origin}/offerings/${name}/wallet?wallet=${accounts[PERSON]}&amount=4${more}`);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: /^Contribute/ }).click();
  // The first time the wallet is chosen; the one of last time is asked at once.
  if (!wallet.hash) await page.getByRole('button', { name: 'Continue: Harbour wallet' }).click();
  await waitFor('sent');
  await mine(3);
  await page.waitForURL(/contributions/, { timeout: LONG });
  return new URL(page.url()).pathname;
}

const lock = await pay('lock', '&limit=0.001');
const weir = await pay('weir', '');
await onChain('evm_increaseTime', [2 * DAY]);
await mine(3);

// The release of the first part.
{
  await sign(1, { to: offerings.weir.contract, data: settle });
  await mine();
  const { milestones } = await rail('weir');
  await sign(1, { to: milestones, data: begin });
  await mine(3);
  await followed();
  const button = page.getByRole('button', { name: 'Object to this release' });
  await page.goto(origin + weir);
  said.beforeAnnouncement = await button.count();
  await sign(ISSUER, { to: milestones, data: announce });
  await mine();
  await known('weir', (now) => now.releases?.objections_until);
  await page.reload();
  said.claimFirst = await page.getByText('claims their tokens first').count();
  await page.getByRole('button', { name: 'Claim' }).click();
  await waitFor('sent');
  await mine(3);
  await waitFor('claimed');
  said.releaseWords = await page.locator('section', { has: button }).locator('p').first().textContent();
  await look(page, 'objection-release');
  await button.click();
  await waitFor('sent');
  await mine(3);
  await page.waitForURL(/done=objected/, { timeout: LONG });
  said.releaseObjected = await page.getByText('Your objection counts on the chain.').count();
  const { releases } = await known('weir', (now) => now.releases?.stopped);
  said.stopped = releases.stopped;
  await page.reload();
  said.releaseAgain = await button.count();
  // What is left goes back for tokens: the contract is allowed to take exactly these, and then they are given.
  const back = page.getByRole('button', { name: 'Give the tokens back' });
  said.backWords = await page.locator('section', { has: back }).locator('p').first().textContent();
  await look(page, 'give-back');
  await back.click();
  await waitFor('needs_approval');
  said.backAsks = await page.locator('[data-state] .lead').textContent();
  await page.locator('.wallets').filter({ has: page.locator('button:enabled') }).first().waitFor();
  await look(page, 'give-back-approve');
  await mine();
  await waitFor('sent');
  await mine(3);
  await page.waitForURL(/done=given_back/, { timeout: LONG });
  said.gaveBack = await page.getByText('Your tokens are given back').count();
  said.backAgain = await back.count();
}

// The root: nothing to say against before it is there.
{
  await followed();
  await asPlatform('/v1/offerings/lock/settlement', null, 'settle lock');
  const { root } = await (await fetch(`${origin}/v1/offerings/lock/settlement`)).json();
  const button = page.getByRole('button', { name: 'Object to the result' });
  await page.goto(origin + lock);
  said.beforeRoot = await button.count();
  await sign(ISSUER, { to: offerings.lock.contract, data: post.slice(0, -64) + root });
  await mine();
  await known('lock', (now) => now.root?.phase === 'posted');
  await page.reload();
  said.contestable = await stateOf();
  said.rootWords = await page.locator('section', { has: button }).locator('p').first().textContent();
  await look(page, 'objection-root');
  const small = await open({ ...phone, storageState: await page.context().storageState(), locale: 'de-DE', colorScheme: 'dark' });
  await small.goto(origin + lock);
  await look(small, 'objection-phone');
  await small.context().close();
  wallet.mode = 'decline';
  await button.click();
  await waitFor('declined_signature');
  said.declined = await stateOf();
  await look(page, 'objection-declined');
  wallet.mode = 'send';
  await page.getByRole('button', { name: 'Try again: Harbour wallet' }).click();
  await waitFor('sent');
  said.sent = await stateOf();
  await look(page, 'objection-sent');
  await page.goto(origin + lock);
  await page.getByText('Your objection is on its way.').waitFor();
  await page.getByRole('link', { name: 'Follow it' }).click();
  await mine(3);
  await page.waitForURL(/done=objected/, { timeout: LONG });
  said.rootObjected = await page.getByText('Your objection counts on the chain.').count();
  // The record has no word for an outcome that is taken back: operators are told, and the contract lets everybody out.
  const { alarm } = await known('lock', (now) => now.alarm);
  said.voided = alarm.slice(0, 4);
  await known('lock', (now) => now.root?.phase === 'void');
  await page.reload();
  said.objectedAgain = await button.count();
  said.void = await stateOf();
  said.voidWords = await page.locator('[data-state] .lead').textContent();
  await look(page, 'objection-void');
  await page.goto(`${origin}/portfolio`);
  said.voidListed = await page.getByText('Money back, no tokens').count();
  await page.goto(origin + lock);
  await page.getByRole('button', { name: 'Take the refund' }).click();
  await waitFor('sent');
  await mine(3);
  await page.waitForURL(/contributions/, { timeout: LONG });
  said.voidRefunded = await stateOf();
}

await finish();
