//! What mails say: plain words, no link to click, so that nobody learns to click one.

use std::time::Duration;

use super::{Site, mail_token::Purpose};
use crate::{Alert, InvitedTo, ResourcePattern};

/// Characters of a line, so that every program shows it as it is.
const WIDTH: usize = 72;

/// Subject and text of a mail.
pub(crate) struct Text {
    pub(crate) subject: String,
    pub(crate) body: String,
}

impl Text {
    /// A text that says who writes.
    pub(crate) fn new(site: &Site, subject: &str, body: String) -> Self {
        let Site { name, origin } = site;
        Self {
            subject: format!("{name}: {subject}"),
            body: format!("{}\n{name}\n{origin}\n", wrapped(&body)),
        }
    }

    /// The code that proves an address, for who may go on.
    pub(super) fn code(site: &Site, purpose: Purpose, code: &str) -> Self {
        let origin = &site.origin;
        match purpose {
            Purpose::SignUp => Self::new(
                site,
                "confirm your address",
                format!(
                    "Somebody, probably you, wants to sign up at {origin} with this address.\n\
                     To go on, enter this code there within 24 hours. It works once:\n\n    {code}\n\n\
                     If it was not you, do nothing: without the code nobody signs up with your address. \
                     Give the code to nobody; we never ask for it."
                ),
            ),
            Purpose::Recovery => Self::new(
                site,
                "set a new password",
                format!(
                    "Somebody, probably you, wants to set a new password at {origin}.\n\
                     To go on, enter this code there within one hour. It works once:\n\n    {code}\n\n\
                     All your sessions end then. A second factor, if you have one, stays and is asked for. \
                     If it was not you, do nothing, and nothing changes. Give the code to nobody; we never ask for it."
                ),
            ),
            Purpose::Enrolment => Self::new(
                site,
                "add a second factor",
                format!(
                    "Somebody, probably you, logged in at {origin} with your password. Your second factors were set aside, \
                     so that a new one is to be added first.\n\
                     To go on, enter this code there within one hour. It works once:\n\n    {code}\n\n\
                     If it was not you, your password is known to others: ask there for a new one. Give the code to nobody; \
                     we never ask for it."
                ),
            ),
        }
    }

    /// For who cannot go on: is there already, or is not there.
    pub(super) fn no_code(site: &Site, purpose: Purpose) -> Self {
        let origin = &site.origin;
        match purpose {
            Purpose::SignUp => Self::new(
                site,
                "you have signed up before",
                format!(
                    "Somebody, probably you, wants to sign up at {origin} with this address, with which \
                     you have signed up before.\nLog in, or ask there for a new password if you do not know \
                     yours.\nIf it was not you, do nothing: nothing has changed."
                ),
            ),
            Purpose::Recovery | Purpose::Enrolment => Self::new(
                site,
                "nobody signed up with this address",
                format!(
                    "Somebody, probably you, wants to set a new password at {origin}. Nobody has signed up \
                     there with this address; perhaps you did with another one.\nIf it was not you, do nothing."
                ),
            ),
        }
    }

    /// The code that proves the address that an account is to have.
    pub(super) fn new_address(site: &Site, code: &str) -> Self {
        let origin = &site.origin;
        Self::new(
            site,
            "confirm your new address",
            format!(
                "Somebody, probably you, wants this address for their account at {origin}.\n\
                 To go on, enter this code there, in the account, within one hour. It works once:\n\n    {code}\n\n\
                 If it was not you, do nothing: without the code nothing changes. Give the code to nobody; we never ask \
                 for it."
            ),
        )
    }

    /// For an address that an account has already.
    pub(super) fn new_address_known(site: &Site) -> Self {
        let origin = &site.origin;
        Self::new(
            site,
            "an account has this address",
            format!(
                "Somebody, probably you, wants this address for their account at {origin}. Another account there has it \
                 already, and an address belongs to one account. Nothing changes.\nIf it was not you, do nothing."
            ),
        )
    }

    /// To somebody who is invited. It is the same whether they are known or not.
    pub(crate) fn invitation(site: &Site, to: &InvitedTo, code: &str) -> Self {
        let (origin, name) = (&site.origin, &site.name);
        let what = match to {
            InvitedTo::Role { role, place } => {
                let role = role.as_code().replace('_', " ");
                let place = match place {
                    ResourcePattern::Every => name.clone(),
                    ResourcePattern::Only(_) => format!("the offering {place}"),
                };
                format!(
                    "You are invited to work as {role} for {place}. When you have accepted it, another \
                     person there confirms it."
                )
            }
            InvitedTo::Sale(offering) => format!(
                "You are invited to take part in the offering {}. Read it first at \
                 {origin}/offerings/{}: an invitation is no advice to put money in.",
                offering.as_str(),
                offering.as_str(),
            ),
        };
        Self::new(
            site,
            "you are invited",
            format!(
                "{what}\n\nGo to {origin}/invitation, log in or sign up there, and enter this code \
                 within seven days. It works once:\n\n    {code}\n\n\
                 If you expected nothing of the kind, do nothing. Give the code to nobody; we never ask for it."
            ),
        )
    }

    /// To its person, about an act that may not be theirs.
    pub(crate) fn warning(site: &Site, subject: &str, what: &str, code: &str) -> Self {
        let origin = &site.origin;
        Self::new(
            site,
            subject,
            format!(
                "{what}\n\nIf it was not you, say so at {origin}/not-me with this code. All your sessions end at \
                 once, keys that you made are revoked, changes that wait for their time are ended, and nobody logs in until \
                 you set a new password by mail. It works once, for 30 days; it lets nobody in:\n\n    {code}\n\n\
                 If it was you, do nothing."
            ),
        )
    }

    /// To the owners, about an alert.
    pub(crate) fn alert(site: &Site, alert: &Alert) -> Self {
        let (origin, subject) = (&site.origin, &alert.subject);
        let words = alert.kind.as_words();
        Self::new(
            site,
            &format!("alert: {words}"),
            format!(
                "At {origin} a rule for alerts held: {words} ({}).\nIt is about\n\n    {subject}\n\n\
                 The alert is number\n\n    {}\n\nRead it there among the alerts. The page docs/alerts.md says \
                 of each rule what to do. There is one mail for each rule, subject and day, however often \
                 it holds.",
                alert.kind.as_code(),
                alert.id,
            ),
        )
    }

    /// To who made a key, or to the owners, before its end.
    pub(crate) fn key_expires(site: &Site, id: &str, label: &str, days: u32) -> Self {
        let origin = &site.origin;
        let when = if days == 1 {
            "a day".to_owned()
        } else {
            format!("{days} days")
        };
        Self::new(
            site,
            &format!("a key ends within {when}"),
            format!(
                "At {origin} a key for programs ends within {when}, and what uses it stops then. It is called \
                 \"{label}\"; its id is\n\n    {id}\n\n\
                 If it is still needed, rotate it before: the new key has the same policy, and both work for a while."
            ),
        )
    }

    /// To its person, after they said that it was not them.
    pub(crate) fn frozen(site: &Site) -> Self {
        let origin = &site.origin;
        Self::new(
            site,
            "everything in your name was stopped",
            format!(
                "With a code of a mail to you, somebody said at {origin} that an act there was not yours. All \
                 sessions were ended, the keys that were made in your name are revoked, and nobody logs in \
                 as you.\nTo come back, ask there for a new password. Second factors stay as they are: remove \
                 those that are not yours. Whoever runs the site was told."
            ),
        )
    }
}

/// What its person is told after a new password was set with a code of a mail.
pub(super) const PASSWORD_RECOVERED: &str = "Your password was changed with a code that was sent to \
     this address. All sessions were ended.";
/// What its person is told after a password was set in a session.
pub(super) const PASSWORD_CHANGED: &str = "Your password was changed by somebody who was logged in \
     and knew the old one.";
/// The subject of both.
pub(super) const PASSWORD_SUBJECT: &str = "your password was changed";

/// A delay as mails say it: whole days, rounded up.
pub(crate) fn in_days(delay: Duration) -> String {
    match delay.as_secs().div_ceil(86_400) {
        1 => "a day".to_owned(),
        days => format!("{days} days"),
    }
}

/// Lines broken between words.
fn wrapped(text: &str) -> String {
    let mut whole = String::with_capacity(text.len() + 16);
    for line in text.lines() {
        let mut width = 0;
        for (place, word) in line.split(' ').enumerate() {
            if place > 0 && width + 1 + word.len() > WIDTH {
                whole.push('\n');
                width = 0;
            } else if place > 0 {
                whole.push(' ');
                width += 1;
            }
            whole.push_str(word);
            width += word.len();
        }
        whole.push('\n');
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_a_code_stands_by_itself() {
        let text = format!(
            "{}\n\n    {}\n\nthe end",
            "word ".repeat(20).trim(),
            "x".repeat(43)
        );
        let lines: Vec<_> = wrapped(&text).lines().map(str::to_owned).collect();
        let code = format!("    {}", "x".repeat(43));
        let expected = ["word ".repeat(14), "word ".repeat(6)].map(|line| line.trim().to_owned());
        assert_eq!(lines[..2], expected);
        assert_eq!(lines[2..], ["", code.as_str(), "", "the end"]);
    }

    #[test]
    fn only_who_may_go_on_reads_the_code_and_all_read_who_wrote() {
        let site = Site {
            name: "Harbour".to_owned(),
            origin: "https://sale.example".to_owned(),
        };
        let code = "c0de";
        for purpose in [Purpose::SignUp, Purpose::Recovery, Purpose::Enrolment] {
            let (with, without) = (
                Text::code(&site, purpose, code),
                Text::no_code(&site, purpose),
            );
            assert!(with.body.contains(code) && !without.body.contains(code));
            let warning = Text::warning(&site, "it happened", PASSWORD_RECOVERED, code);
            let address = Text::new_address(&site, code);
            let known = Text::new_address_known(&site);
            assert!(address.body.contains(code) && !known.body.contains(code));
            for text in [with, without, warning, Text::frozen(&site), address, known] {
                assert!(text.subject.starts_with("Harbour: ") && !text.subject.contains('\n'));
                assert!(text.body.ends_with("Harbour\nhttps://sale.example\n"));
                assert!(
                    text.body.lines().all(|line| line.len() <= WIDTH),
                    "{}",
                    text.body
                );
            }
        }
    }
}
