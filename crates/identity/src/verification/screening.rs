//! Who looks at a case before a person decides: the place of providers, of lists of sanctions and of rules of
//! jurisdictions. None of them decides; they find reasons to look at, which the reviewer sees.

use std::fmt;

use super::{PersonalField, Reason, UploadKind, VerificationLevel};

/// What is looked at: a case that its person says is complete.
pub struct Submission<'a> {
    /// How far the person wants to be verified.
    pub level: VerificationLevel,
    /// What the person says, in the clear for the time of the look.
    pub values: &'a [(PersonalField, zeroize::Zeroizing<String>)],
    /// What the person showed.
    pub uploads: &'a [UploadKind],
}

/// Says nothing of what it holds.
impl fmt::Debug for Submission<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Submission({})", self.level.as_code())
    }
}

/// Looks at a submission. What asks a service outside notes the case and answers with what it knows by now.
pub trait Screening: fmt::Debug + Send + Sync {
    /// Reasons for the reviewer to look closer; none is no approval.
    fn look(&self, submission: &Submission<'_>) -> Vec<Reason>;
}

/// Nobody looks before the reviewer does.
#[derive(Clone, Copy, Debug)]
pub struct ByHand;

impl Screening for ByHand {
    fn look(&self, _: &Submission<'_>) -> Vec<Reason> {
        Vec::new()
    }
}
