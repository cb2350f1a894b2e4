//! The table for a tax return: what the record says of a year, safe to open in a spreadsheet.

use super::{
    investor::{check, confirm, with_money},
    location,
};
use crate::{
    people::browser::Site,
    test_node::{Call, NAME},
};

#[test]
fn a_year_is_a_table_of_what_was_paid_got_and_given_back() {
    let site = Site::with_offering();
    let mut anna = with_money(&site, "anna@example.org");
    assert!(!anna.page("/portfolio").text().contains("tax.csv"));
    for amount in ["100.00", "250.50"] {
        let fields = check(&mut anna, amount);
        location(&confirm(&mut anna, &fields));
    }
    let portfolio = anna.page("/portfolio").text().to_owned();
    assert!(
        portfolio.contains("/portfolio/tax.csv?year=2027"),
        "{portfolio}"
    );

    let file = anna.page("/portfolio/tax.csv?year=2027");
    assert_eq!(
        file.header("content-type"),
        Some("text/csv; charset=utf-8; header=present")
    );
    assert_eq!(file.header("cache-control"), Some("no-store"));
    let lines: Vec<_> = file.text().split("\r\n").collect();
    assert_eq!(
        lines.len(),
        4,
        "names, two contributions and the end: {lines:?}"
    );
    let names: Vec<_> = lines[0].split(',').collect();
    let field = |line: &str, name: &str| {
        let place = names.iter().position(|known| *known == name).unwrap();
        line.split(',').nth(place).unwrap().to_owned()
    };
    for (name, expected) in [
        ("offering", NAME),
        ("title", "Harbour"),
        ("state", "counted"),
        ("currency", "EUR"),
        ("paid", "250.5"),
        ("accepted", "250.5"),
        ("returned", "0"),
        ("tokens", "2505"),
        ("unit", "EUR"),
        ("value", "250.5"),
        ("price", "0.1"),
    ] {
        assert_eq!(field(lines[2], name), expected, "{name}: {}", lines[2]);
    }
    assert!(field(lines[2], "receipt").ends_with(&format!(
        "/offerings/{NAME}/log/{}",
        field(lines[2], "sequence")
    )));
    assert!(field(lines[1], "received_at").starts_with("2027-01-15T09:01:"));

    let api = anna.get("/v1/me/tax-table?year=2027");
    assert_eq!(api.text(), file.text());
    let other = anna.get("/v1/me/tax-table?year=2026");
    assert_eq!(other.text().lines().count(), 1);
    for wrong in [
        "/v1/me/tax-table",
        "/v1/me/tax-table?year=x",
        "/v1/me/tax-table?year=99999",
    ] {
        assert_eq!(anna.get(wrong).status, 400, "{wrong}");
    }
    assert_eq!(
        site.node
            .call(&Call::new("GET", "/v1/me/tax-table?year=2027"))
            .status,
        401
    );
    // Nobody else's are in it.
    let mut eve = site.signed_up("eve@example.org");
    assert_eq!(
        eve.get("/v1/me/tax-table?year=2027").text().lines().count(),
        1
    );
}
