//! A server that follows an auction and is killed in the middle: bids with their limits are in the record once, its
//! settlement is what the root is of, and a root that is made void is the alarm.

use alloy_primitives::{Address, B256, TxKind, U256};
use serde_json::{Value, json};
use softcap_chain::development_accounts;
use softcap_evm::{
    EscrowKind, PaidIn, Parties, RootAct, bid_draft, factory_draft, root_announcement,
};
use softcap_offering::{Command, LimitPrice, Outcome, terms::Terms};
use softcap_proof::entry::decode;

use crate::{
    chain::Chain,
    client::{Client, OFFERING},
    rail::{address, send, wait_until_followed},
    record::Record,
    rpc::quantity,
    server::Server,
};

const TERMS: &str = r#"
rules = 1
name = "Harbour"
origin = "softcap.example/harbour"
soft_cap = "1 ETH"
investor_max = "1_000 ETH"
refund_deadline = "2099-06-01T00:00:00Z"
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
[root]
ceiling = "0.01 ETH per HBR"
share = "20 %"
challenge = "7 days"
claims = "90 days"
[[round]]
name = "public"
from = "2020-01-01T00:00:00Z"
until = "2098-01-01T00:00:00Z"
end = "exclusive"
supply = "200_000 HBR"
pricing = { kind = "bids" }
over_limit = "refuse"
"#;
/// 2098-01-01T00:00:00Z.
const CLOSES: u64 = 4_039_372_800;
const CONFIRMATIONS: u64 = 2;
const COIN: u128 = 1_000_000_000_000_000_000;
/// Coins and limits in ten thousandths of a coin, of accounts 1, 2 and 3. At 0.001 the lot costs 200 coins.
const BIDS: [(usize, u128, u128); 3] = [(1, 120, 10), (2, 60, 5), (3, 90, 20)];

fn wallet(account: usize) -> Address {
    development_accounts(4).unwrap()[account].address()
}

fn announce(chain: &Chain) -> (Address, u64) {
    let issuer = wallet(0);
    let parties = Parties {
        issuer,
        beneficiary: issuer,
        verifier: None,
        paid_in: PaidIn::Coin,
        treasury: None,
        holders: std::collections::BTreeMap::default(),
    };
    let terms = Terms::parse(TERMS).unwrap();
    let told = root_announcement(&terms, terms.root.unwrap(), &parties).unwrap();
    let code = factory_draft(issuer, EscrowKind::Root).data;
    let factory = send(chain, 0, TxKind::Create, 0, code);
    let factory = TxKind::Call(address(&factory["contractAddress"]));
    let announced = send(chain, 0, factory, 0, told.calldata());
    let logs = announced["logs"].as_array().unwrap();
    let is_announcement = |log: &&Value| log["topics"].as_array().unwrap().len() == 4;
    let made = logs.iter().find(is_announcement).unwrap();
    let block = quantity(&announced["blockNumber"]);
    (address(&made["topics"][2]), block)
}

fn act(chain: &Chain, escrow: Address, account: usize, act: RootAct) {
    let draft = act.draft(escrow, wallet(account));
    send(chain, account, draft.to, 0, draft.data);
}

/// Blocks on top of the last one, so that it is deep enough; its height.
fn confirm(chain: &Chain) -> u64 {
    let height = quantity(&chain.call("eth_blockNumber", &json!([])));
    for _ in 0..CONFIRMATIONS {
        chain.call("evm_mine", &json!([]));
    }
    height
}

async fn settle(client: &Client, key: &str) -> u16 {
    let path = format!("{OFFERING}/settlement");
    client.post(&path, key, &Value::Null).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auction_is_settled_in_the_record_and_its_root_is_watched() {
    let mut chain = Chain::new(&["--time-control"], "exec \"$@\"");
    chain.start();
    let (escrow, block) = announce(&chain);
    let endpoint = format!("http://{}", chain.address);
    let mut server = Server::embedded()
        .with_variable("SOFTCAP_EVM_ENDPOINTS", endpoint.into())
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
    for (account, coins, limit) in BIDS {
        let amounts = (U256::from(coins * COIN), U256::from(limit * COIN / 10_000));
        let draft = bid_draft((escrow, wallet(account)), PaidIn::Coin, amounts, None);
        send(&chain, account, draft.to, coins * COIN, draft.data);
        server.kill();
        server.start();
    }
    wait_until_followed(&client, confirm(&chain)).await;
    // Anybody may ask for the settlement; while the window is open there is none.
    settle(&client, "early").await;
    assert_eq!(
        client.get(&format!("{OFFERING}/settlement")).await.status,
        404
    );
    chain.call("evm_setNextBlockTimestamp", &json!([CLOSES]));
    chain.call("evm_mine", &json!([]));
    wait_until_followed(&client, confirm(&chain)).await;
    assert_eq!(settle(&client, "settle").await, 201);
    let settled = client.get(&format!("{OFFERING}/settlement")).await.json();
    assert_eq!(settled["verdict"], "succeeded", "{settled}");
    let root: B256 = format!(
        "0x{}",
        settled["root"].as_str().unwrap().trim_start_matches("0x")
    )
    .parse()
    .unwrap();

    act(&chain, escrow, 0, RootAct::Post(root));
    let status = wait_until_followed(&client, confirm(&chain)).await;
    assert_eq!(status["alarm"], Value::Null, "{status}");
    assert_eq!(
        (&status["root"]["phase"], &status["root"]["root"]),
        (&json!("posted"), &json!(root.to_string()))
    );
    let record = Record::fetch(&client).await;
    let mut limits = Vec::new();
    for leaf in &record.leaves {
        let (entry, outcome) = decode(leaf).unwrap();
        if let (Command::Contribute(bid), Outcome::Contributed(taken)) = (&entry.command, outcome) {
            assert_eq!(bid.amount, taken.accepted);
            limits.push((bid.amount.0 / COIN, bid.limit.unwrap()));
        }
    }
    let expected = BIDS.map(|(_, coins, limit)| {
        let (money, tokens) = (limit * COIN / 10_000, COIN);
        (coins, LimitPrice { money, tokens })
    });
    assert_eq!(limits, expected);

    // 60 of 270 coins are more than a fifth.
    act(&chain, escrow, 2, RootAct::Object);
    confirm(&chain);
    let mut last = Value::Null;
    for _ in 0..4_000 {
        last = client.get(&format!("{OFFERING}/rail")).await.json();
        if last["alarm"].is_string() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let alarm = last["alarm"].as_str().unwrap_or_default();
    assert!(alarm.starts_with("E652: "), "{last}");

    // Who contributed gets everything back, and the record says to the end what its settlement says.
    server.kill();
    let mut verify = server.softcap(&["verify", "--data", server.data_argument()]);
    let verify = verify.args(["--chain", &format!("http://{}", chain.address)]);
    let verify = verify.args(["--confirmations", "0"]).output().unwrap();
    let said = String::from_utf8_lossy(&verify.stdout);
    assert_eq!(verify.status.code(), Some(1), "{verify:?}");
    let void = ": R263: verdict: the record says succeeded, the chain says that the root is void";
    assert!(said.contains(void), "{said}");
    // Tokens and money of the two who would have got some.
    assert_eq!(said.matches(": R261: ").count(), 4, "{said}");
    let verdict = said.lines().last().unwrap_or_default();
    assert_eq!(
        verdict,
        "not verified: 5 difference(s) between record and chain"
    );
}
