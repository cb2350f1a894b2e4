use std::io::Cursor;

use softcap_offering::terms::{Severity, inspect};

use super::{question::NONE, *};

fn today() -> Timestamp {
    "2027-01-15T09:30:00Z".parse().unwrap()
}

fn arguments() -> NewArguments {
    NewArguments {
        out: "offering.toml".into(),
        defaults: true,
        name: None,
        symbol: None,
        currency: None,
        price: None,
        soft_cap: None,
        hard_cap: None,
        from: None,
        until: None,
    }
}

#[test]
fn the_defaults_are_terms_that_no_check_objects_to() {
    let text = file::text(&Answers::new(today()));
    let inspection = inspect(&text);
    assert_eq!(inspection.problems, [], "{text}");
    let terms = inspection.terms.unwrap();
    assert_eq!(terms.name, "Harbour");
    assert!(text.contains("from = \"2027-02-14T12:00:00Z\""), "{text}");
    assert!(text.contains("until = \"2027-03-07T12:00:00Z\""), "{text}");
    assert!(
        text.contains("refund_deadline = \"2027-05-20T12:00:00Z\""),
        "{text}"
    );
    assert!(text.contains("hard_cap = \"60_000 EUR\""), "{text}");
}

#[test]
fn any_taken_answers_make_valid_terms_without_red_warnings() {
    use Question::*;
    let table: &[&[(Question, &str)]] = &[
        &[(Currency, "ETH")],
        &[(Currency, "BTC"), (Decimals, "0")],
        &[
            (Currency, "USDC"),
            (Allocation, "pro rata"),
            (InvestorMax, NONE),
        ],
        &[
            (Currency, "a.b-c"),
            (Symbol, "X.1"),
            (Allocation, "water_filling"),
        ],
        &[
            (Name, "Quote \" and \\ and ü"),
            (Origin, "softcap.example/x"),
        ],
        &[(Team, "0"), (Treasury, "0"), (Withdrawal, "0")],
        &[
            (Team, "33.33"),
            (Treasury, "12.5"),
            (Total, "1_000_003"),
            (Decimals, "0"),
        ],
        &[
            (Team, "90"),
            (TeamCliff, "0"),
            (TeamVesting, "0"),
            (Treasury, "5"),
        ],
        &[
            (Price, "0.000001"),
            (Total, "900_000_000_000"),
            (Decimals, "18"),
        ],
        &[(SoftCap, "10_000"), (HardCap, "25_000.5"), (Minimum, "10")],
        &[(Minimum, "7_000")],
        &[(Price, "1"), (SoftCap, "300_000"), (HardCap, "500_000")],
        &[
            (From, "2027-06-01T00:00:00+02:00"),
            (Until, "2027-06-02T00:00:00Z"),
        ],
        &[(Rail, "evm"), (Currency, "PTS")],
    ];
    for row in table {
        let mut answers = Answers::new(today());
        // In the order of the interview, as every answer is judged together with those before it.
        for question in Question::ALL {
            if let Some((_, text)) = row.iter().find(|(asked, _)| *asked == question) {
                answers = interview::take(&answers, question, text)
                    .unwrap_or_else(|reason| panic!("{question:?} {text}: {reason}"));
            }
        }
        let text = file::text(&answers);
        let inspection = inspect(&text);
        assert!(
            inspection.terms.is_some(),
            "{:?}\n{text}",
            inspection.problems
        );
        let worse = inspection
            .problems
            .iter()
            .filter(|p| p.severity != Severity::Warning);
        assert_eq!(worse.count(), 0, "{text}");
        assert!(text.lines().filter(|line| line.starts_with('#')).count() > 5);
    }
}

#[test]
fn what_is_no_answer_is_refused_with_a_reason() {
    use Question::*;
    let table = [
        (Name, "", "no answer"),
        (Name, "a\u{7}b", "no answer"),
        (Symbol, "HBR HBR", "no answer"),
        (Symbol, "12345678901234567", "no answer"),
        (Decimals, "31", "no answer"),
        (Rail, "paypal", "no answer"),
        (Price, "0", "no answer"),
        (Price, "-1", "no answer"),
        (Price, "1,5", "no answer"),
        (Total, "1e6", "no answer"),
        (Team, "100", "no answer"),
        (Team, "12.345", "no answer"),
        (TeamCliff, "9999", "no answer"),
        (Allocation, "lottery", "no answer"),
        (From, "2027-03-01", "no answer"),
        (From, "1772323200", "no answer"),
        // Of the right form, and refused by the checks of the terms themselves.
        (Symbol, "EUR", "T1"),
        (SoftCap, "60_001", "T208"),
        (HardCap, "10_000", "T208"),
        (HardCap, "0.001", "T123"),
        (InvestorMax, "9.99", "nobody could take part"),
        (Until, "2027-02-14T12:00:00Z", "T201"),
        (From, "2007-03-01T00:00:00Z", "T145"),
        (TeamCliff, "1462", "T"),
        (Treasury, "85", "T"),
    ];
    let answers = interview::take(&Answers::new(today()), SoftCap, "15_000").unwrap();
    for (question, text, expected) in table {
        let Err(reason) = interview::take(&answers, question, text) else {
            panic!("{question:?} {text} is taken");
        };
        assert!(reason.contains(expected), "{question:?} {text}: {reason}");
    }
}

#[test]
fn a_flag_is_judged_like_an_answer() {
    let wrong = NewArguments {
        soft_cap: Some("many".into()),
        ..arguments()
    };
    let failure = given(&wrong, today()).unwrap_err();
    let message = failure.to_string();
    assert!(
        message.contains("--soft-cap") && message.contains("25_000"),
        "{message}"
    );
    let right = NewArguments {
        name: Some("Pier".into()),
        symbol: Some("PIER".into()),
        currency: Some("ETH".into()),
        price: Some("0.002".into()),
        soft_cap: Some("100".into()),
        hard_cap: Some("1_000".into()),
        from: Some("2027-04-01T12:00:00Z".into()),
        until: Some("2027-05-01T12:00:00Z".into()),
        ..arguments()
    };
    let (answers, answered) = given(&right, today()).unwrap();
    assert_eq!(answered.len(), 8);
    let text = file::text(&answers);
    for line in [
        "soft_cap = \"100 ETH\"",
        "price = \"0.002 ETH per PIER\"",
        "rail = \"evm\"",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn the_interview_asks_again_with_the_reason_and_leaves_out_what_has_no_meaning() {
    let mut typed = String::new();
    for question in Question::ALL {
        // Answered on the command line, or about a team that holds nothing.
        let skipped = [Question::Name, Question::TeamCliff, Question::TeamVesting];
        if question == Question::Team {
            typed.push_str("0\n");
        } else if question == Question::SoftCap {
            typed.push_str("lots\n99_000_000\n20_000\n");
        } else if !skipped.contains(&question) {
            typed.push('\n');
        }
    }
    let mut shown = Vec::new();
    let mut input = Cursor::new(typed.into_bytes());
    let start = interview::take(&Answers::new(today()), Question::Name, "Pier").unwrap();
    let answers = interview::ask(start, &[Question::Name], &mut input, &mut shown).unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert_eq!(answers.get(Question::SoftCap), "20_000");
    assert_eq!(shown.matches("Soft cap, in EUR [").count(), 3, "{shown}");
    assert!(
        shown.contains("\"lots\" is no answer") && shown.contains("T208"),
        "{shown}"
    );
    assert!(!shown.contains("Name of the offering") && !shown.contains("Days until the team"));
    for question in Question::ALL {
        assert!(!question.meaning().is_empty() && question.meaning().ends_with('.'));
    }
    assert_eq!(inspect(&file::text(&answers)).problems, []);
}

#[test]
fn answers_that_end_early_write_nothing() {
    let mut input = Cursor::new(b"Pier\n".to_vec());
    let end = interview::ask(Answers::new(today()), &[], &mut input, &mut Vec::new());
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_file_is_written_once_and_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("offering.toml");
    let answers = Answers::new(today());
    let written = finish(&out, &answers).unwrap();
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(text, file::text(&answers));
    let hash = Terms::parse(&text).unwrap().hash().to_string();
    assert_eq!(written.value["terms_hash"], hash.as_str());
    assert!(written.text.contains("softcap offering simulate"));
    assert!(finish(&out, &Answers::new(Timestamp::UNIX_EPOCH)).is_err());
    assert!(refuse_existing(&out).is_err());
    assert_eq!(std::fs::read_to_string(&out).unwrap(), text);
}
