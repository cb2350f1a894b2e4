//! From what is known to one state.

use super::State;

/// What is known of one contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Whether whoever knows more could be asked.
    pub(crate) source: Source,
    /// How far it came.
    pub(crate) stage: Stage,
}

/// Whether record and chain answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// They do.
    Reached,
    /// One of them does not, so that what is known may be old.
    Unreachable,
}

/// Before its entry, or with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// There is no entry.
    Before(BeforeEntry),
    /// There is one.
    Entered(Entered),
}

/// What may be the matter before there is an entry.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "pages for bitcoin know of the others")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BeforeEntry {
    /// Nothing was sent.
    Draft,
    /// Something must be shown first.
    Unchecked,
    /// A token must be approved first.
    Unapproved,
    /// The wallet asks.
    Asked,
    /// The wallet's owner said no.
    Declined,
    /// In no block.
    Pending,
    /// Its nonce was used for the same call with another fee.
    Replaced,
    /// Its nonce was used for something else, or the network forgot it.
    Dropped,
    /// The contract said no.
    Reverted,
    /// An address waits.
    AddressOpen,
    /// In a block that is not deep enough.
    Shallow,
    /// In a block that was undone.
    Undone,
    /// Less than was asked.
    TooLittle,
    /// After the end.
    TooLate,
    /// Money in the account of the offering.
    InAccount,
    /// Money of nobody known.
    Nobodys,
}

/// A contribution in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entered {
    /// How much of it was taken.
    pub(crate) part: Part,
    /// How far the offering is.
    pub(crate) course: Course,
    /// How far tokens or money are on their way to the investor.
    pub(crate) payout: Payout,
}

/// How much of a contribution the offering has, as far as that is decided.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "pages for wallets and bitcoin know of the others")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// Some of it.
    Some,
    /// Nothing: a rule said no.
    Refused,
    /// Nothing any more: it was taken back or returned.
    TakenBack,
    /// It is in the order, and the round or freed room decides later.
    Undecided,
    /// A bid at or above the price of now.
    InRange,
    /// A bid below the price of now.
    OutOfRange,
    /// A check is open.
    Held,
}

/// How far an offering is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// It takes contributions, or will again.
    Running,
    /// All windows are over, and nothing is settled.
    Ended,
    /// Tokens are handed over.
    Succeeded,
    /// They would be, and those who paid can object to that on the chain.
    Contested,
    /// They would have been, and the contract pays all money back in their place.
    Voided,
    /// Everybody is refunded.
    GivenUp,
}

/// What the investor has of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payout {
    /// Nothing yet.
    Nothing,
    /// It is there to be taken.
    Ready,
    /// It is on its way.
    Sent,
    /// A part of it; the rest becomes free later.
    Partly,
    /// All of it.
    Done,
}

/// The one state that follows from what is known.
pub(crate) const fn decide(known: Known) -> State {
    if matches!(known.source, Source::Unreachable) {
        return State::Unknown;
    }
    match known.stage {
        Stage::Before(before) => before_entry(before),
        Stage::Entered(entered) => with_entry(entered),
    }
}

const fn before_entry(before: BeforeEntry) -> State {
    match before {
        BeforeEntry::Draft => State::Draft,
        BeforeEntry::Unchecked => State::NeedsIdentity,
        BeforeEntry::Unapproved => State::NeedsApproval,
        BeforeEntry::Asked => State::WaitingSignature,
        BeforeEntry::Declined => State::DeclinedSignature,
        BeforeEntry::Pending => State::Sent,
        BeforeEntry::Replaced => State::Replaced,
        BeforeEntry::Dropped => State::Dropped,
        BeforeEntry::Reverted => State::Failed,
        BeforeEntry::AddressOpen => State::AddressOpen,
        BeforeEntry::Shallow => State::Confirming,
        BeforeEntry::Undone => State::Reorged,
        BeforeEntry::TooLittle => State::Underpaid,
        BeforeEntry::TooLate => State::Late,
        BeforeEntry::InAccount => State::Reserved,
        BeforeEntry::Nobodys => State::Unmatched,
    }
}

const fn with_entry(entered: Entered) -> State {
    match (entered.course, entered.part) {
        // What was never taken, or was taken back, does not depend on how the offering ends.
        (_, Part::Refused) => State::Refused,
        (_, Part::TakenBack) => State::Withdrawn,
        (Course::Running | Course::Ended, Part::Held) => State::Held,
        (Course::Running, Part::Whole) => State::Counted,
        (Course::Running, Part::Some) => State::CountedPart,
        (Course::Running, Part::Undecided) => State::Waiting,
        (Course::Running, Part::InRange) => State::InRange,
        (Course::Running, Part::OutOfRange) => State::OutOfRange,
        // From here on it is the same for all that was taken.
        (Course::Ended, _) => State::EndedUndecided,
        (Course::Contested, _) => State::Contestable,
        (Course::Succeeded, _) => match entered.payout {
            Payout::Nothing => State::Allocated,
            Payout::Ready => State::Claimable,
            Payout::Sent => State::ClaimSent,
            Payout::Partly => State::Vesting,
            Payout::Done => State::Claimed,
        },
        (Course::Voided, _) => money_back(State::Voided, entered.payout),
        (Course::GivenUp, _) => money_back(State::Refundable, entered.payout),
    }
}

/// Where the money of a contribution goes back: `waiting` until somebody takes it.
const fn money_back(waiting: State, payout: Payout) -> State {
    match payout {
        Payout::Nothing | Payout::Ready | Payout::Partly => waiting,
        Payout::Sent => State::RefundSent,
        Payout::Done => State::Refunded,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const BEFORE: [(BeforeEntry, State); 16] = [
        (BeforeEntry::Draft, State::Draft),
        (BeforeEntry::Unchecked, State::NeedsIdentity),
        (BeforeEntry::Unapproved, State::NeedsApproval),
        (BeforeEntry::Asked, State::WaitingSignature),
        (BeforeEntry::Declined, State::DeclinedSignature),
        (BeforeEntry::Pending, State::Sent),
        (BeforeEntry::Replaced, State::Replaced),
        (BeforeEntry::Dropped, State::Dropped),
        (BeforeEntry::Reverted, State::Failed),
        (BeforeEntry::AddressOpen, State::AddressOpen),
        (BeforeEntry::Shallow, State::Confirming),
        (BeforeEntry::Undone, State::Reorged),
        (BeforeEntry::TooLittle, State::Underpaid),
        (BeforeEntry::TooLate, State::Late),
        (BeforeEntry::InAccount, State::Reserved),
        (BeforeEntry::Nobodys, State::Unmatched),
    ];

    /// Part, course, payout and what follows.
    const ENTERED: [(Part, Course, Payout, State); 24] = [
        (
            Part::Whole,
            Course::Running,
            Payout::Nothing,
            State::Counted,
        ),
        (
            Part::Some,
            Course::Running,
            Payout::Nothing,
            State::CountedPart,
        ),
        (
            Part::Undecided,
            Course::Running,
            Payout::Nothing,
            State::Waiting,
        ),
        (
            Part::InRange,
            Course::Running,
            Payout::Nothing,
            State::InRange,
        ),
        (
            Part::OutOfRange,
            Course::Running,
            Payout::Nothing,
            State::OutOfRange,
        ),
        (Part::Held, Course::Running, Payout::Nothing, State::Held),
        (Part::Held, Course::Ended, Payout::Nothing, State::Held),
        (
            Part::Refused,
            Course::Running,
            Payout::Nothing,
            State::Refused,
        ),
        (
            Part::Refused,
            Course::Succeeded,
            Payout::Done,
            State::Refused,
        ),
        (
            Part::TakenBack,
            Course::GivenUp,
            Payout::Done,
            State::Withdrawn,
        ),
        (
            Part::Whole,
            Course::Ended,
            Payout::Nothing,
            State::EndedUndecided,
        ),
        (
            Part::OutOfRange,
            Course::Ended,
            Payout::Nothing,
            State::EndedUndecided,
        ),
        (
            Part::Whole,
            Course::Succeeded,
            Payout::Nothing,
            State::Allocated,
        ),
        (
            Part::Some,
            Course::Succeeded,
            Payout::Ready,
            State::Claimable,
        ),
        (
            Part::Whole,
            Course::Succeeded,
            Payout::Sent,
            State::ClaimSent,
        ),
        (
            Part::Whole,
            Course::Succeeded,
            Payout::Partly,
            State::Vesting,
        ),
        (Part::Whole, Course::Succeeded, Payout::Done, State::Claimed),
        (
            Part::Whole,
            Course::GivenUp,
            Payout::Ready,
            State::Refundable,
        ),
        (
            Part::Undecided,
            Course::GivenUp,
            Payout::Sent,
            State::RefundSent,
        ),
        (Part::Whole, Course::GivenUp, Payout::Done, State::Refunded),
        (
            Part::Some,
            Course::Contested,
            Payout::Nothing,
            State::Contestable,
        ),
        (Part::Some, Course::Voided, Payout::Ready, State::Voided),
        (Part::Whole, Course::Voided, Payout::Sent, State::RefundSent),
        (Part::Whole, Course::Voided, Payout::Done, State::Refunded),
    ];

    #[test]
    fn each_state_is_reached_and_what_is_not_known_is_not_guessed() {
        let mut reached = BTreeSet::from([State::Unknown]);
        let entered = ENTERED.iter().map(|&(part, course, payout, state)| {
            let entered = Entered {
                part,
                course,
                payout,
            };
            (Stage::Entered(entered), state)
        });
        let before = BEFORE
            .iter()
            .map(|&(before, state)| (Stage::Before(before), state));
        for (stage, expected) in before.chain(entered) {
            let source = Source::Reached;
            assert_eq!(decide(Known { source, stage }), expected, "{stage:?}");
            let source = Source::Unreachable;
            assert_eq!(decide(Known { source, stage }), State::Unknown, "{stage:?}");
            reached.insert(expected);
        }
        assert_eq!(
            reached.len(),
            State::ALL.len(),
            "a state that nothing leads to"
        );
    }

    #[test]
    fn names_are_unique_and_each_state_says_what_can_be_done() {
        let names: BTreeSet<_> = State::ALL.iter().map(|state| state.code()).collect();
        assert_eq!(names.len(), State::ALL.len());
        for state in State::ALL {
            assert!(!state.buttons().is_empty(), "{state:?}");
        }
    }
}
