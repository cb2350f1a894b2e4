//! What mails say: plain words, no link to click, so that nobody learns to click one.

use std::time::Duration;

use super::{MailLanguage, MailWords, Site, mail_token::Purpose};
use crate::{Alert, Reason};

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

    /// A mail in a language.
    pub(crate) fn of(site: &Site, language: MailLanguage, words: MailWords) -> Self {
        let words = of_site(site, words);
        let say = |part| language.say(&words, part);
        Self::new(site, &say("subject"), say("text"))
    }

    /// One with a code, or a number, that stands by itself.
    pub(crate) fn with_code(
        site: &Site,
        language: MailLanguage,
        words: MailWords,
        code: &str,
    ) -> Self {
        let words = of_site(site, words);
        let say = |part| language.say(&words, part);
        let body = format!("{}\n\n    {code}\n\n{}", say("text"), say("end"));
        Self::new(site, &say("subject"), body)
    }

    /// To its person, about an act that may not be theirs, with the code that says so.
    pub(crate) fn warning(
        site: &Site,
        language: MailLanguage,
        words: MailWords,
        code: &str,
    ) -> Self {
        let words = of_site(site, words);
        let not_me = of_site(site, MailWords::of("not-me"));
        let body = format!(
            "{}\n\n{}\n\n    {code}\n\n{}",
            language.say(&words, "text"),
            language.say(&not_me, "text"),
            language.say(&not_me, "end"),
        );
        Self::new(site, &language.say(&words, "subject"), body)
    }

    /// To an owner, about an alert.
    pub(crate) fn alert(site: &Site, language: MailLanguage, alert: &Alert) -> Self {
        let words = MailWords::of("alert").with("kind", alert.kind.as_code());
        let words = of_site(site, words);
        let say = |part| language.say(&words, part);
        let body = format!(
            "{}\n\n    {}\n\n{}\n\n    {}\n\n{}",
            say("text"),
            alert.subject,
            say("number"),
            alert.id,
            say("end"),
        );
        Self::new(site, &say("subject"), body)
    }

    /// To its person, about their verification, with the reasons of a decision.
    pub(crate) fn verification(
        site: &Site,
        language: MailLanguage,
        words: MailWords,
        reasons: &[Reason],
    ) -> Self {
        let words = of_site(site, words);
        let mut body = language.say(&words, "text");
        for reason in reasons {
            let reason = MailWords::of("verification").with("reason", reason.as_code());
            body.push_str("\n- ");
            body.push_str(&language.say(&reason, "reason"));
        }
        body.push_str("\n\n");
        body.push_str(&language.say(&MailWords::of("verification"), "end"));
        Self::new(site, &language.say(&words, "subject"), body)
    }
}

/// What every mail may name.
fn of_site(site: &Site, words: MailWords) -> MailWords {
    words.with("origin", &site.origin).with("site", &site.name)
}

impl Purpose {
    /// The words of the mail with its code.
    pub(super) fn words(self) -> MailWords {
        match self {
            Self::SignUp => MailWords::of("code-sign-up"),
            Self::Recovery => MailWords::of("code-recovery"),
            Self::Enrolment => MailWords::of("code-enrolment"),
        }
    }

    /// For who cannot go on: is there already, or is not there.
    pub(super) fn words_without_code(self) -> MailWords {
        match self {
            Self::SignUp => MailWords::of("known-already"),
            Self::Recovery | Self::Enrolment => MailWords::of("nobody-known"),
        }
    }
}

/// A delay as mails say it: whole days, rounded up.
pub(crate) fn in_days(delay: Duration) -> u64 {
    delay.as_secs().div_ceil(86_400)
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
        for (language, purpose) in MailLanguage::ALL.into_iter().flat_map(|language| {
            [Purpose::SignUp, Purpose::Recovery, Purpose::Enrolment]
                .map(|purpose| (language, purpose))
        }) {
            let with = Text::with_code(&site, language, purpose.words(), code);
            let without = Text::of(&site, language, purpose.words_without_code());
            assert!(with.body.contains(code) && !without.body.contains(code));
            let of = |key| MailWords::of(key);
            let warning = Text::warning(&site, language, of("password-changed"), code);
            assert!(warning.body.contains("https://sale.example/not-me"));
            let frozen = Text::of(&site, language, of("frozen"));
            let reasons = [Reason::Differs, Reason::Unreadable];
            let more = of("verification-more");
            let more = Text::verification(&site, language, more, &reasons);
            assert_eq!(more.body.matches("\n- ").count(), 2, "{}", more.body);
            for text in [with, without, warning, frozen, more] {
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
