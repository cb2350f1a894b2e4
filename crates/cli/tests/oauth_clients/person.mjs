// A person with a browser that runs no script: signs up, logs in with the page of the site, and decides.
import { readFileSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

const EMAIL = 'ada@example.org';
const PASSWORD = 'seven grey herons over the weir';

export const question = JSON.parse(readFileSync(0, 'utf8'));
export const { packages, origin, mail, key } = question;

async function post(path, body, headers = {}) {
  const answer = await fetch(origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin, ...headers },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

// The code of the one mail that waits, which is read once.
async function code() {
  for (let looks = 0; looks < 600; looks += 1) {
    for (const name of readdirSync(mail).filter((name) => name.endsWith('.eml'))) {
      const place = join(mail, name);
      const found = /^ {4,}(\S{43})\s*$/m.exec(readFileSync(place, 'utf8'));
      unlinkSync(place);
      if (found) return found[1];
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('no mail came');
}

export async function signUp() {
  await post('/v1/sign-up', { email: EMAIL });
  await post('/v1/sign-up/confirmation', { code: await code(), password: PASSWORD });
}

export function register(client) {
  return post('/v1/oauth/clients', client, { authorization: `Bearer ${key}` });
}

let cookie = '';

async function browse(url, form) {
  const headers = { cookie, origin };
  if (form) headers['content-type'] = 'application/x-www-form-urlencoded';
  const answer = await fetch(url, {
    method: form ? 'POST' : 'GET',
    headers,
    body: form && new URLSearchParams(form).toString(),
    redirect: 'manual',
  });
  const set = answer.headers.get('set-cookie');
  if (set) [cookie] = set.split(';');
  return answer;
}

// The fields of the page's form, as a person leaves them who changes nothing.
function fields(html) {
  const form = [];
  for (const [tag] of html.matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(tag)?.[1];
    const value = /value="([^"]*)"/.exec(tag)?.[1] ?? '';
    if (tag.includes('type="checkbox"') ? tag.includes('checked') : name && value) form.push([name, value]);
  }
  const days = /<option value="(\d+)" selected/.exec(html)?.[1];
  if (days) form.push(['days', days]);
  return form;
}

async function logInIfAsked(url) {
  let answer = await browse(url);
  const way = answer.headers.get('location');
  if (way?.startsWith('/log-in?')) {
    const next = new URL(way, origin).searchParams.get('next');
    answer = await browse(`${origin}/log-in`, [['email', EMAIL], ['password', PASSWORD], ['next', next]]);
    if (answer.status !== 303) throw new Error(`${answer.status} ${await answer.text()}`);
    answer = await browse(new URL(answer.headers.get('location'), origin));
  }
  return { answer, html: await answer.text() };
}

// Goes to the authorization endpoint, decides, and gives the address that the browser is sent back to.
export async function decide(url, decision = 'allow') {
  let answer = await browse(url);
  if (answer.status !== 303) throw new Error(`${answer.status} ${await answer.text()}`);
  const place = new URL(answer.headers.get('location'), origin);
  if (place.origin !== origin) return place;
  const page = await logInIfAsked(place);
  if (page.answer.status === 303) return new URL(page.answer.headers.get('location'));
  answer = await browse(`${origin}/oauth/consent`, [...fields(page.html), ['decision', decision]]);
  if (answer.status !== 303) throw new Error(`${answer.status} ${await answer.text()}`);
  return new URL(answer.headers.get('location'));
}

// Types the code of a device.
export async function decideForDevice(userCode) {
  await logInIfAsked(`${origin}/device`);
  const shown = await browse(`${origin}/device`, [['user_code', userCode]]);
  const html = await shown.text();
  if (shown.status !== 200) throw new Error(`${shown.status} ${html}`);
  const done = await browse(`${origin}/device`, [...fields(html), ['decision', 'allow']]);
  if (done.status !== 200) throw new Error(`${done.status} ${await done.text()}`);
}

export const REDIRECT = 'http://127.0.0.1:9/callback';
export const SCOPE = 'openid email offline_access offerings:read:*';
export const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

// A public client, and one that signs with this key.
export async function clients(jwk) {
  const web = await register({
    client_name: 'Portfolio',
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token', DEVICE],
  });
  const signing = await register({
    client_name: 'Back office',
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [jwk] },
  });
  return { web: web.client_id, signing: signing.client_id };
}
