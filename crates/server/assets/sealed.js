// A bid is sealed here, so that nobody else learns it: amount, limit and salt never leave the browser before its owner opens it.
const place = document.querySelector('[data-sealed]');
const words = place?.dataset ?? {};
const field = (id) => document.getElementById(id);

// Smallest units of what was typed, or nothing.
function units(text, decimals) {
  const typed = text.trim().replace(words.sign, '.');
  const found = /^(\d+)(?:\.(\d+))?$/.exec(typed);
  if (!found || (words.sign === ',' && text.includes('.'))) return null;
  const part = (found[2] ?? '').replace(/0+$/, '');
  if (part.length > decimals) return null;
  const all = BigInt(found[1] + part.padEnd(decimals, '0'));
  return all > 0n ? all : null;
}

// The other way round, for the field of the lock.
function typed(all, decimals) {
  const digits = String(all).padStart(decimals + 1, '0');
  const part = digits.slice(digits.length - decimals).replace(/0+$/, '');
  const whole = digits.slice(0, digits.length - decimals);
  return decimals > 0 && part ? whole + words.sign + part : whole;
}

const hexOf = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const bytesOf = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
const big = (number, bytes) => bytesOf(number.toString(16).padStart(bytes * 2, '0'));

// As `sealed_bid_commitment` of the engine has it.
async function commitmentOf({ amount, money, tokens, salt }) {
  const text = new TextEncoder();
  const id = text.encode(words.number);
  const parts = [
    text.encode('softcap/sealed-bid/v1\0'), bytesOf(words.terms), big(BigInt(id.length), 2), id,
    big(amount, 16), big(money, 16), big(tokens, 16), salt,
  ];
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => { all.set(part, at); return at + part.length; }, 0);
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', all)));
}

function read(id, decimals) {
  const found = units(field(id).value, decimals);
  const error = field(`${id}-error`);
  error.hidden = found !== null;
  error.textContent = found === null ? words.wrong : '';
  field(id).toggleAttribute('aria-invalid', found === null);
  if (found === null) field(id).focus();
  return found;
}

async function seal() {
  const money = read('bid-limit', Number(words.limitDecimals));
  const amount = read('bid-amount', Number(words.decimals));
  if (amount === null || money === null) return;
  const tokens = 10n ** BigInt(words.tokenDecimals);
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const commitment = await commitmentOf({ amount, money, tokens, salt });
  const kept = {
    offering: words.offering, bidder: words.number, amount: String(amount), money: String(money), tokens: String(tokens),
    salt: hexOf(salt), commitment,
  };
  const secret = JSON.stringify(kept, null, 2);
  field('bid-secret').value = secret;
  const file = place.querySelector('[data-file]');
  if (file.href) URL.revokeObjectURL(file.href);
  file.href = URL.createObjectURL(new Blob([secret], { type: 'application/json' }));
  place.querySelector('[data-kept]').hidden = false;
  field('commitment').value = commitment;
  const step = BigInt(words.step);
  if (!field('locked').value) field('locked').value = typed(((amount + step - 1n) / step) * step, Number(words.decimals));
  file.focus();
}

if (place && globalThis.crypto?.subtle) {
  place.hidden = false;
  place.querySelector('[data-seal]').addEventListener('click', seal);
}
