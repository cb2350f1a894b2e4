// What a wallet and an auditor do, with viem, @openzeppelin/merkle-tree and node's own Ed25519: nothing of it is ours.
// Reads one question as JSON, writes one answer.
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const question = JSON.parse(readFileSync(0, "utf8"));
// The packages are beside the build and not beside this file.
const required = createRequire(`${question.packages}/package.json`);
const load = (name) => import(pathToFileURL(required.resolve(name)));
const { createPublicClient, createWalletClient, hashTypedData, http, keccak256, parseAbi, verifyTypedData } =
  await load("viem");
const { privateKeyToAccount } = await load("viem/accounts");
const { foundry } = await load("viem/chains");
const { StandardMerkleTree } = await load("@openzeppelin/merkle-tree");

const abi = [
  ...question.abi,
  // What a holder sees of the token.
  ...parseAbi(["function balanceOf(address) view returns (uint256)"]),
];
const transport = http(question.rpc);
const chain = { ...foundry, id: question.chainId };
const reader = createPublicClient({ chain, transport });

/** The permit as EIP-712 has it, from the documentation. */
function typedPermit({ escrow, round, termsHash, permit }) {
  return {
    domain: { name: "Softcap", version: "1", chainId: question.chainId, verifyingContract: escrow },
    types: {
      Permit: [
        { name: "investor", type: "address" },
        { name: "max", type: "uint256" },
        { name: "expiry", type: "uint256" },
        { name: "round", type: "uint256" },
        { name: "termsHash", type: "bytes32" },
      ],
    },
    primaryType: "Permit",
    message: {
      investor: permit.investor,
      max: BigInt(permit.max),
      expiry: BigInt(permit.expiry),
      round,
      termsHash,
    },
  };
}

/** A signed note of C2SP: text, an empty line, `— name base64(key hash and signature)`. */
function noteIsSigned(note, verifierKey) {
  const end = note.indexOf("\n\n");
  const text = note.slice(0, end + 1);
  const [, name, encoded] = note.slice(end + 2).trim().split(" ");
  const [keyName, , ...key] = verifierKey.split("+");
  // A byte for the algorithm, then the key.
  const raw = Buffer.from(key.join("+"), "base64").subarray(1);
  const jwk = { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") };
  const signature = Buffer.from(encoded, "base64").subarray(4);
  return name === keyName && verify(null, Buffer.from(text), createPublicKey({ key: jwk, format: "jwk" }), signature);
}

const actions = {
  /** The issuer's list of addresses, its signature, and what stands on the chain there. */
  async manifest({ manifest, verifierKey }) {
    const lines = manifest.note.slice(0, manifest.note.indexOf("\n\n")).split("\n");
    const code = await reader.getCode({ address: manifest.escrow });
    const terms = await reader.readContract({ address: manifest.escrow, abi, functionName: "terms" });
    return {
      signed: noteIsSigned(manifest.note, verifierKey),
      forged: noteIsSigned(manifest.note.replace(manifest.escrow, manifest.token), verifierKey),
      lines,
      codeHash: keccak256(code),
      termsHash: terms.termsHash,
    };
  },

  /** The hash of a permit, as viem and as the contract compute it, and whether the verifier signed it. */
  async permit({ escrow, termsHash, permit, verifier }) {
    const { round } = await reader.readContract({ address: escrow, abi, functionName: "terms" });
    const typed = typedPermit({ escrow, round, termsHash, permit });
    const onChain = await reader.readContract({
      address: escrow,
      abi,
      functionName: "permitHash",
      args: [permit.investor, BigInt(permit.max), BigInt(permit.expiry)],
    });
    return {
      viem: hashTypedData(typed),
      contract: onChain,
      signed: await verifyTypedData({ ...typed, address: verifier, signature: permit.signature }),
    };
  },

  /** A payment that shows a permit, from the wallet's own key. */
  async contribute({ escrow, key, value, permit }) {
    const account = privateKeyToAccount(key);
    const wallet = createWalletClient({ account, chain, transport });
    const admission = { max: BigInt(permit.max), expiry: BigInt(permit.expiry), signature: permit.signature };
    const hash = await wallet.writeContract({
      address: escrow,
      abi,
      functionName: "contributeAdmitted",
      args: [admission],
      value: BigInt(value),
    });
    const receipt = await reader.waitForTransactionReceipt({ hash });
    return { hash, status: receipt.status, block: Number(receipt.blockNumber) };
  },

  /** The wallet takes its tokens. */
  async claim({ escrow, token, key }) {
    const account = privateKeyToAccount(key);
    const wallet = createWalletClient({ account, chain, transport });
    const hash = await wallet.writeContract({ address: escrow, abi, functionName: "claim" });
    const receipt = await reader.waitForTransactionReceipt({ hash });
    const holder = { address: token, abi, functionName: "balanceOf", args: [account.address] };
    return { status: receipt.status, tokens: String(await reader.readContract(holder)) };
  },

  /** Lines of the settlement, each with its proof. */
  async proofs({ proofs }) {
    return proofs.map(({ root, types, values, proof }) => StandardMerkleTree.verify(root, types, values, proof));
  },
};

process.stdout.write(JSON.stringify(await actions[question.action](question)));
