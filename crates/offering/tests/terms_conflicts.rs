//! Rules that are each allowed and refused together, each beside terms that are read.

use softcap_offering::terms::{Terms, TermsCode};

/// A round with the numeraire EUR; `root` and `round` are added to it.
fn problems(root: &str, currency: &str, round: &str) -> Vec<(TermsCode, String)> {
    let text = format!(
        "rules = 1\nname = \"Conflicts\"\norigin = \"example.org/conflicts\"\n\
         numeraire = \"EUR\"\n{root}\n\
         [clock]\nkind = \"block\"\n\
         [token]\nname = \"Token\"\nsymbol = \"TOK\"\ndecimals = 2\n\
         [token.supply]\nkind = \"minted\"\n\
         [currency.EUR]\ndecimals = 2\nrail = \"balance\"\nchain = \"main\"\n{currency}\n\
         [[round]]\nname = \"round\"\nfrom = 100\nuntil = 200\nend = \"exclusive\"\n{round}\n"
    );
    let problems = Terms::parse(&text).err().unwrap_or_default();
    problems
        .into_iter()
        .map(|problem| (problem.code, problem.key))
        .collect()
}

const BIDS: &str = "supply = \"10 TOK\"\npricing = { kind = \"bids\" }";
const SEALED: &str = "supply = \"10 TOK\"\npricing = { kind = \"bids\", sealed = { lock_step = \
                      \"1 EUR\", reveal_until = 300 } }";
const DUTCH: &str = "supply = \"10 TOK\"\npricing = { kind = \"dutch\", start = \"9 EUR per 1 \
                     TOK\", end = \"1 EUR per 1 TOK\", granularity = \"1 blocks\" }";
const LOTTERY: &str = "price = \"1 TOK per 1 EUR\"\ncap = \"9 EUR\"\nallocation = { kind = \
                       \"lottery\", source = \"x\", instant = 300, marginal = \"skip\" }";
const PRO_RATA: &str = "price = \"1 TOK per 1 EUR\"\ncap = \"9 EUR\"\nallocation = \"pro_rata\"";
const GUARANTEED: &str = "price = \"1 TOK per 1 EUR\"\nallocation = { kind = \"guaranteed\", \
                          until = 150 }";
const MOVES: &str = "pause = { longest = \"5 blocks\", count = 1, end = \"moves\" }";
const FIXED: &str = "pause = { longest = \"5 blocks\", count = 1, end = \"fixed\" }";
const CREDIT: &str = "credit = \"1 EUR\"";
const SECOND: &str = "[currency.CHF]\ndecimals = 2\nrail = \"balance\"\nchain = \"main\"\n\
                      rate = \"1 EUR per 1 CHF\"";

#[test]
fn what_cannot_be_kept_together_is_refused_at_its_key() {
    use TermsCode::{BidCurrency, KeyConflict, RoomMissing, RoundingUpInBatch, SupplySplit};
    let half_up = "rounding = { mode = \"half_up\" }";
    // Root, currency, round, code, key
    let table = [
        (
            "",
            "",
            format!("{BIDS}\ncap = \"9 EUR\""),
            KeyConflict,
            "round[0].cap",
        ),
        (
            "hard_cap = \"9 EUR\"",
            "",
            BIDS.into(),
            KeyConflict,
            "hard_cap",
        ),
        (
            "",
            CREDIT,
            PRO_RATA.into(),
            KeyConflict,
            "currency.EUR.credit",
        ),
        ("", CREDIT, DUTCH.into(), KeyConflict, "currency.EUR.credit"),
        ("", CREDIT, BIDS.into(), KeyConflict, "currency.EUR.credit"),
        ("", "", GUARANTEED.into(), RoomMissing, "round[0].cap"),
        (MOVES, "", LOTTERY.into(), KeyConflict, "pause.end"),
        (MOVES, "", SEALED.into(), KeyConflict, "pause.end"),
        (
            "",
            "",
            format!("{DUTCH}\ncontribution = {{ min = \"1 TOK\" }}"),
            KeyConflict,
            "round[0].contribution.min",
        ),
        (
            "",
            "",
            format!("{DUTCH}\ncontribution = {{ max = \"1 TOK\" }}"),
            KeyConflict,
            "round[0].contribution.max",
        ),
        (
            "",
            "",
            format!("{BIDS}\ninvestor = {{ max = \"1 TOK\" }}"),
            KeyConflict,
            "round[0].investor.max",
        ),
        (
            "hard_cap = \"9 TOK\"",
            "",
            DUTCH.into(),
            SupplySplit,
            "round[0].supply",
        ),
        ("", SECOND, BIDS.into(), BidCurrency, "round[0].pricing"),
        (
            "hard_cap = \"9 TOK\"",
            half_up,
            PRO_RATA.into(),
            RoundingUpInBatch,
            "currency.EUR.rounding",
        ),
    ];
    for (root, currency, round, code, key) in table {
        let found = problems(root, currency, &round);
        assert_eq!(found, [(code, key.to_owned())], "{root} {currency} {round}");
    }
}

#[test]
fn the_same_rules_apart_are_read() {
    let guaranteed = format!("{GUARANTEED}\ncap = \"9 EUR\"");
    let fixed = "price = \"1 TOK per 1 EUR\"\ncontribution = { max = \"1 TOK\" }";
    let table = [
        ("", "", BIDS),
        ("hard_cap = \"10 TOK\"", "", BIDS),
        ("hard_cap = \"9 EUR\"", "", DUTCH),
        ("", CREDIT, fixed),
        ("", "", &guaranteed),
        (FIXED, "", LOTTERY),
        (FIXED, "", SEALED),
        (MOVES, "", BIDS),
        ("", SECOND, DUTCH),
        ("hard_cap = \"9 TOK\"", "", PRO_RATA),
    ];
    for (root, currency, round) in table {
        assert_eq!(
            problems(root, currency, round),
            [],
            "{root} {currency} {round}"
        );
    }
}
