//! Bids from a balance: the most that is paid for one token goes with the money, and is asked for.

use serde_json::json;
use softcap_offering::{Amount, InvestorId, LimitPrice, sealed_bid_commitment};
use softcap_proof::{from_hex, hex};

use super::{hidden, investor::with_money, location};
use crate::{
    people::browser::{PASSWORD, Site},
    test_node::{Answer, TestNode, terms_hash},
};

/// Open for two hours, with this pricing.
fn terms(pricing: &str) -> String {
    [
        ("OPENS", "2027-01-15T08:00:00Z"),
        ("CLOSES", "2027-01-15T10:00:00Z"),
        ("DEADLINE", "2027-04-15T00:00:00Z"),
        ("PRICING", pricing),
    ]
    .into_iter()
    .fold(
        include_str!("dock.toml").to_owned(),
        |text, (name, value)| text.replace(name, value),
    )
}

/// 2027-01-15T12:00:00Z: the round is over, and bids are opened.
const REVEALABLE: u64 = 1_800_014_400_000;

fn announce(node: &TestNode, name: &str, terms: &str) {
    let body = json!({ "name": name, "terms": terms, "terms_hash": terms_hash(terms) });
    let answer = node.post("/v1/offerings", name, &body);
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[test]
fn a_bid_says_the_most_it_pays_for_a_token_and_waits_for_all_others() {
    let site = Site::start();
    announce(&site.node, "dock", &terms("{ kind = \"bids\" }"));
    let mut anna = with_money(&site, "anna@example.org");
    let form = anna.page("/offerings/dock/contribute");
    assert!(
        form.text().contains("The most you pay for one token"),
        "{}",
        form.text()
    );
    assert!(form.text().contains("EUR / DCK"), "{}", form.text());
    let check = "/offerings/dock/contribute/check?currency=EUR&amount=100";
    for wrong in ["", "&limit=", "&limit=x", "&limit=0"] {
        let answer = anna.page(&format!("{check}{wrong}"));
        assert_eq!(answer.status, 422, "{wrong}");
        assert!(answer.text().contains("id=\"limit-error\""), "{wrong}");
        assert!(
            answer.text().contains("value=\"100\""),
            "what was typed is kept"
        );
    }
    let shown = anna.page(&format!("{check}&limit=0.25"));
    assert_eq!(shown.status, 200, "{}", shown.text());
    for words in ["0.25\u{a0}EUR", "Decided when bidding is over"] {
        assert!(shown.text().contains(words), "{words}: {}", shown.text());
    }
    let names = ["currency", "amount", "limit", "once", "seen"];
    let fields = names.map(|name| (name, hidden(&shown, name)));
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let place = location(&anna.submit("/offerings/dock/contributions", &fields));
    let page = anna.page(&place).text().to_owned();
    assert!(page.contains("data-state=\"waiting\""), "{page}");
    let log = super::text(&site.node, "/offerings/dock/log");
    assert!(log.contains("100.00\u{a0}EUR"), "{log}");
}

/// What the script of the page does, as the engine has it: the hash, and the file that is kept.
fn seal(page: &Answer, amount: u128, cents: u128) -> (String, String) {
    let of = |name: &str| {
        let (_, rest) = page.text().split_once(&format!("{name}=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let (terms, number, salt) = (of("data-terms"), of("data-number"), [7; 32]);
    let limit = LimitPrice {
        money: cents,
        tokens: 1_000_000,
    };
    let hash: [u8; 32] = from_hex(&terms).unwrap().try_into().unwrap();
    let investor = InvestorId::Opaque(&number);
    let commitment = sealed_bid_commitment(&hash, investor, Amount(amount), limit, &salt);
    let kept = json!({
        "amount": amount.to_string(), "money": cents.to_string(), "tokens": "1000000", "salt": hex(&salt),
    });
    (hex(&commitment), kept.to_string())
}

#[test]
fn a_sealed_bid_locks_money_and_is_opened_after_the_round_by_who_made_it() {
    let site = Site::start();
    let sealed = "{ kind = \"bids\", sealed = { lock_step = \"10 EUR\", \
        reveal_until = \"2027-01-16T00:00:00Z\", bond = \"5 %\" } }";
    announce(&site.node, "dock", &terms(sealed));
    let mut anna = with_money(&site, "anna@example.org");
    let moved = anna.page("/offerings/dock/contribute");
    assert_eq!(location(&moved), "/offerings/dock/bid");
    let form = anna.page("/offerings/dock/bid");
    assert!(form.text().contains("5.00%"), "the bond: {}", form.text());
    let (commitment, kept) = seal(&form, 12_345, 25);
    let once = hidden(&form, "once");
    for (locked, hash, wrong) in [
        ("130", "", "commitment-error"),
        ("130", "00", "commitment-error"),
        ("125", commitment.as_str(), "locked-error"),
        ("5000", commitment.as_str(), "locked-error"),
        ("", commitment.as_str(), "locked-error"),
    ] {
        let fields = [("locked", locked), ("commitment", hash), ("once", &once)];
        let answer = anna.submit("/offerings/dock/bid", &fields);
        assert_eq!(answer.status, 422, "{locked} {hash}");
        assert!(answer.text().contains(wrong), "{wrong}: {}", answer.text());
    }
    let fields = [
        ("locked", "130"),
        ("commitment", &commitment),
        ("once", &once),
    ];
    let place = location(&anna.submit("/offerings/dock/bid", &fields));
    let again = location(&anna.submit("/offerings/dock/bid", &fields));
    assert_eq!(again, place, "sent twice, locked once");
    let path = place.strip_suffix("?done=sealed").unwrap().to_owned();
    let page = anna.page(&path).text().to_owned();
    assert!(page.contains("data-state=\"waiting\""), "{page}");
    assert!(page.contains("Keep the file of your bid."), "{page}");
    // The record has the lock and the hash, and not the bid.
    let log = super::text(&site.node, "/offerings/dock/log");
    assert!(
        log.contains("130.00\u{a0}EUR") && !log.contains("123.45"),
        "{log}"
    );

    let opening = format!("{path}/opening");
    let early = anna.page(&opening).text().to_owned();
    assert!(early.contains("is opened after the round"), "{early}");
    assert!(!early.contains("name=\"secret\""), "{early}");
    site.node.set_clock(REVEALABLE);
    assert_eq!(anna.log_in("anna@example.org", PASSWORD).status, 201);
    let page = anna.page(&path).text().to_owned();
    assert!(page.contains("Open your bid"), "{page}");
    let form = anna.page(&opening);
    let once = hidden(&form, "once");
    let wrong = anna.submit(&opening, &[("secret", "{}"), ("once", &once)]);
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text().contains("id=\"secret-error\""),
        "{}",
        wrong.text()
    );
    // Another bid than the one that was sealed is a mistake at the field, which keeps it, and no entry of the log.
    let other = kept.replace("12345", "12346");
    let size = |node: &TestNode| node.get("/v1/offerings/dock").json()["log_size"].clone();
    let before = size(&site.node);
    let refused = anna.submit(&opening, &[("secret", &other), ("once", &once)]);
    assert_eq!(refused.status, 422);
    for words in [
        "id=\"secret-error\"",
        "This file is of another bid.",
        "12346",
    ] {
        assert!(refused.text().contains(words), "{}", refused.text());
    }
    assert_eq!(size(&site.node), before);
    let mut eve = with_money(&site, "eve@example.org");
    let foreign = eve.page(&opening);
    assert_eq!(foreign.status, 404, "nobody else's bid");
    let once = hidden(&anna.page(&opening), "once");
    let opened = anna.submit(&opening, &[("secret", &kept), ("once", &once)]);
    assert_eq!(location(&opened), format!("{path}?done=opened"));
    let log = super::text(&site.node, "/offerings/dock/log");
    // What was locked beyond the bid is free at once.
    assert!(
        log.contains("Sealed bid 2 is opened") && log.contains("6.55\u{a0}EUR moved out"),
        "{log}"
    );
    let over = anna.submit(&opening, &[("secret", &kept), ("once", &once)]);
    assert_eq!(location(&over), path, "it is open");
}
