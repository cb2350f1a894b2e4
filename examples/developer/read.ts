// Which offerings there are, and how they stand. What is public needs no key.
const answer = await fetch(`${process.env.SOFTCAP_URL}/v1/offerings`);
const { offerings } = await answer.json();
for (const offering of offerings) {
  console.log(offering.name, offering.phase, offering.raised.display);
}
