//! Tells what the clock brings: rounds that open, and prices that change within a day.

use softcap_identity::Telling;
use softcap_journal::OfferingLog;
use softcap_offering::{
    LineIndex, Offering, Position, RoundIndex, Span,
    terms::{ClockKind, Pricing},
};

use super::{
    NoticeKind,
    feed::{FeedError, OLD},
    texts::{Words, notice},
};
use crate::{
    api::Service,
    web::{Language, price_words},
};

const END: &str = "end";
/// People in one step.
const STEP: i64 = 200;

/// Something that is told in its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    kind: NoticeKind,
    round: RoundIndex,
    /// When it happens.
    at: Position,
}

impl Due {
    /// In the table of places. A window that a pause moves is the same one, told once.
    fn key(self) -> String {
        let round = self.round.0;
        match self.kind {
            NoticeKind::Price => format!("price/{round}/{}", self.at.0),
            NoticeKind::Opening
            | NoticeKind::Contribution
            | NoticeKind::Result
            | NoticeKind::Payout => format!("{}/{round}", self.kind.code()),
        }
    }
}

/// What is to be told at a time. Pure.
fn due(offering: &Offering, now: Position) -> Vec<Due> {
    let day = Span(u64::try_from(OLD.as_millis()).unwrap_or(u64::MAX));
    let mut all = Vec::new();
    for (place, round) in (0_u8..).zip(&offering.terms().rounds) {
        let index = RoundIndex(place);
        let Some(window) = offering.round_window(index, LineIndex(0)) else {
            continue;
        };
        if window.contains(now) && now < window.from.after(day) {
            all.push(Due {
                kind: NoticeKind::Opening,
                round: index,
                at: window.from,
            });
        }
        let Pricing::Steps { steps } = &round.pricing else {
            continue;
        };
        let coming = steps.iter().map(|step| step.from).filter(|at| {
            *at > window.from && window.contains(*at) && now < *at && *at <= now.after(day)
        });
        all.extend(coming.map(|at| Due {
            kind: NoticeKind::Price,
            round: index,
            at,
        }));
    }
    all
}

pub(super) async fn tell(service: &Service, log: &OfferingLog) -> Result<(), FeedError> {
    if log.terms.clock.kind != ClockKind::Time {
        return Ok(());
    }
    let now = Position(u64::try_from(service.now().get()).unwrap_or(0));
    let due = {
        let state = log.sequencer.read();
        due(state.machine().offering(), now)
    };
    for due in due {
        tell_one(service, log, due).await?;
    }
    Ok(())
}

async fn tell_one(service: &Service, log: &OfferingLog, due: Due) -> Result<(), FeedError> {
    let name = &log.row.name;
    let what = format!("{name}/{}", due.key());
    loop {
        let from = service.people().told(&what).await?;
        if from == END {
            return Ok(());
        }
        let wanted = (name.as_str(), due.kind);
        let wanters = service.notices().wanters(wanted, &from, STEP).await?;
        let last = wanters.last().cloned();
        let is_end = i64::try_from(wanters.len()).unwrap_or(STEP) < STEP;
        let mut notices = Vec::new();
        for person in wanters {
            let Ok(person) = person.parse() else { continue };
            let words = |language| Some(words(service, log, due, language));
            notices.extend(notice(service, log, (person, due.kind), words).await?);
        }
        let to = last.filter(|_| !is_end).unwrap_or_else(|| END.to_owned());
        let step = Telling {
            what: &what,
            from: &from,
            to: &to,
            begins: None,
        };
        let now = service.now();
        service.people().tell(&step, &notices, now).await?;
    }
}

fn words(service: &Service, log: &OfferingLog, due: Due, language: Language) -> Words {
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let (title, name, origin) = (&log.terms.name, &log.row.name, service.origin());
    let round = log.terms.rounds.get(due.round.index());
    let round = round.map_or("", |round| round.name.as_str());
    let price = price_words(language, offering, due.round, due.at);
    let values = [
        ("round", round.into()),
        ("cost", (&price.cost).into()),
        ("when", (&price.when).into()),
    ];
    let (subject, text) = match due.kind {
        NoticeKind::Price => ("mail-price", language.tell("mail-price-text", &values)),
        NoticeKind::Opening
        | NoticeKind::Contribution
        | NoticeKind::Result
        | NoticeKind::Payout => ("mail-opening", language.tell("mail-opening-text", &values)),
    };
    let (subject, page) = (language.say(subject), language.say("mail-page"));
    Words {
        subject: format!("{title}: {subject}"),
        body: format!("{text}\n\n{page}\n\n    {origin}/offerings/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use softcap_offering::terms::Terms;

    use super::*;

    const OPENS: u64 = 1_772_323_200_000; // 2026-03-01T00:00:00Z
    const HOUR: u64 = 3_600_000;

    #[test]
    fn what_the_clock_brings_is_due_for_a_day_and_no_longer() {
        let text = "rules = 1\nname = \"P\"\norigin = \"softcap.example/p\"\n[clock]\nkind = \"time\"\n\
             [token]\nname = \"T\"\nsymbol = \"TOK\"\ndecimals = 0\n[token.supply]\nkind = \"minted\"\n\
             [currency.EUR]\ndecimals = 0\nrail = \"balance\"\n[[round]]\nname = \"one\"\n\
             from = \"2026-03-01T00:00:00Z\"\nuntil = \"2026-03-06T00:00:00Z\"\nend = \"exclusive\"\n\
             [round.pricing]\nkind = \"steps\"\nsteps = [\n\
             { from = \"2026-03-01T00:00:00Z\", price = \"7 TOK per EUR\" },\n\
             { from = \"2026-03-04T00:00:00Z\", price = \"5 TOK per EUR\" },\n]";
        let offering = Offering::new(Arc::new(Terms::parse(text).unwrap()));
        let keys = |hours: i64| {
            let now = OPENS.checked_add_signed(hours * 3_600_000).unwrap();
            let due = due(&offering, Position(now)).into_iter();
            due.map(Due::key).collect::<Vec<_>>()
        };
        let price = format!("price/0/{}", OPENS + 72 * HOUR);
        let table: [(i64, &[&str]); 8] = [
            (-1, &[]),
            (0, &["opening/0"]),
            (23, &["opening/0"]),
            (24, &[]),
            (47, &[]),
            (48, &[&price]),
            (71, &[&price]),
            (72, &[]),
        ];
        for (hours, expected) in table {
            assert_eq!(keys(hours), expected, "{hours}");
        }
    }
}
