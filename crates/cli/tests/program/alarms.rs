//! `softcap alarms replay` reads events of anybody, and says where a line is none.

use serde_json::Value;

use crate::workplace::Workplace;

/// Thirty logins of one person at home, then one from elsewhere with another program.
fn events() -> String {
    let line = |day: i64, address: &str, agent: &str, attack: &str| {
        let at = 1_735_689_600_000 + day * 86_400_000;
        format!(
            "{{\"at\":{at},\"event\":\"login\",\"ok\":true,\"person\":\"anna\",\"address\":\"{address}\",\
             \"agent\":\"{agent}\"{attack}}}\n"
        )
    };
    let mut text: String = (0..30)
        .map(|day| line(day, "203.0.113.5", "Firefox/130.0", ""))
        .collect();
    text += &line(
        30,
        "198.51.100.7",
        "curl/8",
        ",\"attack\":\"stolen_password#1\"",
    );
    text
}

#[test]
fn a_stranger_is_noticed_and_the_figures_say_so() {
    let place = Workplace::empty();
    std::fs::write(place.path().join("events.jsonl"), events()).unwrap();
    let answer = place.run(&["alarms", "replay", "events.jsonl", "--list", "--json"]);
    let value: Value = answer.succeeded().value();
    assert_eq!(value["alarms"][0]["kind"], "unusual_login");
    assert_eq!(value["alarms"][0]["subject"], "anna");
    assert_eq!(value["attacks"]["stolen_password"]["noticed"], 1);
    assert_eq!(value["noticed_per_ten_thousand"], 10_000);
    assert_eq!(value["false_alarms"], 0);
    let text = place
        .run(&["alarms", "replay", "events.jsonl", "--list"])
        .succeeded()
        .out;
    assert!(
        text.contains("unusual_login anna stolen_password#1 unlikely_login"),
        "{text}"
    );
}

#[test]
fn a_line_that_is_none_is_named() {
    let place = Workplace::empty();
    for (text, code, line) in [
        (format!("{}nonsense\n", events()), "A612", "line 32"),
        (format!("{}{}", events(), events()), "A613", "line 32"),
    ] {
        std::fs::write(place.path().join("events.jsonl"), text).unwrap();
        let answer = place.run(&["alarms", "replay", "events.jsonl"]);
        assert_eq!(
            (answer.code, answer.out.as_str()),
            (Some(2), ""),
            "{answer:?}"
        );
        answer.says(&[code, line]);
    }
    std::fs::write(place.path().join("networks.txt"), "\nnowhere home\n").unwrap();
    let answer = place.run(&[
        "alarms",
        "replay",
        "events.jsonl",
        "--networks",
        "networks.txt",
    ]);
    assert_eq!(answer.code, Some(2), "{answer:?}");
    answer.says(&["A611", "line 2"]);
}
