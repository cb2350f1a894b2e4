//! An auction on a chain with the program alone: announced, bids, settled, its root posted, claimed, drawn.

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};
use softcap_evm::{
    ChainClient, Draft, PaidIn, Permit, RootAct, ShownPermit, bid_draft, read_wallet,
};

use crate::on_chain::{CLOSES, Chain, OPENS, TERMS, refused, value};

const MILLI: u64 = 1_000_000_000_000_000;

/// The sale of the other tests, by bids of at most 0.01 ETH.
pub(crate) fn terms() -> String {
    let changes = [
        ("hard_cap = \"100 ETH\"\n", ""),
        ("per = \"investor\"", "per = \"contribution\""),
        (
            "price = \"0.0007 ETH per HBR\"\nallocation = \"first_come\"\n",
            "supply = \"200_000 HBR\"\npricing = { kind = \"bids\" }\nover_limit = \"refuse\"\n",
        ),
        (
            "[currency.ETH]",
            "[root]\nceiling = \"0.01 ETH per HBR\"\nshare = \"20 %\"\nchallenge = \"7 days\"\n\
             claims = \"90 days\"\n[currency.ETH]",
        ),
    ];
    changes.iter().fold(TERMS.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

/// Bids of accounts 4, 5 and 6: coins, and the most for a token in thousandths of a coin. At 0.001 the lot costs 200.
const BIDS: [(usize, u64, &str); 3] = [(4, 120, "0.001"), (5, 60, "0.0005"), (6, 90, "0.002")];

/// What an investor's own wallet does.
fn bid(chain: &Chain, escrow: &str, (account, coins, limit): (usize, u64, &str)) {
    let (max, wallet) = ("1000000000000000000000", &chain.accounts[account]);
    let permit = [
        "--escrow",
        escrow,
        "--investor",
        wallet,
        "--max",
        max,
        "--key-file",
        "key-1",
    ];
    let permit = value(&chain.run(&["permit"], &permit).succeeded());
    let shown = ShownPermit {
        permit: Permit {
            investor: wallet.parse().unwrap(),
            max: max.parse().unwrap(),
            expiry: permit["expiry"].as_str().unwrap().parse().unwrap(),
        },
        signature: permit["signature"].as_str().unwrap().parse().unwrap(),
    };
    let amount = U256::from(coins) * U256::from(1_000) * U256::from(MILLI);
    let tenths = limit.strip_prefix("0.").unwrap();
    let limit: u64 = format!("{tenths:0<4}").parse().unwrap();
    let limit = U256::from(limit) * U256::from(MILLI / 10);
    let parties: (Address, Address) = (escrow.parse().unwrap(), wallet.parse().unwrap());
    let draft = bid_draft(parties, PaidIn::Coin, (amount, limit), Some(&shown));
    send(chain, account, &draft);
}

fn send(chain: &Chain, account: usize, draft: &Draft) {
    let signer = read_wallet(Some(&chain.place.path().join(format!("key-{account}")))).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let client = ChainClient::http(&chain.url).unwrap();
        let cost = client.try_out(draft).await.unwrap();
        client.send(draft, &cost, &signer).await.unwrap();
    });
}

/// Settles the same bids from a file; `change` is made to it before.
fn settle(chain: &Chain, out: &str, change: (&str, &str)) {
    let mut text = "contribution_id,investor,received_at,currency,amount,limit_price\n".to_owned();
    for (account, coins, limit) in BIDS {
        let wallet = &chain.accounts[account];
        text.push_str(&format!(
            "bid-{account},{wallet},2091-01-01T12:00:00Z,ETH,{coins},{limit}\n"
        ));
    }
    let mut admissions = String::new();
    for (account, ..) in BIDS {
        let wallet = &chain.accounts[account];
        admissions.push_str(&format!(
            "[[entry]]\nkind = \"admit\"\nat = \"start\"\ninvestor = \"{wallet}\"\n"
        ));
    }
    assert!(text.contains(change.0));
    chain
        .place
        .write("bids.csv", text.replacen(change.0, change.1, 1));
    chain.place.write("entries.toml", admissions);
    let settle = [
        "settle",
        "--terms",
        "offering.toml",
        "--contributions",
        "bids.csv",
        "--entries",
        "entries.toml",
        "--out",
        out,
    ];
    chain.place.run(&settle).succeeded();
}

fn begun() -> (Chain, String) {
    let chain = Chain::start();
    chain.place.write("offering.toml", terms());
    let check = ["offering", "check", "offering.toml", "--json"];
    let check = chain.place.run(&check);
    assert_eq!(value(&check)["contract"]["keeps"], json!(true), "{check:?}");
    let made = value(&chain.announce(&["--key-file", "key-0"]).succeeded());
    let escrow = made["escrow"].as_str().unwrap().to_owned();
    chain.at(OPENS);
    for made in BIDS {
        bid(&chain, &escrow, made);
    }
    (chain, escrow)
}

#[test]
fn an_auction_from_the_announcement_to_the_last_claim() {
    let (chain, escrow) = begun();
    settle(&chain, "result", ("bid-4", "bid-4"));
    let here = ["--escrow", escrow.as_str()];
    let bundle = ["--escrow", escrow.as_str(), "--bundle", "result"];
    let issuer = ["--key-file", "key-0"];
    let root = |command: &str, options: &[&str]| chain.run(&["root", command], options);
    let early = root("post", &[&bundle[..], &issuer].concat());
    refused(
        &early,
        1,
        &["error: R202", "StillOpen { closes: 3818534400 }"],
    );
    chain.at(CLOSES);

    let dry = ["--from", &chain.accounts[0], "--dry-run"];
    let dry = value(&root("post", &[&bundle[..], &dry].concat()).succeeded());
    assert_eq!(
        (&dry["sent"], &dry["phase"]),
        (&json!(false), &json!("sale"))
    );
    let other = root("post", &[&bundle[..], &["--key-file", "key-4"]].concat());
    refused(&other, 1, &["error: R202", "NotIssuer"]);
    let posted = value(&root("post", &[&bundle[..], &issuer].concat()).succeeded());
    let proof = [
        "proof",
        "result",
        "--investor",
        &chain.accounts[4],
        "--json",
    ];
    let proof = value(&chain.place.run(&proof).succeeded());
    assert_eq!(
        (&posted["phase"], &posted["root"]),
        (&json!("posted"), &proof["root"])
    );
    let shown = value(&root("show", &here).succeeded());
    let fields = ["root", "challenge_until", "claims_until", "contributed"];
    assert_eq!(
        fields.map(|field| shown[field].clone()),
        fields.map(|field| posted[field].clone())
    );
    assert_eq!(shown["contributed"], json!("270000000000000000000"));

    let own = [&bundle[..], &["--key-file", "key-4"]].concat();
    refused(
        &chain.run(&["claim"], &own),
        1,
        &["error: R202", "ChallengeOpen"],
    );
    chain.at(shown["challenge_until"].as_u64().unwrap());
    let without = [&here[..], &["--key-file", "key-4"]].concat();
    refused(
        &chain.run(&["claim"], &without),
        2,
        &["error: ", "--bundle"],
    );
    let claimed = value(&chain.run(&["claim"], &own).succeeded());
    let wallet = |account: usize| chain.accounts[account].to_lowercase();
    assert_eq!(
        claimed["paid"],
        json!([
            { "investor": wallet(4), "what": "tokens", "amount": "110000000000000000000000" },
            { "investor": wallet(4), "what": "money", "amount": "10000000000000000000" },
        ])
    );
    let list = [&bundle[..], &["--key-file", "key-9"]].concat();
    let paid = value(&root("distribute", &list).succeeded());
    assert_eq!(
        (&paid["paid"], &paid["skipped"]),
        (
            &json!([
                { "investor": wallet(5), "what": "money", "amount": "60000000000000000000" },
                { "investor": wallet(6), "what": "tokens", "amount": "90000000000000000000000" },
            ]),
            &json!([])
        )
    );
    let again = value(&root("distribute", &list).succeeded());
    assert_eq!(again["steps"], json!([]), "everybody was paid");
    let released = chain.run(
        &["release"],
        &[&here[..], &["--key-file", "key-9"]].concat(),
    );
    assert_eq!(
        value(&released.succeeded())["steps"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let proved = value(&root("show", &here).succeeded());
    assert_eq!(
        (&proved["accepted"], &proved["tokens"]),
        (
            &json!("200000000000000000000"),
            &json!("200000000000000000000000")
        )
    );
}

#[test]
fn a_settlement_that_the_contract_would_not_take_is_not_posted() {
    let (chain, escrow) = begun();
    settle(&chain, "other", (",ETH,60,", ",ETH,61,"));
    chain.at(CLOSES);
    let options = |bundle: &'static str| {
        [
            "--escrow",
            escrow.as_str(),
            "--bundle",
            bundle,
            "--key-file",
            "key-0",
        ]
    };
    let broken = chain.run(&["root", "post"], &options("other"));
    let wallet = &chain.accounts[5];
    let says = format!("the leaf of {wallet}: accepted and refunded are not what was contributed");
    refused(&broken, 1, &["error: R219", &says]);

    // Terms of another sale, although the bids are the same.
    chain
        .place
        .replace("offering.toml", "name = \"public\"", "name = \"open\"");
    settle(&chain, "renamed", ("bid-4", "bid-4"));
    let renamed = chain.run(&["root", "post"], &options("renamed"));
    refused(&renamed, 2, &["error: ", "its terms have the hash"]);
}

#[test]
fn objections_make_a_root_void_and_everything_goes_back() {
    let (chain, escrow) = begun();
    settle(&chain, "result", ("bid-4", "bid-4"));
    chain.at(CLOSES);
    let here = ["--escrow", escrow.as_str()];
    let post = ["--bundle", "result", "--key-file", "key-0"];
    chain
        .run(&["root", "post"], &[&here[..], &post].concat())
        .succeeded();
    let key = |key: &'static str| [&here[..], &["--key-file", key]].concat();
    refused(
        &chain.run(&["root", "object"], &key("key-9")),
        1,
        &["NotAContributor"],
    );
    // 60 of 270 are more than a fifth.
    let void = value(&chain.run(&["root", "object"], &key("key-5")).succeeded());
    assert_eq!(void["phase"], json!("void"));
    let back: Vec<Value> = BIDS
        .iter()
        .map(|(account, ..)| {
            let file = format!("key-{account}");
            let refund = [&here[..], &["--key-file", &file]].concat();
            value(&chain.run(&["refund"], &refund).succeeded())["paid"][0]["amount"].clone()
        })
        .collect();
    let coins = |coins: u64| json!(format!("{coins}000000000000000000"));
    assert_eq!(back, [coins(120), coins(60), coins(90)]);
    let late = chain.run(&["root", "cancel"], &key("key-0"));
    refused(&late, 1, &["WrongPhase"]);
    // The tokens that nobody gets are burned, and there is nothing to draw.
    let burned = value(&chain.run(&["release"], &key("key-9")).succeeded());
    assert_eq!(burned["steps"].as_array().unwrap().len(), 1, "{burned}");
}

/// The issuer posts the root of a settlement in which one bid is another one.
#[test]
fn a_root_with_a_broken_leaf_is_made_void_by_anybody() {
    for given in ["--bundle", "--proof"] {
        let (chain, escrow) = begun();
        settle(&chain, "result", ("bid-4", "bid-4"));
        settle(&chain, "other", (",ETH,60,", ",ETH,61,"));
        let proof = |folder: &str| {
            let proof = ["proof", folder, "--investor", &chain.accounts[5], "--json"];
            let proof = chain.place.run(&proof).succeeded().out;
            chain.place.write(&format!("{folder}.json"), &proof);
            serde_json::from_str::<Value>(&proof).unwrap()
        };
        let root = proof("other")["root"].as_str().unwrap().parse().unwrap();
        proof("result");
        let here = ["--escrow", escrow.as_str(), "--key-file", "key-9"];
        let refute = |options: &[&str]| chain.run(&["root", "refute"], &[&here, options].concat());
        chain.at(CLOSES);
        let none = refute(&["--bundle", "other"]);
        refused(&none, 1, &["error: R202", "WrongPhase: it is `sale`"]);
        let issuer = chain.accounts[0].parse().unwrap();
        let post = RootAct::Post(root).draft(escrow.parse().unwrap(), issuer);
        send(&chain, 0, &post);

        let another = refute(&["--bundle", "result"]);
        refused(&another, 2, &["error: C301: --bundle", "was posted"]);
        let sound = ["--bundle", "other", "--investor", &chain.accounts[4]];
        refused(&refute(&sound), 1, &["error: R225"]);
        // Sound, and of another root besides.
        refused(&refute(&["--proof", "result.json"]), 1, &["error: R225"]);
        refused(&refute(&["--proof", "key-9"]), 2, &["error: C301: --proof"]);
        refused(&refute(&[]), 2, &["--bundle"]);

        let place = if given == "--bundle" {
            "other"
        } else {
            "other.json"
        };
        let dry = [
            "--escrow",
            escrow.as_str(),
            "--from",
            &chain.accounts[9],
            "--dry-run",
            given,
            place,
        ];
        let dry = value(&chain.run(&["root", "refute"], &dry).succeeded());
        assert_eq!(
            (&dry["sent"], &dry["phase"]),
            (&json!(false), &json!("posted"))
        );
        let void = refute(&[given, place]).succeeded();
        let wallet = &chain.accounts[5];
        void.says(&[&format!(
            "the leaf of {wallet}: accepted and refunded are not what was contributed"
        )]);
        assert_eq!(value(&void)["phase"], json!("void"));
    }
}

/// What the issuer may do with every escrow works here as well, and a pause there is none.
#[test]
fn an_auction_is_not_paused_and_its_money_is_returned() {
    let (chain, escrow) = begun();
    let act = |act: &str, options: &[&str]| {
        let here = ["--escrow", escrow.as_str(), "--key-file", "key-0"];
        chain.run(&["escrow", act], &[&here, options].concat())
    };
    for pause in ["pause", "resume"] {
        refused(&act(pause, &[]), 1, &["error: R224"]);
    }
    let five = ["--investor", &chain.accounts[5], "--reason", "order"];
    let back = value(&act("return", &five).succeeded());
    assert_eq!(
        (
            &back["investor"]["standing"],
            &back["investor"]["money_due"],
            &back["contributed"]
        ),
        (
            &json!("returned"),
            &json!("60000000000000000000"),
            &json!("210000000000000000000")
        )
    );
    let cancelled = value(&act("cancel", &[]).succeeded());
    assert_eq!(cancelled["phase"], "cancelled");
    let show = [
        "--escrow",
        escrow.as_str(),
        "--investor",
        &chain.accounts[4],
    ];
    let four = value(&chain.run(&["escrow", "show"], &show).succeeded());
    assert_eq!(four["investor"]["money_due"], "120000000000000000000");
}

#[test]
fn an_escrow_that_computes_its_outcome_takes_no_root() {
    let chain = Chain::start();
    let made = value(&chain.announce(&["--key-file", "key-0"]).succeeded());
    let show = chain.run(
        &["root", "show"],
        &["--escrow", made["escrow"].as_str().unwrap()],
    );
    refused(&show, 1, &["error: R220"]);
}
