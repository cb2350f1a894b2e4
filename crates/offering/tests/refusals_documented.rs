//! `docs/refusals.md` is the table in the code.
#![expect(
    clippy::disallowed_methods,
    reason = "the test reads and, when asked, writes the page"
)]

use std::fmt::Write as _;

use softcap_offering::Refusal;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/refusals.md");

const HEAD: &str = "# Refusals\n\n\
    Why a command had no effect, or a contribution was not accepted whole. The number is part of the \
    record: it never\nchanges and is never used again. The name stands in the column `reason` of \
    `settlement.csv`.\n\n\
    | code | name | what happened | what to do |\n|---|---|---|---|\n";

#[test]
fn the_page_lists_every_refusal_as_it_is() {
    let mut page = HEAD.to_owned();
    for refusal in Refusal::ALL {
        let (code, name) = (refusal.code(), refusal.name());
        writeln!(
            page,
            "| {code} | `{name}` | {} | {} |",
            refusal.sentence(),
            refusal.remedy()
        )
        .unwrap();
    }
    if std::env::var_os("SOFTCAP_WRITE_DOCS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap();
    assert_eq!(
        written, page,
        "run this test with SOFTCAP_WRITE_DOCS=1 to write docs/refusals.md"
    );
}
