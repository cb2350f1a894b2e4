// Somebody signs up and logs in with an account that they have on another site: the program is both, on two hosts, so that the
// browser holds them for two sites.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { asPlatform, desk, finish, look, open, phone, question, said, signUp } from './harness.mjs';

const EMAIL = 'ada@example.org';
const { origin: issuer, program, folder } = question;

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// A site where people log in with the issuer; serves when it has said so.
async function start(client) {
  const listen = `127.0.0.1:${await freePort()}`;
  const home = join(folder, 'relying');
  mkdirSync(home);
  const child = spawn(program, ['serve', '--data', 'data', '--json', '--listen', listen], {
    cwd: home,
    env: {
      ...process.env,
      SOFTCAP_SITE_ORIGIN: `http://${listen}`,
      SOFTCAP_SITE_NAME: 'Quay',
      SOFTCAP_MAIL_FOLDER: join(home, 'mail'),
      SOFTCAP_WEBHOOK_ALLOW_LOOPBACK: 'true',
      SOFTCAP_SIGN_IN: JSON.stringify([{ id: 'harbour', name: 'Harbour', issuer, client_id: client }]),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.on('exit', () => child.kill());
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', () => reject(new Error('no server')));
  });
  return [`http://${listen}`, child];
}

const { client_id: client } = await asPlatform('/v1/oauth/clients', {
  client_name: 'Quay',
  redirect_uris: ['http://127.0.0.1/log-in/with/harbour/answer'],
  grant_types: ['authorization_code'],
}, 'client');
const [site, child] = await start(client);
said.site = site;

const page = await open(desk);
await signUp(page, EMAIL);

// There and back: the issuer asks whether the site may know who they are.
async function goThrough(button, answer) {
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('button', { name: answer }).click();
  await page.waitForURL(`${site}/**`);
}
const pathOf = () => new URL(page.url()).pathname;
const problemOf = async () => /[AH]\d{3}/.exec(await page.locator('main').textContent())?.[0];

await page.goto(`${site}/log-in?next=%2Fportfolio`);
await look(page, 'sign-in-log-in');
await goThrough('Log in with Harbour', 'Refuse');
said.declined = await problemOf();
await look(page, 'sign-in-declined');

await page.goto(`${site}/log-in?next=%2Fportfolio`);
await goThrough('Log in with Harbour', 'Allow');
said.newcomer = await page.locator('dd').first().textContent();
await look(page, 'sign-in-newcomer');
await page.getByRole('button', { name: 'Create the account' }).click();
await page.getByRole('link', { name: EMAIL }).waitFor();
said.signedUp = pathOf();

await page.goto(`${site}/account`);
await page.getByRole('button', { name: 'Log out' }).first().click();
await page.goto(`${site}/account/sign-ins`);
said.loggedOut = pathOf() === '/log-in';
await goThrough('Log in with Harbour', 'Allow');
said.loggedIn = pathOf();
said.links = await page.locator('tbody tr').count();
await look(page, 'sign-in-own');
await page.getByRole('button', { name: 'Remove' }).click();
said.onlyWay = await problemOf();
await look(page, 'sign-in-only-way');

// On a phone, in German and in the dark.
{
  const state = await page.context().storageState();
  const small = await open({ ...phone, storageState: state, locale: 'de-DE', colorScheme: 'dark' });
  await small.goto(`${site}/account/sign-ins`);
  await look(small, 'phone-sign-ins');
  await small.context().close();
}
child.kill();
await finish();
