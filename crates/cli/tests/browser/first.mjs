// From the first page of a demo that is up to a first contribution: what is clicked, typed and read on the way by somebody who
// follows the pages, from the top of each to what leads on.
import { desk, finish, look, open, question, said } from './harness.mjs';

const { origin } = question;
const EMAIL = 'eve@example.org';
const PASSWORD = 'seven grey herons';
Object.assign(said, { clicks: 0, words: 0, signs: 0, steps: [] });

// The words that stand before what is looked for, in the order of reading; the top of the site, and what was read of a page
// before, is read once.
const known = {};
async function read(page, target) {
  const all = await target.evaluate((end, skipsTop) => {
    const first = skipsTop && !end.closest('header') ? document.querySelector('main') : document.body;
    const range = document.createRange();
    range.setStart(first, 0);
    range.setEndAfter(end);
    const walker = document.createTreeWalker(first, NodeFilter.SHOW_TEXT);
    let count = 0;
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      if (!range.intersectsNode(text)) continue;
      const holder = text.parentElement;
      const isSeen = holder.checkVisibility() && !holder.closest('.visually-hidden, .skip, svg');
      if (isSeen) count += text.textContent.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
    }
    return count;
  }, said.steps.length > 0);
  const { pathname } = new URL(page.url());
  const words = Math.max(all - (known[pathname] ?? 0), 0);
  known[pathname] = Math.max(all, known[pathname] ?? 0);
  said.words += words;
  return words;
}

async function click(page, role, name) {
  const target = page.getByRole(role, { name }).first();
  const words = await read(page, target);
  said.clicks += 1;
  said.steps.push(`${new URL(page.url()).pathname}: ${words} words to "${(await target.innerText()).trim()}"`);
  await target.click();
}

// A click into the field, and what is typed.
async function type(page, label, text) {
  said.clicks += 1;
  said.signs += text.length;
  await page.getByLabel(label, { exact: true }).fill(text);
}

// A code is copied and pasted: two clicks and two pairs of keys.
async function paste(page, label, text) {
  said.clicks += 2;
  said.signs += 4;
  await page.getByLabel(label, { exact: true }).fill(text);
}

const page = await open(desk);
await page.goto(origin);
await look(page, 'first-home');
await click(page, 'link', 'Your turn');
await click(page, 'link', 'Contribute');
await click(page, 'link', 'Sign up');
await type(page, 'Mail address', EMAIL);
await click(page, 'button', 'Send the code');
const opened = page.context().waitForEvent('page');
await click(page, 'link', /your code/);
const mail = await opened;
await mail.waitForLoadState();
let code;
for (let looks = 0; !code && looks < 200; looks += 1) {
  code = /^ {4,}(\S{43})\s*$/m.exec(await mail.locator('pre').first().innerText().catch(() => ''))?.[1];
  if (!code) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await mail.reload();
  }
}
const inMail = (await mail.locator('main').innerText()).split(code)[0].split(/\s+/).length;
said.words += inMail;
said.steps.push(`/development/mail: ${inMail} words to the code`);
await mail.close();
await paste(page, 'Code of the mail', code);
await type(page, 'New password', PASSWORD);
await look(page, 'first-code');
await click(page, 'button', 'Set the password');
// Who wanted to contribute before there was an account is logged in, and goes on there.
await page.waitForURL(/contribute/);
await type(page, 'How much', '100');
await look(page, 'first-contribute');
await click(page, 'button', 'Continue');
await click(page, 'button', /^Contribute/);
said.state = await page.locator('[data-state]').getAttribute('data-state');
await look(page, 'first-contribution');
await finish();
