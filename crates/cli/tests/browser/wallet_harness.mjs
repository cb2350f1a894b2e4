// A wallet of the test: it signs with a funded key of the chain, and can be on the wrong chain, say no, raise the fee, use the
// nonce for something else, or be alone when the page is closed. Offerings whose money is on that chain.
import { asPlatform, question } from './harness.mjs';

const { origin, chain, signer, accounts, offerings } = question;
export const PERSON = 5;
export const CHAIN = '0x7a69';
export const LONG = 60_000;

async function json(url, body) {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  return answer.json();
}

export async function onChain(method, params = []) {
  const { result, error } = await json(chain, { jsonrpc: '2.0', id: 1, method, params });
  if (error) throw Object.assign(new Error(error.message), { code: error.code });
  return result;
}

export const mine = async (blocks = 1) => { for (let made = 0; made < blocks; made += 1) await onChain('evm_mine'); };

// What the wallet does next, and what it did last.
export const wallet = { chain: CHAIN, account: PERSON, mode: 'send', hash: null, transaction: null };

export async function sign(account, transaction) {
  const { raw } = await json(signer, { account, transaction });
  return onChain('eth_sendRawTransaction', [raw]);
}

const refuse = (code, message) => { throw Object.assign(new Error(message), { code }); };

async function answer({ method, params }) {
  switch (method) {
    case 'eth_requestAccounts':
    case 'eth_accounts':
      return [accounts[wallet.account].toLowerCase()];
    case 'eth_chainId':
      return wallet.chain;
    case 'wallet_switchEthereumChain':
      return wallet.known ? (wallet.chain = params[0].chainId, null) : refuse(4902, 'unknown chain');
    case 'wallet_addEthereumChain':
      wallet.added = params[0];
      wallet.chain = params[0].chainId;
      return null;
    case 'eth_sendTransaction': {
      if (wallet.mode === 'decline') return refuse(4001, 'User rejected the request.');
      // The wallet asks for as long as nobody answers.
      if (wallet.mode === 'silent') return new Promise(() => {});
      const [transaction] = params;
      if (wallet.mode === 'dear') transaction.gas = '0x7530';
      wallet.transaction = { ...transaction, nonce: await onChain('eth_getTransactionCount', [transaction.from, 'pending']) };
      // A wallet's own node may keep a transaction that no other one has heard of.
      wallet.hash = wallet.mode === 'held'
        ? (await json(signer, { account: wallet.account, transaction: wallet.transaction })).hash
        : await sign(wallet.account, wallet.transaction);
      // The page is gone before it hears of the hash.
      if (wallet.mode === 'lost') return new Promise(() => {});
      return wallet.hash;
    }
    case 'personal_sign':
      return (await json(signer, { account: wallet.account, message: params[0] })).signature;
    case 'eth_getTransactionByHash':
      if (wallet.mode === 'held') return { hash: wallet.hash, nonce: wallet.transaction.nonce };
      return onChain(method, params);
    default:
      return onChain(method, params);
  }
}

// Two wallets announce themselves, one with a picture that is none.
export async function withWallets(page) {
  await page.exposeFunction('__wallet', async (asked) => {
    try { return { result: await answer(asked) }; } catch (error) { return { error: { code: error.code, message: error.message } }; }
  });
  await page.addInitScript(() => {
    const provider = {
      async request(asked) {
        const { result, error } = await globalThis.__wallet(asked);
        if (error) throw Object.assign(new Error(error.message), error);
        return result;
      },
      on() {},
      removeListener() {},
    };
    const all = [
      { uuid: '1', rdns: 'example.harbour', name: 'Harbour wallet', icon: 'javascript:alert(1)' },
      { uuid: '2', rdns: 'example.second', name: 'Second wallet', icon: 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>' },
    ];
    const announce = () => {
      for (const info of all) dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }));
    };
    addEventListener('eip6963:requestProvider', announce);
    announce();
  });
}

// All of them, followed by the record, whose windows are open then.
export async function announceAll() {
  for (const [name, { terms, contract, block }] of Object.entries(offerings)) {
    const checked = await asPlatform('/v1/offerings/check', { terms }, `check ${name}`);
    await asPlatform('/v1/offerings', { name, terms, terms_hash: checked.terms_hash }, `announce ${name}`);
    await asPlatform(`/v1/offerings/${name}/escrow`, { contract, block }, `escrow ${name}`);
  }
  // The windows are open as soon as the record has followed.
  await mine(3);
}

// The record is as far as the chain, so that a page says what the chain does.
export async function followed() {
  const head = Number(await onChain('eth_blockNumber'));
  for (;;) {
    const all = await Promise.all(Object.keys(offerings).map(async (name) => (await fetch(`${origin}/v1/offerings/${name}/rail`)).json()));
    if (all.every((rail) => rail.followed >= head - 2)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
