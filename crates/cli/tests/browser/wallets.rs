//! Wallets on the pages: a person contributes from one, and every way it can go ends in a true state.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
};

use alloy_consensus::{SignableTransaction as _, TxEip1559, TxEnvelope};
use alloy_eips::eip2718::Encodable2718 as _;
use alloy_network::TxSignerSync as _;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_signer::SignerSync as _;
use serde_json::{Value, json};
use softcap_chain::development_accounts;
use softcap_evm::{
    Draft, EscrowKind, Exit, FactoryKind, PaidIn, Parties, RootAct, announcement, factory_draft,
    root_announcement,
};
use softcap_offering::terms::Terms;
use tempfile::TempDir;

use super::{Site, nothing_is_wrong, run};

const TERMS: &str = r#"
rules = 1
name = "TITLE"
origin = "softcap.example/NAME"
numeraire = "ETH"
soft_cap = "SOFT ETH"
hard_cap = "100 ETH"
refund_deadline = "DEADLINE"
unsold = "burned"
WITHDRAWAL
[clock]
kind = "time"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 18
[token.supply]
kind = "fixed"
total = "200_000 HBR"
for_sale = "200_000 HBR"
[currency.ETH]
decimals = 18
rail = "evm"
rounding = { mode = "down", per = "investor" }
[[round]]
name = "public"
from = "OPENS"
until = "CLOSES"
end = "exclusive"
price = "0.0007 ETH per HBR"
contribution = { min = "0.1 ETH" }
investor = { max = "40 ETH" }
over_cap = "partial"
over_limit = "partial"
"#;
/// People bid, and the outcome is a root: what changes in the terms above.
pub(super) const BY_BIDS: [(&str, &str); 6] = [
    (
        "rounding = { mode = \"down\", per = \"investor\" }\n",
        "[root]\nceiling = \"0.01 ETH per HBR\"\nshare = \"20 %\"\nchallenge = \"7 days\"\nclaims = \"90 days\"\n",
    ),
    (
        "price = \"0.0007 ETH per HBR\"\n",
        "supply = \"200_000 HBR\"\npricing = { kind = \"bids\" }\n",
    ),
    ("hard_cap = \"100 ETH\"\n", "investor_max = \"1_000 ETH\"\n"),
    ("contribution = { min = \"0.1 ETH\" }\n", ""),
    (
        "investor = { max = \"40 ETH\" }\nover_cap = \"partial\"\n",
        "",
    ),
    ("over_limit = \"partial\"\n", "over_limit = \"refuse\"\n"),
];
/// One of the funded accounts is the issuer's, another one the person's.
const ISSUER: usize = 0;
/// Blocks on top of one before an entry is made of it.
const CONFIRMATIONS: &str = "2";

/// A chain that makes a block when it is told to.
pub(super) struct Chain {
    _folder: TempDir,
    child: Child,
    pub(super) address: String,
}

impl Chain {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_softcap"))
            .args(["chain", "--data", "data", "--listen", "127.0.0.1:0"])
            .args(["--json", "--time-control", "--block-time", "86400"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.as_mut().unwrap());
        let mut said = serde_json::Deserializer::from_reader(out).into_iter::<Value>();
        let said = said.next().expect("no chain").unwrap();
        let url = said["url"].as_str().unwrap();
        Self {
            address: url.strip_prefix("http://").unwrap().to_owned(),
            _folder: folder,
            child,
        }
    }

    fn call(&self, method: &str, params: &Value) -> Value {
        let answer = post(
            &self.address,
            &json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }),
        );
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Sends for the issuer, in a block of its own.
    fn send(&self, to: TxKind, data: Bytes) -> Value {
        let asked = json!({ "data": data.to_string(), "to": to.to().map(Address::to_string) });
        let (raw, _) = signed(&self.address, ISSUER, &asked);
        let hash = self.call("eth_sendRawTransaction", &json!([raw]));
        self.call("evm_mine", &json!([]));
        let receipt = self.call("eth_getTransactionReceipt", &json!([hash]));
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        receipt
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One JSON over a plain socket.
fn post(address: &str, body: &Value) -> Value {
    let body = body.to_string();
    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn number(value: &Value) -> Option<u128> {
    u128::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}

/// A transaction as a wallet signs it; nonce and fee may be given, as when one is sped up.
fn signed(chain: &str, account: usize, asked: &Value) -> (String, String) {
    let signer = development_accounts(10).unwrap()[account].signer().clone();
    let next = post(
        chain,
        &json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionCount",
                 "params": [signer.address().to_string(), "pending"] }),
    );
    let nonce = number(&asked["nonce"]).or_else(|| number(&next["result"]));
    let to = asked["to"].as_str().map(|to| to.parse().unwrap());
    let data = asked["data"].as_str().unwrap_or("0x");
    let mut transaction = TxEip1559 {
        chain_id: 31_337,
        nonce: u64::try_from(nonce.unwrap()).unwrap(),
        gas_limit: number(&asked["gas"]).map_or(15_000_000, |gas| u64::try_from(gas).unwrap()),
        max_fee_per_gas: number(&asked["maxFeePerGas"]).unwrap_or(3_000_000_000),
        max_priority_fee_per_gas: number(&asked["maxPriorityFeePerGas"]).unwrap_or(1_000_000_000),
        to: to.map_or(TxKind::Create, TxKind::Call),
        value: U256::from(number(&asked["value"]).unwrap_or(0)),
        input: data.parse().unwrap(),
        ..TxEip1559::default()
    };
    let signature = signer.sign_transaction_sync(&mut transaction).unwrap();
    let envelope = TxEnvelope::from(transaction.into_signed(signature));
    let raw = Bytes::from(envelope.encoded_2718()).to_string();
    (raw, envelope.tx_hash().to_string())
}

/// A message as a wallet signs it (`personal_sign`).
fn signed_message(account: usize, message: &str) -> String {
    let signer = development_accounts(10).unwrap()[account].signer().clone();
    let bytes: Bytes = message.parse().unwrap();
    signer.sign_message_sync(&bytes).unwrap().to_string()
}

/// A wallet's keys on a port: signs what the question says for the account that it names.
fn signer(chain: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut reader = BufReader::new(socket.unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim().to_ascii_lowercase();
                if let Some(bytes) = line.strip_prefix("content-length:") {
                    length = bytes.trim().parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let asked: Value = serde_json::from_slice(&body).unwrap();
            let account = usize::try_from(asked["account"].as_u64().unwrap()).unwrap();
            let answered = if let Some(message) = asked["message"].as_str() {
                json!({ "signature": signed_message(account, message) })
            } else {
                let (raw, hash) = signed(&chain, account, &asked["transaction"]);
                json!({ "raw": raw, "hash": hash })
            };
            let raw = answered.to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\
                 content-length: {}\r\n\r\n{raw}",
                raw.len()
            );
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

fn address(value: &Value) -> Address {
    let text = value.as_str().unwrap();
    text[text.len() - 40..].parse().unwrap()
}

/// Announces an offering on the chain: its terms, its contract, and the block of that.
pub(super) fn announced(
    chain: &Chain,
    (kind, paid_in): (EscrowKind, PaidIn),
    words: &[(&str, &str)],
) -> Value {
    let block = chain.call("eth_getBlockByNumber", &json!(["latest", false]));
    let now = i64::try_from(number(&block["timestamp"]).unwrap()).unwrap();
    let instant = |seconds: i64| {
        let time = jiff::Timestamp::from_second(now + seconds).unwrap();
        time.to_string()
    };
    let day = 86_400;
    let mut text = TERMS.to_owned();
    for (name, value) in words {
        text = text.replace(name, value);
    }
    let text = text
        .replace("OPENS", &instant(-60))
        .replace("CLOSES_LATER", &instant(20 * day))
        .replace("CLOSES", &instant(day))
        .replace("DEADLINE", &instant(60 * day));
    let terms = Terms::parse(&text).unwrap();
    let issuer = development_accounts(10).unwrap()[ISSUER].address();
    let parties = Parties {
        issuer,
        beneficiary: issuer,
        verifier: None,
        paid_in,
        treasury: None,
        holders: BTreeMap::default(),
    };
    let deploy = |draft: Draft| {
        let made = chain.send(TxKind::Create, draft.data);
        address(&made["contractAddress"])
    };
    let (factory, told) = match terms.root {
        Some(root) => {
            let told = root_announcement(&terms, root, &parties).unwrap();
            (deploy(factory_draft(issuer, kind)), told.calldata())
        }
        None => {
            let told = announcement(&terms, &parties).unwrap();
            let needed = FactoryKind::needed(&told);
            let mut made = Vec::new();
            for _ in 0..needed.creations() {
                made.push(deploy(needed.creation(issuer, &made)));
            }
            (made.pop().unwrap(), told.calldata())
        }
    };
    let factory = TxKind::Call(factory);
    let made = chain.send(factory, told);
    let logs = made["logs"].as_array().unwrap().iter();
    let mut logs = logs.filter(|log| log["topics"].as_array().unwrap().len() == 4);
    let log = logs.next().unwrap();
    json!({
        "terms": text,
        "contract": address(&log["topics"][2]).to_string(),
        "token": address(&log["data"]).to_string(),
        "block": number(&made["blockNumber"]),
    })
}

/// What a transaction says to whichever contract.
pub(super) fn calldata(draft: Draft) -> String {
    draft.data.to_string()
}

/// A server that follows a chain, and what a script with a wallet must know.
pub(super) fn site_beside(chain: &Chain, offerings: &Value) -> (Site, Value) {
    let site = Site::start_with(&[
        (
            "SOFTCAP_EVM_ENDPOINTS",
            &format!("http://{}", chain.address),
        ),
        ("SOFTCAP_EVM_CONFIRMATIONS", CONFIRMATIONS),
        ("SOFTCAP_EVM_POLL_MILLIS", "20"),
        ("SOFTCAP_EVM_CHAIN_NAME", "Harbour chain"),
        (
            "SOFTCAP_EVM_WALLET_ENDPOINT",
            &format!("http://{}", chain.address),
        ),
    ]);
    let accounts: Vec<String> = development_accounts(10)
        .unwrap()
        .iter()
        .map(|account| account.address().to_string())
        .collect();
    let more = json!({
        "key": site.key(),
        "chain": format!("http://{}", chain.address),
        "signer": format!("http://{}", signer(chain.address.clone())),
        "accounts": accounts,
        "offerings": offerings,
        // The root takes the place of the zeros.
        "post": calldata(RootAct::Post(B256::ZERO).draft(Address::ZERO, Address::ZERO)),
        "pictures": std::env::var("SOFTCAP_PICTURES").ok(),
    });
    (site, more)
}

#[test]
fn a_wallet_pays_and_every_way_it_goes_is_told_truly() {
    let chain = Chain::start();
    let plain = [("WITHDRAWAL", "")];
    let sale = |name, title, soft| [("NAME", name), ("TITLE", title), ("SOFT", soft), plain[0]];
    let right = "[withdrawal]\nspan = \"14 days\"\nwho = \"everyone\"";
    let mut with_right = sale("pier", "Pier", "1");
    with_right[3].1 = right;
    let coin = (EscrowKind::Plain, PaidIn::Coin);
    let harbour = announced(&chain, coin, &sale("harbour", "Harbour", "1"));
    // Paid in the tokens of another sale.
    let tokens = PaidIn::Token(address(&harbour["token"]));
    let mut quay = vec![("\"CLOSES\"", "\"CLOSES_LATER\""), ("ETH", "OLD")];
    quay.extend(sale("quay", "Quay", "1"));
    let mut dock = BY_BIDS.to_vec();
    dock.push(("unsold = \"burned\"\n", ""));
    dock.extend(sale("dock", "Dock", "1"));
    let offerings = json!({
        "mole": announced(&chain, coin, &sale("mole", "Mole", "50")),
        "pier": announced(&chain, (EscrowKind::Withdrawable, PaidIn::Coin), &with_right),
        "quay": announced(&chain, (EscrowKind::Plain, tokens), &quay),
        "dock": announced(&chain, (EscrowKind::Root, PaidIn::Coin), &dock),
        "harbour": harbour,
    });
    let (site, mut more) = site_beside(&chain, &offerings);
    more["settle"] = json!(calldata(Exit::Settle.draft(Address::ZERO, Address::ZERO)));
    let said = run("wallets.mjs", &site, &more);
    nothing_is_wrong(&said);
    assert!(said["scriptBytes"].as_u64().unwrap() < 30_000, "{said}");
    let states = [
        ("backByWallet", json!("Your contributions")),
        ("newByWallet", json!("Your contributions")),
        ("typedNonsense", json!("422")),
        ("offeredWallets", json!(["Harbour wallet", "Second wallet"])),
        (
            "wrongChainButton",
            json!("Switch to Harbour chain: Harbour wallet"),
        ),
        ("declined", json!("declined_signature")),
        ("reopened", json!("waiting_signature")),
        ("sent", json!("sent")),
        ("confirming", json!("confirming")),
        ("counted", json!("counted")),
        ("sentTwice", json!(true)),
        ("replaced", json!("replaced")),
        ("replacedCounted", json!("counted")),
        ("dropped", json!("dropped")),
        ("failed", json!("failed")),
        ("reorged", json!("reorged")),
        ("backInChain", json!("counted")),
        ("claimable", json!("claimable")),
        ("claimSent", json!("claim_sent")),
        ("claimed", json!("claimed")),
        ("refundable", json!("refundable")),
        ("refunded", json!("refunded")),
        ("withdrawn", json!("withdrawn")),
        ("lostPage", json!("counted")),
        ("twoSteps", json!(true)),
        ("needsApproval", json!("needs_approval")),
        ("approvedAndCounted", json!("counted")),
        ("byHand", json!("sent")),
        ("noLimit", json!("422")),
        ("bid", json!("waiting")),
        ("beforeRoot", json!("allocated")),
        ("provable", json!("claimable")),
        ("proved", json!("claimed")),
        ("stranger", json!(404)),
    ];
    for (step, expected) in states {
        assert_eq!(said[step], expected, "{step}: {said}");
    }
    assert!(said["claimFee"].to_string().contains("ETH"), "{said}");
}
