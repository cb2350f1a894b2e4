// Contributes with a key that has no secret: each request is signed (RFC 9421) with the private half of an Ed25519 pair,
// and the server knows the public half only. SOFTCAP_KEYID is the key's public part, SOFTCAP_PRIVATE_KEY a file with the
// private half as PEM. Sign anew for each attempt: a signature is taken once.
import { createHash, createPrivateKey, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [offering, investor, currency, amount, name] = process.argv.slice(2);
const url = `${process.env.SOFTCAP_URL}/v1/offerings/${offering}/contributions`;
const body = JSON.stringify({ investor, currency, amount });
const headers = {
  'content-type': 'application/json',
  'content-digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:`,
  'idempotency-key': name,
};

const covered = ['@method', '@target-uri', 'content-digest', 'idempotency-key'];
const values = { '@method': 'POST', '@target-uri': url, ...headers };
const names = covered.map((part) => `"${part}"`).join(' ');
const created = Math.floor(Date.now() / 1000);
const params = `(${names});created=${created};nonce="${randomUUID()}";keyid="${process.env.SOFTCAP_KEYID}"`;
const lines = covered.map((part) => `"${part}": ${values[part]}`);
const base = [...lines, `"@signature-params": ${params}`].join('\n');
const key = createPrivateKey(readFileSync(process.env.SOFTCAP_PRIVATE_KEY));
headers['signature-input'] = `sig=${params}`;
headers.signature = `sig=:${sign(null, Buffer.from(base), key).toString('base64')}:`;

const answer = await fetch(url, { method: 'POST', headers, body });
const entry = await answer.json();
if (!answer.ok) throw new Error(`${entry.code} ${entry.title} ${entry.remedy}`);
console.error(`number ${entry.sequence}: ${entry.outcome.kind}`);
process.stdout.write(entry.receipt);
