// A person with a wallet, in a browser by others: every way that a payment, a claim and a refund can go.
import { asPlatform, code, desk, finish, look, open, phone, question, said, scriptBytes, signUp } from './harness.mjs';
import { CHAIN, LONG, PERSON, announceAll, followed, mine, onChain, sign, wallet, withWallets } from './wallet_harness.mjs';

const { origin, accounts, offerings } = question;

await announceAll();

const page = await open(desk);
await withWallets(page);
await signUp(page, 'wanda@example.org');

const stateOf = () => page.locator('[data-state]').getAttribute('data-state');
const waitFor = (state) => page.locator(`[data-state="${state}"]`).waitFor({ timeout: LONG });

// Up to the page that asks the wallet; the wallet of last time is asked at once.
async function begin(offering, amount) {
  await followed();
  await page.goto(`${origin}/offerings/${offering}/wallet?wallet=${accounts[PERSON]}&amount=${amount}`);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: /^Contribute/ }).click();
}

// A wallet that logs in: added by its person, who comes back with it alone; and somebody who never had a password.
{
  await page.goto(`${origin}/account`);
  await page.getByRole('link', { name: 'See and add wallets' }).click();
  await page.getByRole('button', { name: 'Add: Harbour wallet' }).click();
  await page.getByText('The wallet logs you in from now on.').waitFor();
  await look(page, 'wallet-own');
  const other = await open(phone);
  await withWallets(other);
  await other.goto(`${origin}/log-in`);
  const button = other.getByRole('button', { name: 'Log in: Harbour wallet' });
  await button.waitFor();
  await look(other, 'wallet-phone-log-in');
  await button.click();
  await other.waitForURL(/portfolio/);
  said.backByWallet = await other.locator('h1').textContent();
  await other.context().close();
  const newcomer = await open(desk);
  await withWallets(newcomer);
  wallet.account = PERSON + 1;
  await newcomer.goto(`${origin}/log-in`);
  await newcomer.getByRole('button', { name: 'Log in: Harbour wallet' }).click();
  await newcomer.getByText('no account here has this wallet').waitFor();
  await newcomer.goto(`${origin}/sign-up`);
  await newcomer.getByLabel('Mail address').fill('nora@example.org');
  await newcomer.getByRole('button', { name: 'Send the code' }).click();
  await newcomer.getByLabel('Code of the mail').fill(await code('nora@example.org'));
  await newcomer.getByRole('button', { name: 'Sign up: Harbour wallet' }).click();
  await newcomer.getByText('Log in with your wallet.').waitFor();
  await newcomer.getByRole('button', { name: 'Log in: Harbour wallet' }).click();
  await newcomer.waitForURL(/portfolio/);
  said.newByWallet = await newcomer.locator('h1').textContent();
  await newcomer.context().close();
  wallet.account = PERSON;
}

// First time: nonsense, which wallet, the wrong chain, no.
{
  await followed();
  await page.goto(`${origin}/offerings/harbour`);
  await look(page, 'wallet-offering');
  await page.getByRole('link', { name: 'Contribute', exact: true }).click();
  await page.getByLabel('How much').fill('2');
  await page.getByLabel('Address of the wallet').fill('0x12');
  const [wrong] = await Promise.all([page.waitForResponse(/check/), page.getByRole('button', { name: 'Continue' }).click()]);
  said.typedNonsense = String(wrong.status());
  await page.locator('.wallets button').nth(1).waitFor();
  said.offeredWallets = await page.locator('.wallets button').allTextContents();
  await look(page, 'wallet-choose');
  wallet.chain = '0x1';
  await page.reload();
  await page.getByRole('button', { name: /Switch to.*Harbour wallet/ }).waitFor();
  said.wrongChainButton = await page.locator('.wallets button').first().textContent();
  await page.locator('.wallets button').first().click();
  await page.getByText('The address is filled in below.').waitFor();
  said.addedChain = wallet.added?.chainName;
  await page.getByLabel('How much').fill('2');
  await page.getByRole('button', { name: 'Continue' }).click();
  await look(page, 'wallet-check');
  said.checkPage = new URL(page.url()).search;
  wallet.mode = 'decline';
  await page.getByRole('button', { name: /^Contribute/ }).click();
  await waitFor('declined_signature');
  said.declined = await stateOf();
  await look(page, 'wallet-declined');
}

// The page is closed while the wallet asks, and opened again.
{
  wallet.mode = 'silent';
  await page.locator('.wallets button').first().click();
  await page.waitForResponse(/asked/);
  const place = page.url();
  await page.goto(origin);
  await page.goto(place);
  said.reopened = await stateOf();
  await look(page, 'wallet-asks');
  wallet.mode = 'send';
  await page.locator('.wallets button').first().click();
  await waitFor('sent');
  said.sent = await stateOf();
  await look(page, 'wallet-sent');
  const first = wallet.hash;
  await page.goto(said.checkPage ? `${origin}/offerings/harbour/wallet/check${said.checkPage}` : place);
  said.sentTwice = page.url() === place && wallet.hash === first;
  await mine();
  await waitFor('confirming');
  said.confirming = await stateOf();
  await look(page, 'wallet-confirming');
  await mine(2);
  await waitFor('counted');
  said.counted = await stateOf();
  said.contribution = new URL(page.url()).pathname;
  await look(page, 'wallet-counted');
}

// Sped up: the same again with a higher fee.
{
  wallet.mode = 'held';
  await begin('harbour', '0.5');
  await waitFor('sent');
  const dearer = { maxFeePerGas: '0x2540be400', maxPriorityFeePerGas: '0x12a05f200' };
  await sign(PERSON, { ...wallet.transaction, ...dearer });
  await mine();
  await waitFor('replaced');
  said.replaced = await stateOf();
  await look(page, 'wallet-replaced');
  await mine(2);
  await waitFor('counted');
  said.replacedCounted = await stateOf();
}

// Cancelled in the wallet: the nonce is used for nothing.
{
  await begin('harbour', '0.5');
  await waitFor('sent');
  const nothing = { to: accounts[PERSON], value: '0x0', data: '0x', nonce: wallet.transaction.nonce };
  await sign(PERSON, { ...nothing, maxFeePerGas: '0x2540be400', maxPriorityFeePerGas: '0x12a05f200' });
  await mine();
  await waitFor('dropped');
  said.dropped = await stateOf();
  wallet.mode = 'send';
  await look(page, 'wallet-dropped');
}

// In a block, and without success: too little gas.
{
  wallet.mode = 'dear';
  await begin('harbour', '0.5');
  await waitFor('sent');
  await mine();
  await waitFor('failed');
  said.failed = await stateOf();
  await look(page, 'wallet-failed');
  wallet.mode = 'send';
}

// The network undoes the block, and takes the transaction into another one.
{
  await begin('harbour', '0.5');
  await waitFor('sent');
  await mine();
  await waitFor('confirming');
  await onChain('anvil_reorg', [1, []]);
  await waitFor('reorged');
  said.reorged = await stateOf();
  await look(page, 'wallet-reorged');
  const there = await onChain('eth_getTransactionByHash', [wallet.hash]);
  if (!there) await sign(PERSON, wallet.transaction);
  await mine(3);
  await waitFor('counted');
  said.backInChain = await stateOf();
}

// The page dies between the signature and the hash: the record has it all the same.
{
  wallet.mode = 'lost';
  await begin('mole', '2');
  await page.waitForResponse(/asked/);
  const place = page.url();
  for (let looks = 0; wallet.transaction?.to?.toLowerCase() !== offerings.mole.contract.toLowerCase() && looks < 400; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await page.goto(origin);
  await mine(3);
  await followed();
  await page.goto(place);
  await waitFor('counted');
  said.lostPage = await stateOf();
  said.molePlace = new URL(page.url()).pathname;
  wallet.mode = 'send';
}

// By hand, without a script: sent from elsewhere, the hash is typed.
{
  const state = await page.context().storageState();
  const bare = await open({ ...desk, storageState: state, javaScriptEnabled: false });
  await bare.goto(`${origin}/offerings/pier/wallet?wallet=${accounts[PERSON]}&amount=1`);
  await bare.getByRole('button', { name: 'Continue' }).click();
  await bare.getByRole('button', { name: /^Contribute/ }).click();
  await bare.locator('summary').filter({ hasText: 'send it yourself' }).click();
  const data = await bare.locator('#raw-data').textContent();
  const to = await bare.locator('#raw-to').textContent();
  const hash = await sign(PERSON, { to, data, value: '0xde0b6b3a7640000' });
  await bare.getByLabel('Hash of the transaction').fill(hash);
  await bare.getByRole('button', { name: 'Follow this transaction' }).click();
  said.byHand = await bare.locator('[data-state]').getAttribute('data-state');
  await mine(3);
  await followed();
  await bare.reload();
  said.pierPlace = new URL(bare.url()).pathname;
  await bare.context().close();
}

// A bid, with the most that is paid for one token.
{
  await page.goto(`${origin}/offerings/dock/wallet?wallet=${accounts[PERSON]}&amount=4`);
  const [without] = await Promise.all([page.waitForResponse(/check/), page.getByRole('button', { name: 'Continue' }).click()]);
  said.noLimit = String(without.status());
  await page.getByLabel('The most you pay for one token').fill('0.001');
  await page.getByRole('button', { name: 'Continue' }).click();
  await look(page, 'wallet-bid');
  await page.getByRole('button', { name: /^Contribute/ }).click();
  await waitFor('sent');
  await mine(3);
  await waitFor('waiting');
  said.bid = await stateOf();
  said.dockPlace = new URL(page.url()).pathname;
  await look(page, 'wallet-bid-waits');
}

// Taken back in the window.
{
  await page.goto(origin + said.pierPlace);
  await look(page, 'wallet-right');
  await page.getByRole('button', { name: 'Take it back' }).click();
  await waitFor('sent');
  await mine(3);
  await waitFor('withdrawn');
  said.withdrawn = await stateOf();
}

// The windows are over: the first sale succeeded and is settled, the second missed its goal.
{
  await onChain('evm_increaseTime', [2 * 86_400]);
  await mine();
  // Which anybody may send.
  await sign(1, { to: offerings.harbour.contract, data: question.settle });
  await mine(3);
  await followed();
  await page.goto(origin + said.contribution);
  said.claimable = await stateOf();
  said.claimFee = await page.locator('[data-state] .lead').textContent();
  await look(page, 'wallet-claimable');
  await page.getByRole('button', { name: 'Claim' }).click();
  await waitFor('sent');
  await page.goto(origin + said.contribution);
  said.claimSent = await stateOf();
  await look(page, 'wallet-claim-sent');
  await mine(3);
  await followed();
  await page.reload();
  said.claimed = await stateOf();
  await look(page, 'wallet-claimed');

  await page.goto(origin + said.molePlace);
  said.refundable = await stateOf();
  await look(page, 'wallet-refundable');
  await page.getByRole('button', { name: 'Take the refund' }).click();
  await waitFor('sent');
  await mine(3);
  await waitFor('refunded');
  said.refunded = await stateOf();
  await look(page, 'wallet-refunded');
  await page.goto(`${origin}/portfolio`);
  await look(page, 'wallet-portfolio');
  await page.goto(`${origin}/offerings/harbour/wallet`);
  said.scriptBytes = await scriptBytes(page);
}

// Paid in a token: it is approved first, for exactly the amount, and the second step follows by itself.
{
  await page.goto(`${origin}/offerings/quay/wallet?wallet=${accounts[PERSON]}&amount=20`);
  await page.getByRole('button', { name: 'Continue' }).click();
  said.twoSteps = await page.getByText('Your wallet asks twice').isVisible();
  await look(page, 'wallet-two-steps');
  await page.getByRole('button', { name: /^Contribute/ }).click();
  await waitFor('needs_approval');
  said.needsApproval = await stateOf();
  // The wallet of last time was asked at once; while it is asked its button is off, and in the colours of that.
  await page.locator('.wallets').filter({ has: page.locator('button:enabled') }).first().waitFor();
  await look(page, 'wallet-approve');
  await mine();
  await waitFor('sent');
  await mine(3);
  await waitFor('counted');
  said.approvedAndCounted = await stateOf();
}

// Bidding is over, and the outcome is a root: the tokens are proved with the claim, which the page does.
{
  await followed();
  await asPlatform('/v1/offerings/dock/settlement', null, 'settle dock');
  const { root } = await (await fetch(`${origin}/v1/offerings/dock/settlement`)).json();
  await page.goto(origin + said.dockPlace);
  said.beforeRoot = await stateOf();
  await sign(0, { to: offerings.dock.contract, data: question.post.slice(0, -64) + root });
  await mine();
  await onChain('evm_increaseTime', [8 * 86_400]);
  await mine(3);
  await page.reload();
  said.provable = await stateOf();
  await look(page, 'wallet-root-claimable');
  await page.getByRole('button', { name: 'Claim' }).click();
  await waitFor('sent');
  await mine(3);
  await waitFor('claimed');
  said.proved = await stateOf();
  await look(page, 'wallet-root-claimed');
}

// On a phone, in German and in the dark; and somebody else.
{
  const state = await page.context().storageState();
  const small = await open({ ...phone, storageState: state, locale: 'de-DE', colorScheme: 'dark' });
  for (const [name, path] of [
    ['wallet-phone-contribution', said.contribution],
    ['wallet-phone-portfolio', '/portfolio'],
  ]) {
    await small.goto(origin + path);
    await look(small, name);
  }
  await small.context().close();
  const other = await open(desk);
  await signUp(other, 'eve@example.org');
  const answered = await other.goto(origin + said.contribution);
  said.stranger = answered.status();
  await other.context().close();
}

await finish();
