//! Admissions: who may take part in a round, up to what, and until when.

use crate::{
    Admit, InvestorId, InvestorIndex, Offering, Position, Refusal, RoundIndex, Value,
    WithdrawalMark,
    terms::{Access, Allocation},
};

/// An admission as the state holds it. An investor's admissions form a chain, newest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admission {
    pub(crate) round: RoundIndex,
    pub(crate) standing: Standing,
    pub(crate) limit: Option<Value>,
    pub(crate) expires: Option<Position>,
    /// Guaranteed and not used yet.
    pub(crate) guaranteed: u128,
    pub(crate) withdrawal: WithdrawalMark,
    /// The next older one of the same investor, plus one; 0: none.
    pub(crate) older: u32,
}

/// Whether an admission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was given, and lasts until it expires.
    Valid,
    /// It was taken back.
    Revoked,
}

/// An investor's admission to a round, as it stands now. A view; nothing decides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmissionView {
    /// Whether it stands.
    pub standing: Standing,
    /// Most that may be accepted, in the numeraire's smallest unit.
    pub limit: Option<Value>,
    /// From when it is void.
    pub expires: Option<Position>,
    /// What of a guaranteed allocation is not used yet.
    pub guarantee_left: Value,
    /// Whether it carries the right of withdrawal.
    pub withdrawal: WithdrawalMark,
}

impl Offering {
    pub(crate) fn admit(&mut self, admit: &Admit<'_>) -> Result<(), Refusal> {
        self.require_running()?;
        let round = self.round_index(admit.round)?;
        let reserved = self.check_guarantee(round, admit)?;
        let investor = self
            .investors
            .find_or_insert(admit.investor)
            .ok_or(Refusal::TooManyEntries)?;
        let admission = Admission {
            round: admit.round,
            standing: Standing::Valid,
            limit: admit.limit,
            expires: admit.expires,
            guaranteed: admit.guaranteed.0,
            withdrawal: admit.withdrawal,
            older: self.investors.get(investor).admission,
        };
        self.rounds[round].guaranteed = reserved;
        if let Some(place) = self.admission_place(investor, admit.round) {
            let older = self.admissions[place].older;
            self.admissions[place] = Admission { older, ..admission };
            return Ok(());
        }
        let place =
            u32::try_from(self.admissions.len() + 1).map_err(|_| Refusal::TooManyEntries)?;
        self.admissions.push(admission);
        self.investors.get_mut(investor).admission = place;
        Ok(())
    }

    /// What the round would have reserved with this admission.
    fn check_guarantee(&self, round: usize, admit: &Admit<'_>) -> Result<u128, Refusal> {
        let held = self
            .investors
            .find(admit.investor)
            .and_then(|investor| self.admission_place(investor, admit.round))
            .map_or(0, |place| self.admissions[place].guaranteed);
        let state = &self.rounds[round];
        let others = state.guaranteed - held.min(state.guaranteed);
        if admit.guaranteed.is_zero() {
            return Ok(others);
        }
        if !matches!(
            self.terms.rounds[round].allocation,
            Allocation::Guaranteed { .. }
        ) {
            return Err(Refusal::GuaranteeNotOffered);
        }
        let reserved = others
            .checked_add(admit.guaranteed.0)
            .ok_or(Refusal::GuaranteesExceedCap)?;
        let used = state.used_value;
        let exceeds = |cap: Value| cap.0.checked_sub(used).is_none_or(|room| reserved > room);
        if self.terms.rounds[round].cap.is_some_and(exceeds) {
            return Err(Refusal::GuaranteesExceedCap);
        }
        Ok(reserved)
    }

    pub(crate) fn revoke(
        &mut self,
        round: RoundIndex,
        investor: InvestorId<'_>,
    ) -> Result<(), Refusal> {
        self.require_running()?;
        let index = self.round_index(round)?;
        let place = self
            .investors
            .find(investor)
            .and_then(|investor| self.admission_place(investor, round))
            .ok_or(Refusal::NotAdmitted)?;
        let admission = &mut self.admissions[place];
        let state = &mut self.rounds[index];
        state.guaranteed -= admission.guaranteed.min(state.guaranteed);
        admission.guaranteed = 0;
        admission.standing = Standing::Revoked;
        Ok(())
    }

    pub(crate) fn admission_place(
        &self,
        investor: InvestorIndex,
        round: RoundIndex,
    ) -> Option<usize> {
        let mut next = self.investors.get(investor).admission;
        while let Some(place) = next.checked_sub(1) {
            let place = usize::try_from(place).ok()?;
            let admission = self.admissions.get(place)?;
            if admission.round == round {
                return Some(place);
            }
            next = admission.older;
        }
        None
    }

    /// An investor's newest admission to a round, revoked or not.
    pub fn admission(&self, investor: InvestorIndex, round: RoundIndex) -> Option<AdmissionView> {
        let place = self.admission_place(investor, round)?;
        let held = self.admissions.get(place)?;
        Some(AdmissionView {
            standing: held.standing,
            limit: held.limit,
            expires: held.expires,
            guarantee_left: Value(held.guaranteed),
            withdrawal: held.withdrawal,
        })
    }

    /// Whether an investor may take part in a round at a position.
    pub(crate) fn check_access(
        &self,
        investor: Option<InvestorIndex>,
        round: RoundIndex,
        position: Position,
    ) -> Result<(), Refusal> {
        let place = investor.and_then(|investor| self.admission_place(investor, round));
        let Some(place) = place else {
            return match self.terms.rounds[round.index()].access {
                Access::Public => Ok(()),
                Access::Admitted => Err(Refusal::NotAdmitted),
            };
        };
        let admission = &self.admissions[place];
        if admission.standing == Standing::Revoked {
            return Err(Refusal::AdmissionRevoked);
        }
        if admission.expires.is_some_and(|end| position >= end) {
            return Err(Refusal::AdmissionExpired);
        }
        Ok(())
    }

    pub(crate) fn admission_limit(
        &self,
        investor: InvestorIndex,
        round: RoundIndex,
    ) -> Option<Value> {
        self.admissions[self.admission_place(investor, round)?].limit
    }

    /// Whether an investor has an admission to the round that carries the right of withdrawal.
    pub(crate) fn is_marked(&self, investor: InvestorIndex, round: RoundIndex) -> bool {
        self.admission_place(investor, round)
            .is_some_and(|place| self.admissions[place].withdrawal == WithdrawalMark::Marked)
    }

    /// What of an investor's guarantee in a round is not used yet.
    pub(crate) fn guarantee_left(&self, investor: InvestorIndex, round: RoundIndex) -> u128 {
        self.admission_place(investor, round)
            .map_or(0, |place| self.admissions[place].guaranteed)
    }

    /// Takes `value` out of an investor's guarantee, as far as there is one.
    pub(crate) fn use_guarantee(
        &mut self,
        investor: InvestorIndex,
        round: RoundIndex,
        value: u128,
    ) {
        if let Some(place) = self.admission_place(investor, round) {
            let admission = &mut self.admissions[place];
            let used = admission.guaranteed.min(value);
            admission.guaranteed -= used;
            let state = &mut self.rounds[round.index()];
            state.guaranteed -= used.min(state.guaranteed);
        }
    }
}
