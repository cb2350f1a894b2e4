//! Announcing: what freezes is listed, red warnings are confirmed one by one, and the name is typed. Nothing takes it back.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use softcap_identity::Verb;
use softcap_offering::{Offering, terms::Terms};
use softcap_proof::hex;

use super::{
    super::{
        amounts,
        form::{Errors, Form},
        language::{Language, Value},
        offering::{RoundView, rounds},
        page::{page, page_with, see_other},
        supply::SupplyView,
        terms_words::{self, Fact},
        times::span,
        visit::Visit,
    },
    Member,
    fields::Fields,
    findings::{Checked, Finding},
    guide::words_of,
    preview::announced,
    rehearsal::{Known, known},
};
use crate::{
    api::{Service, Signing, announce_draft, draft_of},
    drafts::Draft,
    extract::Path,
    problem::{ApiError, ProblemCode},
};

/// A red warning with its box.
struct RedView {
    id: String,
    finding: Finding,
    is_confirmed: bool,
}

#[derive(Template)]
#[template(path = "issuer/announce.html")]
struct AnnouncePage {
    visit: Visit,
    errors: Errors,
    name: String,
    title: String,
    version: String,
    terms_hash: String,
    facts: Vec<Fact>,
    rounds: Vec<RoundView>,
    supply_sentence: String,
    supply: Option<SupplyView>,
    steps: Vec<String>,
    red: Vec<RedView>,
    /// What is known of a rehearsal.
    known: Known,
    known_words: String,
    /// What was typed.
    confirm: String,
    signature: String,
    issuer_key: String,
    demands_signature: bool,
    is_overtaken: bool,
}

/// Where the page says how the rehearsal stands.
const REHEARSAL: &str = "rehearsal";

fn red_id(place: usize) -> String {
    format!("red-{place}")
}

fn announce_view(
    service: &Service,
    visit: Visit,
    (draft, checked, known): (&Draft, &Checked, Known),
    (fields, errors): (&Fields, Errors),
) -> Option<AnnouncePage> {
    let language = visit.language;
    let terms = checked.terms.clone()?;
    let offering = announced(terms);
    let terms = offering.terms();
    let red = checked.red().enumerate().map(|(place, finding)| RedView {
        is_confirmed: !fields.get(&red_id(place)).is_empty(),
        finding: finding.clone(),
        id: red_id(place),
    });
    Some(AnnouncePage {
        errors,
        name: draft.name.clone(),
        title: terms.name.clone(),
        version: draft.version.clone(),
        terms_hash: hex(&terms.hash().0),
        facts: frozen(language, &offering),
        rounds: rounds(language, &offering),
        supply_sentence: terms_words::supply_words(language, terms),
        supply: SupplyView::new(language, terms),
        steps: steps(language, terms),
        red: red.collect(),
        known_words: known.words(language),
        known,
        confirm: fields.get("confirm").to_owned(),
        signature: fields.get("signature").to_owned(),
        issuer_key: fields.get("issuer-key").to_owned(),
        demands_signature: service.demands_signatures(),
        is_overtaken: false,
        visit,
    })
}

/// What can never be changed, beside rounds and supply.
fn frozen(language: Language, offering: &Offering) -> Vec<Fact> {
    let terms = offering.terms();
    let fact = |name: &str, words: String| Fact {
        name: language.say(name),
        words,
    };
    let token = format!(
        "{} ({}), {}",
        terms.token.name,
        terms.token.symbol,
        language.tell(
            "announce-places",
            &[("count", Value::Count(u64::from(terms.token.decimals)))]
        )
    );
    let mut facts = vec![
        fact("guide-title", terms.name.clone()),
        fact("guide-origin", terms.origin.clone()),
        fact("announce-token", token),
    ];
    for known in &terms.currencies {
        let words = format!(
            "{}: {}",
            known.symbol,
            terms_words::custody(language, known.rail)
        );
        facts.push(fact("currency", words));
    }
    facts.extend(terms_words::facts(language, terms));
    facts
}

/// The steps in which money is released.
pub(super) fn steps(language: Language, terms: &Terms) -> Vec<String> {
    let all = terms.milestones.iter().map(|step| {
        let part = amounts::percent(language, u128::from(step.part.0), 10_000).unwrap_or_default();
        let after = span(language, step.after);
        let values = [
            ("name", Value::Text(&step.name)),
            ("part", Value::Text(&part)),
            ("after", Value::Text(&after)),
        ];
        if step.after.0 == 0 {
            language.tell("announce-step-at-once", &values)
        } else {
            language.tell("announce-step", &values)
        }
    });
    all.collect()
}

pub(super) async fn announce_page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
) -> Result<Response, ApiError> {
    caller.require(Verb::OfferingsWrite, &name)?;
    // Who goes back after announcing sees what came of it.
    if service.offering(&name).is_ok() {
        return see_other(&format!("/issuer/offerings/{name}"));
    }
    let draft = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await?;
    let checked = Checked::new(visit.language, &draft.terms);
    let known = known_of(&service, &checked).await?;
    let nothing = (&Fields::default(), Errors::default());
    match announce_view(&service, visit, (&draft, &checked, known), nothing) {
        Some(answer) => page(&answer),
        None => see_other(&format!("/issuer/drafts/{name}")),
    }
}

pub(super) async fn announce(
    State(service): State<Arc<Service>>,
    visit: Visit,
    Path(name): Path<String>,
    Member(caller): Member,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let fields = Fields::of(pairs);
    let hash = fields.get("terms-hash");
    caller.require(Verb::OfferingsWrite, &name)?;
    let done = format!("/issuer/offerings/{name}?done=announced");
    // The same form sent twice announced it the first time.
    if let Ok(log) = service.offering(&name)
        && hex(&log.terms.hash().0) == hash
    {
        return see_other(&done);
    }
    let draft = draft_of(&service, &caller, Verb::OfferingsWrite, &name).await?;
    let checked = Checked::new(visit.language, &draft.terms);
    let known = known_of(&service, &checked).await?;
    let is_overtaken = draft.version != fields.get("version");
    let mut errors = Errors::default();
    if !is_overtaken {
        confirmed(&visit, &draft.name, (&checked, known), &fields, &mut errors);
        let optional = |name: &str| Some(fields.get(name)).filter(|typed| !typed.is_empty());
        // Browsers send line ends as mails have them; a signed note has those of files.
        let note = optional("signature").map(|note| format!("{}\n", note.replace("\r\n", "\n")));
        let signing = Signing {
            note: note.as_deref(),
            key: optional("issuer-key"),
        };
        if errors.is_empty() {
            match announce_draft(&service, &caller, &draft, (hash, signing)).await {
                Ok(_) => return see_other(&done),
                Err(error) => errors.add(field_of(&error)?, words_of(&error)),
            }
        }
    }
    let status = if is_overtaken {
        StatusCode::CONFLICT
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    match announce_view(
        &service,
        visit,
        (&draft, &checked, known),
        (&fields, errors),
    ) {
        Some(mut answer) => {
            answer.is_overtaken = is_overtaken;
            page_with(status, &answer)
        }
        None => see_other(&format!("/issuer/drafts/{name}")),
    }
}

/// What is known of a rehearsal of these terms.
async fn known_of(service: &Service, checked: &Checked) -> Result<Known, ApiError> {
    match &checked.terms {
        Some(terms) => Ok(known(service, terms).await?.0),
        None => Ok(Known::Impossible),
    }
}

/// What must be said before anything freezes.
fn confirmed(
    visit: &Visit,
    name: &str,
    (checked, known): (&Checked, Known),
    fields: &Fields,
    errors: &mut Errors,
) {
    if !known.is_enough() {
        errors.add(REHEARSAL, known.words(visit.language));
    }
    for (place, _) in checked.red().enumerate() {
        let id = red_id(place);
        if fields.get(&id).is_empty() {
            errors.add(id, visit.say("announce-confirm-red"));
        }
    }
    if fields.get("confirm") != name {
        let words = visit
            .language
            .tell("announce-confirm-wrong", &[("name", name.into())]);
        errors.add("confirm", words);
    }
}

/// The field that a refusal is about; what no field can mend stays an error.
fn field_of(error: &ApiError) -> Result<&'static str, ApiError> {
    if !is_about_the_form(error) {
        return Err(error.clone());
    }
    let words = words_of(error);
    let fields = [("signature", "signature"), ("issuer_key", "issuer-key")];
    let named = fields.iter().find(|(name, _)| words.starts_with(name));
    Ok(named.map_or("confirm", |(_, field)| *field))
}

fn is_about_the_form(error: &ApiError) -> bool {
    matches!(
        error,
        ApiError::Own {
            code: ProblemCode::Invalid | ProblemCode::Conflict,
            ..
        }
    )
}
