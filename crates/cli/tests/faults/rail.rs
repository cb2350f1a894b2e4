//! A server that follows an escrow and is killed at any moment: what the contract accepted is in the record, and
//! there once.

use std::{collections::BTreeSet, time::Duration};

use alloy_primitives::{Address, Bytes, TxKind, U256};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use serde_json::{Value, json};
use softcap_chain::development_accounts;
use softcap_evm::{PaidIn, Parties, announcement, bindings::factory::EscrowFactory};
use softcap_offering::{Command, Funding, Outcome, terms::Terms};
use softcap_proof::entry::decode;

use crate::{
    chain::Chain,
    client::{Client, OFFERING},
    count,
    record::Record,
    rpc::{call, next_nonce, quantity, signed_to},
    server::Server,
};

const TERMS: &str = r#"
rules = 1
name = "Harbour"
origin = "softcap.example/harbour"
numeraire = "ETH"
soft_cap = "1 ETH"
hard_cap = "100_000 ETH"
refund_deadline = "2099-06-01T00:00:00Z"
unsold = "burned"
[clock]
kind = "time"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 18
[token.supply]
kind = "fixed"
total = "200_000_000 HBR"
for_sale = "200_000_000 HBR"
[currency.ETH]
decimals = 18
rail = "evm"
rounding = { mode = "down", per = "investor" }
[[round]]
name = "public"
from = "2020-01-01T00:00:00Z"
until = "2098-01-01T00:00:00Z"
end = "exclusive"
price = "0.0007 ETH per HBR"
contribution = { min = "0.1 ETH", max = "20 ETH" }
investor = { max = "40 ETH" }
over_cap = "partial"
over_limit = "partial"
"#;
/// 0.3 of a coin.
const PAYMENT: u128 = 300_000_000_000_000_000;
const CONFIRMATIONS: u64 = 2;
/// Between two questions how far the server is.
const PAUSE: Duration = Duration::from_millis(20);
/// A minute and more.
const TRIES: u32 = 4_000;

pub(crate) fn send(chain: &Chain, account: usize, to: TxKind, value: u128, data: Bytes) -> Value {
    let nonce = next_nonce(&chain.address, account).unwrap();
    let transaction = signed_to(account, nonce, to, U256::from(value), data);
    let sent = call(
        &chain.address,
        "eth_sendRawTransaction",
        &json!([transaction]),
    );
    let sent = sent.unwrap();
    let hash = sent["result"].clone();
    assert!(hash.is_string(), "{sent}");
    let receipt = chain.call("eth_getTransactionReceipt", &json!([hash]));
    assert_eq!(receipt["status"], "0x1", "{receipt}");
    receipt
}

pub(crate) fn address(value: &Value) -> Address {
    let text = value.as_str().unwrap();
    text[text.len() - 40..].parse().unwrap()
}

/// Announces the offering on the chain: the escrow, and the block in which it was made.
fn announce(chain: &Chain) -> (Address, u64) {
    let issuer = development_accounts(1).unwrap()[0].address();
    let parties = Parties {
        issuer,
        beneficiary: issuer,
        verifier: None,
        paid_in: PaidIn::Coin,
        treasury: None,
        holders: std::collections::BTreeMap::default(),
    };
    let terms = Terms::parse(TERMS).unwrap();
    let announcement = announcement(&terms, &parties).unwrap();
    let code = EscrowFactory::BYTECODE.clone();
    let factory = send(chain, 0, TxKind::Create, 0, code);
    let factory = TxKind::Call(address(&factory["contractAddress"]));
    let announced = send(chain, 0, factory, 0, announcement.calldata());
    let logs = announced["logs"].as_array().unwrap();
    let made = logs
        .iter()
        .find(|log| log["topics"].as_array().unwrap().len() == 4)
        .unwrap();
    (
        address(&made["topics"][2]),
        quantity(&announced["blockNumber"]),
    )
}

pub(crate) async fn wait_until_followed(client: &Client, height: u64) -> Value {
    let mut last = Value::Null;
    for _ in 0..TRIES {
        let path = format!("{OFFERING}/rail");
        if let Ok(answer) = client.send(hyper::Method::GET, &path, None, None).await {
            last = answer.json();
            if last["followed"].as_u64() >= Some(height) {
                return last;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("not followed up to {height}: {last}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_and_doubles_nothing_of_a_chain() {
    let mut chain = Chain::new(&[], "exec \"$@\"");
    chain.start();
    let (escrow, block) = announce(&chain);
    let mut server = Server::embedded()
        .with_variable(
            "SOFTCAP_EVM_ENDPOINTS",
            format!("http://{}", chain.address).into(),
        )
        .with_variable(
            "SOFTCAP_EVM_CONFIRMATIONS",
            CONFIRMATIONS.to_string().into(),
        )
        .with_variable("SOFTCAP_EVM_POLL_MILLIS", "5".into());
    let client = server.client();
    server.start();
    client.announce(TERMS).await;
    let body = json!({ "contract": escrow.to_string(), "block": block });
    let path = format!("{OFFERING}/escrow");
    let named = client.post(&path, "escrow", &body).await;
    assert_eq!(named.status, 201, "{}", named.text());
    let cancel = json!({ "kind": "cancel" });
    let path = format!("{OFFERING}/operations");
    let cancelled = client.post(&path, "cancel", &cancel).await;
    assert_eq!(cancelled.problem(), (409, "J209".to_owned()));

    let mut random = ChaCha8Rng::seed_from_u64(0x50F7_CA92);
    // In a long run each of the four comes to the limit of an investor: the last payment is cut, and change given.
    let payments = u64::from(count(60, 4 * 134));
    for payment in 0..payments {
        let account = 1 + usize::try_from(payment % 4).unwrap();
        send(&chain, account, TxKind::Call(escrow), PAYMENT, Bytes::new());
        if random.next_u32() % 6 == 0 {
            server.kill();
            server.start();
        }
    }
    // Enough blocks on top of the last one.
    for _ in 0..CONFIRMATIONS {
        send(
            &chain,
            5,
            TxKind::Call(Address::repeat_byte(1)),
            1,
            Bytes::new(),
        );
    }
    let head = quantity(&chain.call("eth_blockNumber", &json!([])));
    let status = wait_until_followed(&client, head - CONFIRMATIONS).await;
    assert_eq!(status["alarm"], Value::Null, "{status}");
    assert_eq!(status["contract"], escrow.to_string());

    let record = Record::fetch(&client).await;
    record.check(&server.verifier(), &[]).unwrap();
    let mut sources = BTreeSet::new();
    let mut accepted = 0;
    for leaf in &record.leaves {
        let (entry, outcome) = decode(leaf).unwrap();
        assert!(
            !matches!(outcome, Outcome::Refused(_)),
            "{entry:?}: {outcome:?}"
        );
        if let Command::Contribute(contribute) = &entry.command
            && let Outcome::Contributed(taken) = &outcome
        {
            let Funding::Chain {
                accepted: of_the_contract,
            } = contribute.funding
            else {
                panic!("{contribute:?}")
            };
            assert_eq!(of_the_contract, taken.accepted);
            assert!(sources.insert(contribute.source.unwrap().to_owned()));
            accepted += taken.accepted.0;
        }
    }
    assert_eq!(sources.len() as u64, payments);
    let held = chain.call("eth_getBalance", &json!([escrow.to_string(), "latest"]));
    let held = u128::from_str_radix(held.as_str().unwrap().trim_start_matches("0x"), 16);
    assert_eq!(accepted, held.unwrap(), "to the last wei");
}
