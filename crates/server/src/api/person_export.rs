//! Everything that is held of a person, as one JSON, whose files come piece by piece.

use std::{collections::VecDeque, io, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use base64ct::{Base64, Encoding as _};
use futures_util::stream;
use serde_json::{Value, json};
use softcap_identity::{
    AuditFilter, EmailAddress, FactorList, PersonId, Showing, SignInLink, Upload,
    VerificationError, Verifications, WalletView,
};
use softcap_offering::InvestorId;
use softcap_rails::balance::PersonId as Owner;

use super::{
    Service,
    accounts::accounts,
    audit::AuditRowView,
    balances::BalanceView,
    factor_problem::of_factor,
    key_acts::of_keys,
    keys::time_text,
    person_problem::of_person,
    role_problem::of_role,
    sign_in_problem::of_sign_in,
    submit::of_journal,
    verification_problem::of_verification,
    verification_view::{OverviewView, UploadView, values},
    wallet_problem::of_wallet,
    webhooks::of_database,
};
use crate::{budgets::InCurrency, notices::Choice, problem::ApiError, wallet_acts::WalletAct};

/// Rows that are read at a time.
const PAGE: u32 = 1000;
/// Bytes of a file that are written at a time: whole groups of three make whole groups of four letters.
const GROUP: usize = 3;

/// Everything that is held of a person.
pub(super) async fn export(service: &Arc<Service>, person: PersonId) -> Result<Response, ApiError> {
    let now = service.now();
    let found = service.people.find(person).await.map_err(of_person)?;
    let cases = &service.verifications;
    let uploads = cases.uploads(person).await.map_err(of_verification)?;
    let verification = verification(service, person, &uploads).await?;
    let about = found.map(|person| {
        json!({
            "email": person.email.as_str(),
            "coming_email": person.coming.as_ref().map(EmailAddress::as_str),
            "signed_up_at": time_text(person.made_at),
            "password_at": person.password_at.map(time_text),
            "language": person.language.as_code(),
        })
    });
    let sessions = service.people.sessions(person, now).await;
    let sessions = sessions.map_err(of_person)?.into_iter().map(|session| {
        json!({
            "made_at": time_text(session.made_at),
            "seen_at": time_text(session.seen_at),
            "device": session.device,
            "address": session.address,
        })
    });
    let factors = service.factors.list(person, now).await;
    let standing = service.roles.standing(person).await.map_err(of_role)?;
    let roles = standing
        .grants()
        .iter()
        .map(|grant| json!({ "role": grant.role.as_code(), "on": grant.place.to_string() }));
    let head = json!({
        "made_at": time_text(now),
        "person": person.to_string(),
        "account": about,
        "sessions": sessions.collect::<Vec<_>>(),
        "factors": factors_of(&factors.map_err(of_factor)?),
        "wallets": wallets_of(service, person).await?,
        "sign_ins": sign_ins_of(service, person).await?,
        "roles": roles.collect::<Vec<_>>(),
        "keys": keys_of(service, person).await?,
        "verification": verification,
        "balances": balances_of(service, person).await?,
        "offerings": offerings_of(service, person).await?,
        "wallet_acts": wallet_acts_of(service, person).await?,
        "budgets": budgets_of(service, person).await?,
        "notifications": notices_of(service, person).await?,
        "audit": audit_of(service, person).await?,
    });
    let head = serde_json::to_string(&head).map_err(|error| ApiError::internal(&error))?;
    // The files follow inside the same object.
    let head = format!("{},\"files\":[", open_object(&head));
    let pieces = Pieces {
        cases: cases.clone(),
        person,
        head: Some(head),
        left: uploads.into(),
        open: None,
        is_first: true,
        is_over: false,
    };
    Ok(answer(person, pieces))
}

/// The text of an object without the bracket that closes it.
fn open_object(text: &str) -> &str {
    text.strip_suffix('}').unwrap_or(text)
}

fn answer(person: PersonId, pieces: Pieces) -> Response {
    let body = stream::try_unfold(pieces, |mut pieces| async move {
        let piece = pieces.next().await.map_err(io::Error::other)?;
        Ok::<_, io::Error>(piece.map(|piece| (Bytes::from(piece), pieces)))
    });
    let name = format!("attachment; filename=\"{person}.json\"");
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Ok(name) = HeaderValue::try_from(name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

async fn verification(
    service: &Service,
    person: PersonId,
    uploads: &[Upload],
) -> Result<Value, ApiError> {
    let cases = &service.verifications;
    let overview = match cases.overview(person).await {
        Ok(overview) => overview,
        Err(VerificationError::NoCase) => return Ok(Value::Null),
        Err(error) => return Err(of_verification(error)),
    };
    let said = match cases.own_values(person).await {
        Ok(said) => said,
        Err(VerificationError::Destroyed) => Vec::new(),
        Err(error) => return Err(of_verification(error)),
    };
    let view = OverviewView::new(&overview, uploads, service);
    Ok(json!({ "overview": view, "values": values(&said) }))
}

fn factors_of(factors: &FactorList) -> Value {
    let passkeys = factors.passkeys.iter().map(|key| {
        json!({
            "label": key.label,
            "made_at": time_text(key.made_at),
            "used_at": key.used_at.map(time_text),
        })
    });
    json!({
        "app_since": factors.totp_since.map(time_text),
        "passkeys": passkeys.collect::<Vec<_>>(),
        "recovery_codes_left": factors.recovery_codes_left,
    })
}

/// Wallets with which the person logs in.
async fn wallets_of(service: &Service, person: PersonId) -> Result<Vec<Value>, ApiError> {
    let wallets = service.wallets.list(person).await.map_err(of_wallet)?;
    let view = |wallet: WalletView| {
        json!({
            "address": wallet.address.to_string(),
            "added_at": time_text(wallet.made_at),
            "used_at": wallet.used_at.map(time_text),
        })
    };
    Ok(wallets.into_iter().map(view).collect())
}

/// Accounts of other sites with which the person logs in.
async fn sign_ins_of(service: &Service, person: PersonId) -> Result<Vec<Value>, ApiError> {
    let links = service.sign_ins.list(person).await.map_err(of_sign_in)?;
    let view = |link: SignInLink| {
        json!({
            "issuer": link.identity.issuer(),
            "subject": link.identity.subject(),
            "added_at": time_text(link.made_at),
            "used_at": link.used_at.map(time_text),
        })
    };
    Ok(links.into_iter().map(view).collect())
}

/// Keys that the person made.
async fn keys_of(service: &Service, person: PersonId) -> Result<Vec<Value>, ApiError> {
    let (maker, mut after, mut own) = (format!("person:{person}"), 0, Vec::new());
    loop {
        let page = service.keys.list(None, after, PAGE).await;
        let page = page.map_err(of_keys)?;
        let Some(last) = page.last() else {
            return Ok(own);
        };
        after = last.number;
        let made = page.iter().filter(|record| record.created_by == maker);
        own.extend(made.map(|record| {
            json!({
                "id": record.id.to_string(),
                "label": record.label,
                "created_at": time_text(record.created_at),
                "revoked_at": record.revoked_at.map(time_text),
            })
        }));
    }
}

async fn balances_of(service: &Service, person: PersonId) -> Result<Vec<BalanceView>, ApiError> {
    let platform = service.journal.find_platform().await.map_err(of_journal)?;
    let Some(platform) = platform else {
        return Ok(Vec::new());
    };
    let state = platform.sequencer.read();
    let own = state
        .machine()
        .balances()
        .balances(Owner(person.to_bytes()));
    Ok(own
        .map(|(unit, balance)| BalanceView::new(unit.symbol, unit.decimals, balance))
        .collect())
}

/// The numbers of the person, under which everything in the public records can be found.
async fn offerings_of(service: &Service, person: PersonId) -> Result<Vec<Value>, ApiError> {
    let rows = service.numbers.of_person(Owner(person.to_bytes())).await;
    let rows = rows.map_err(of_journal)?.into_iter();
    let view = |(offering, investor): (softcap_journal::LogName, String)| {
        let log = service.journal.offering(&offering);
        let held = log.and_then(|log| accounts(&log, InvestorId::Opaque(&investor)));
        json!({ "offering": offering.to_string(), "investor": investor, "accounts": held })
    };
    Ok(rows.map(view).collect())
}

/// What the person's wallets were asked for on the pages.
async fn wallet_acts_of(service: &Service, person: PersonId) -> Result<Vec<Value>, ApiError> {
    let acts = service.wallet_acts.of_person(person).await;
    let acts = acts.map_err(of_database)?.into_iter();
    let view = |act: WalletAct| {
        json!({
            "offering": act.offering.to_string(),
            "what": act.kind.code(),
            "wallet": act.wallet.to_string(),
            "amount": act.amount.0.to_string(),
            "stage": act.stage.code(),
            "made_at": time_text(act.made_at),
            "transaction": act.sent.map(|sent| sent.hash.to_string()),
        })
    };
    Ok(acts.map(view).collect())
}

/// What the person allows themself, as it counts now.
async fn budgets_of(service: &Service, person: PersonId) -> Result<Vec<Value>, ApiError> {
    let budgets = service.budgets.of(person).await;
    let budgets = budgets.map_err(of_database)?.into_iter();
    let now = service.now();
    let view = |held: InCurrency| {
        let limits = held.budget.at(now);
        json!({
            "currency": held.symbol,
            "year": limits.year.map(|amount| amount.0.to_string()),
            "offering": limits.offering.map(|amount| amount.0.to_string()),
        })
    };
    Ok(budgets.map(view).collect())
}

/// Which mails the person chose.
async fn notices_of(service: &Service, person: PersonId) -> Result<Vec<Value>, ApiError> {
    let choices = service.notices.of(person).await;
    let choices = choices.map_err(of_database)?.into_iter();
    let view = |choice: Choice| {
        json!({
            "offering": choice.offering,
            "kind": choice.kind.code(),
            "is_on": choice.is_on,
        })
    };
    Ok(choices.map(view).collect())
}

/// What the person did, and what was done to them.
async fn audit_of(service: &Service, person: PersonId) -> Result<Vec<AuditRowView>, ApiError> {
    let id = person.to_string();
    let named = format!("person:{id}");
    let log = service.journal.find_audit().await.map_err(of_journal)?;
    let subject = |name: &str| AuditFilter {
        subject: Some(name.to_owned()),
        ..AuditFilter::default()
    };
    let actor = AuditFilter {
        actor: Some(named.clone()),
        ..AuditFilter::default()
    };
    let mut all = Vec::new();
    for filter in [subject(&id), subject(&named), actor] {
        let mut after = 0;
        loop {
            let rows = service.audit.search(&filter, after, PAGE).await;
            let rows = rows.map_err(|error| ApiError::internal(&error))?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            all.extend(
                rows.into_iter()
                    .map(|row| AuditRowView::new(row, log.as_deref())),
            );
        }
    }
    all.sort_by_key(|row| row.number);
    all.dedup_by_key(|row| row.number);
    Ok(all)
}

/// The text of an export, in pieces.
struct Pieces {
    cases: Verifications,
    person: PersonId,
    head: Option<String>,
    left: VecDeque<Upload>,
    /// The file that is written, and bytes of it that make no whole group yet.
    open: Option<(Showing, Vec<u8>)>,
    is_first: bool,
    is_over: bool,
}

impl Pieces {
    async fn next(&mut self) -> Result<Option<String>, VerificationError> {
        if let Some(head) = self.head.take() {
            return Ok(Some(head));
        }
        if let Some((showing, waits)) = &mut self.open {
            if let Some(bytes) = showing.next().await? {
                waits.extend(bytes);
                let whole = waits.len() - waits.len() % GROUP;
                let rest = waits.split_off(whole);
                let group = std::mem::replace(waits, rest);
                return Ok(Some(Base64::encode_string(&group)));
            }
            let last = Base64::encode_string(waits);
            self.open = None;
            return Ok(Some(format!("{last}\"}}")));
        }
        let Some(upload) = self.left.pop_front() else {
            let is_over = std::mem::replace(&mut self.is_over, true);
            return Ok((!is_over).then(|| "]}".to_owned()));
        };
        let about = serde_json::to_string(&UploadView::from(&upload));
        let about = about.map_err(|_| VerificationError::File)?;
        let about = open_object(&about);
        let comma = if std::mem::replace(&mut self.is_first, false) {
            ""
        } else {
            ","
        };
        match self.cases.open_upload(self.person, upload).await {
            Ok(showing) => {
                self.open = Some((showing, Vec::new()));
                Ok(Some(format!("{comma}{about},\"content\":\"")))
            }
            // One that is not there is named all the same.
            Err(VerificationError::File | VerificationError::Destroyed) => {
                Ok(Some(format!("{comma}{about},\"content\":null}}")))
            }
            Err(error) => Err(error),
        }
    }
}
