// Contributes for an investor with a key that has the scope contributions:write, and prints the receipt.
// The Idempotency-Key is a name of your own for this contribution: when no answer came, repeat the same request
// with the same name, and it counts once.
const [offering, investor, currency, amount, name] = process.argv.slice(2);
const answer = await fetch(`${process.env.SOFTCAP_URL}/v1/offerings/${offering}/contributions`, {
  method: 'POST',
  headers: {
    authorization: `Bearer ${process.env.SOFTCAP_KEY}`,
    'idempotency-key': name,
    'content-type': 'application/json',
  },
  body: JSON.stringify({ investor, currency, amount }),
});
const entry = await answer.json();
if (!answer.ok) throw new Error(`${entry.code} ${entry.title} ${entry.remedy}`);
console.error(`number ${entry.sequence}: ${entry.outcome.kind}`);
process.stdout.write(entry.receipt);
