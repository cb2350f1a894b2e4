// Checks a receipt without asking the server: receipt.ts FILE KEY. The key is the one that the site shows and the issuer
// publishes elsewhere: NAME+ID+BASE64.
import assert from 'node:assert';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [file, key] = process.argv.slice(2);
const [name, id, ...rest] = key.split('+');
const [head, body, signatures] = readFileSync(file, 'utf8').split('\n\n');
const [, extra, position, ...proof] = head.split('\n');
const [, size, root] = body.split('\n');
const index = BigInt(position.slice('index '.length));

// The signature of the log over the checkpoint: four bytes of the key's id, then Ed25519.
const line = signatures.split('\n').find((text) => text.startsWith(`— ${name} `)) ?? '';
const signed = Buffer.from(line.slice(line.lastIndexOf(' ')), 'base64');
assert.equal(signed.subarray(0, 4).toString('hex'), id, 'signed with another key');
const point = Buffer.from(rest.join('+'), 'base64').subarray(1);
const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), point]);
const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
assert(verify(null, Buffer.from(`${body}\n`), publicKey, signed.subarray(4)), 'the signature is wrong');

// From the leaf to the root (RFC 9162, section 2.1.3.2): a leaf is hashed behind a byte 0, a pair behind a byte 1.
let node = createHash('sha256').update('\0').update(Buffer.from(extra.slice('extra '.length), 'base64')).digest();
let first = index;
let last = BigInt(size) - 1n;
for (const text of proof) {
  const sibling = Buffer.from(text, 'base64');
  const isRight = (first & 1n) === 1n || first === last;
  const pair = isRight ? [sibling, node] : [node, sibling];
  node = createHash('sha256').update('\x01').update(Buffer.concat(pair)).digest();
  while (isRight && first !== 0n && (first & 1n) === 0n) {
    first >>= 1n;
    last >>= 1n;
  }
  first >>= 1n;
  last >>= 1n;
}
assert(last === 0n && node.toString('base64') === root, 'the entry is not in the log');
console.log(`entry ${index} stands in the log of ${size} entries`);
