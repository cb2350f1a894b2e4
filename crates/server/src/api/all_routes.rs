//! All routes of this folder, and all codes that they answer with: a line for each of its files.

use std::sync::Arc;

use axum::{Router, middleware::from_fn_with_state};

use super::*;
use crate::{stop::Stopping, system::CodeText};

/// Problems that other crates number and these routes answer with, for their pages.
pub(crate) fn problem_codes() -> Vec<CodeText> {
    let known = caller::codes().chain(submit::codes());
    let known = known.chain(signed_request::codes());
    let known = known.chain(rail::codes()).chain(person_problem::codes());
    let known = known.chain(role_problem::codes());
    let known = known.chain(invitations::codes());
    let known = known.chain(factor_problem::codes());
    let known = known.chain(wallet_problem::codes());
    let known = known.chain(sign_in_problem::codes());
    let known = known.chain(alerts::codes());
    let known = known.chain(verification_problem::codes());
    let known = known.chain(privacy::codes());
    let known = known.chain(oauth::codes());
    let known = known.chain(own_budgets::codes());
    known.chain(balances::refusal_texts()).collect()
}

/// All routes of offerings.
pub fn routes(service: Arc<Service>, stopping: &Stopping) -> Router {
    let state = || Arc::clone(&service);
    Router::new()
        .merge(changes().route_layer(from_fn_with_state(state(), call_note::write_changes)))
        .merge(simulations::routes())
        .merge(contributions::routes())
        .merge(bids::routes())
        .merge(investors::routes())
        .merge(addresses::routes())
        .merge(bundles::routes())
        .merge(log::routes())
        .merge(audit::routes())
        .merge(cosignatures::routes())
        .merge(events::routes(stopping))
        .merge(keys::routes())
        .merge(leaks::routes())
        .merge(sign_up::routes())
        .merge(sessions::routes())
        .merge(freeze::routes())
        .merge(roles::routes())
        .merge(proposals::routes())
        .merge(alerts::routes())
        .merge(alert_webhooks::routes())
        .merge(incidents::routes())
        .merge(me::routes())
        .merge(tax_table::routes())
        .merge(notifications::routes())
        .merge(address_change::routes())
        .merge(factors::routes())
        .merge(enrolment::routes())
        .merge(wallets::routes())
        .merge(sign_ins::routes())
        .merge(verification::routes())
        .merge(verification_uploads::routes())
        .merge(verifications::routes())
        .merge(privacy::routes())
        .merge(oauth::routes())
        .layer(CallNotes::of(&service))
        .with_state(service)
}

/// Routes whose changes are rows of the audit. What the others change is one already, is on the way of contributions, or is
/// nobody's privilege.
fn changes() -> Router<Arc<Service>> {
    Router::new()
        .merge(offerings::routes())
        .merge(drafts::routes())
        .merge(rehearsals::routes())
        .merge(accounts::routes())
        .merge(balances::routes())
        .merge(imports::routes())
        .merge(people::routes())
        .merge(rail::routes())
        .merge(operations::routes())
        .merge(documents::routes())
        .merge(settlements::routes())
        .merge(webhooks::routes())
        .merge(oauth::own_contribution_routes())
}
