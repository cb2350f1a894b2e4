//! The independent checker `docs/verify/softcap_verify.py`: it agrees with the program on honest
//! bundles, also on sales drawn at random, and refuses forged ones, as `softcap verify` does.

use std::{fs, process::Command};

use softcap_offering::{Amount, Outcome, Tokens};

use crate::{
    forgery::Forgery,
    small_sales::{Draws, SHARED, SHARED_ROWS, STEPS, STEPS_ROWS, random_sale},
    workplace::{Answer, Workplace, workspace},
};

/// A sale with its terms and contributions, settled into `result`.
fn settled(terms: &str, rows: &str, entries: Option<&str>) -> Workplace {
    let place = Workplace::empty();
    place.write("offering.toml", terms);
    place.write("contributions.csv", rows);
    settle(&place, entries);
    place
}

fn settle(place: &Workplace, entries: Option<&str>) {
    let mut arguments = vec!["settle", "--terms", "offering.toml"];
    arguments.extend(["--contributions", "contributions.csv", "--out", "result"]);
    if let Some(entries) = entries {
        place.write("entries.toml", entries);
        arguments.extend(["--entries", "entries.toml"]);
    }
    place.run(&arguments).succeeded();
}

/// The checker on `result`.
fn check(place: &Workplace, flags: &[&str]) -> Answer {
    let script = workspace("docs/verify/softcap_verify.py");
    let output = Command::new("python3")
        .arg(&script)
        .arg("result")
        .args(flags)
        .current_dir(place.path())
        .output()
        .unwrap_or_else(|error| {
            panic!(
                "{error}: the checker needs Python 3.11; install it: sudo apt-get install python3"
            )
        });
    Answer::new(
        format!("softcap_verify.py result {}", flags.join(" ")),
        output,
    )
}

#[track_caller]
fn agrees(place: &Workplace) {
    place.run(&["verify", "result"]).succeeded();
    let answer = check(place, &[]).succeeded();
    assert!(answer.out.starts_with("consistent; "), "{answer:?}");
}

/// Both verifiers refuse; the checker says each of the parts.
#[track_caller]
fn refused(place: &Workplace, parts: &[&str]) {
    let answer = place.run(&["verify", "result"]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    let answer = check(place, &[]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(
        !answer.out.contains("manifest"),
        "the seal holds: {answer:?}"
    );
    for part in parts {
        assert!(answer.out.contains(part), "{part} in {answer:?}");
    }
}

#[test]
fn honest_bundles_are_consistent() {
    agrees(&Workplace::settled());
    agrees(&settled(STEPS, STEPS_ROWS, None));
    agrees(&settled(SHARED, SHARED_ROWS, None));
    let missed = SHARED.replace("soft_cap = \"50 EUR\"", "soft_cap = \"380 EUR\"");
    let missed = settled(&missed, SHARED_ROWS, None);
    assert_eq!(missed.json("result/settlement.json")["outcome"], "failed");
    agrees(&missed);
    let nobody = settled(STEPS, STEPS_ROWS.lines().next().unwrap(), None);
    agrees(&nobody);
}

#[test]
fn acts_of_the_issuer_and_of_investors_are_replayed() {
    let entries = r#"
[[entry]]
kind = "admit"
at = "start"
round = "early"
investors = ["nobody-yet", "ben"]
limit = "20 EUR"

[[entry]]
kind = "withdraw"
after = "c-2"
contribution = "c-1"

[[entry]]
kind = "return"
after = "c-4"
contribution = "c-3"
amount = "40 EUR"
reason = "over_limit"

[[entry]]
kind = "revoke"
after = "c-4"
round = "shared"
investor = "cid"

[[entry]]
kind = "withdraw"
at = "end"
contribution = "c-6"
"#;
    let place = settled(SHARED, SHARED_ROWS, Some(entries));
    agrees(&place);
    let cancelled = "[[entry]]\nkind = \"cancel\"\nafter = \"c-5\"\n";
    agrees(&settled(SHARED, SHARED_ROWS, Some(cancelled)));
}

#[test]
fn a_round_that_is_shared_out_may_go_by_steps() {
    let steps = r#"
[round.pricing]
kind = "steps"
steps = [
  { from = "2026-03-02T00:00:00Z", price = "2 SHR per EUR" },
  { from = "2026-03-02T02:30:00Z", price = "7 SHR per 4 EUR" },
]
"#;
    let terms = SHARED.replace("price = \"2 SHR per EUR\"\n", "") + steps;
    // The supply of the round is less than what is asked for, and then more.
    for supply in ["350 SHR", "700 SHR"] {
        let terms = terms.replace("350 SHR", supply);
        agrees(&settled(&terms, SHARED_ROWS, None));
    }
}

/// `docs/bundle-format.md` promises its length to whoever reads it before trusting it.
#[test]
fn it_can_be_read_in_one_sitting() {
    let script = fs::read_to_string(workspace("docs/verify/softcap_verify.py")).unwrap();
    assert!(script.lines().count() <= 400);
    let widest = script.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(120), "{widest:?}");
}

#[test]
fn a_terms_hash_is_checked_and_a_signature_is_said_not_to_be() {
    let place = Workplace::settled();
    let hash = place.json("result/settlement.json")["terms_hash"].clone();
    let hash = hash.as_str().unwrap();
    let right = check(&place, &["--terms-hash", hash]).succeeded();
    assert!(right.out.contains("the signature"), "{right:?}");
    let wrong = hash.replace(&hash[..4], "0000");
    let other = check(&place, &["--terms-hash", &wrong]);
    assert_eq!(other.code, Some(1), "{other:?}");
    assert!(
        other.out.contains("false: terms.json: has the hash"),
        "{other:?}"
    );
}

#[test]
fn what_is_not_recomputed_is_said() {
    let terms = STEPS
        .replace("[round.pricing]", "[round.pricing]\nkind = \"linear\"\nbase = \"7 STP per EUR\"\nbonus = \"10 %\"\nper = \"1 day\"\nuntil = \"2026-03-03T00:00:00Z\"\n[ignored]")
        .split("[ignored]")
        .next()
        .unwrap()
        .to_owned();
    let place = settled(&terms, STEPS_ROWS, None);
    let answer = check(&place, &[]);
    assert_eq!(answer.code, Some(3), "{answer:?}");
    assert!(
        answer.out.contains("not checked: the pricing 'linear'\n"),
        "{answer:?}"
    );
    let nothing = Workplace::empty();
    assert_eq!(check(&nothing, &[]).code, Some(2));
}

#[test]
fn a_forger_without_a_lie_changes_nothing() {
    let place = settled(SHARED, SHARED_ROWS, None);
    let before = place.everything();
    let place = Forgery::of(place).seal();
    assert_eq!(place.everything(), before);
}

#[test]
fn tokens_moved_between_two_people_are_found() {
    let mut forgery = Forgery::of(Workplace::settled());
    for (id, amount, tokens) in [
        ("c-011", "0.8", ("20000", "20001")),
        ("c-012", "3000", ("30000", "29999")),
    ] {
        let entry = forgery.entry_of(id);
        forgery.change(entry, |_, outcome| {
            let Outcome::Contributed(made) = outcome else {
                panic!("{id}")
            };
            made.tokens = Tokens(tokens.1.parse::<u128>().unwrap() * 1_000_000);
        });
        let row = |tokens| format!("{amount},0,0,{tokens},\n");
        forgery.replace("settlement.csv", &row(tokens.0), &row(tokens.1));
    }
    forgery.replace("investors.csv", "60034,20000,", "60034,20001,");
    forgery.replace("investors.csv", "11975,30000,", "11975,29999,");
    refused(
        &forgery.seal(),
        &[
            "journal, entry 13 (contribute): tokens is 20001000000, it must be 20000000000",
            "settlement.csv, line 12",
            "investors.csv",
            "settlement.tree",
        ],
    );
}

#[test]
fn a_refused_contribution_that_was_accepted_is_found() {
    let lie = STEPS.replace("[\"1 EUR\", \"2 USD\"]", "\"0.5 EUR\"");
    let forgery = Forgery::graft(
        settled(&lie, STEPS_ROWS, None),
        &settled(STEPS, STEPS_ROWS, None),
    );
    refused(
        &forgery.seal(),
        &["entry 3 (contribute): kind is contributed, it must be refused"],
    );
}

#[test]
fn two_contributions_that_changed_places_are_found() {
    let mut forgery = Forgery::of(Workplace::settled());
    let (a, b) = (forgery.entry_of("c-012"), forgery.entry_of("c-013"));
    assert_eq!(a + 1, b);
    forgery.swap(a, b);
    let whole = "c-012,11975,EUR,3000,3000,0,0,30000,\n";
    let cut = "c-013,83301,ETH,2,1.3998,0.6002,0,34995,hard_cap_reached\n";
    forgery.replace(
        "settlement.csv",
        &[whole, cut].concat(),
        &[cut, whole].concat(),
    );
    let (first, second) = (
        "11975,30000,3000,3000,0,0,0,0,0,0\n",
        "83301,34995,0,0,0,0,2,1.3998,0.6002,0\n",
    );
    forgery.replace(
        "investors.csv",
        &[first, second].concat(),
        &[second, first].concat(),
    );
    refused(
        &forgery.seal(),
        &[&format!(
            "journal, entry {a} (contribute): accepted is 1399800000000000000, it must be 2000000000000000000"
        )],
    );
}

#[test]
fn a_price_step_that_was_ignored_is_found() {
    let lie = STEPS.replace("+0.07 EUR", "+0.08 EUR");
    let forgery = Forgery::graft(
        settled(&lie, STEPS_ROWS, None),
        &settled(STEPS, STEPS_ROWS, None),
    );
    refused(
        &forgery.seal(),
        &["journal, entry 5 (contribute): tokens is"],
    );
}

#[test]
fn a_total_that_is_overstated_is_found() {
    let mut forgery = Forgery::of(Workplace::settled());
    let settlement = forgery.settlement();
    forgery.change(settlement, |_, outcome| {
        let Outcome::Settled(settled) = outcome else {
            panic!("settled")
        };
        settled.raised.0 += 100;
    });
    forgery.replace(
        "settlement.json",
        "\"raised\": {\n    \"units\": \"2500000\",\n    \"display\": \"25000 EUR\"",
        "\"raised\": {\n    \"units\": \"2500100\",\n    \"display\": \"25001 EUR\"",
    );
    refused(
        &forgery.seal(),
        &["(settle): raised is 2500100, it must be 2500000"],
    );
}

#[test]
fn an_entry_that_was_dropped_is_found() {
    // The first admission: nobody's row changes, and the tree is that of the shorter journal.
    let mut forgery = Forgery::of(Workplace::settled());
    forgery.drop_entry(1);
    refused(
        &forgery.seal(),
        &["(contribute): kind is contributed, it must be refused"],
    );
    // The contribution that had taken the room: the other one is still cut.
    let rows = "contribution_id,investor,received_at,currency,amount\n";
    let kept = "c-2,ben,2026-03-01T09:00:00Z,EUR,50\n";
    let both = format!("{rows}c-1,ann,2026-03-01T08:00:00Z,EUR,60\n{kept}");
    let honest = settled(SHARED, &both, None);
    let lie = SHARED
        .replace("cap = \"90 EUR\"", "cap = \"30 EUR\"")
        .replace("soft_cap = \"50 EUR\"", "soft_cap = \"30 EUR\"");
    let forgery = Forgery::graft(settled(&lie, &[rows, kept].concat(), None), &honest);
    refused(
        &forgery.seal(),
        &["journal, entry 1 (contribute): accepted is 3000, it must be 5000"],
    );
}

#[test]
fn wrong_rounding_is_found() {
    let lie = STEPS.replace(
        "\"half_up\", unit = \"0.1 STP\"",
        "\"down\", unit = \"0.1 STP\"",
    );
    let forgery = Forgery::graft(
        settled(&lie, STEPS_ROWS, None),
        &settled(STEPS, STEPS_ROWS, None),
    );
    refused(&forgery.seal(), &["(contribute): tokens is"]);
    let lie = SHARED.replace("\"largest_remainder\"", "\"unassigned\"");
    let forgery = Forgery::graft(
        settled(&lie, SHARED_ROWS, None),
        &settled(SHARED, SHARED_ROWS, None),
    );
    refused(&forgery.seal(), &["(settle): raised is"]);
}

#[test]
fn a_refund_that_is_missing_is_found() {
    let lie = STEPS.replace("over_cap = \"partial\"", "over_cap = \"kept\"");
    let forgery = Forgery::graft(
        settled(&lie, STEPS_ROWS, None),
        &settled(STEPS, STEPS_ROWS, None),
    );
    refused(
        &forgery.seal(),
        &["(contribute): refunded is 0, it must be"],
    );
    // Only the table says so: a row that does not add up to what the journal has.
    let forgery = Forgery::of(Workplace::settled());
    forgery.replace(
        "settlement.csv",
        "EUR,4000,0,4000,0,0,withdrawn",
        "EUR,4000,0,3999,1,0,withdrawn",
    );
    forgery.replace(
        "investors.csv",
        "48126,0,4000,0,4000,0",
        "48126,0,4000,0,3999,1",
    );
    refused(
        &forgery.seal(),
        &["settlement.csv, line 11: there is c-010,48126,EUR,4000,0,3999,1,0,withdrawn"],
    );
}

#[test]
fn a_changed_outcome_is_found() {
    let mut forgery = Forgery::of(settled(SHARED, SHARED_ROWS, None));
    let entry = forgery.entry_of("c-6");
    forgery.change(entry, |_, outcome| {
        let Outcome::Contributed(made) = outcome else {
            panic!("contributed")
        };
        made.accepted = Amount(made.accepted.0 ^ 1);
    });
    refused(
        &forgery.seal(),
        &["(contribute): accepted is 5910, it must be 5911"],
    );
}

#[test]
fn other_terms_than_the_announced_ones_are_found() {
    let mut forgery = Forgery::of(Workplace::settled());
    forgery.change(0, |entry, _| {
        let softcap_offering::Command::Announce { terms_hash } = &mut entry.command else {
            panic!("announced")
        };
        terms_hash[31] ^= 1;
    });
    refused(
        &forgery.seal(),
        &["journal, entry 0 (announce): kind is done, it must be refused"],
    );
}

#[test]
fn a_soft_cap_that_was_missed_is_found() {
    let honest = SHARED.replace("soft_cap = \"50 EUR\"", "soft_cap = \"380 EUR\"");
    let honest = settled(&honest, SHARED_ROWS, None);
    let forgery = Forgery::graft(settled(SHARED, SHARED_ROWS, None), &honest);
    refused(
        &forgery.seal(),
        &["(settle): verdict is 1, it must be 2", "soft_cap_missed"],
    );
}

#[test]
fn both_programs_agree_on_random_sales() {
    let mut draws = Draws(20_261_125);
    for number in 0..24 {
        let (terms, rows) = random_sale(&mut draws);
        println!("sale {number}:\n{terms}\n{rows}");
        let place = settled(&terms, &rows, None);
        agrees(&place);
        fs::remove_dir_all(place.path().join("result")).unwrap();
    }
}
