//! `softcap migrate`: every table that a server needs, before it starts.

use crate::workplace::Workplace;

fn holds(bytes: &[u8], text: &str) -> bool {
    let text = text.as_bytes();
    bytes.windows(text.len()).any(|window| window == text)
}

#[test]
fn the_tables_of_all_databases_are_made() {
    let place = Workplace::empty();
    for _ in 0..2 {
        place.run(&["migrate", "--data", "data"]).succeeded();
    }
    // SQLite keeps the text that made a table.
    for (file, table) in [
        ("journal.db", "batch"),
        ("derived.db", "tile"),
        ("private.db", "investor_number"),
        ("service.db", "api_key"),
        ("service.db", "webhook_endpoint"),
        ("service.db", "webhook_cursor"),
    ] {
        let bytes = place.bytes(&format!("data/{file}"));
        assert!(holds(&bytes, &format!("CREATE TABLE {table}")), "{table}");
    }
}
