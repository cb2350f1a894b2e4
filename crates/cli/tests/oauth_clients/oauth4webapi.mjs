// Every flow with oauth4webapi. Nothing of its strictness is switched off but that http is allowed, on loopback.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DEVICE, REDIRECT, SCOPE, clients, decide, decideForDevice, origin, packages, signUp } from './person.mjs';

const place = createRequire(join(packages, 'package.json')).resolve('oauth4webapi');
const oauth = await import(pathToFileURL(place));
const http = { [oauth.allowInsecureRequests]: true };
const said = {};

await signUp();
const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
const ids = await clients({ kty, crv, x, y, kid: 'one', alg: 'ES256', use: 'sig' });
const issuer = new URL(origin);
for (const algorithm of ['oauth2', 'oidc']) {
  const answer = await oauth.discoveryRequest(issuer, { algorithm, ...http });
  said[algorithm] = (await oauth.processDiscoveryResponse(issuer, answer)).issuer;
}
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http));
const web = { client: { client_id: ids.web }, auth: oauth.None() };
const signing = {
  client: { client_id: ids.signing },
  auth: oauth.PrivateKeyJwt({ key: pair.privateKey, kid: 'one' }),
};

// A request, by the query or pushed, up to tokens whose id token was judged.
async function login({ client, auth }, { pushed = false, DPoP } = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const params = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: SCOPE,
    state,
    nonce,
    resource: `${origin}/v1`,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const url = new URL(as.authorization_endpoint);
  if (pushed) {
    const push = () => oauth.pushedAuthorizationRequest(as, client, auth, params, { DPoP, ...http });
    const result = await retried(DPoP, async () =>
      oauth.processPushedAuthorizationResponse(as, client, await push()));
    url.searchParams.set('client_id', client.client_id);
    url.searchParams.set('request_uri', result.request_uri);
  } else {
    url.search = params;
  }
  const back = oauth.validateAuthResponse(as, client, await decide(url), state);
  const tokens = await retried(DPoP, async () => {
    const answer = await oauth.authorizationCodeGrantRequest(as, client, auth, back, REDIRECT, verifier, { DPoP, ...http });
    return oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, requireIdToken: true });
  });
  return { tokens, claims: oauth.getValidatedIdTokenClaims(tokens) };
}

// Once more with the nonce of the server, as RFC 9449 has it.
async function retried(DPoP, act) {
  try {
    return await act();
  } catch (error) {
    if (DPoP && oauth.isDPoPNonceError(error)) return act();
    throw error;
  }
}

function must(holds, what) {
  if (!holds) throw new Error(what);
}

async function used(tokens, DPoP) {
  const url = new URL(`${origin}/v1/offerings/harbour/rounds-that-are-not`);
  const answer = await oauth.protectedResourceRequest(
    tokens.access_token, 'GET', url, undefined, undefined, { DPoP, ...http });
  return answer.status;
}

const plain = await login(web);
must(plain.tokens.token_type === 'bearer' && plain.tokens.expires_in === 600, 'type and life of a token');
must(plain.tokens.scope === SCOPE, plain.tokens.scope);
said.code = 'done';

const info = await oauth.processUserInfoResponse(
  as, web.client, plain.claims.sub, await oauth.userInfoRequest(as, web.client, plain.tokens.access_token, http));
must(info.email === 'ada@example.org' && info.email_verified === true, JSON.stringify(info));
const jwks = await oauth.validateApplicationLevelSignature;
must(typeof jwks === 'function', 'the library judges signatures');
const signedAnswer = await login(web, { pushed: true });
must(signedAnswer.claims.sub === plain.claims.sub, 'the same person');
said.userinfo = 'done';

const pushed = await login(signing, { pushed: true });
must(pushed.claims.aud === ids.signing, pushed.claims.aud);
said.pushed = 'done';

const keys = await oauth.generateKeyPair('ES256');
const DPoP = oauth.DPoP(web.client, keys);
const bound = await login(web, { pushed: true, DPoP });
must(bound.tokens.token_type === 'dpop', bound.tokens.token_type);
must((await used(bound.tokens, DPoP)) !== 401, 'a bound token is taken with its proof');
const again = await retried(DPoP, async () => oauth.processRefreshTokenResponse(as, web.client,
  await oauth.refreshTokenGrantRequest(as, web.client, web.auth, bound.tokens.refresh_token, { DPoP, ...http })));
must(again.token_type === 'dpop', again.token_type);
said.bound = 'done';

const refreshed = await oauth.processRefreshTokenResponse(as, web.client,
  await oauth.refreshTokenGrantRequest(as, web.client, web.auth, plain.tokens.refresh_token, http));
must(refreshed.refresh_token !== plain.tokens.refresh_token, 'a new refresh token');
const twice = await oauth.refreshTokenGrantRequest(as, web.client, web.auth, plain.tokens.refresh_token, http);
let refused;
await oauth.processRefreshTokenResponse(as, web.client, twice).catch((error) => { refused = error; });
must(refused?.error === 'invalid_grant', 'a second use is refused');
const gone = await oauth.refreshTokenGrantRequest(as, web.client, web.auth, refreshed.refresh_token, http);
must(gone.status === 400, 'and ends the family');
said.refresh = 'done';

const look = async (token) => oauth.processIntrospectionResponse(as, signing.client,
  await oauth.introspectionRequest(as, signing.client, signing.auth, token, http));
const seen = await look(pushed.tokens.access_token);
must(seen.active && seen.client_id === ids.signing && seen.sub === pushed.claims.sub, JSON.stringify(seen));
must(!(await look(signedAnswer.tokens.access_token)).active, 'nothing about the tokens of others');
said.introspection = 'done';

await oauth.processRevocationResponse(
  await oauth.revocationRequest(as, signing.client, signing.auth, pushed.tokens.refresh_token, http));
must(!(await look(pushed.tokens.access_token)).active, 'revoked with its family');
said.revocation = 'done';

const own = await oauth.processClientCredentialsResponse(as, signing.client,
  await oauth.clientCredentialsGrantRequest(as, signing.client, signing.auth, { scope: 'offerings:read:*' }, http));
must(own.scope === 'offerings:read:*' && own.refresh_token === undefined, JSON.stringify(own));
said.credentials = 'done';

const device = await oauth.processDeviceAuthorizationResponse(as, web.client,
  await oauth.deviceAuthorizationRequest(as, web.client, web.auth, { scope: SCOPE }, http));
const poll = async () => oauth.processDeviceCodeResponse(as, web.client,
  await oauth.deviceCodeGrantRequest(as, web.client, web.auth, device.device_code, http));
let waits;
await poll().catch((error) => { waits = error; });
must(waits?.error === 'authorization_pending', 'a device waits');
await decideForDevice(device.user_code);
const wall = await poll();
must(oauth.getValidatedIdTokenClaims(wall).sub === plain.claims.sub, 'the same person on the device');
must(as.grant_types_supported.includes(DEVICE), 'the metadata name it');
said.device = 'done';

process.stdout.write(JSON.stringify(said));
