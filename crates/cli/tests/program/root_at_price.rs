//! Equal parts at the price of the terms, which come as a root, with the program alone.

use serde_json::json;

use crate::contribute::{pay, permit};
use crate::on_chain::{CLOSES, Chain, OPENS, TERMS, refused, value};

/// Accounts and their coins, of which there is room for twelve: four for each.
const PAID: [(usize, u64); 3] = [(4, 8), (5, 4), (6, 6)];

fn terms() -> String {
    let changes = [
        (
            "price = \"0.0007 ETH per HBR\"\nallocation = \"first_come\"\n",
            "price = \"0.001 ETH per HBR\"\nallocation = \"water_filling\"\ncap = \"12 ETH\"\nover_limit = \"refuse\"\n",
        ),
        (
            "[currency.ETH]",
            "[root]\nshare = \"20 %\"\nchallenge = \"7 days\"\nclaims = \"90 days\"\n[currency.ETH]",
        ),
    ];
    changes.iter().fold(TERMS.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

/// Settles what was paid from a file.
fn settle(chain: &Chain) {
    let mut text = "contribution_id,investor,received_at,currency,amount\n".to_owned();
    let mut admissions = String::new();
    for (account, coins) in PAID {
        let wallet = &chain.accounts[account];
        text.push_str(&format!(
            "paid-{account},{wallet},2091-01-01T12:00:00Z,ETH,{coins}\n"
        ));
        admissions.push_str(&format!(
            "[[entry]]\nkind = \"admit\"\nat = \"start\"\ninvestor = \"{wallet}\"\n"
        ));
    }
    chain.place.write("paid.csv", text);
    chain.place.write("entries.toml", admissions);
    let settle = [
        "settle",
        "--terms",
        "offering.toml",
        "--contributions",
        "paid.csv",
        "--entries",
        "entries.toml",
        "--out",
        "result",
    ];
    chain.place.run(&settle).succeeded();
}

#[test]
fn equal_parts_from_the_announcement_to_the_last_claim() {
    let chain = Chain::start();
    // Without `[root]` no contract keeps them, and the check says what to add.
    let without = terms().replacen(
        "[root]\nshare = \"20 %\"\nchallenge = \"7 days\"\nclaims = \"90 days\"\n",
        "",
        1,
    );
    chain.place.write("offering.toml", without);
    let check = ["offering", "check", "offering.toml"];
    let said = chain.place.run(&check);
    let reason =
        "R109 at `round[0].allocation`: the escrow gives first come, or everybody the same part";
    assert!(
        said.out.contains(reason) && said.out.contains("add `[root]`"),
        "{said:?}"
    );
    chain.place.write("offering.toml", terms());
    let checked = value(&chain.place.run(&[&check[..], &["--json"]].concat()));
    assert_eq!(checked["contract"]["keeps"], json!(true), "{checked}");

    let made = value(&chain.announce(&["--key-file", "key-0"]).succeeded());
    let escrow = made["escrow"].as_str().unwrap();
    chain.at(OPENS);
    for (account, coins) in PAID {
        let (file, key) = (permit(&chain, escrow, account), format!("key-{account}"));
        let shown = ["--permit", file.as_str()];
        // Nobody names a price; who does names that of the terms, a unit of money for a thousand of the token.
        let other = pay(
            &chain,
            escrow,
            (coins * 1_000, &key),
            &[&shown[..], &["--limit", "2"]].concat(),
        );
        refused(
            &other,
            2,
            &["error: C301: --limit", "the price is that of the terms"],
        );
        let options = if account == 4 {
            &["--limit", "1"][..]
        } else {
            &[]
        };
        let paid = pay(
            &chain,
            escrow,
            (coins * 1_000, &key),
            &[&shown[..], options].concat(),
        );
        let paid = value(&paid.succeeded());
        assert_eq!(
            paid["accepted"],
            json!(format!("{coins}000000000000000000"))
        );
    }
    settle(&chain);
    chain.at(CLOSES);
    let here = ["--escrow", escrow];
    let bundle = ["--escrow", escrow, "--bundle", "result"];
    let with_key = |options: &[&'static str], key: &'static str| {
        [&["--escrow", escrow][..], options, &["--key-file", key]].concat()
    };
    let root = |command: &str, options: &[&str]| chain.run(&["root", command], options);
    let posted = root("post", &with_key(&["--bundle", "result"], "key-0"));
    let posted = value(&posted.succeeded());
    assert_eq!(posted["phase"], json!("posted"));
    chain.at(posted["challenge_until"].as_u64().unwrap());
    let claimed = chain.run(&["claim"], &with_key(&["--bundle", "result"], "key-4"));
    let wallet = |account: usize| chain.accounts[account].to_lowercase();
    assert_eq!(
        value(&claimed.succeeded())["paid"],
        json!([
            { "investor": wallet(4), "what": "tokens", "amount": "4000000000000000000000" },
            { "investor": wallet(4), "what": "money", "amount": "4000000000000000000" },
        ])
    );
    let paid = root(
        "distribute",
        &[&bundle[..], &["--key-file", "key-9"]].concat(),
    );
    assert_eq!(
        value(&paid.succeeded())["paid"],
        json!([
            { "investor": wallet(5), "what": "tokens", "amount": "4000000000000000000000" },
            { "investor": wallet(6), "what": "tokens", "amount": "4000000000000000000000" },
            { "investor": wallet(6), "what": "money", "amount": "2000000000000000000" },
        ])
    );
    chain.run(&["release"], &with_key(&[], "key-9")).succeeded();
    let proved = value(&root("show", &here).succeeded());
    assert_eq!(proved["accepted"], json!("12000000000000000000"));
}
