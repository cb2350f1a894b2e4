//! Logins that failed: of one account, and from one source at many.

use softcap_database::on_writer;

use super::{AlertKind, HABITS, KEEP_HABITS, SITE, judge_site, raise, raise_found};
use crate::{
    Act, Domain, People, PersonError, UnixMillis,
    alerts::kind::{MOST_ACCOUNTS, MOST_FAILED, WINDOW},
    audit::note,
    people::hex,
};

/// Sweeps what does not count any more: when.
pub(crate) const FORGET_FAILED: &str = "DELETE FROM failed_login WHERE at <= $1";

/// How often logins of one account failed: account, since.
pub(crate) const FAILED_OF_ACCOUNT: &str =
    "SELECT COUNT(*) FROM failed_login WHERE subject = $1 AND at > $2";
/// At how many accounts one source failed: keyed hash of the source, since.
pub(crate) const FAILED_OF_SOURCE: &str = "SELECT COUNT(DISTINCT subject) FROM failed_login \
     WHERE source_tag = $1 AND at > $2";

/// A login that failed.
pub(crate) struct FailedLogin<'a> {
    /// The id of the person, or a keyed hash of an address that nobody has.
    pub(crate) subject: &'a str,
    /// Whether it is a person.
    pub(crate) is_known: bool,
    /// Whether the account was used from there before.
    pub(crate) is_familiar: bool,
    /// The network it came from.
    pub(crate) source: &'a [u8],
}

impl People {
    /// Writes down that a login failed, and raises an alert where there were too many. The same statements are made for
    /// an account that is none; of those there is no alert, because anybody can make up any number of them.
    pub(crate) async fn note_failed(
        &self,
        failed: &FailedLogin<'_>,
        now: UnixMillis,
    ) -> Result<(), PersonError> {
        const ADD: &str = "INSERT INTO failed_login (subject, source_tag, at) VALUES ($1, $2, $3)";
        let tag = self.key().tag(Domain::Source, failed.source);
        let (since, code) = (now.minus(WINDOW).get(), PersonError::WrongPassword.code());
        on_writer!(self.database(), |pool| async {
            let mut work = pool.begin().await?;
            note!(work, now, "-", Act::Deny, failed.subject, code);
            let add = sqlx::query(ADD).bind(failed.subject).bind(tag.as_slice());
            add.bind(now.get()).execute(&mut *work).await?;
            let of_account = sqlx::query_scalar(FAILED_OF_ACCOUNT).bind(failed.subject);
            let of_account: i64 = of_account.bind(since).fetch_one(&mut *work).await?;
            let of_source = sqlx::query_scalar(FAILED_OF_SOURCE).bind(tag.as_slice());
            let of_source: i64 = of_source.bind(since).fetch_one(&mut *work).await?;
            if of_account >= MOST_FAILED && failed.is_known {
                raise!(work, AlertKind::LoginsFailed, failed.subject, now);
            }
            if of_source > MOST_ACCOUNTS {
                raise!(work, AlertKind::Spraying, &hex(&tag), now);
            }
            let site = sqlx::query_scalar(HABITS).bind(SITE);
            let site: Option<Vec<u8>> = site.fetch_optional(&mut *work).await?;
            let (site, found) = judge_site(site, failed.is_familiar, now);
            let keep = sqlx::query(KEEP_HABITS).bind(SITE).bind(&site);
            keep.bind(now.get()).execute(&mut *work).await?;
            if let Some(found) = &found {
                raise_found!(work, AlertKind::SiteFailures, SITE, found, now);
            }
            work.commit().await
        }
        .await)?;
        Ok(())
    }
}
