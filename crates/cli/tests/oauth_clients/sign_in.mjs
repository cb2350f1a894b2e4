// People who log in to one site with another one: a program that is an issuer by itself (`op`), or one by others
// (`oidc-provider`). Both with a browser that runs no script. Output: what was done.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packages, question, signUp } from './person.mjs';

const { site, other } = question;
const said = {};

function must(holds, what) {
  if (!holds) throw new Error(what);
}

// Keeps the cookies of each host, and follows nothing by itself.
class Browser {
  jars = new Map();

  async go(address, form) {
    const url = new URL(address);
    const jar = this.jars.get(url.host) ?? new Map();
    this.jars.set(url.host, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { cookie, origin: url.origin };
    if (form) headers['content-type'] = 'application/x-www-form-urlencoded';
    const answer = await fetch(url, {
      method: form ? 'POST' : 'GET', headers, redirect: 'manual', body: form && new URLSearchParams(form).toString(),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair] = line.split(';');
      const at = pair.indexOf('=');
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name); else jar.set(name, value);
    }
    const place = answer.headers.get('location');
    const refresh = answer.headers.get('refresh');
    return {
      status: answer.status,
      text: await answer.text(),
      next: place ? new URL(place, url) : refresh ? new URL(refresh.replace('0;url=', '')) : undefined,
      url,
    };
  }
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

// A person at the site that is an issuer: logs in where they are asked, and agrees.
async function atOurs(browser, address) {
  const email = 'ada@example.org';
  const password = 'seven grey herons over the weir';
  let page = await browser.go(address);
  for (let steps = 0; steps < 12; steps += 1) {
    if (page.next?.origin === site) return page.next;
    const { pathname, searchParams, origin } = page.url;
    if (page.next) page = await browser.go(page.next);
    else if (pathname === '/log-in') {
      page = await browser.go(`${origin}/log-in`, [['email', email], ['password', password], ['next', searchParams.get('next')]]);
    } else if (pathname === '/account/fresh') {
      page = await browser.go(page.url, [['shown', password], ['next', searchParams.get('next')]]);
    } else if (pathname === '/oauth/consent') {
      page = await browser.go(`${origin}/oauth/consent`, [...fields(page.text), ['decision', 'allow']]);
    } else break;
  }
  throw new Error(`${page.url}: ${page.status} ${page.text}`);
}

// The same at the one by others.
async function atTheirs(browser, address) {
  let page = await browser.go(address);
  for (let steps = 0; steps < 12; steps += 1) {
    if (page.next?.origin === site) return page.next;
    if (page.next) page = await browser.go(page.next);
    else {
      const prompt = /name="prompt" value="(\w+)"/.exec(page.text)?.[1];
      const action = /action="([^"]*)"/.exec(page.text)?.[1];
      must(prompt && action, `${page.url}: ${page.status} ${page.text}`);
      page = await browser.go(new URL(action, page.url), [['prompt', prompt], ['login', 'ada'], ['password', 'x']]);
    }
  }
  throw new Error(`${page.url}: ${page.status} ${page.text}`);
}

async function theirs() {
  const place = createRequire(join(packages, 'package.json')).resolve('oidc-provider');
  const { default: Provider } = await import(pathToFileURL(place));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const provider = new Provider(other, {
    clients: [{
      client_id: 'sale', client_secret: question.secret, redirect_uris: [`${site}/log-in/with/theirs/answer`],
      response_types: ['code'], id_token_signed_response_alg: 'RS256', token_endpoint_auth_method: 'client_secret_basic',
    }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'rsa' }] },
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    findAccount: (_, id) => ({
      accountId: id, claims: () => ({ sub: id, email: `${id}.theirs@example.org`, email_verified: true }),
    }),
    cookies: { keys: [randomBytes(16).toString('hex')] },
  });
  const server = createServer(provider.callback());
  await new Promise((resolve) => server.listen(Number(new URL(other).port), '127.0.0.1', resolve));
  return server;
}

async function journey(id, atIssuer, email) {
  const home = new Browser();
  const begin = async (browser, path, form) => {
    const page = await browser.go(site + path, form);
    must(page.status === 200 && page.next, `${path}: ${page.status} ${page.text}`);
    return page.next;
  };
  // The first time: the issuer proved the address, so one click makes the account.
  let page = await home.go(await atIssuer(home, await begin(home, `/log-in/with/${id}`, [['next', '/portfolio']])));
  must(page.next?.pathname === '/sign-up/with', `${page.status} ${page.text}`);
  page = await home.go(page.next);
  must(page.text.includes(email), page.text);
  page = await home.go(page.url, [['', '']]);
  must(page.status === 303 && page.next.pathname === '/portfolio', `${page.status} ${page.text}`);
  said.signedUp = 'done';
  // Again, in another browser.
  const phone = new Browser();
  const back = await atIssuer(phone, await begin(phone, `/log-in/with/${id}`, [['next', '/account']]));
  page = await phone.go(back);
  must(page.next?.pathname === '/account', `${page.status} ${page.text}`);
  page = await phone.go(page.next);
  must(page.text.includes(email), page.text);
  said.loggedIn = 'done';
  // The same answer once more is none, and in another browser neither.
  page = await phone.go(back);
  must(page.status === 409 && page.text.includes('A562'), `${page.status} ${page.text}`);
  const swapped = await atIssuer(phone, await begin(phone, `/log-in/with/${id}`, [['next', '/']]));
  page = await new Browser().go(swapped);
  must(page.status === 403 && page.text.includes('A563'), `${page.status} ${page.text}`);
  said.refused = 'done';
  // To show again that they are there, the issuer has to ask.
  page = await phone.go(await atIssuer(phone, await begin(phone, `/account/fresh/with/${id}`, [['next', '/account/sign-ins']])));
  must(page.next?.pathname === '/account/sign-ins', `${page.status} ${page.text}`);
  page = await phone.go(page.next);
  must(page.status === 200 && page.text.includes('/remove'), page.text);
  said.shown = 'done';
}

console.info = console.error;
console.log = console.error;
console.warn = console.error;
if (question.issuer === 'ours') {
  await signUp();
  await journey('ours', atOurs, 'ada@example.org');
} else {
  const server = await theirs();
  await journey('theirs', atTheirs, 'ada.theirs@example.org');
  server.closeAllConnections();
  server.close();
}
process.stdout.write(JSON.stringify(said));
