//! What the contract's errors are in the words of the journal.

use softcap_evm::bindings::escrow::IEscrow::IEscrowErrors as Error;
use softcap_offering::Refusal;

use crate::chain::Failed;

/// After the end there is one more reason for everything: the offering is over for the journal, while the
/// contract still names what it looks at first.
pub(crate) const OVER: [Refusal; 3] = [
    Refusal::OfferingCancelled,
    Refusal::OfferingSettled,
    Refusal::DeadlinePassed,
];

/// Of an investor who has nothing in the sale, or whose sale is over.
pub(crate) const NOTHING_THERE: [Refusal; 5] = [
    Refusal::NoSuchContribution,
    Refusal::NothingLeft,
    Refusal::OfferingCancelled,
    Refusal::OfferingSettled,
    Refusal::DeadlinePassed,
];

/// What each error of a contribution is as a refusal.
pub(crate) fn of_contribution(error: &Error) -> &'static [Refusal] {
    use Refusal as R;
    match error {
        Error::WrongPhase(_) => &OVER,
        Error::NotOpenYet(_) => &[R::NotYetOpen, R::BetweenRounds],
        Error::Closed(_) => &[R::WindowOver, R::OfferingSettled, R::DeadlinePassed],
        Error::Paused(_) => &[R::Paused, R::OfferingSettled, R::DeadlinePassed],
        Error::NotAdmitted(_) => &[R::NotAdmitted],
        Error::NotAllowed(_) => &[R::AdmissionRevoked],
        Error::AdmissionExpired(_) => &[R::AdmissionExpired],
        Error::BelowMinimum(_) => &[R::BelowMinimum],
        Error::BelowInvestorMinimum(_) => &[R::BelowInvestorMinimum],
        Error::BuysNothing(_) => &[R::BuysNothing, R::Zero],
        Error::AboveMaximum(_) => &[R::AboveMaximum],
        Error::InvestorLimit(_) => &[R::InvestorLimit],
        Error::AdmissionLimit(_) => &[R::AdmissionLimit],
        // The round's own supply is looked at before the hard cap in the journal, and is part of what is for sale
        // in the contract.
        Error::HardCapReached(_) => &[R::HardCapReached, R::RoundCapReached, R::SoldOut],
        Error::SoldOut(_) => &[R::SoldOut],
        Error::AmountTooLarge(_) => &[R::AmountTooLarge],
        // Of the chain alone: the journal cannot say it.
        Error::WrongSignature(_)
        | Error::ChangeRefused(_)
        | Error::WrongCurrency(_)
        | Error::WrongAmountReceived(_) => &[],
        Error::NotIssuer(_)
        | Error::StillOpen(_)
        | Error::Expired(_)
        | Error::SoftCapMissed(_)
        | Error::TokensMissing(_)
        | Error::NoPauseLeft(_)
        | Error::NothingDue(_)
        | Error::PaymentFailed(_)
        | Error::NotEnoughGas(_)
        | Error::ReasonTooLate(_) => &[],
    }
}

/// Whether a permit alone can be what is refused. The contract looks at it before everything else, the journal at
/// its place in the order of docs/rules.md.
pub(crate) fn is_of_permit(error: &Error) -> bool {
    matches!(
        error,
        Error::NotAllowed(_) | Error::AdmissionExpired(_) | Error::WrongSignature(_)
    )
}

/// Whether an error is of the chain alone, so that the journal never hears of it.
pub(crate) fn is_of_chain(error: &Error) -> bool {
    matches!(
        error,
        Error::WrongSignature(_)
            | Error::ChangeRefused(_)
            | Error::WrongCurrency(_)
            | Error::WrongAmountReceived(_)
    )
}

/// What each error of an act of the issuer is.
pub(crate) fn of_issuer(error: &Error) -> &'static [Refusal] {
    use Refusal as R;
    match error {
        Error::WrongPhase(_) => &OVER,
        Error::NoPauseLeft(_) => &[R::PausesUsedUp, R::PauseNotInTerms],
        Error::Paused(_) => &[R::AlreadyPaused, R::OfferingSettled, R::DeadlinePassed],
        Error::ReasonTooLate(_) => &[
            R::RoundOverForReturns,
            R::NoSuchContribution,
            R::NothingLeft,
            R::OfferingSettled,
            R::DeadlinePassed,
        ],
        Error::NothingDue(_) | Error::NotAllowed(_) => &[
            R::NoSuchContribution,
            R::NothingLeft,
            R::RoundOverForReturns,
            R::OfferingSettled,
            R::DeadlinePassed,
        ],
        Error::Expired(_) => &OVER,
        _ => &[],
    }
}

/// The name of an error, as in the ABI.
pub(crate) fn name(failed: &Failed) -> String {
    match failed {
        Failed::Refused(error) => {
            let text = format!("{error:?}");
            text.split(['(', ' ', '{'])
                .next()
                .unwrap_or_default()
                .to_owned()
        }
        Failed::Otherwise(why) => format!("otherwise: {why}"),
    }
}
