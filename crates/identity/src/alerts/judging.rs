//! Weak signals in the running server: what was usual is read, judged and written in the transaction of the act.
//!
//! What is damaged or cannot be sealed costs its signal and never the act: nobody is locked out because their habits
//! cannot be read.

use softcap_database::on_writer;

use crate::{
    AlertKind, Column, Device, Domain, People, PersonError, PersonId, Session, UnixMillis,
    signals::{
        Counts, Finding, Mark, Money, Origin, PersonHabits, SessionPath, Signal, SiteFailures, Way,
    },
};

/// What is usual for a subject.
pub(crate) const HABITS: &str = "SELECT state FROM habits WHERE subject = $1";
/// Keeps it: subject, state, now.
pub(crate) const KEEP_HABITS: &str = "INSERT INTO habits (subject, state, changed_at) VALUES ($1, $2, $3) \
     ON CONFLICT (subject) DO UPDATE SET state = $2, changed_at = $3";
/// How often all people had a value: mark.
pub(crate) const COUNT_ORIGIN: &str = "SELECT times FROM origin_count WHERE mark = $1";
/// Once more: mark.
pub(crate) const ADD_ORIGIN: &str = "INSERT INTO origin_count (mark, times) VALUES ($1, 1) \
     ON CONFLICT (mark) DO UPDATE SET times = origin_count.times + 1";
/// Says why an alert was raised: its id, signals.
pub(crate) const EXPLAIN: &str = "UPDATE alert SET signals = $2 WHERE id = $1";
/// Habits of those who did nothing for so long are nobody's habits any more: when.
pub(crate) const FORGET_HABITS: &str = "DELETE FROM habits WHERE changed_at <= $1";
/// The logins of all people.
pub(crate) const ALL_LOGINS: i64 = 0;
/// The subject of what is usual for the whole site.
pub(crate) const SITE: &str = "-";

/// What came of judging.
pub(crate) struct Judged {
    /// To be kept, if it can be.
    pub(crate) state: Option<Vec<u8>>,
    pub(crate) found: Option<(AlertKind, Finding)>,
}

/// Raises an alert of weak signals in a transaction that is called `$work`: kind, subject, finding, now.
macro_rules! raise_found {
    ($work:ident, $kind:expr, $subject:expr, $found:expr, $now:expr) => {{
        let (kind, subject): ($crate::AlertKind, &str) = ($kind, $subject);
        $crate::alerts::raise!($work, kind, subject, $now);
        sqlx::query($crate::alerts::EXPLAIN)
            .bind($crate::alerts::alert_id(
                kind,
                subject,
                $crate::alerts::day($now),
            ))
            .bind($found.to_words())
            .execute(&mut *$work)
            .await?
    }};
}
pub(crate) use raise_found;

/// Judges an act of a person in a transaction that is called `$work` and holds the person's row: people, the person's
/// id, now, and what to ask of their [`PersonHabits`].
macro_rules! judge {
    ($work:ident, $people:expr, $who:expr, $now:expr, $act:expr) => {{
        let who: &str = $who;
        let stored: Option<Vec<u8>> = sqlx::query_scalar($crate::alerts::HABITS)
            .bind(who)
            .fetch_optional(&mut *$work)
            .await?;
        let judged = $people.judge(who, stored, $act);
        if let Some(state) = &judged.state {
            sqlx::query($crate::alerts::KEEP_HABITS)
                .bind(who)
                .bind(state)
                .bind($now.get())
                .execute(&mut *$work)
                .await?;
        }
        if let Some((kind, found)) = &judged.found {
            $crate::alerts::raise_found!($work, *kind, who, found, $now);
        }
    }};
}
pub(crate) use judge;

/// Judges an act that hands on control, in a transaction that is called `$work`: people, the person's id, signal, now.
macro_rules! judge_act {
    ($work:ident, $people:expr, $who:expr, $signal:expr, $now:expr) => {{
        $crate::alerts::judge!($work, $people, $who, $now, |habits| {
            let found = habits.act($signal, $now)?;
            Some(($crate::AlertKind::Takeover, found))
        });
    }};
}
pub(crate) use judge_act;

/// Judges a login in a transaction that is called `$work`: people; the person's id, the keyed hash of the network and the
/// origin; now.
macro_rules! judge_login {
    ($work:ident, $people:expr, ($who:expr, $network:expr, $origin:expr), $now:expr) => {{
        let (who, origin): (&str, &$crate::signals::Origin) = ($who, $origin);
        let marks = $crate::alerts::origin_marks(origin);
        let mut times = [0_i64; $crate::alerts::MARKS];
        for (mark, times) in marks.iter().zip(&mut times) {
            let found: Option<i64> = sqlx::query_scalar($crate::alerts::COUNT_ORIGIN)
                .bind(mark)
                .fetch_optional(&mut *$work)
                .await?;
            *times = found.unwrap_or_default();
        }
        let since = $now.minus($crate::alerts::WINDOW).get();
        let of_account: i64 = sqlx::query_scalar($crate::alerts::FAILED_OF_ACCOUNT)
            .bind(who)
            .bind(since)
            .fetch_one(&mut *$work)
            .await?;
        let of_source: i64 = sqlx::query_scalar($crate::alerts::FAILED_OF_SOURCE)
            .bind($network.as_slice())
            .bind($now.minus($crate::alerts::SOURCE_WINDOW).get())
            .fetch_one(&mut *$work)
            .await?;
        let counts = $crate::alerts::counts_of(&times);
        let failures = $crate::signals::Failures {
            of_account: u32::try_from(of_account).unwrap_or(u32::MAX),
            accounts_of_source: u32::try_from(of_source).unwrap_or(u32::MAX),
        };
        $crate::alerts::judge!($work, $people, who, $now, |habits| {
            let found = habits.log_in(origin, &counts, failures, $now)?;
            Some((found.kind_of_login(), found))
        });
        // In one order, so that no two logins wait for each other.
        let mut ordered = marks.to_vec();
        ordered.sort_unstable();
        ordered.dedup();
        for mark in ordered {
            sqlx::query($crate::alerts::ADD_ORIGIN)
                .bind(mark)
                .execute(&mut *$work)
                .await?;
        }
    }};
}
pub(crate) use judge_login;

/// Marks that are counted at a login.
pub(crate) const MARKS: usize = 5;

/// All logins, then the address, the network, the program and the country; where no country is known, all once more.
pub(crate) fn origin_marks(origin: &Origin) -> [i64; MARKS] {
    let country = origin.country.map_or(ALL_LOGINS, Mark::to_stored);
    let [address, network, agent] =
        [origin.address, origin.network, origin.agent].map(Mark::to_stored);
    [ALL_LOGINS, address, network, agent, country]
}

/// What [`origin_marks`] were counted to be.
pub(crate) fn counts_of(times: &[i64; MARKS]) -> Counts {
    let [total, address, network, agent, country] =
        times.map(|times| u64::try_from(times).unwrap_or_default());
    Counts {
        total,
        address,
        network,
        country,
        agent,
    }
}

/// Takes the lock of a person's row, so that of two judgements at the same time one sees the other's.
const HOLD: &str = "UPDATE person SET logins = logins WHERE id = $1";

impl People {
    /// From where and with what a device comes.
    pub(crate) fn origin(&self, device: &Device) -> Origin {
        let hash = |parts: &[&[u8]]| self.key().tag(Domain::Origin, &parts.concat());
        Origin::new(device.address, device.words(), self.networks(), hash)
    }

    /// Asks what is usual for a person, and gives what is usual from now on.
    pub(crate) fn judge(
        &self,
        who: &str,
        stored: Option<Vec<u8>>,
        act: impl FnOnce(&mut PersonHabits) -> Option<(AlertKind, Finding)>,
    ) -> Judged {
        let mut habits = stored.and_then(|sealed| self.open_habits(who, sealed));
        let habits = habits.get_or_insert_default();
        let found = act(habits);
        let text = serde_json::to_vec(habits).ok();
        let sealed = text.and_then(|text| self.key().seal(&habits_column(who), &text).ok());
        if sealed.is_none() {
            tracing::warn!("what is usual for a person could not be kept");
        }
        Judged {
            state: sealed.map(crate::Sealed::into_bytes),
            found,
        }
    }

    fn open_habits(&self, who: &str, sealed: Vec<u8>) -> Option<PersonHabits> {
        let text = self.key().open_text(&habits_column(who), sealed).ok();
        let habits = text.and_then(|text| serde_json::from_str(&text).ok());
        if habits.is_none() {
            tracing::warn!("what was usual for a person cannot be read, and is learned anew");
        }
        habits
    }

    /// A session is used: where it goes on in another network or program, that is judged.
    ///
    /// # Errors
    /// What the database says.
    pub async fn follow_session(
        &self,
        session: &Session,
        device: &Device,
        now: UnixMillis,
    ) -> Result<(), PersonError> {
        const PATH: &str = "SELECT path FROM session WHERE tag = $1";
        const KEEP_PATH: &str = "UPDATE session SET path = $2 WHERE tag = $1";
        let origin = self.origin(device);
        if session
            .path
            .as_ref()
            .is_some_and(|path| path.is_at(&origin))
        {
            return Ok(());
        }
        let who = session.person.to_string();
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(HOLD).bind(&who).execute(&mut *work).await?;
            let find = sqlx::query_scalar(PATH).bind(session.tag.as_slice());
            let stored: Option<Option<Vec<u8>>> = find.fetch_optional(&mut *work).await?;
            let Some(stored) = stored else {
                // It was ended meanwhile.
                return Ok(());
            };
            let mut path = read_path(stored.as_deref())
                .unwrap_or_else(|| SessionPath::new(&origin, session.made_at));
            if !path.is_at(&origin) {
                judge!(work, self, &who, now, |habits| {
                    let found = habits.use_session(&mut path, &origin, now)?;
                    Some((AlertKind::SessionMoved, found))
                });
            }
            let keep = sqlx::query(KEEP_PATH).bind(session.tag.as_slice());
            keep.bind(path_bytes(&path)).execute(&mut *work).await?;
            work.commit().await
        }
        .await)?;
        Ok(())
    }

    /// A person did something elsewhere that hands on control: made a key, say.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_sensitive_act(
        &self,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<(), PersonError> {
        let who = person.to_string();
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(HOLD).bind(&who).execute(&mut *work).await?;
            judge_act!(work, self, &who, Signal::SensitiveAct, now);
            work.commit().await
        }
        .await)?;
        Ok(())
    }

    /// Money of a person goes out of the platform, in smallest units of a currency.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_payment(
        &self,
        person: PersonId,
        currency: &str,
        amount: u128,
        now: UnixMillis,
    ) -> Result<(), PersonError> {
        let who = person.to_string();
        let mark = |text: &str| Mark::of(&self.key().tag(Domain::Origin, text.as_bytes()));
        let money = Money {
            amount,
            currency: mark(currency),
            way: Way::Out,
            // Where to is not told to this program.
            target: mark("out"),
            target_since: None,
        };
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            sqlx::query(HOLD).bind(&who).execute(&mut *work).await?;
            judge!(work, self, &who, now, |habits| {
                let (found, _) = habits.move_money(&money, now);
                Some((AlertKind::UnusualMoney, found?))
            });
            work.commit().await
        }
        .await)?;
        Ok(())
    }
}

/// What is usual for the site, with one more login that failed.
pub(crate) fn judge_site(
    stored: Option<Vec<u8>>,
    is_familiar: bool,
    now: UnixMillis,
) -> (Vec<u8>, Option<Finding>) {
    let read = |bytes: Vec<u8>| serde_json::from_slice::<SiteFailures>(&bytes).ok();
    let mut site = stored.and_then(read).unwrap_or_default();
    let found = site.failed(is_familiar, now);
    // A structure of numbers is always JSON.
    (serde_json::to_vec(&site).unwrap_or_default(), found)
}

pub(crate) fn path_bytes(path: &SessionPath) -> Vec<u8> {
    // A structure of numbers is always JSON.
    serde_json::to_vec(path).unwrap_or_default()
}

pub(crate) fn read_path(stored: Option<&[u8]>) -> Option<SessionPath> {
    serde_json::from_slice(stored?).ok()
}

fn habits_column(who: &str) -> Column<'_> {
    Column {
        table: "habits",
        column: "state",
        row: who,
    }
}
