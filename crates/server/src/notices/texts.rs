//! What the mails say: the sentences of the pages, in the language of their reader, and where to read on.

use softcap_identity::{Notice, PersonError, PersonId};
use softcap_journal::OfferingLog;
use softcap_offering::{ContributionIndex, InvestorId};

use super::{NoticeKind, feed::FeedError, is_wanted, unsubscribe_path};
use crate::{
    api::{Service, own_rows},
    web::{Language, contribution_words},
};

/// Contributions that a mail about all of them names; the page names the rest.
const MOST_NAMED: usize = 10;

/// What a mail says, before it is known to whom.
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) body: String,
}

/// What became of one contribution.
pub(super) fn of_contribution(
    service: &Service,
    log: &OfferingLog,
    index: ContributionIndex,
    language: Language,
) -> Words {
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let told = contribution_words(language, offering, index);
    let (title, name) = (&log.terms.name, &log.row.name);
    let sequence = offering.row(index).sequence.0.to_string();
    let origin = service.origin();
    let place = language.tell(
        "mail-contribution-place",
        &[("sequence", (&sequence).into()), ("title", title.into())],
    );
    Words {
        subject: format!("{title}: {}", told.name),
        body: format!(
            "{}\n\n{}{}\n\n{place}\n\n    {origin}/contributions/{name}/{sequence}",
            told.sentence,
            told.next,
            told.when
                .map_or_else(String::new, |when| format!(" ({})", when.text)),
        ),
    }
}

/// What became of all contributions of an investor; `None` where there are none.
pub(super) fn of_investor(
    service: &Service,
    log: &OfferingLog,
    id: InvestorId<'_>,
    (language, subject): (Language, &str),
) -> Option<Words> {
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let rows = own_rows(service, log, offering, id);
    if rows.is_empty() {
        return None;
    }
    let (title, origin) = (&log.terms.name, service.origin());
    let mut body = String::new();
    for index in rows.iter().take(MOST_NAMED) {
        let told = contribution_words(language, offering, *index);
        let sequence = offering.row(*index).sequence.0.to_string();
        let number = language.tell("mail-number", &[("sequence", (&sequence).into())]);
        body.push_str(&format!("{number} {} {}\n\n", told.sentence, told.next));
    }
    if rows.len() > MOST_NAMED {
        body.push_str(&format!("{}\n\n", language.say("mail-more")));
    }
    let all = language.say("mail-all");
    body.push_str(&format!("{all}\n\n    {origin}/portfolio"));
    Some(Words {
        subject: format!("{title}: {}", language.say(subject)),
        body,
    })
}

/// Without the blanks that keep numbers and units together on a page.
fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ")
}

/// The mail to a person, in their language, if they want it and are there, and there is something to say.
pub(super) async fn notice(
    service: &Service,
    log: &OfferingLog,
    (person, kind): (PersonId, NoticeKind),
    words: impl FnOnce(Language) -> Option<Words>,
) -> Result<Option<Notice>, FeedError> {
    let name = &log.row.name;
    let choices = service.notices().of(person).await?;
    if !is_wanted(&choices, name.as_str(), kind) {
        return Ok(None);
    }
    let Some(known) = service.people().find(person).await? else {
        return Ok(None);
    };
    let language = Language::from(known.language);
    let Some(words) = words(language) else {
        return Ok(None);
    };
    let (origin, choose) = (service.origin(), language.say("mail-choose"));
    let path = unsubscribe_path(service, person, (name, kind));
    Ok(Some(Notice {
        recipient: known.email,
        subject: plain(&words.subject),
        body: format!(
            "{}\n\n{choose}\n\n    {origin}/account/notifications\n",
            plain(&words.body)
        ),
        unsubscribe: format!("{origin}{path}"),
    }))
}

impl From<PersonError> for FeedError {
    fn from(error: PersonError) -> Self {
        Self::Person(Box::new(error))
    }
}
