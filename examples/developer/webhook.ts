// Checks a call of a webhook: its body is on standard input, its headers and your secret are in variables.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

const { WEBHOOK_SECRET, WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE } = process.env;
const body = readFileSync(0);
// On the bytes as they came, before they are read.
const key = Buffer.from(`${WEBHOOK_SECRET}`.slice('whsec_'.length), 'base64');
const mac = createHmac('sha256', key).update(`${WEBHOOK_ID}.${WEBHOOK_TIMESTAMP}.`).update(body).digest('base64');
const expected = Buffer.from(`v1,${mac}`);
const isRecent = Math.abs(Date.now() / 1000 - Number(WEBHOOK_TIMESTAMP)) <= 300;
// There may be several signatures while a secret is replaced.
const isSigned = `${WEBHOOK_SIGNATURE}`.split(' ').some((one) => {
  const found = Buffer.from(one);
  return found.length === expected.length && timingSafeEqual(found, expected);
});
console.log(isRecent && isSigned ? 'genuine' : 'forged');
process.exitCode = isRecent && isSigned ? 0 : 1;
