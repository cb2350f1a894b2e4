//! The desk as it changes, and the figures of the last ten minutes.

use std::io::{BufRead as _, BufReader, Write as _};

use serde_json::Value;
use softcap_identity::Role;

use super::manager;
use crate::{
    people::browser::{Browser, Site},
    roles::somebody,
};

const LIVE: &str = "/issuer/offerings/harbour/live";

/// The first events of the stream.
fn events(
    site: &Site,
    browser: &Browser<'_>,
    count: usize,
    mut between: impl FnMut(),
) -> Vec<Value> {
    let mut stream = site.node.connect();
    let cookie = browser.secret().unwrap();
    let ask = format!(
        "GET {LIVE} HTTP/1.1\r\nhost: sale.example\r\ncookie: __Host-softcap={cookie}\r\n\r\n"
    );
    stream.write_all(ask.as_bytes()).unwrap();
    let mut found = Vec::new();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        if let Some(data) = line.strip_prefix("data: ") {
            found.push(serde_json::from_str(data).unwrap());
            if found.len() == count {
                return found;
            }
            between();
        }
    }
    panic!("the stream ended: {found:?}");
}

#[test]
fn the_desk_follows_the_record_and_not_the_load_of_the_page() {
    let site = Site::with_offering();
    let mia = manager(&site, "mia@example.org");
    site.node.fund("10001", 1, 700_000);
    site.node.contribute("10001", "a", 500);
    let mut made = false;
    let all = events(&site, &mia, 2, || {
        if !made {
            made = true;
            site.node.contribute("10001", "b", 600_000);
        }
    });
    let first = &all[0];
    assert_eq!(first["minute"], "0", "refused: {first}");
    assert_eq!(first["refused"][0][1], "1", "{first}");
    assert_eq!(first["phase"], "Open");
    let second = &all[1];
    assert_eq!(second["minute"], "1", "{second}");
    assert_eq!(second["rate"], "0.1", "{second}");
    assert_eq!(second["raised"], "6,000.00\u{a0}EUR");
    assert_eq!(second["contributions"], "1");
    assert_eq!(second["strange"], serde_json::json!([]));
}

#[test]
fn who_may_not_see_the_desk_does_not_see_it_move() {
    let site = Site::with_offering();
    let mut ivo = site.signed_up("ivo@example.org");
    assert_eq!(ivo.page(LIVE).status, 403);
    let mut nobody = site.browser("192.0.2.9");
    assert_eq!(nobody.page(LIVE).status, 303, "to log in");
}

/// Many refusals in a minute are pointed out, also without a script.
#[test]
fn many_refusals_are_strange() {
    let site = Site::with_offering();
    let mut anna = somebody(&site, "anna@example.org", Some(Role::Owner));
    let desk = "/issuer/offerings/harbour";
    let calm = anna.page(desk).text().to_owned();
    assert!(calm.contains("Nothing: the server"), "{calm}");
    for number in 0..21 {
        // Less than the least one: each by another one, because refusals of one are limited.
        let investor = (10_000 + number).to_string();
        site.node.fund(&investor, number + 1, 1_000);
        site.node.contribute(&investor, &format!("x{number}"), 500);
    }
    let text = anna.page(desk).text().to_owned();
    assert!(
        text.contains("21 of 21 contributions of the last minute were refused."),
        "{text}"
    );
}
