// Tokens of one login, as a public client of its own writing gets them. Output: what it has then.
import { createHash, randomBytes } from 'node:crypto';
import { REDIRECT, clients, decide, origin, signUp } from './person.mjs';
import { generateKeyPairSync } from 'node:crypto';

await signUp();
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { web } = await clients(publicKey.export({ format: 'jwk' }));
const verifier = randomBytes(32).toString('base64url');
const url = new URL(`${origin}/oauth/authorize`);
url.search = new URLSearchParams({
  client_id: web, response_type: 'code', redirect_uri: REDIRECT, scope: 'openid offline_access', state: 's',
  code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
});
const back = await decide(url);
const answer = await fetch(`${origin}/oauth/token`, {
  method: 'POST',
  body: new URLSearchParams({
    grant_type: 'authorization_code', client_id: web, code: back.searchParams.get('code'), redirect_uri: REDIRECT,
    code_verifier: verifier,
  }),
});
const tokens = await answer.json();
process.stdout.write(JSON.stringify({ client: web, refresh: tokens.refresh_token, access: tokens.access_token }));
