// The same wrong requests to this server and to one by others. Output: what each was answered.
import { createHash, createSign, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DEVICE, origin, packages, register } from './person.mjs';

// What the other server says of itself is not the answer of this script.
console.info = console.error;
console.log = console.error;
console.warn = console.error;

const place = createRequire(join(packages, 'package.json')).resolve('oidc-provider');
const { default: Provider, errors } = await import(pathToFileURL(place));
const REDIRECT = 'https://app.example/callback';
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const keys = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, jwk: publicKey.export({ format: 'jwk' }), secret: privateKey.export({ format: 'jwk' }) };
};
const key = keys();
const other = keys();
const jwk = { ...key.jwk, kid: 'one', alg: 'ES256', use: 'sig' };

const public_ = { redirect_uris: [REDIRECT], grant_types: ['authorization_code', 'refresh_token', DEVICE] };
const private_ = {
  redirect_uris: [REDIRECT],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [jwk] },
};

async function ours() {
  const web = await register({ client_name: 'Portfolio', ...public_ });
  const signing = await register({ client_name: 'Back office', ...private_ });
  return {
    issuer: origin, web: web.client_id, signing: signing.client_id, resource: `${origin}/v1`,
    auth: '/oauth/authorize', token: '/oauth/token', par: '/oauth/par', revoke: '/oauth/revoke',
    introspect: '/oauth/introspect', device: '/oauth/device-authorization',
  };
}

async function theirs() {
  const listener = await new Promise((resolve) => {
    const net = createRequire(import.meta.url)('node:http').createServer();
    net.listen(0, '127.0.0.1', () => resolve(net));
  });
  const issuer = `http://127.0.0.1:${listener.address().port}`;
  const resource = `${issuer}/v1`;
  const provider = new Provider(issuer, {
    clients: [
      { client_id: 'web', response_types: ['code'], token_endpoint_auth_method: 'none', ...public_ },
      { client_id: 'signing', response_types: ['code'], token_endpoint_auth_signing_alg: 'ES256', ...private_ },
    ],
    scopes: ['openid', 'email', 'offline_access', 'offerings:read:*'],
    pkce: { required: () => true },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        getResourceServerInfo: (_, asked) => {
          if (asked !== resource) throw new errors.InvalidTarget();
          return { scope: 'offerings:read:*', accessTokenFormat: 'opaque' };
        },
      },
    },
  });
  listener.on('request', provider.callback());
  return {
    listener, issuer, web: 'web', signing: 'signing', resource,
    auth: '/auth', token: '/token', par: '/request', revoke: '/token/revocation',
    introspect: '/token/introspection', device: '/device/auth',
  };
}

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signed(header, claims, privateKey) {
  const text = `${part(header)}.${part(claims)}`;
  const signature = createSign('sha256').update(text).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

const seconds = () => Math.floor(Date.now() / 1000);

function assertion(site, change = {}, header = {}, by = key) {
  const claims = {
    iss: site.signing, sub: site.signing, aud: site.issuer, jti: randomUUID(), iat: seconds(), exp: seconds() + 60,
  };
  return signed({ alg: 'ES256', kid: 'one', ...header }, { ...claims, ...change }, by.privateKey);
}

function proof(site, change = {}, header = {}) {
  const claims = { jti: randomUUID(), htm: 'POST', htu: site.issuer + site.token, iat: seconds() };
  return signed({ typ: 'dpop+jwt', alg: 'ES256', jwk: key.jwk, ...header }, { ...claims, ...change }, key.privateKey);
}

const challenge = createHash('sha256').update('v'.repeat(43)).digest('base64url');
const good = (site) => ({
  client_id: site.web, response_type: 'code', redirect_uri: REDIRECT, scope: 'openid', state: 's',
  code_challenge: challenge, code_challenge_method: 'S256',
});

// Parameters with a change: `undefined` takes one away, a list is one that is there more than once.
function encoded(params) {
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of [value].flat()) if (one !== undefined) out.append(name, one);
  }
  return out.toString();
}

const cases = [];
const add = (name, endpoint, make) => cases.push({ name, endpoint, make });
const auth = (name, change) => add(`authorize ${name}`, 'auth', (site) => ({ query: { ...good(site), ...change(site) } }));
const form = (endpoint) => (name, make) => add(`${endpoint} ${name}`, endpoint, make);
const [token, par, revoke, introspect, device] = ['token', 'par', 'revoke', 'introspect', 'device'].map(form);
const body = (params, headers) => ({ params, headers });

auth('without client_id', () => ({ client_id: undefined }));
auth('unknown client', () => ({ client_id: '00112233445566778899aabbccddeeff' }));
auth('without redirect_uri', () => ({ redirect_uri: undefined }));
auth('other redirect_uri', () => ({ redirect_uri: 'https://evil.example/callback' }));
auth('redirect_uri with a slash more', () => ({ redirect_uri: `${REDIRECT}/` }));
auth('redirect_uri with a query', () => ({ redirect_uri: `${REDIRECT}?x=1` }));
auth('redirect_uri in capitals', () => ({ redirect_uri: 'https://APP.example/callback' }));
auth('redirect_uri twice', () => ({ redirect_uri: [REDIRECT, REDIRECT] }));
auth('client_id twice', (site) => ({ client_id: [site.web, site.web] }));
auth('without response_type', () => ({ response_type: undefined }));
auth('response_type token', () => ({ response_type: 'token' }));
auth('response_type id_token', () => ({ response_type: 'id_token', nonce: 'n' }));
auth('response_type code id_token', () => ({ response_type: 'code id_token', nonce: 'n' }));
auth('response_type unknown', () => ({ response_type: 'nonsense' }));
auth('response_type twice', () => ({ response_type: ['code', 'code'] }));
auth('response_mode unknown', () => ({ response_mode: 'nonsense' }));
auth('state twice', () => ({ state: ['a', 'b'] }));
auth('scope twice', () => ({ scope: ['openid', 'email'] }));
auth('without code_challenge', () => ({ code_challenge: undefined, code_challenge_method: undefined }));
auth('code_challenge_method plain', () => ({ code_challenge_method: 'plain' }));
auth('code_challenge_method unknown', () => ({ code_challenge_method: 'S512' }));
auth('without code_challenge_method', () => ({ code_challenge_method: undefined }));
auth('code_challenge_method alone', () => ({ code_challenge: undefined }));
auth('code_challenge too short', () => ({ code_challenge: 'short' }));
auth('code_challenge of other letters', () => ({ code_challenge: '+'.repeat(43) }));
auth('prompt none', () => ({ prompt: 'none' }));
auth('prompt none and login', () => ({ prompt: 'none login' }));
auth('prompt unknown', () => ({ prompt: 'nonsense' }));
auth('max_age negative', () => ({ max_age: '-1' }));
auth('max_age no number', () => ({ max_age: 'x' }));
auth('resource of another server', () => ({ resource: 'https://other.example/v1' }));
auth('resource no address', () => ({ resource: 'v1' }));
auth('request object', () => ({ request: 'e30.e30.' }));
auth('request_uri unknown', () => ({ request_uri: 'urn:ietf:params:oauth:request_uri:unknown' }));
auth('request_uri elsewhere', () => ({ request_uri: 'https://evil.example/request' }));
auth('dpop_jkt too short', () => ({ dpop_jkt: 'x' }));

const code = (site, change = {}) => body({
  grant_type: 'authorization_code', client_id: site.web, code: 'A'.repeat(43), redirect_uri: REDIRECT,
  code_verifier: 'v'.repeat(43), ...change,
});
token('without anything', () => body({}));
token('without grant_type', (site) => code(site, { grant_type: undefined }));
token('grant_type password', (site) => code(site, { grant_type: 'password' }));
token('grant_type implicit', (site) => code(site, { grant_type: 'implicit' }));
token('grant_type twice', (site) => code(site, { grant_type: ['authorization_code', 'authorization_code'] }));
token('without client_id', (site) => code(site, { client_id: undefined }));
token('unknown client', (site) => code(site, { client_id: '00112233445566778899aabbccddeeff' }));
token('secret of a public client', (site) => code(site, { client_secret: 'secret' }));
token('Basic of a public client', (site) => ({
  ...code(site, { client_id: undefined }),
  headers: { authorization: `Basic ${Buffer.from(`${site.web}:secret`).toString('base64')}` },
}));
token('without code', (site) => code(site, { code: undefined }));
token('unknown code', (site) => code(site));
token('code twice', (site) => code(site, { code: ['a', 'b'] }));
token('without redirect_uri', (site) => code(site, { redirect_uri: undefined }));
token('without refresh_token', (site) => body({ grant_type: 'refresh_token', client_id: site.web }));
token('unknown refresh_token', (site) => body({ grant_type: 'refresh_token', client_id: site.web, refresh_token: 'x' }));
token('client_credentials of a public client', (site) => body({ grant_type: 'client_credentials', client_id: site.web }));
token('without device_code', (site) => body({ grant_type: DEVICE, client_id: site.web }));
token('unknown device_code', (site) => body({ grant_type: DEVICE, client_id: site.web, device_code: 'x' }));
token('device code of a client without it', (site) => body({
  grant_type: DEVICE, device_code: 'x', client_assertion_type: ASSERTION, client_assertion: assertion(site),
}));
token('JSON', (site) => ({ json: code(site).params }));
token('GET', () => ({ method: 'GET' }));

const own = (site, change = {}, more = {}) => body({
  grant_type: 'client_credentials', scope: 'offerings:read:*', client_assertion_type: ASSERTION,
  client_assertion: assertion(site), ...change,
}, more);
token('client that does not sign', (site) => own(site, {
  client_id: site.signing, client_assertion: undefined, client_assertion_type: undefined,
}));
token('assertion of another type', (site) => own(site, { client_assertion_type: 'x' }));
token('assertion without type', (site) => own(site, { client_assertion_type: undefined }));
token('assertion junk', (site) => own(site, { client_assertion: 'junk' }));
token('assertion by another key', (site) => own(site, { client_assertion: assertion(site, {}, {}, other) }));
token('assertion expired', (site) => own(site, { client_assertion: assertion(site, { exp: seconds() - 120 }) }));
token('assertion for another server', (site) => own(site, { client_assertion: assertion(site, { aud: 'https://x.example' }) }));
token('assertion without jti', (site) => own(site, { client_assertion: assertion(site, { jti: undefined }) }));
token('assertion without exp', (site) => own(site, { client_assertion: assertion(site, { exp: undefined }) }));
token('assertion of another issuer', (site) => own(site, { client_assertion: assertion(site, { iss: 'x' }) }));
token('assertion with alg none', (site) => own(site, {
  client_assertion: `${part({ alg: 'none' })}.${part({ sub: site.signing, iss: site.signing, aud: site.issuer })}.`,
}));
token('assertion with HS256', (site) => own(site, { client_assertion: assertion(site, {}, { alg: 'HS256' }) }));
token('assertion about another client', (site) => own(site, { client_id: site.web }));
token('assertion and secret', (site) => own(site, { client_secret: 'x' }));
token('own name, resource of another server', (site) => own(site, { resource: 'https://other.example/v1' }));
const dpop = (name, make) => token(`DPoP ${name}`, (site) => own(site, {}, { dpop: make(site) }));
dpop('junk', () => 'junk');
dpop('without nonce', (site) => proof(site));
dpop('wrong nonce', (site) => proof(site, { nonce: 'x' }));
dpop('of another method', (site) => proof(site, { htm: 'GET' }));
dpop('of another address', (site) => proof(site, { htu: 'https://other.example/token' }));
dpop('without jti', (site) => proof(site, { jti: undefined }));
dpop('without iat', (site) => proof(site, { iat: undefined }));
dpop('of another type', (site) => proof(site, {}, { typ: 'JWT' }));
dpop('without key', (site) => proof(site, {}, { jwk: undefined }));
dpop('with a private key', (site) => proof(site, {}, { jwk: key.secret }));
dpop('by another key', (site) => proof(site, {}, { jwk: other.jwk }));
dpop('with HS256', (site) => proof(site, {}, { alg: 'HS256' }));

const push = (site, change = {}) => body({ ...good(site), ...change });
par('without client', (site) => push(site, { client_id: undefined }));
par('unknown client', (site) => push(site, { client_id: '00112233445566778899aabbccddeeff' }));
par('without response_type', (site) => push(site, { response_type: undefined }));
par('other redirect_uri', (site) => push(site, { redirect_uri: 'https://evil.example/callback' }));
par('code_challenge_method plain', (site) => push(site, { code_challenge_method: 'plain' }));
par('request_uri', (site) => push(site, { request_uri: 'urn:ietf:params:oauth:request_uri:x' }));
par('resource of another server', (site) => push(site, { resource: 'https://other.example/v1' }));
par('GET', () => ({ method: 'GET' }));
revoke('without token', (site) => body({ client_id: site.web }));
revoke('without client', () => body({ token: 'x' }));
revoke('unknown token', (site) => body({ client_id: site.web, token: 'x' }));
introspect('without token', (site) => body({ client_assertion_type: ASSERTION, client_assertion: assertion(site) }));
introspect('without client', () => body({ token: 'x' }));
introspect('unknown token', (site) => body({
  token: 'x', client_assertion_type: ASSERTION, client_assertion: assertion(site),
}));
introspect('public client', (site) => body({ client_id: site.web, token: 'x' }));
device('without client', () => body({ scope: 'openid' }));
device('unknown client', () => body({ client_id: '00112233445566778899aabbccddeeff', scope: 'openid' }));
device('resource of another server', (site) => body({
  client_id: site.web, scope: 'openid', resource: 'https://other.example/v1',
}));
device('client without it', (site) => body({
  scope: 'openid', client_assertion_type: ASSERTION, client_assertion: assertion(site),
}));

async function asked(site, { endpoint, make }) {
  const { query, params, json, method, headers } = make(site);
  const url = site.issuer + site[endpoint] + (query ? `?${encoded(query)}` : '');
  const send = { method: method ?? (query ? 'GET' : 'POST'), redirect: 'manual', headers: { ...headers } };
  if (params) {
    send.headers['content-type'] = 'application/x-www-form-urlencoded';
    send.body = encoded(params);
  }
  if (json) {
    send.headers['content-type'] = 'application/json';
    send.body = JSON.stringify(json);
  }
  const answer = await fetch(url, send);
  const place = answer.headers.get('location');
  if (place) {
    let back = new URL(place, site.issuer);
    if (back.origin === site.issuer) {
      // A page that nobody needs to see sends on at once.
      const next = (await fetch(back, { redirect: 'manual' })).headers.get('location');
      if (next) back = new URL(next, site.issuer);
    }
    if (back.origin === site.issuer) return { status: 'a page of the server' };
    const error = back.searchParams.get('error') ?? new URLSearchParams(back.hash.slice(1)).get('error');
    return { status: 'told', error };
  }
  const text = await answer.text();
  let error = null;
  // What a person sees has no word of the protocol that a program reads.
  if ((answer.headers.get('content-type') ?? '').startsWith('application/json') && text !== '') {
    error = JSON.parse(text).error ?? null;
  }
  return query ? { status: 'shown' } : { status: answer.status, error };
}

const here = await ours();
const there = await theirs();
const said = [];
for (const one of cases) {
  said.push({ name: one.name, ours: await asked(here, one), theirs: await asked(there, one) });
}
process.stdout.write(JSON.stringify(said.map(({ name, ours, theirs }) => ({
  name, ours: JSON.stringify(ours), theirs: JSON.stringify(theirs),
}))));
there.listener.close();
there.listener.closeAllConnections();
