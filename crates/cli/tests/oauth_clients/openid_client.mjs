// Every flow with openid-client. Nothing of its strictness is switched off but that http is allowed, on loopback.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { REDIRECT, SCOPE, clients, decide, decideForDevice, origin, packages, signUp } from './person.mjs';

const place = createRequire(join(packages, 'package.json')).resolve('openid-client');
const openid = await import(pathToFileURL(place));
const said = {};

await signUp();
const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
const ids = await clients({ kty, crv, x, y, kid: 'one', alg: 'ES256', use: 'sig' });
const options = { execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks] };
const discover = (id, auth) => openid.discovery(new URL(origin), id, undefined, auth, options);
const web = await discover(ids.web, openid.None());
const signing = await discover(ids.signing, openid.PrivateKeyJwt({ key: pair.privateKey, kid: 'one' }));

function must(holds, what) {
  if (!holds) throw new Error(what);
}

async function login(config, { pushed = false, DPoP } = {}) {
  const verifier = openid.randomPKCECodeVerifier();
  const [state, nonce] = [openid.randomState(), openid.randomNonce()];
  const params = {
    redirect_uri: REDIRECT,
    scope: SCOPE,
    state,
    nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  };
  const url = pushed
    ? await openid.buildAuthorizationUrlWithPAR(config, params, { DPoP })
    : openid.buildAuthorizationUrl(config, params);
  const back = await decide(url);
  return openid.authorizationCodeGrant(
    config, back, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
    undefined, { DPoP });
}

const plain = await login(web);
const person = plain.claims().sub;
said.code = 'done';
const info = await openid.fetchUserInfo(web, plain.access_token, person);
must(info.email === 'ada@example.org', JSON.stringify(info));
said.userinfo = 'done';
const pushed = await login(signing, { pushed: true });
must(pushed.claims().sub === person, 'the same person');
said.pushed = 'done';
const DPoP = openid.getDPoPHandle(web, await openid.randomDPoPKeyPair());
const bound = await login(web, { pushed: true, DPoP });
must(bound.token_type === 'dpop', bound.token_type);
const used = await openid.fetchUserInfo(web, bound.access_token, person, { DPoP });
must(used.sub === person, 'a bound token is taken with its proof');
const again = await openid.refreshTokenGrant(web, bound.refresh_token, undefined, { DPoP });
must(again.token_type === 'dpop', again.token_type);
said.bound = 'done';
const refreshed = await openid.refreshTokenGrant(web, plain.refresh_token);
let refused;
await openid.refreshTokenGrant(web, plain.refresh_token).catch((error) => { refused = error; });
must(refused?.error === 'invalid_grant', 'a second use is refused');
await openid.fetchUserInfo(web, refreshed.access_token, person).then(
  () => { throw new Error('the family goes on'); }, () => {});
said.refresh = 'done';
must((await openid.tokenIntrospection(signing, pushed.access_token)).active, 'its own token');
said.introspection = 'done';
await openid.tokenRevocation(signing, pushed.refresh_token);
must(!(await openid.tokenIntrospection(signing, pushed.access_token)).active, 'revoked with its family');
said.revocation = 'done';
const own = await openid.clientCredentialsGrant(signing, { scope: 'offerings:read:*' });
must(own.scope === 'offerings:read:*', own.scope);
said.credentials = 'done';
const device = await openid.initiateDeviceAuthorization(web, { scope: SCOPE });
await decideForDevice(device.user_code);
const wall = await openid.pollDeviceAuthorizationGrant(web, device);
must(wall.claims().sub === person, 'the same person on the device');
said.device = 'done';

process.stdout.write(JSON.stringify(said));
