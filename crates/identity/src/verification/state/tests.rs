//! Every state against every step.

use super::*;

const NOW: UnixMillis = UnixMillis::new(1_000);
const RECHECK: UnixMillis = UnixMillis::new(2_000);
const UNTIL: UnixMillis = UnixMillis::new(3_000);

fn officer() -> PersonId {
    "00112233445566778899aabbccddeeff".parse().unwrap()
}

fn state(kind: StateKind) -> CaseState {
    let (by, reasons) = (officer(), vec![Reason::Unreadable]);
    let (until, recheck_at) = (UNTIL, RECHECK);
    match kind {
        StateKind::Open => CaseState::Open,
        StateKind::Submitted => CaseState::Submitted,
        StateKind::InReview => CaseState::InReview { by },
        StateKind::NeedsMore => CaseState::NeedsMore { by, reasons },
        StateKind::Approved => CaseState::Approved {
            by,
            until,
            recheck_at,
        },
        StateKind::RecheckDue => CaseState::RecheckDue { by, until },
        StateKind::Refused => CaseState::Refused { by, reasons },
        StateKind::Expired => CaseState::Expired,
    }
}

fn step(name: &str) -> Step {
    let (by, reasons) = (officer(), vec![Reason::Unreadable]);
    match name {
        "reopen" => Step::Reopen,
        "submit" => Step::Submit,
        "take" => Step::Take { by },
        "ask" => Step::AskMore { by, reasons },
        "approve" => Step::Approve {
            by,
            until: UNTIL,
            recheck_at: RECHECK,
        },
        "refuse" => Step::Refuse { by, reasons },
        other => panic!("{other}"),
    }
}

/// ASVS V2.3.1: a row for each state, a column for each step; `-` is a refusal with A902, and nothing else leads anywhere.
const TABLE: &str = "
            reopen  submit     take       ask         approve   refuse
open        -       submitted  -          -           -         -
submitted   -       -          in_review  -           -         -
in_review   -       -          in_review  needs_more  approved  refused
needs_more  -       submitted  -          -           -         -
approved    open    -          in_review  -           -         -
recheck_due open    -          in_review  -           -         -
refused     open    -          in_review  -           -         -
expired     open    -          -          -           -         -
";

#[test]
fn v2_3_1_no_step_of_a_verification_can_be_skipped() {
    let mut lines = TABLE.trim_start_matches('\n').lines();
    let steps: Vec<_> = lines.next().unwrap().split_whitespace().collect();
    let mut rows = 0;
    for line in lines {
        let mut words = line.split_whitespace();
        let from = StateKind::from_code(words.next().unwrap()).unwrap();
        for (name, expected) in steps.iter().zip(words) {
            let found = match after(&state(from), step(name), 0, NOW) {
                Ok(next) => next.map_or("nothing", |next| next.kind().as_code()),
                Err(error) => {
                    assert_eq!(error.code(), "A902", "{error}");
                    "-"
                }
            };
            assert_eq!(found, expected, "{from:?} {name}");
        }
        rows += 1;
    }
    assert_eq!(rows, StateKind::ALL.len());
}

#[test]
fn more_is_asked_for_three_times_and_then_somebody_decides() {
    let review = state(StateKind::InReview);
    for rounds in 0..MOST_ROUNDS {
        let next = after(&review, step("ask"), rounds, NOW).unwrap().unwrap();
        assert_eq!(next.kind(), StateKind::NeedsMore, "{rounds}");
    }
    let error = after(&review, step("ask"), MOST_ROUNDS, NOW).unwrap_err();
    assert_eq!(error.code(), "A905");
    for name in ["approve", "refuse"] {
        assert!(after(&review, step(name), MOST_ROUNDS, NOW).is_ok());
    }
    // Who was refused tries again as often as more could be asked for, and no more.
    let refused = state(StateKind::Refused);
    assert!(after(&refused, Step::Reopen, MOST_ROUNDS - 1, NOW).is_ok());
    let error = after(&refused, Step::Reopen, MOST_ROUNDS, NOW).unwrap_err();
    assert_eq!(error.code(), "A902");
}

#[test]
fn time_makes_an_approval_due_and_ends_it() {
    let table = [
        (StateKind::Approved, 1_999, None),
        (StateKind::Approved, 2_000, Some(StateKind::RecheckDue)),
        (StateKind::Approved, 3_000, Some(StateKind::Expired)),
        (StateKind::RecheckDue, 2_999, None),
        (StateKind::RecheckDue, 3_000, Some(StateKind::Expired)),
        (StateKind::Open, 9_000, None),
        (StateKind::Submitted, 9_000, None),
        (StateKind::InReview, 9_000, None),
        (StateKind::NeedsMore, 9_000, None),
        (StateKind::Refused, 9_000, None),
        (StateKind::Expired, 9_000, None),
    ];
    for (from, at, expected) in table {
        let next = after(&state(from), Step::Pass, 0, UnixMillis::new(at)).unwrap();
        assert_eq!(next.map(|next| next.kind()), expected, "{from:?} at {at}");
    }
}
