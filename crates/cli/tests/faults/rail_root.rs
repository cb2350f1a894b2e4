//! A server that follows a sale by root and is killed in the middle: bids with their limits, or contributions at the price
//! of the terms, are in the record once, its settlement is what the root is of, and a root that is made void is the alarm.

use alloy_primitives::{Address, B256, TxKind, U256};
use serde_json::{Value, json};
use softcap_chain::development_accounts;
use softcap_evm::{
    EscrowKind, PaidIn, Parties, ProvedLeaf, RootAct, bid_draft,
    bindings::root_escrow::IRootEscrow::Leaf, factory_draft, root_announcement,
};
use softcap_offering::{Command, Funding, LimitPrice, Outcome, terms::Terms};
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

/// The same people at prices of the terms, of which the highest is a thousandth of a coin for a token; 150 coins come in.
fn at_prices(round: &str) -> String {
    let changes = [
        (
            "supply = \"200_000 HBR\"\npricing = { kind = \"bids\" }\n",
            round,
        ),
        ("ceiling = \"0.01 ETH per HBR\"\n", ""),
        (
            "rail = \"evm\"\n",
            "rail = \"evm\"\nrounding = { mode = \"down\", per = \"contribution\" }\n",
        ),
    ];
    changes.iter().fold(TERMS.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

/// Everybody the same.
const EQUAL_PARTS: &str =
    "cap = \"150 ETH\"\nprice = \"0.001 ETH per HBR\"\nallocation = \"water_filling\"\n";
/// Who comes first; the first 100 coins are cheaper.
const IN_ORDER: &str = "allocation = \"first_come\"\npricing = { kind = \"tiers\", crossing = \"split\", tiers = [ \
                        { up_to = \"100 ETH\", price = \"0.0008 ETH per HBR\" }, { up_to = \"150 ETH\", price = \
                        \"0.001 ETH per HBR\" } ] }\n";
/// Tokens in thousands, accepted and refunded coins, of accounts 1, 2 and 3.
type Rows = [[u128; 3]; 3];

/// The limit that the contract takes at that price: a unit of money for a thousand of the token.
const ONLY_LIMIT: u128 = 1;

fn announce(chain: &Chain, terms: &str) -> (Address, u64) {
    let issuer = wallet(0);
    let parties = Parties {
        issuer,
        beneficiary: issuer,
        verifier: None,
        paid_in: PaidIn::Coin,
        treasury: None,
        holders: std::collections::BTreeMap::default(),
    };
    let terms = Terms::parse(terms).unwrap();
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

/// A server that follows a sale on a chain.
struct Followed {
    chain: Chain,
    server: Server,
    client: Client,
    escrow: Address,
}

impl Followed {
    async fn begin(terms: &str) -> Self {
        let mut chain = Chain::new(&["--time-control"], "exec \"$@\"");
        chain.start();
        let (escrow, block) = announce(&chain, terms);
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
        client.announce(terms).await;
        let body = json!({ "contract": escrow.to_string(), "block": block });
        let path = format!("{OFFERING}/escrow");
        let named = client.post(&path, "escrow", &body).await;
        assert_eq!(named.status, 201, "{}", named.text());
        Self {
            chain,
            server,
            client,
            escrow,
        }
    }

    /// Pays, and kills the server.
    fn pay(&mut self, account: usize, coins: u128, limit: u128) {
        let amounts = (U256::from(coins * COIN), U256::from(limit));
        let draft = bid_draft((self.escrow, wallet(account)), PaidIn::Coin, amounts, None);
        send(&self.chain, account, draft.to, coins * COIN, draft.data);
        self.kill();
    }

    fn kill(&mut self) {
        self.server.kill();
        self.server.start();
    }

    async fn followed(&self) -> Value {
        wait_until_followed(&self.client, confirm(&self.chain)).await
    }

    async fn at(&self, second: u64) {
        let chain = &self.chain;
        chain.call("evm_setNextBlockTimestamp", &json!([second]));
        chain.call("evm_mine", &json!([]));
        self.followed().await;
    }

    /// The root of the settlement that the record makes once the window is over.
    async fn settled(&self) -> B256 {
        self.followed().await;
        // Anybody may ask for the settlement; while the window is open there is none.
        settle(&self.client, "early").await;
        let path = format!("{OFFERING}/settlement");
        assert_eq!(self.client.get(&path).await.status, 404);
        self.at(CLOSES).await;
        assert_eq!(settle(&self.client, "settle").await, 201);
        let settled = self.client.get(&path).await.json();
        assert_eq!(settled["verdict"], "succeeded", "{settled}");
        let root = settled["root"].as_str().unwrap().trim_start_matches("0x");
        format!("0x{root}").parse().unwrap()
    }

    /// The proof of an investor's leaf.
    async fn proof_of(&self, account: usize) -> Vec<B256> {
        let path = format!("{OFFERING}/settlement/proofs/{}", wallet(account));
        let proof = self.client.get(&path).await.json();
        let nodes = proof["proof"].as_array().unwrap().iter();
        let nodes = nodes.map(|node| node.as_str().unwrap().trim_start_matches("0x"));
        nodes
            .map(|node| format!("0x{node}").parse().unwrap())
            .collect()
    }

    /// What `softcap verify --chain` says and its exit code, once the server is gone.
    fn verified(&mut self) -> (Option<i32>, String) {
        self.server.kill();
        let data = self.server.data_argument();
        let mut verify = self.server.softcap(&["verify", "--data", data]);
        let chain = format!("http://{}", self.chain.address);
        let verify = verify.args(["--chain", &chain, "--confirmations", "0"]);
        let verify = verify.output().unwrap();
        let said = String::from_utf8_lossy(&verify.stdout).into_owned();
        (verify.status.code(), said)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auction_is_settled_in_the_record_and_its_root_is_watched() {
    let mut sale = Followed::begin(TERMS).await;
    for (account, coins, limit) in BIDS {
        sale.pay(account, coins, limit * COIN / 10_000);
    }
    let root = sale.settled().await;
    let (chain, escrow, client) = (&sale.chain, sale.escrow, &sale.client);
    act(chain, escrow, 0, RootAct::Post(root));
    let status = sale.followed().await;
    assert_eq!(status["alarm"], Value::Null, "{status}");
    assert_eq!(
        (&status["root"]["phase"], &status["root"]["root"]),
        (&json!("posted"), &json!(root.to_string()))
    );
    let record = Record::fetch(client).await;
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
    act(chain, escrow, 2, RootAct::Object);
    confirm(chain);
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
    let (code, said) = sale.verified();
    assert_eq!(code, Some(1), "{said}");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_parts_are_settled_in_the_record_and_claimed_by_its_root() {
    let rows = [[50, 50, 70], [50, 50, 10], [50, 50, 40]];
    let accepted = BIDS.map(|(_, coins, _)| coins);
    claimed_by_root(EQUAL_PARTS, &accepted, rows).await;
}

/// The contract takes everything whole; the record leaves out what there is no room for, in the order of the chain.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_of_the_chain_is_settled_in_the_record_and_claimed_by_its_root() {
    let rows = [[145, 120, 0], [30, 30, 30], [0, 0, 90]];
    claimed_by_root(IN_ORDER, &[120, 30], rows).await;
}

/// At prices of the terms: one limit, entries without any, and every leaf proved although the server was killed between.
/// `accepted` are the coins that the record took of contributions as they came.
async fn claimed_by_root(round: &str, accepted: &[u128], rows: Rows) {
    let mut sale = Followed::begin(&at_prices(round)).await;
    for (account, coins, _) in BIDS {
        sale.pay(account, coins, ONLY_LIMIT);
    }
    let root = sale.settled().await;
    act(&sale.chain, sale.escrow, 0, RootAct::Post(root));
    sale.kill();
    sale.at(CLOSES + 8 * 86_400).await;
    for ((account, ..), [thousands, accepted, refunded]) in BIDS.into_iter().zip(rows) {
        let leaf = Leaf {
            investor: wallet(account),
            tokens: U256::from(thousands * 1_000 * COIN),
            accepted: U256::from(accepted * COIN),
            refunded: U256::from(refunded * COIN),
        };
        let proof = sale.proof_of(account).await;
        let claim = RootAct::Claim(ProvedLeaf { leaf, proof });
        act(&sale.chain, sale.escrow, account, claim);
        sale.kill();
    }
    let status = sale.followed().await;
    assert_eq!(status["alarm"], Value::Null, "{status}");
    let record = Record::fetch(&sale.client).await;
    let mut amounts = Vec::new();
    for leaf in &record.leaves {
        let (entry, outcome) = decode(leaf).unwrap();
        if let (Command::Contribute(paid), Outcome::Contributed(taken)) = (&entry.command, outcome)
        {
            let whole = Funding::Chain {
                accepted: paid.amount,
            };
            assert_eq!((paid.funding, paid.limit), (whole, None));
            amounts.push(taken.accepted.0 / COIN);
        }
    }
    assert_eq!(amounts, accepted);
    let (code, said) = sale.verified();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("verified on chain"), "{said}");
}
