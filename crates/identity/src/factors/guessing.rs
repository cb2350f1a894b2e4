//! How often codes may be tried.
//!
//! Six digits are guessed sooner or later, so three bounds hold at once, all of them kept in the database and
//! therefore common to all nodes:
//!
//! - [`MOST_IN_A_LOGIN`] wrong ones in a row end the login: who has a password must show it again;
//! - over all sessions of a person, ten at once and then one a minute ([`PACE`]);
//! - after [`MOST_IN_A_ROW`] wrong ones in a row none counts until the password is changed. With three codes valid at a
//!   time, who stole the password has guessed right by then with a probability of 3 in 10,000 (NIST SP 800-63B allows
//!   at most 100 failures in a row).
//!
//! A code is charged before it is compared, so that many at once are no way around a bound. Passkeys have none of
//! these bounds, because nobody can guess a signature: who has one is never locked out by others.

use std::time::Duration;

use super::{FactorError, Factors};
use crate::{PersonId, UnixMillis, people::Rate};

/// Wrong codes of one login in a row.
pub const MOST_IN_A_LOGIN: u32 = 5;
/// Wrong codes of a person in a row, over all sessions.
pub const MOST_IN_A_ROW: u32 = 100;
/// Codes of a person, over all sessions.
const PACE: Rate = Rate {
    name: "code",
    burst: 10,
    every: Duration::from_secs(60),
};

/// Counts a code of a person as wrong until it is found right: person, most. No row: none counts any more.
pub(super) const CHARGE: &str = "INSERT INTO factor_guard (person, wrong_codes) VALUES ($1, 1) \
     ON CONFLICT (person) DO UPDATE SET wrong_codes = factor_guard.wrong_codes + 1 \
     WHERE factor_guard.wrong_codes < $2 RETURNING wrong_codes";
/// The same in a session: its id. No row: the session is over.
pub(super) const CHARGE_SESSION: &str = "INSERT INTO session_guess (session, wrong_codes) \
     SELECT id, 1 FROM session WHERE id = $1 ON CONFLICT (session) DO UPDATE SET \
     wrong_codes = session_guess.wrong_codes + 1 RETURNING wrong_codes";
/// Ends a row of wrong codes of a person: a right one came, or the password was changed, and who guessed behind the
/// old one is out.
pub(crate) const FORGIVE: &str = "UPDATE factor_guard SET wrong_codes = 0 WHERE person = $1";
/// The same in a session.
pub(super) const FORGIVE_SESSION: &str = "DELETE FROM session_guess WHERE session = $1";
/// Holds the row of a person until the transaction ends.
pub(crate) const HOLD: &str = "INSERT INTO factor_guard (person, wrong_codes) VALUES ($1, 0) \
     ON CONFLICT (person) DO UPDATE SET wrong_codes = factor_guard.wrong_codes";

impl Factors {
    /// Takes one code from what a person may try in this minute.
    pub(super) async fn pace(&self, person: PersonId, now: UnixMillis) -> Result<(), FactorError> {
        let cell = self.people.cell(PACE, &[&person.to_bytes()]);
        Ok(self.people.take(&cell, now).await?)
    }
}
