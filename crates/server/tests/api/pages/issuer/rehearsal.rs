//! The rehearsal of a draft, and what cannot be announced without it.

use serde_json::{Value, json};
use softcap_identity::Role;

use super::{
    super::{hidden, location},
    FORM, manager, with,
};
use crate::{
    people::browser::{Browser, Site},
    roles::somebody,
    test_node::{Answer, Call, terms_hash},
};

const PAGE: &str = "/issuer/drafts/pier/rehearsal";
const ANNOUNCE: &str = "/issuer/drafts/pier/announcement";

/// Rehearses a draft, and waits until it is over.
pub(super) fn rehearse(site: &Site, browser: &mut Browser<'_>, page: &str) {
    assert_eq!(location(&browser.submit(page, &[])), page);
    site.node.wait_for_rehearsals();
}

fn with_key(site: &Site, key: &str, (method, path): (&'static str, &str), body: &Value) -> Answer {
    let call = Call::new(method, path).key(key).body(body);
    site.node.call(&call)
}

/// Terms whose money a contract takes.
const ON_CHAIN: &str = r#"rules = 1
name = "Mole"
origin = "sale.example/mole"
numeraire = "ETH"
soft_cap = "10 ETH"
hard_cap = "25 ETH"
refund_deadline = "2027-06-01T00:00:00Z"
[clock]
kind = "time"
[token]
name = "Mole"
symbol = "MOL"
decimals = 18
[token.supply]
kind = "fixed"
total = "1_000 MOL"
for_sale = "600 MOL"
[[token.share]]
name = "team"
holder = "team"
amount = "400 MOL"
[currency.ETH]
decimals = 18
rail = "evm"
[[round]]
name = "public"
from = "2027-02-01T09:00:00Z"
until = "2027-03-01T09:00:00Z"
end = "exclusive"
access = "admitted"
price = "0.05 ETH per MOL"
allocation = "first_come"
"#;

#[test]
fn a_rehearsal_counts_for_the_terms_that_were_rehearsed() {
    let site = Site::start();
    let mut mia = manager(&site, "mia@example.org");
    mia.submit("/issuer/new", &FORM);
    let nothing = "These terms were not rehearsed.";
    assert!(mia.page(PAGE).text().contains(nothing));
    let page = mia.page(ANNOUNCE).text().to_owned();
    assert!(page.contains("Rehearse it first"), "{page}");
    assert!(!page.contains("Announce for good"), "{page}");
    rehearse(&site, &mut mia, PAGE);
    let text = mia.page(PAGE).text().to_owned();
    for words in [
        "The rehearsal passed.",
        "Twice as much as fits comes",
        "Failed: everybody gets the money back",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("On a chain"), "balances alone: {text}");
    assert!(mia.page(ANNOUNCE).text().contains("Announce for good"));
    // Other terms are not rehearsed yet; those under which a crowd cannot reach the soft cap never pass.
    let edit = "/issuer/drafts/pier/form";
    let version = hidden(&mia.page(edit), "version");
    let other = with(&[
        ("version", &version),
        ("investor-max", "1"),
        ("round-0-least", ""),
    ]);
    let saved = "/issuer/drafts/pier?done=saved";
    assert_eq!(location(&mia.submit(edit, &other)), saved);
    assert!(mia.page(PAGE).text().contains(nothing));
    rehearse(&site, &mut mia, PAGE);
    let text = mia.page(PAGE).text().to_owned();
    assert!(text.contains("did not pass"), "{text}");
    assert!(text.contains("It does not end as it should"), "{text}");
    let mut sam = somebody(&site, "sam@example.org", Some(Role::Support));
    assert_eq!(sam.page(PAGE).status, 200);
    assert_eq!(sam.submit(PAGE, &[]).status, 403);
}

/// Where a contract takes the money the sale is played on a chain too, and compared with it.
#[test]
fn a_sale_on_a_chain_is_rehearsed_on_a_chain() {
    let site = Site::start();
    let mut mia = manager(&site, "mia@example.org");
    let fields = [("name", "mole"), ("terms", ON_CHAIN), ("act", "save")];
    let made = mia.submit("/issuer/new/text", &fields);
    assert_eq!(location(&made), "/issuer/drafts/mole?done=saved");
    let page = "/issuer/drafts/mole/rehearsal";
    rehearse(&site, &mut mia, page);
    let run = mia.get("/v1/drafts/mole/rehearsal").json();
    assert_eq!(run["state"], "passed", "{run}");
    assert_eq!((&run["step"], &run["steps"]), (&json!(10), &json!(10)));
    assert_eq!(run["terms_hash"], terms_hash(ON_CHAIN));
    let sales = run["sales"].as_array().unwrap();
    let played: Vec<_> = sales
        .iter()
        .map(|sale| (&sale["venue"], &sale["crowd"], &sale["ending"]))
        .collect();
    let (engine, chain) = (json!("engine"), json!("chain"));
    let (many, few) = (json!("many"), json!("too_few"));
    let (good, failed) = (json!("succeeded"), json!("failed"));
    let expected = [
        (&engine, &many, &good),
        (&engine, &few, &failed),
        (&chain, &many, &good),
        (&chain, &few, &failed),
    ];
    assert_eq!(played, expected);
    // 25 coins fit: what the contract took is what the record has.
    assert_eq!(sales[2]["raised"], "25000000000000000000");
    let text = mia.page(page).text().to_owned();
    for words in [
        "On a chain: more than fits comes",
        "Transactions",
        "25\u{a0}ETH",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // What needs all contributions at once no escrow computes: the page says so, and why.
    let rule = "allocation = \"water_filling\"\ncap = \"25 ETH\"";
    let two = ON_CHAIN.replace("allocation = \"first_come\"", rule);
    let draft = mia.page("/issuer/drafts/mole/text");
    let version = hidden(&draft, "version");
    let fields = [("version", version.as_str()), ("terms", two.as_str())];
    let saved = mia.submit("/issuer/drafts/mole/text", &fields);
    assert_eq!(location(&saved), "/issuer/drafts/mole?done=saved");
    rehearse(&site, &mut mia, page);
    let text = mia.page(page).text().to_owned();
    assert!(text.contains("No contract can keep these terms"), "{text}");
    assert!(text.contains("R109"), "{text}");
}

/// Whoever announces real terms: a person by page or interface, or a live key.
#[test]
fn nothing_freezes_that_was_not_rehearsed() {
    let site = Site::start();
    let mut mia = manager(&site, "mia@example.org");
    mia.submit("/issuer/new", &FORM);
    let draft = mia.get("/v1/drafts/pier").json();
    let text = draft["terms"].as_str().unwrap();
    let hash = terms_hash(text);
    let whole = json!({ "name": "pier", "terms": text, "terms_hash": hash });
    let announcement = json!({ "terms_hash": hash });
    let tries: [(&str, &Value); 2] = [
        ("/v1/offerings", &whole),
        ("/v1/drafts/pier/announcement", &announcement),
    ];
    let live = site.node.live_key();
    for (path, body) in tries {
        let answer = mia.post(path, body);
        assert_eq!(answer.refusal(), (409, "H447".to_owned()), "{path}");
        assert!(
            answer.text().contains("were not rehearsed"),
            "{}",
            answer.text()
        );
        let answer = with_key(&site, &live, ("POST", path), body);
        assert_eq!(answer.refusal(), (409, "H447".to_owned()), "{path}");
    }
    let page = mia.page(ANNOUNCE);
    let version = hidden(&page, "version");
    let fields = [
        ("version", version.as_str()),
        ("terms-hash", hash.as_str()),
        ("confirm", "pier"),
    ];
    let refused = mia.submit(ANNOUNCE, &fields);
    assert_eq!(refused.status, 422);
    assert!(
        refused.text().contains("href=\"#rehearsal\""),
        "{}",
        refused.text()
    );
    assert_eq!(site.node.get("/v1/offerings/pier").status, 404);
    // A live key rehearses and announces; what is on its way is no reason yet.
    let path = "/v1/drafts/pier/rehearsal";
    assert_eq!(
        with_key(&site, &live, ("GET", path), &Value::Null).status,
        404
    );
    let begun = with_key(&site, &live, ("POST", path), &Value::Null);
    assert_eq!(begun.status, 202, "{}", begun.text());
    site.node.wait_for_rehearsals();
    let run = with_key(&site, &live, ("GET", path), &Value::Null).json();
    assert_eq!(run["state"], "passed", "{run}");
    let made = with_key(&site, &live, ("POST", tries[1].0), tries[1].1);
    assert_eq!(made.status, 201, "{}", made.text());
}

/// A server that was stopped in the middle says that nothing is known, and lets it begin again.
#[test]
fn a_rehearsal_that_broke_off_is_not_taken_for_one_that_runs() {
    let site = Site::start();
    let mut mia = manager(&site, "mia@example.org");
    mia.submit("/issuer/new", &FORM);
    rehearse(&site, &mut mia, PAGE);
    // As the row stands where a server ends in the middle.
    site.node
        .execute("UPDATE rehearsal_run SET state = 1, step = 1, report = ''");
    let text = mia.page(PAGE).text().to_owned();
    assert!(text.contains("The rehearsal runs."), "{text}");
    assert!(
        text.contains("data-rehearsal=\"/v1/drafts/pier/rehearsal\""),
        "{text}"
    );
    assert!(text.contains("1 / 2"), "{text}");
    assert!(mia.page(ANNOUNCE).text().contains("The rehearsal runs."));
    site.node
        .execute("UPDATE rehearsal_run SET heard = heard - 60000");
    let text = mia.page(PAGE).text().to_owned();
    assert!(text.contains("The rehearsal broke off."), "{text}");
    let run = mia.get("/v1/drafts/pier/rehearsal").json();
    assert_eq!(run["state"], "broken_off", "{run}");
    rehearse(&site, &mut mia, PAGE);
    assert!(mia.page(PAGE).text().contains("The rehearsal passed."));
}
