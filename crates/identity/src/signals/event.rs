//! One event of a replay: a line of JSON that anybody can write. The format is part of `docs/alerts.md`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::UnixMillis;

/// A line is no event.
#[derive(Debug, Error)]
pub enum EventError {
    /// Not JSON, or a field that is missing, wrong or unknown.
    #[error("A612: line {line} is no event ({what}); docs/alerts.md has the format")]
    Line {
        /// Which, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// Events are in the order of time.
    #[error("A613: line {line} is earlier than the one before it; sort the file by `at`")]
    Order {
        /// Which, from 1.
        line: u64,
    },
}

/// Which way money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Into something that is sold: an offering, a pair of an exchange.
    In,
    /// Out, to a destination.
    Out,
}

/// Acts that hand on control, or follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ActName {
    Recovered,
    PasswordChanged,
    EmailChanged,
    FactorAdded,
    FactorRemoved,
    KeyMade,
    RoleGiven,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EventName {
    Login,
    Session,
    Key,
    Money,
    Act,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A login that succeeded or failed.
    Login {
        /// Whether it succeeded.
        ok: bool,
    },
    /// A use of a session.
    Session {
        /// Its name.
        session: String,
    },
    /// A use of a key.
    Key {
        /// Its id.
        key: String,
        /// For what.
        verb: String,
    },
    /// Money moved.
    Money {
        /// Where to.
        target: String,
        /// Which way.
        way: Way,
        /// In smallest units.
        amount: u128,
        /// Of which currency; empty where there is one.
        currency: String,
    },
    /// A password was set with a code of a mail.
    Recovered,
    /// Password, address of mail, a factor or a key was changed or made.
    SensitiveAct,
    /// A role was given.
    RoleGiven,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: i64,
    event: EventName,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verb: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    way: Option<Way>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<ActName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attack: Option<String>,
}

/// An event, with the attack that it belongs to: what is judged never looks at that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLine {
    /// When.
    pub at: UnixMillis,
    /// Whose account; none for an address that nobody has.
    pub person: String,
    /// From where.
    pub address: Option<IpAddr>,
    /// What the program says of itself.
    pub agent: String,
    /// What.
    pub what: Happening,
    /// `TYPE#NUMBER` where it is part of an attack.
    pub attack: Option<String>,
}

impl EventLine {
    /// Reads line number `line`.
    ///
    /// # Errors
    /// [`EventError::Line`].
    pub fn parse(text: &str, line: u64) -> Result<Self, EventError> {
        let wrong = |what: String| EventError::Line { line, what };
        let read: Line = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let needs = |field: &str| wrong(format!("`{field}` is missing"));
        let what = match read.event {
            EventName::Login => Happening::Login {
                ok: read.ok.ok_or_else(|| needs("ok"))?,
            },
            EventName::Session => Happening::Session {
                session: read.session.ok_or_else(|| needs("session"))?,
            },
            EventName::Key => Happening::Key {
                key: read.key.ok_or_else(|| needs("key"))?,
                verb: read.verb.unwrap_or_default(),
            },
            EventName::Money => Happening::Money {
                target: read.target.ok_or_else(|| needs("target"))?,
                way: read.way.ok_or_else(|| needs("way"))?,
                amount: read
                    .amount
                    .and_then(|amount| amount.parse().ok())
                    .ok_or_else(|| needs("amount, a text of digits,"))?,
                currency: read.currency.unwrap_or_default(),
            },
            EventName::Act => match read.act.ok_or_else(|| needs("act"))? {
                ActName::Recovered => Happening::Recovered,
                ActName::RoleGiven => Happening::RoleGiven,
                ActName::PasswordChanged
                | ActName::EmailChanged
                | ActName::FactorAdded
                | ActName::FactorRemoved
                | ActName::KeyMade => Happening::SensitiveAct,
            },
        };
        let needs_address = !matches!(read.event, EventName::Money | EventName::Act);
        if needs_address && read.address.is_none() {
            return Err(needs("address"));
        }
        Ok(Self {
            at: UnixMillis::new(read.at),
            person: read.person.unwrap_or_default(),
            address: read.address,
            agent: read.agent.unwrap_or_default(),
            what,
            attack: read.attack,
        })
    }

    /// As a line, without its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = Line {
            at: self.at.get(),
            event: EventName::Act,
            person: Some(self.person.clone()).filter(|person| !person.is_empty()),
            address: self.address,
            agent: Some(self.agent.clone()).filter(|agent| !agent.is_empty()),
            ok: None,
            session: None,
            key: None,
            verb: None,
            target: None,
            way: None,
            amount: None,
            currency: None,
            act: None,
            attack: self.attack.clone(),
        };
        match &self.what {
            Happening::Login { ok } => (line.event, line.ok) = (EventName::Login, Some(*ok)),
            Happening::Session { session } => {
                (line.event, line.session) = (EventName::Session, Some(session.clone()));
            }
            Happening::Key { key, verb } => {
                line.event = EventName::Key;
                (line.key, line.verb) = (Some(key.clone()), Some(verb.clone()));
            }
            Happening::Money {
                target,
                way,
                amount,
                currency,
            } => {
                line.currency = Some(currency.clone()).filter(|currency| !currency.is_empty());
                (line.event, line.way) = (EventName::Money, Some(*way));
                (line.target, line.amount) = (Some(target.clone()), Some(amount.to_string()));
            }
            Happening::Recovered => line.act = Some(ActName::Recovered),
            Happening::SensitiveAct => line.act = Some(ActName::FactorAdded),
            Happening::RoleGiven => line.act = Some(ActName::RoleGiven),
        }
        // A structure of texts and numbers is always JSON.
        serde_json::to_string(&line).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let event = |what| EventLine {
            at: UnixMillis::new(1_767_225_600_000),
            person: "p1".to_owned(),
            address: Some("203.0.113.5".parse().unwrap()),
            agent: "Firefox".to_owned(),
            what,
            attack: Some("drain#3".to_owned()),
        };
        let all = [
            Happening::Login { ok: true },
            Happening::Session {
                session: "s".to_owned(),
            },
            Happening::Key {
                key: "k".to_owned(),
                verb: "accounts:read".to_owned(),
            },
            Happening::Money {
                target: "t".to_owned(),
                way: Way::Out,
                amount: u128::MAX,
                currency: "EUR".to_owned(),
            },
            Happening::Recovered,
            Happening::SensitiveAct,
            Happening::RoleGiven,
        ];
        for what in all {
            let event = event(what);
            assert_eq!(EventLine::parse(&event.to_line(), 1).unwrap(), event);
        }
    }

    #[test]
    fn a_line_that_is_no_event_says_why() {
        let table = [
            ("", "EOF"),
            (r#"{"at":1,"event":"dance"}"#, "unknown variant"),
            (r#"{"at":1,"event":"login","address":"1.2.3.4"}"#, "`ok`"),
            (r#"{"at":1,"event":"login","ok":true}"#, "`address`"),
            (
                r#"{"at":1,"event":"login","ok":true,"colour":1}"#,
                "unknown field",
            ),
            (
                r#"{"at":1,"event":"money","target":"t","way":"out","amount":"-1"}"#,
                "amount",
            ),
            (
                r#"{"at":1,"event":"login","ok":true,"address":"nowhere"}"#,
                "address",
            ),
        ];
        for (text, why) in table {
            let error = EventLine::parse(text, 7).unwrap_err().to_string();
            assert!(
                error.starts_with("A612: line 7 ") && error.contains(why),
                "{error}"
            );
        }
    }
}
