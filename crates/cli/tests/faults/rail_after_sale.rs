//! A server that follows an escrow with milestones and a share that vests to the end, is killed in the middle, and loses
//! its place in the chain: what was released and handed over is in the record once, and the record agrees with the chain.

use std::fs;

use alloy_primitives::{Address, TxKind};
use serde_json::{Value, json};
use softcap_chain::development_accounts;
use softcap_evm::{
    AfterSaleAct, AfterSalePlace, Draft, Exit, FactoryKind, PaidIn, Parties, Place, Receipt,
    announcement, place_of, settle_all_draft,
};
use softcap_offering::{Command, Outcome, terms::Terms};
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
numeraire = "ETH"
soft_cap = "1 ETH"
hard_cap = "100 ETH"
refund_deadline = "2099-06-01T00:00:00Z"
[clock]
kind = "time"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 18
[token.supply]
kind = "fixed"
total = "300_000 HBR"
for_sale = "200_000 HBR"
[[token.share]]
name = "team"
holder = "team"
amount = "100_000 HBR"
vesting = { cliff = "10 days", duration = "100 days" }
[currency.ETH]
decimals = 18
rail = "evm"
rounding = { mode = "down", per = "investor" }
[[milestone]]
name = "first"
part = "25 %"
[[milestone]]
name = "second"
part = "75 %"
after = "30 days"
[objections]
share = "50 %"
span = "7 days"
deadline = "120 days"
[[round]]
name = "public"
from = "2020-01-01T00:00:00Z"
until = "2098-01-01T00:00:00Z"
end = "exclusive"
price = "0.0007 ETH per HBR"
allocation = "first_come"
"#;
/// 2098-01-01T00:00:00Z.
const CLOSES: u64 = 4_039_372_800;
const DAY: u64 = 86_400;
const CONFIRMATIONS: u64 = 2;
const COIN: u128 = 1_000_000_000_000_000_000;
/// Coins of accounts 1, 2 and 3: the first has half of the money.
const PAID: [(usize, u128); 3] = [(1, 10), (2, 6), (3, 4)];
/// Gets the share, and pays for what anybody may do.
const TEAM: usize = 4;

fn wallet(account: usize) -> Address {
    development_accounts(5).unwrap()[account].address()
}

/// The sale on its chain, with what was made together with it.
struct Sale {
    chain: Chain,
    place: Place,
    after_sale: AfterSalePlace,
    block: u64,
}

impl Sale {
    fn announce() -> Self {
        let mut chain = Chain::new(&["--time-control"], "exec \"$@\"");
        chain.start();
        let issuer = wallet(0);
        let parties = Parties {
            issuer,
            beneficiary: issuer,
            verifier: None,
            paid_in: PaidIn::Coin,
            treasury: None,
            holders: [("team".to_owned(), wallet(TEAM))].into(),
        };
        let told = announcement(&Terms::parse(TERMS).unwrap(), &parties).unwrap();
        let deploy = |draft: Draft| {
            let made = send(&chain, 0, TxKind::Create, 0, draft.data);
            address(&made["contractAddress"])
        };
        let kind = FactoryKind::needed(&told);
        let mut made = Vec::new();
        for _ in 0..kind.creations() {
            made.push(deploy(kind.creation(issuer, &made)));
        }
        let factory = made.pop().unwrap();
        let announced = send(&chain, 0, TxKind::Call(factory), 0, told.calldata());
        let block = quantity(&announced["blockNumber"]);
        let receipt: Receipt = serde_json::from_value(announced).unwrap();
        let place = place_of(factory, &receipt).unwrap();
        Self {
            after_sale: AfterSalePlace::of(place, &receipt),
            chain,
            place,
            block,
        }
    }

    fn run(&self, account: usize, draft: Draft) {
        send(&self.chain, account, draft.to, 0, draft.data);
    }

    fn milestone(&self, account: usize, act: AfterSaleAct) {
        let contract = self.after_sale.milestones.unwrap();
        self.run(account, act.draft(contract, wallet(account)));
    }

    fn vest(&self) {
        let contract = self.after_sale.vestings[&0];
        self.run(TEAM, AfterSaleAct::Vest.draft(contract, wallet(TEAM)));
    }

    fn at(&self, second: u64) {
        self.chain
            .call("evm_setNextBlockTimestamp", &json!([second]));
        self.chain.call("evm_mine", &json!([]));
    }

    /// Blocks on top of the last one, and what the server says once it has followed that one.
    async fn followed(&self, client: &Client) -> Value {
        let height = quantity(&self.chain.call("eth_blockNumber", &json!([])));
        for _ in 0..CONFIRMATIONS {
            self.chain.call("evm_mine", &json!([]));
        }
        let status = wait_until_followed(client, height).await;
        assert_eq!(status["alarm"], Value::Null, "{status}");
        status
    }
}

/// How many entries of each kind that comes after a sale are in the record.
fn counted(record: &Record) -> [usize; 4] {
    let mut counts = [0; 4];
    for leaf in &record.leaves {
        let (entry, outcome) = decode(leaf).unwrap();
        assert!(
            !matches!(outcome, Outcome::Refused(_) | Outcome::RepeatOf(_)),
            "{entry:?}: {outcome:?}"
        );
        let place = match entry.command {
            Command::Settle => 0,
            Command::Distribute { .. } => 1,
            Command::Release { .. } => 2,
            Command::Vest { .. } => 3,
            _ => continue,
        };
        counts[place] += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn milestones_and_a_share_are_followed_to_the_end_through_every_restart() {
    let sale = Sale::announce();
    let endpoint = format!("http://{}", sale.chain.address);
    let mut server = Server::embedded()
        .with_variable("SOFTCAP_EVM_ENDPOINTS", endpoint.clone().into())
        .with_variable(
            "SOFTCAP_EVM_CONFIRMATIONS",
            CONFIRMATIONS.to_string().into(),
        )
        .with_variable("SOFTCAP_EVM_POLL_MILLIS", "5".into());
    let client = server.client();
    server.start();
    client.announce(TERMS).await;
    let escrow = sale.place.escrow;
    let body = json!({ "contract": escrow.to_string(), "block": sale.block });
    let path = format!("{OFFERING}/escrow");
    let named = client.post(&path, "escrow", &body).await;
    assert_eq!(named.status, 201, "{}", named.text());
    for (account, coins) in PAID {
        let to = TxKind::Call(escrow);
        send(&sale.chain, account, to, coins * COIN, Default::default());
    }
    sale.at(CLOSES);
    let list = sale.after_sale.all();
    let settle = settle_all_draft(sale.place.factory, escrow, list, wallet(TEAM));
    sale.run(TEAM, settle);
    server.kill();
    server.start();
    let investors = PAID.map(|(account, _)| wallet(account)).to_vec();
    let claims = Exit::Distribute(investors).draft(escrow, wallet(TEAM));
    sale.run(TEAM, claims);

    sale.milestone(0, AfterSaleAct::Announce);
    let status = sale.followed(&client).await;
    assert_eq!(status["releases"]["released"], 0, "{status}");
    let until = status["releases"]["objections_until"].as_u64().unwrap();
    server.kill();
    sale.at(until);
    sale.milestone(TEAM, AfterSaleAct::Release);
    sale.at(CLOSES + 40 * DAY);
    sale.vest();
    server.start();
    let status = sale.followed(&client).await;
    assert_eq!(status["releases"]["released"], 1, "{status}");

    // Half of the money objects to the second one. The server has forgotten where it was, and then what stands there is none.
    let places = server.data().join("evm");
    let place = fs::read_dir(&places)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    for left in [None, Some("{\"number\": 1}")] {
        let before = Record::fetch(&client).await.leaves.len();
        server.kill();
        match left {
            None => fs::remove_file(&place).unwrap(),
            Some(damaged) => fs::write(&place, damaged).unwrap(),
        }
        server.start();
        sale.followed(&client).await;
        let after = Record::fetch(&client).await.leaves.len();
        assert_eq!(after, before, "{left:?}: nothing counts twice");
    }
    sale.milestone(0, AfterSaleAct::Announce);
    sale.milestone(1, AfterSaleAct::Object);
    sale.at(CLOSES + 101 * DAY);
    sale.vest();
    let status = sale.followed(&client).await;
    assert_eq!(
        (
            &status["releases"]["released"],
            &status["releases"]["stopped"]
        ),
        (&json!(1), &json!(true)),
        "{status}"
    );
    let record = Record::fetch(&client).await;
    record.check(&server.verifier(), &[]).unwrap();
    assert_eq!(counted(&record), [1, 3, 1, 2]);

    server.kill();
    let data = ["verify", "--data", server.data_argument()];
    let chain = ["--chain", &endpoint, "--confirmations", "0"];
    let verified = server.softcap(&[&data[..], &chain].concat()).output();
    let verified = verified.unwrap();
    let said = String::from_utf8_lossy(&verified.stdout);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    let stopped = "note: contributors stopped the releases at milestone 1";
    // That of the offering, and the audit.
    for words in [stopped, "verified on chain 31337", "verified: 2 log(s)"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}
