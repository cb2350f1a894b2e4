// What a person does with a passkey, in a browser by others, on a page of the site itself.
//
// Standard input: { packages, origin, mail }. Standard output: what each step was answered.
import { readFileSync, readdirSync, unlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { packages, origin, mail } = JSON.parse(readFileSync(0, 'utf8'));
const { chromium } = createRequire(join(packages, 'package.json'))('playwright-core');
const EMAIL = 'ada@example.org';
const PASSWORD = 'seven grey herons over the weir';
const PAGE = `${origin}/page-of-the-test`;

// Runs in the page: what a page of the site would do.
async function call([method, path, body]) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
}

async function create(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}

async function get(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  try {
    return (await navigator.credentials.get({ publicKey })).toJSON();
  } catch (error) {
    return { refused: error.name };
  }
}

// The code of the one mail that waits, which is read once.
async function code() {
  for (let looks = 0; looks < 600; looks += 1) {
    const names = readdirSync(mail).filter((name) => name.endsWith('.eml'));
    if (names.length > 0) {
      const place = join(mail, names[0]);
      const found = /^ {4,}(\S{43})\s*$/m.exec(readFileSync(place, 'utf8'));
      unlinkSync(place);
      if (found) return found[1];
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('no mail came');
}

const browser = await chromium.launch({
  executablePath: join(packages, 'bin/chromium'),
  env: { ...process.env, LD_LIBRARY_PATH: join(packages, 'lib') },
  args: ['--no-sandbox'],
});
const context = await browser.newContext();
const page = await context.newPage();
// The page is the test's and the origin is the site's: cookies, `Origin` and passkeys are what they are there.
await context.route('**/page-of-the-test', (route) =>
  route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>test</title>' }),
);
await page.goto(PAGE);
const devtools = await context.newCDPSession(page);
await devtools.send('WebAuthn.enable');
const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
  options: {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  },
});

const said = {};
said.signUp = await page.evaluate(call, ['POST', '/v1/sign-up', { email: EMAIL }]);
const confirmation = { code: await code(), password: PASSWORD };
said.confirmed = await page.evaluate(call, ['POST', '/v1/sign-up/confirmation', confirmation]);
const login = { email: EMAIL, password: PASSWORD };
said.loggedIn = await page.evaluate(call, ['POST', '/v1/sessions', login]);
const begun = await page.evaluate(call, ['POST', '/v1/me/factors/passkeys', {}]);
said.begun = begun;
const created = await page.evaluate(create, begun.body.options);
said.created = created;
said.added = await page.evaluate(call, [
  'POST',
  '/v1/me/factors/passkeys/confirmation',
  { ceremony: begun.body.ceremony, credential: created, label: 'virtual' },
]);
said.factors = await page.evaluate(call, ['GET', '/v1/me/factors']);
const before = await context.cookies();
said.cookies = before.map(({ value, ...rest }) => rest);
said.loggedOut = await page.evaluate(call, ['DELETE', '/v1/sessions/current']);
said.out = await page.evaluate(call, ['GET', '/v1/me']);

// A password is half a login now.
said.half = await page.evaluate(call, ['POST', '/v1/sessions', login]);
said.halfMe = await page.evaluate(call, ['GET', '/v1/me/factors']);
said.halfOut = await page.evaluate(call, ['DELETE', '/v1/sessions/current']);

// Without an address, with the passkey alone.
const asked = await page.evaluate(call, ['POST', '/v1/sessions/passkey', {}]);
const credential = await page.evaluate(get, asked.body.options);
const answer = { ceremony: asked.body.ceremony, credential };
said.passkey = await page.evaluate(call, ['POST', '/v1/sessions/passkey/confirmation', answer]);
said.again = await page.evaluate(call, ['POST', '/v1/sessions/passkey/confirmation', answer]);
said.me = await page.evaluate(call, ['GET', '/v1/me']);

// A user who is not verified, and a page of another host with the challenge of this site.
await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
const next = await page.evaluate(call, ['POST', '/v1/sessions/passkey', {}]);
const options = { ...next.body.options, timeout: 1000 };
said.unverified = await page.evaluate(get, options);
await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
const other = new URL(PAGE);
other.hostname = 'phishing.localhost';
await page.goto(other.href);
said.phishing = await page.evaluate(get, options);
said.foreign = await page.evaluate(async (url) => {
  try {
    const answer = await fetch(url, { credentials: 'include' });
    return { status: answer.status };
  } catch (error) {
    return { refused: error.name };
  }
}, `${origin}/v1/me`);

await browser.close();
console.log(JSON.stringify(said));
