//! The dates of all offerings for calendars (iCal, RFC 5545), and what happened for feed readers (Atom, RFC 4287).

use std::{fmt::Write as _, sync::Arc};

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use softcap_journal::OfferingLog;
use softcap_proof::entry::decode;

use super::{offering_card::windows, visit::Visit};
use crate::{
    api::{Service, of_journal},
    problem::ApiError,
};

/// Octets of a line of a calendar; longer ones are folded.
const LINE: usize = 73;

/// A window of a round.
struct Dated {
    /// Name of the offering in addresses.
    name: String,
    title: String,
    round: String,
    announced: u64,
    from: u64,
    until: u64,
}

/// Something that happened.
struct News {
    at: u64,
    what: String,
    /// Its own among all of the feed, in every language.
    id: String,
    name: String,
    title: String,
}

async fn dated(service: &Service) -> Result<Vec<Dated>, ApiError> {
    let mut all = Vec::new();
    for log in service.journal().offerings() {
        let announced = announced_at(&log).await?;
        let state = log.sequencer.read();
        let offering = state.machine().offering();
        all.extend(windows(&log.terms, offering).map(|(place, window)| Dated {
            name: log.row.name.to_string(),
            title: log.terms.name.clone(),
            round: round_name(&log, place),
            announced,
            from: window.from.0,
            until: window.end_exclusive().0,
        }));
    }
    Ok(all)
}

fn round_name(log: &OfferingLog, place: u8) -> String {
    let round = log.terms.rounds.get(usize::from(place));
    round.map_or_else(String::new, |round| round.name.clone())
}

/// The time of the first entry, which announces.
async fn announced_at(log: &OfferingLog) -> Result<u64, ApiError> {
    let leaf = log.reader.leaf(0).await.map_err(of_journal)?;
    let (entry, _) = decode(&leaf).map_err(|error| ApiError::internal(&error))?;
    Ok(entry.stamp.position.0)
}

pub(super) async fn calendar(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    let mut text = String::new();
    let mut line = |words: String| fold(&mut text, &words);
    line("BEGIN:VCALENDAR".to_owned());
    line("VERSION:2.0".to_owned());
    line("PRODID:-//Softcap//Offerings//EN".to_owned());
    line(format!("NAME:{}", escaped(&visit.site)));
    for event in dated(&service).await? {
        let Dated {
            name, title, round, ..
        } = &event;
        line("BEGIN:VEVENT".to_owned());
        line(format!("UID:{name}-{}@softcap", event.from));
        line(format!("DTSTAMP:{}", basic(event.announced)));
        line(format!("DTSTART:{}", basic(event.from)));
        line(format!("DTEND:{}", basic(event.until)));
        line(format!("SUMMARY:{}", escaped(&format!("{title}: {round}"))));
        line(format!("URL:{}/offerings/{name}", service.origin()));
        line("END:VEVENT".to_owned());
    }
    line("END:VCALENDAR".to_owned());
    let kind = HeaderValue::from_static("text/calendar; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

pub(super) async fn feed(
    State(service): State<Arc<Service>>,
    visit: Visit,
) -> Result<Response, ApiError> {
    let now = u64::try_from(service.now().get()).unwrap_or(0);
    let mut news = Vec::new();
    for event in dated(&service).await? {
        let happened = [
            (event.announced, "announced", visit.say("feed-announced")),
            (event.from, "opened", visit.say("feed-opened")),
            (event.until, "ended", visit.say("feed-ended")),
        ];
        for (at, kind, what) in happened {
            if at <= now {
                let name = &event.name;
                news.push(News {
                    at,
                    what,
                    id: format!("{name}#{kind}-{}", event.from),
                    name: name.clone(),
                    title: format!("{}: {}", event.title, event.round),
                });
            }
        }
    }
    news.sort_by(|one, other| (other.at, &other.id).cmp(&(one.at, &one.id)));
    let updated = news.first().map_or(0, |newest| newest.at);
    let origin = service.origin();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    let _ = write!(
        text,
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n<title>{}</title>\n<id>{origin}/offerings.atom</id>\n\
         <link rel=\"self\" href=\"{origin}/offerings.atom\"/>\n<link href=\"{origin}/\"/>\n<author><name>{}</name></author>\n\
         <updated>{}</updated>\n",
        visit.language,
        xml(&visit.say("home-title")),
        xml(&visit.site),
        extended(updated),
    );
    for one in news {
        let (title, what) = (xml(&one.title), xml(&one.what));
        let offerings = format!("{origin}/offerings");
        let (id, name) = (&one.id, &one.name);
        let _ = write!(
            text,
            "<entry>\n<title>{title} - {what}</title>\n<id>{offerings}/{id}</id>\n<link href=\"{offerings}/{name}\"/>\n\
             <updated>{}</updated>\n<summary>{title}: {what}</summary>\n</entry>\n",
            extended(one.at)
        );
    }
    text.push_str("</feed>\n");
    let kind = HeaderValue::from_static("application/atom+xml; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

fn time(millis: u64) -> Timestamp {
    let millis = i64::try_from(millis).unwrap_or(0);
    Timestamp::from_millisecond(millis).unwrap_or_default()
}

/// `2026-03-02T12:00:00Z`.
fn extended(millis: u64) -> String {
    time(millis).to_string()
}

/// `20260302T120000Z`: calendars know whole seconds.
fn basic(millis: u64) -> String {
    time(millis - millis % 1000)
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string()
}

/// Text of a calendar (RFC 5545, 3.3.11).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ',' | ';' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            other if other.is_control() => {}
            other => out.push(other),
        }
    }
    out
}

/// Text of XML.
fn xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A line of a calendar, folded where it is too long, never within a letter.
fn fold(text: &mut String, line: &str) {
    let mut used = 0;
    for letter in line.chars() {
        if used + letter.len_utf8() > LINE {
            text.push_str("\r\n ");
            used = 1;
        }
        text.push(letter);
        used += letter.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_fold_and_signs_are_escaped() {
        let mut text = String::new();
        fold(&mut text, &"ä".repeat(60));
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() <= 75), "{lines:?}");
        assert!(lines[1].starts_with(' '));
        assert_eq!(escaped("a,b;c\\d\ne\r"), "a\\,b\\;c\\\\d\\ne");
        assert_eq!(basic(1_772_452_801_500), "20260302T120001Z");
    }
}
