// Somebody connects a program: makes a key, registers an application to which a person consents, and a webhook.
//
// Standard input: what the harness reads, and { terms, program, folder }. Standard output: what was seen.
import { execFileSync } from 'node:child_process';
import { createHash, createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { addPasskey, asPlatform, desk, finish, look, open, phone, question, said, signUp } from './harness.mjs';

const { origin, terms, program, folder } = question;
const EMAIL = 'dora@example.org';

{
  const HOUR = 3600 * 1000;
  const instant = (hours) => new Date(Math.floor(Date.now() / 1000) * 1000 + hours * HOUR).toISOString().replace('.000', '');
  const text = terms
    .replace('2026-03-02T12:00:00Z', instant(-3))
    .replaceAll('2026-03-09T12:00:00Z', instant(-1))
    .replace('2026-03-23T12:00:00Z', instant(24 * 14))
    .replace('2026-06-01T00:00:00Z', instant(24 * 60));
  const checked = await asPlatform('/v1/offerings/check', { terms: text }, 'check');
  await asPlatform('/v1/offerings', { name: 'harbour', terms: text, terms_hash: checked.terms_hash }, 'announce');
}

// A program of the developer's: it takes answers of the site, and calls of a webhook.
const taken = [];
const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    taken.push({ url: request.url, headers: request.headers, body: Buffer.concat(parts).toString() });
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><html lang="en"><title>Portfolio</title><h1>Portfolio</h1></html>');
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const own = `http://127.0.0.1:${server.address().port}`;

async function withBearer(token, path) {
  const answer = await fetch(origin + path, { headers: { authorization: `Bearer ${token}` } });
  return answer.status;
}

// What everybody reads.
{
  const page = await open(desk);
  for (const [name, path] of [
    ['developer', '/developer'],
    ['developer-reference', '/docs'],
    ['developer-group', '/docs/contributions'],
    ['developer-problems', '/problems'],
    ['developer-problem', '/problems/H422'],
    ['developer-examples', '/developer/examples'],
  ]) {
    await page.goto(origin + path);
    said.weights[name] = (await page.content()).length;
    await look(page, name);
  }
  await page.context().close();
}

// Dora signs up, adds a passkey, and is made a developer by whoever runs the machine.
const page = await open(desk);
await signUp(page, EMAIL);
await addPasskey(page);
execFileSync(program, ['role', 'give', '--data', 'data', '--person', EMAIL, '--role', 'developer'], { cwd: folder });

// A key: wrong first, then right; shown once.
await page.goto(`${origin}/developer/keys`);
await look(page, 'developer-keys-empty');
await page.getByRole('link', { name: 'Make a key' }).click();
await page.getByLabel('From these addresses').fill('everywhere');
await page.getByRole('button', { name: 'Make the key' }).click();
await look(page, 'developer-key-wrong');
await page.getByLabel('Name', { exact: true }).fill('till of the spring sale');
await page.getByLabel('read keys').check();
await page.getByLabel('read webhooks').check();
await page.getByLabel('From these addresses').fill('127.0.0.0/8');
await page.getByRole('button', { name: 'Make the key' }).click();
const key = await page.locator('#secret').textContent();
await look(page, 'developer-key-made');
said.withKey = await withBearer(key, '/v1/keys');
// Loading the page again makes no other key, and shows no secret.
await page.reload();
said.reloaded = new URL(page.url()).search;
await look(page, 'developer-key-shown');
const [keyPlace] = page.url().split('?');
await page.goto(keyPlace);
await look(page, 'developer-key');

// A key without a secret: its program signs.
{
  await page.goto(`${origin}/developer/keys/new`);
  await page.getByLabel('Name', { exact: true }).fill('books');
  await page.getByLabel('read keys').check();
  await page.getByText('More settings').click();
  const { publicKey } = generateKeyPairSync('ed25519');
  await page.getByLabel('Public key, for a program that signs').fill(publicKey.export({ type: 'spki', format: 'pem' }));
  await page.getByRole('button', { name: 'Make the key' }).click();
  said.signs = await page.locator('#keyid').textContent();
  await look(page, 'developer-key-signs');
}
await page.goto(`${origin}/developer/keys`);
await look(page, 'developer-keys');

// An application, to which she consents herself, but not to all that it asks for.
await page.goto(`${origin}/developer/applications`);
await page.getByRole('link', { name: 'Register an application' }).click();
await page.getByLabel('Name', { exact: true }).fill('Portfolio');
await page.getByLabel('Answers go to').fill('http://127.0.0.1/callback');
await page.getByLabel(/^read keys/).check();
await page.getByLabel(/^read webhooks/).check();
await page.getByLabel(/^contribute and withdraw/).check();
await look(page, 'developer-application-form');
await page.getByRole('button', { name: 'Register it' }).click();
const client = await page.locator('#client-id').textContent();
await look(page, 'developer-application');
await page.goto(`${origin}/developer/applications`);
await look(page, 'developer-applications');
const verifier = randomBytes(32).toString('base64url');
const asked = new URLSearchParams({
  response_type: 'code',
  client_id: client,
  redirect_uri: `${own}/callback`,
  scope: 'openid webhooks:read:* keys:read:* contributions:write:*',
  state: 'here',
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
});
await page.goto(`${origin}/oauth/authorize?${asked}`);
said.consent = await page.locator('main strong').first().textContent();
await page.getByLabel(/^read keys/).uncheck();
// An amount that is none keeps what was left out.
await page.getByLabel('EUR in one contribution').fill('a little');
await page.getByLabel('EUR in all').fill('1,000');
await page.getByRole('button', { name: 'Allow' }).click();
said.kept = [await page.getByLabel(/^read keys/).isChecked(), await page.getByLabel('EUR in all').inputValue()];
await look(page, 'developer-consent-wrong');
await page.getByLabel('EUR in one contribution').fill('250');
await look(page, 'developer-consent');
await Promise.all([page.waitForURL(`${own}/**`), page.getByRole('button', { name: 'Allow' }).click()]);
const code = new URL(page.url()).searchParams.get('code');
const answer = await fetch(`${origin}/oauth/token`, {
  method: 'POST',
  body: new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: client,
    code,
    redirect_uri: `${own}/callback`,
    code_verifier: verifier,
  }),
});
const { access_token: token } = await answer.json();
said.withToken = await withBearer(token, '/v1/offerings/harbour/webhooks');
said.beyond = await withBearer(token, '/v1/keys');
await page.goto(`${origin}/apps`);
await look(page, 'developer-apps');

// A webhook, and a call that says whether calls arrive.
await page.goto(`${origin}/developer/webhooks`);
await look(page, 'developer-webhooks-empty');
await page.getByRole('link', { name: 'Register an address for harbour' }).click();
await page.getByLabel('Address', { exact: true }).fill(`${own}/hook`);
await page.getByRole('button', { name: 'Register it' }).click();
const secret = await page.locator('#secret').textContent();
await look(page, 'developer-webhook-made');
await page.getByRole('link', { name: 'I have kept it' }).click();
const webhookPlace = page.url();
await page.getByRole('button', { name: 'Send a test' }).click();
said.tested = await page.locator('.notice strong').textContent();
said.signature = await page.locator('#signature').textContent();
await look(page, 'developer-webhook-test');
{
  const { headers, body } = taken.find((call) => call.url === '/hook');
  const mac = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'));
  mac.update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
  said.computed = `v1,${mac.digest('base64')}`;
}
await page.goto(webhookPlace);
await look(page, 'developer-webhook');
await page.getByRole('link', { name: /^msg_test/ }).click();
await look(page, 'developer-delivery');
const state = await page.context().storageState();

// With the keyboard alone: the key is revoked.
{
  const tabTo = async (name) => {
    for (let steps = 0; steps < 80; steps += 1) {
      await page.keyboard.press('Tab');
      const text = await page.evaluate(() => document.activeElement.textContent.trim());
      if (text.startsWith(name)) return;
    }
    throw new Error(`no ${name} by keyboard on ${page.url()}`);
  };
  await page.goto(`${origin}/developer/keys`);
  await tabTo('till of the spring sale');
  await Promise.all([page.waitForURL(keyPlace), page.keyboard.press('Enter')]);
  await tabTo('Revoke');
  await Promise.all([page.waitForURL(/done=revoked/), page.keyboard.press('Enter')]);
  await look(page, 'developer-key-revoked');
  said.revoked = await withBearer(key, '/v1/keys');
}
await page.context().close();

// On a phone, in German and in the dark.
{
  const page = await open({ ...phone, storageState: state, locale: 'de-DE', colorScheme: 'dark' });
  for (const [name, place] of [
    ['phone-developer', '/developer'],
    ['phone-developer-reference', '/docs'],
    ['phone-developer-group', '/docs/webhooks'],
    ['phone-developer-examples', '/developer/examples'],
    ['phone-developer-keys', '/developer/keys'],
    ['phone-developer-key', new URL(keyPlace).pathname],
    ['phone-developer-key-form', '/developer/keys/new'],
    ['phone-developer-applications', '/developer/applications'],
    ['phone-developer-webhook', new URL(webhookPlace).pathname],
  ]) {
    await page.goto(origin + place);
    await look(page, name);
  }
  await page.context().close();
}

server.close();
said.foreign = said.foreign.filter((place) => !place.startsWith(own));
await finish();
