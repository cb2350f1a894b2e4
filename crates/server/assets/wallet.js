// Wallets: found by EIP-6963, asked by EIP-1193. The server prepares every transaction and follows it; here the wallet is only
// asked. Only text and attributes are set, so that no text of a wallet becomes code.
const place = document.querySelector('[data-wallet]');
const card = document.querySelector('[data-follow]');
const REMEMBERED = 'softcap-wallet';
// Some wallets never answer.
const PATIENCE = 20000;
const LOOK_EVERY = 1500;

function remembered() {
  try { return localStorage.getItem(REMEMBERED); } catch { return null; }
}

function remember(rdns) {
  try { localStorage.setItem(REMEMBERED, rdns); } catch { /* Private windows keep nothing. */ }
}

async function post(path, fields = {}) {
  const body = new URLSearchParams(fields);
  const answer = await fetch(path, { method: 'POST', body, redirect: 'manual' });
  if (answer.type !== 'opaqueredirect' && !answer.ok) throw new Error(String(answer.status));
}

// While something is on its way the page asks how far it is, and is loaded again when that changes.
function follow(then) {
  let isAsking = false;
  setInterval(async () => {
    if (isAsking || document.hidden) return;
    isAsking = true;
    try {
      const answer = await fetch(card.dataset.follow);
      if (!answer.ok) return;
      const { state } = await answer.json();
      if (state !== card.dataset.word) location.replace(then());
    } catch { /* No connection: asked again. */ } finally { isAsking = false; }
  }, LOOK_EVERY);
}

const words = place?.dataset ?? {};
const said = place?.querySelector('[data-said]');
let next = location.pathname;
function tell(text, isWrong = false) {
  said.textContent = text;
  said.className = isWrong ? 'error' : 'quiet';
}

function wordsOf(error) {
  if (error?.code === 'site') return error.message;
  if (error?.code === 4001) return words.wDeclined;
  if (error?.code === -32002) return words.wBusy;
  return `${words.wFailed} ${error?.message ?? error}`;
}

// To sign a message any chain will do.
function isChain(id) {
  return words.chain === undefined || (id !== null && BigInt(id) === BigInt(words.chain));
}

async function chainOf(provider) {
  return provider.request({ method: 'eth_chainId' });
}

// The right chain, or an error: it is asked for right before every request, because people change it meanwhile.
async function onChain(provider) {
  if (isChain(await chainOf(provider))) return;
  const chainId = words.chain;
  try {
    await provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId }] });
  } catch (error) {
    const unknown = error?.code === 4902 || error?.data?.originalError?.code === 4902;
    if (!unknown || !words.endpoint) throw error;
    const nativeCurrency = { name: words.coin, symbol: words.coin, decimals: 18 };
    const chain = { chainId, chainName: words.chainName, rpcUrls: [words.endpoint], nativeCurrency };
    await provider.request({ method: 'wallet_addEthereumChain', params: [chain] });
  }
  if (!isChain(await chainOf(provider))) throw new Error(words.wChain);
}

async function connect(provider) {
  const accounts = await provider.request({ method: 'eth_requestAccounts' });
  await onChain(provider);
  document.getElementById('wallet').value = accounts[0] ?? '';
  tell(words.wConnected);
  document.getElementById('amount').focus();
}

async function ask(provider) {
  const accounts = await provider.request({ method: 'eth_requestAccounts' });
  const from = accounts.find((account) => account.toLowerCase() === words.from.toLowerCase());
  if (!from) throw new Error(`${words.wAccount} ${words.from}`);
  await onChain(provider);
  const transaction = { from, to: words.to, value: words.value, data: words.data };
  const isApproval = words.what === 'approve';
  if (!isApproval) await post(`${words.act}/asked`);
  let hash;
  try {
    hash = await provider.request({ method: 'eth_sendTransaction', params: [transaction] });
  } catch (error) {
    if (error?.code === 4001 && !isApproval) {
      await post(`${words.act}/declined`);
      location.replace(location.pathname);
    }
    throw error;
  }
  if (isApproval) {
    // The second step follows as soon as the first one is in a block.
    next = `${location.pathname}?ask=1`;
    tell(words.wApproved);
    return;
  }
  // The site's own nodes may hear of it later, or never: what the wallet says of it is what is followed then.
  let nonce = '';
  try {
    const known = await provider.request({ method: 'eth_getTransactionByHash', params: [hash] });
    nonce = known?.nonce ?? '';
  } catch { /* The hash is enough. */ }
  await post(`${words.act}/sent`, { hash, nonce });
  location.replace(location.pathname);
}

// To log in: a message of the site in words, which the wallet signs (EIP-4361).
async function sign(provider) {
  const [address] = await provider.request({ method: 'eth_requestAccounts' });
  const chain_id = Number(BigInt(await chainOf(provider)));
  const { message } = await call(words.messages, { address, chain_id, purpose: words.purpose });
  const bytes = [...new TextEncoder().encode(message)];
  const text = `0x${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  const signature = await provider.request({ method: 'personal_sign', params: [text, address] });
  const code = words.purpose === 'sign_up' ? { code: document.getElementById('code').value.trim() } : {};
  await call(words.act, { message, signature, ...code });
  location.assign(words.next);
}

async function call(path, body) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw Object.assign(new Error(problem.title ?? String(answer.status)), { code: 'site' });
}

const doing = { ask, choose: connect, sign };

// One request at a time; a wallet that says nothing is said to say nothing, and may still answer.
async function withWallet(button, provider, rdns) {
  const buttons = place.querySelectorAll('button');
  for (const other of buttons) other.disabled = true;
  tell(words.wOpen);
  const slow = setTimeout(() => {
    tell(words.wSlow, true);
    for (const other of buttons) other.disabled = false;
  }, PATIENCE);
  try {
    await doing[place.dataset.wallet](provider);
    remember(rdns);
  } catch (error) {
    tell(wordsOf(error), true);
  } finally {
    clearTimeout(slow);
    for (const other of buttons) other.disabled = false;
    label(button, provider);
  }
}

// On another chain the button says what it does first.
async function label(button, provider) {
  const own = button.dataset.label;
  let text = own;
  try {
    if (!isChain(await chainOf(provider))) text = `${words.wSwitch} ${words.chainName}: ${own}`;
  } catch { /* It does not say: the button asks. */ }
  button.querySelector('span').textContent = text;
}

const found = new Map();
function show({ info, provider }) {
  if (found.has(info.uuid)) return;
  const list = place.querySelector('[data-wallets]');
  const [item, button, name] = ['li', 'button', 'span'].map((kind) => document.createElement(kind));
  button.type = 'button';
  const action = list.dataset.button;
  button.dataset.label = action ? `${action}: ${info.name}` : info.name;
  name.textContent = button.dataset.label;
  // A picture of a stranger: only as a picture, and only if it loads nothing.
  if (String(info.icon).startsWith('data:image/')) {
    const icon = document.createElement('img');
    Object.assign(icon, { src: info.icon, alt: '', width: 24, height: 24 });
    button.append(icon);
  }
  button.append(name);
  const isKnown = remembered() === info.rdns;
  if (!isKnown) button.className = 'second';
  button.addEventListener('click', () => withWallet(button, provider, info.rdns));
  item.append(button);
  if (isKnown) list.prepend(item);
  else list.append(item);
  found.set(info.uuid, button);
  label(button, provider);
  provider.on?.('chainChanged', () => label(button, provider));
  place.querySelector('[data-none]').hidden = true;
  // This was the click, and the wallet the one of last time.
  if (place.dataset.now && isKnown) {
    delete place.dataset.now;
    history.replaceState(null, '', location.pathname);
    button.click();
  }
}

if (place) {
  place.hidden = false;
  addEventListener('eip6963:announceProvider', (event) => show(event.detail));
  dispatchEvent(new Event('eip6963:requestProvider'));
  // Wallets of before EIP-6963, and nothing at all.
  setTimeout(() => {
    if (found.size > 0) return;
    if (globalThis.ethereum?.request) {
      const info = { uuid: 'window', rdns: 'window', name: words.wBrowser, icon: '' };
      show({ info, provider: globalThis.ethereum });
    } else if (words.purpose && words.purpose !== 'add') {
      // One of several ways in: who has no wallet need not read of it.
      place.hidden = true;
    } else {
      place.querySelector('[data-none]').hidden = false;
    }
  }, 500);
}
if (card) follow(() => next);
