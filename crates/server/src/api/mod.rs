//! The routes of offerings: one file per resource.
//!
//! A handler parses, asks whether the caller may, calls the journal, and answers. What an entry did is
//! read from its leaf, so that a repeat of a request gets the same bytes.

mod accounts;
mod address_change;
mod addresses;
mod alert_webhooks;
mod alerts;
mod all_routes;
mod amount;
mod audit;
mod audit_export;
mod balances;
mod bids;
mod bundles;
mod byte_range;
mod call_cost;
mod call_note;
mod caller;
mod contributions;
mod cosignatures;
mod documents;
mod drafts;
mod enrolment;
mod entry_view;
mod etag;
mod events;
mod factor_problem;
mod factors;
mod freeze;
mod imports;
mod incidents;
mod investors;
mod invitations;
mod issuer;
mod key_acts;
mod keys;
mod lately_used;
mod leaks;
mod log;
mod me;
mod notifications;
mod oauth;
mod offerings;
mod operations;
mod own_budgets;
mod own_contributions;
mod page;
mod people;
mod permits;
mod person_export;
mod person_problem;
mod privacy;
mod projection;
mod proposals;
mod rail;
mod random_id;
mod refusal_limit;
mod rehearsals;
mod request_key;
mod role_problem;
mod roles;
mod sessions;
mod settlements;
mod sign_in_problem;
mod sign_ins;
mod sign_up;
mod signed_in;
mod simulations;
mod submit;
mod tax_table;
mod verification;
mod verification_acts;
mod verification_problem;
mod verification_uploads;
mod verification_view;
mod verifications;
mod wallet_problem;
mod wallets;
mod webhook_acts;
mod webhook_feed;
mod webhook_message;
mod webhooks;

use std::{str::FromStr as _, sync::Arc};

use softcap_identity::{
    AddressChanges, Alerts, AuditTable, CallLimits, Factors, Invitations, Keys, Oauth, People,
    Privacy, Roles, SignIns, SigningSeed, UnixMillis, Verifications, Wallets,
};
use softcap_journal::{
    Clock, Cosignatures, InvestorNumbers, Journal, LogName, OfferingLog, Transfers,
};
use softcap_proof::VerifierKey;

use crate::{
    budgets::Budgets,
    desk_pulse::DeskPulses,
    drafts::Drafts,
    evm::Rails,
    leak_reporter::LeakReporters,
    notices::Choices,
    problem::ApiError,
    raise_history::RaiseHistories,
    rehearsals::Rehearsals,
    sign_in::{Asking, OtherSites},
    signed_request,
    wallet_acts::WalletActs,
    webhooks::{GuardedClient, Webhooks},
};

pub(crate) use accounts::AccountPaths;
pub(crate) use address_change::AddressChangePaths;
pub(crate) use addresses::AddressPaths;
pub(crate) use alert_webhooks::AlertWebhookPaths;
pub(crate) use alerts::{AlertPaths, alerts_seen, close_alert};
pub(crate) use all_routes::problem_codes;
pub use all_routes::routes;
pub(crate) use audit::{AuditPaths, AuditWish, audit_rows_back, readable_audit_log};
pub(crate) use balances::BalancePaths;
pub(crate) use bids::BidPaths;
pub(crate) use bundles::BundlePaths;
pub(crate) use call_note::{CallNotes, write_page_changes};
pub(crate) use caller::{Caller, IdempotencyKey, Staff};
pub(crate) use contributions::ContributionPaths;
pub(crate) use cosignatures::CosignaturePaths;
pub(crate) use documents::DocumentPaths;
pub(crate) use drafts::{
    DraftPaths, announce_draft, create_draft, draft_of, readable_drafts, remove_draft,
    replace_draft,
};
pub(crate) use enrolment::{EnrolmentPaths, resets_seen, stop_reset_of};
pub(crate) use entry_view::{EntryView, OutcomeView};
pub(crate) use events::EventPaths;
pub(crate) use factor_problem::of_factor;
pub(crate) use factors::FactorPaths;
pub(crate) use freeze::{FreezePaths, freeze_by_code};
pub(crate) use imports::ImportPaths;
pub(crate) use incidents::{IncidentPaths, Step, Trail, incident, stop_key, stop_person, trail_of};
pub(crate) use investors::InvestorPaths;
pub(crate) use invitations::{
    accept_invitation, invitation_of_code, invitations_seen, invite, withdraw_invitation,
};
pub(crate) use issuer::Signing;
pub(crate) use key_acts::{
    MadeKey, SentForKey, find_key, list_keys, make_key_by_form, revoke_key, rotate_key_by_form,
};
pub(crate) use keys::{EnvironmentName, KeyPaths, LimitBody, NewKeyBody, RotationBody, time_text};
pub(crate) use leaks::LeakPaths;
pub(crate) use log::LogPaths;
pub(crate) use me::MePaths;
pub(crate) use notifications::NotificationPaths;
pub(crate) use oauth::{
    AppPaths, ClientBody, ClientPaths, OauthPaths, OwnContributionPaths, change_client, end_client,
    register_client, registered_client, registered_clients, verb_words,
};
pub(crate) use offerings::{OfferingPaths, phase_name};
pub(crate) use operations::{Operation, OperationPaths, operate_as};
pub(crate) use own_budgets::{left_of_budget, require_budget, require_budget_of_act, spent};
pub(crate) use own_contributions::{
    Holding, OpenedBid, OwnContribution, OwnName, contribute_own, free_money, holdings,
    made_before, own_contribution, own_name_of, own_names, own_number, own_number_for_bid,
    own_rows, reveal_own, rows_of, take_back_own, withdraw_own,
};
pub(crate) use people::PeoplePaths;
pub(crate) use permits::Permits;
pub(crate) use person_problem::of_person;
pub(crate) use privacy::{Erased, PrivacyPaths, erase_self, export_self, forget_numbers};
pub(crate) use projection::{
    Attempted, Ending, Projected, TakenAtOnce, Wished, attempt, full_sale, project,
};
pub(crate) use proposals::{ProposalPaths, decide_act, propose_act, seen_proposals};
pub(crate) use rail::RailPaths;
pub(crate) use rehearsals::{RehearsalPaths, begin_rehearsal, rehearsal_of, reports};
pub use request_key::RequestKey;
pub(crate) use role_problem::of_role;
pub(crate) use roles::RolePaths;
pub(crate) use sessions::SessionPaths;
pub(crate) use settlements::{
    SettlementPaths, own_leaf, publish_settlement, settle_as, settled_copy, settlement_root,
};
pub(crate) use sign_in_problem::of_sign_in;
pub(crate) use sign_ins::SignInPaths;
pub(crate) use sign_up::SignUpPaths;
pub(crate) use signed_in::{
    SESSION_COOKIE, Visitor, charge_person, charge_source, cookie_secret, ended_cookie,
    follow_session, remove_cookie, secret_cookie, session_secret, set_cookie,
};
pub(crate) use simulations::SimulationPaths;
pub(crate) use submit::{of_journal, submit_as};
pub(crate) use tax_table::{TaxPaths, YearQuery, tax_file, tax_years};
pub(crate) use verification::{VerificationPaths, own_permit};
pub(crate) use verification_acts::{
    approve_case, ask_case_for_more, case_of, case_values, cases_seen, refuse_case, take_case,
};
pub(crate) use verification_problem::of_verification;
pub(crate) use verification_uploads::{UPLOAD_ROUTE, UploadPaths};
pub(crate) use verifications::VerificationDeskPaths;
pub(crate) use wallet_problem::of_wallet;
pub(crate) use wallets::WalletPaths;
pub(crate) use webhook_acts::{
    endpoint_of, register_webhook, remove_webhook, renew_webhook, replay_delivery, switch_webhook,
    test_webhook, webhooks_of,
};
pub(crate) use webhook_feed::feed_webhooks;
pub(crate) use webhook_message::KINDS as WEBHOOK_KINDS;
pub(crate) use webhooks::{NewWebhook, WebhookPaths, of_database};

/// What all routes share.
#[derive(Debug)]
pub struct Service {
    journal: Arc<Journal>,
    numbers: InvestorNumbers,
    keys: Keys,
    audit: AuditTable,
    people: People,
    roles: Roles,
    invitations: Invitations,
    verifications: Verifications,
    privacy: Privacy,
    permits: Permits,
    factors: Factors,
    address_changes: AddressChanges,
    wallets: Wallets,
    sign_ins: SignIns,
    other_sites: OtherSites,
    call_limits: Arc<CallLimits>,
    alerts: Alerts,
    oauth: Oauth,
    /// Reads what others keep at addresses of their own.
    documents: GuardedClient,
    /// Keys of applications that were read at addresses of theirs.
    client_keys: oauth::KeyCache,
    /// Of the site's own pages.
    origin: String,
    site_name: String,
    sends_mail: bool,
    shows_mail: bool,
    requests: RequestKey,
    webhooks: Webhooks,
    drafts: Drafts,
    rehearsals: Rehearsals,
    wallet_acts: WalletActs,
    budgets: Budgets,
    notices: Choices,
    issuers: Vec<VerifierKey>,
    trees: settlements::Trees,
    bundles: bundles::Bundles,
    cosignatures: Arc<Cosignatures>,
    clock: Arc<dyn Clock>,
    refusals: refusal_limit::RefusalLimit,
    rails: Rails,
    data_folder: Option<std::path::PathBuf>,
    leak_reporters: LeakReporters,
    turns: own_contributions::Turns,
    own_index: own_contributions::OwnIndex,
    raise_histories: RaiseHistories,
    desk_pulses: DeskPulses,
}

/// What a [`Service`] is made of.
#[derive(Debug)]
pub struct ServiceParts {
    /// An open record.
    pub journal: Arc<Journal>,
    /// The numbers of people in it.
    pub numbers: InvestorNumbers,
    /// The keys that may use it.
    pub keys: Keys,
    /// What was done with them.
    pub audit: AuditTable,
    /// The people who log in.
    pub people: People,
    /// Their changes of address.
    pub address_changes: AddressChanges,
    /// The other sites with which they log in.
    pub(crate) other_sites: OtherSites,
    /// From which the keys of id tokens follow.
    pub id_tokens: SigningSeed,
    /// What they may do.
    pub roles: Roles,
    /// Who they are, as far as somebody verified it.
    pub verifications: Verifications,
    /// Erases them, and what is kept no more.
    pub privacy: Privacy,
    /// Signs permits.
    pub(crate) permits: Permits,
    /// Scheme, host and port of the site's own pages.
    pub origin: String,
    /// What people call the site.
    pub site_name: String,
    /// Whether mail is sent, without which nobody signs up.
    pub sends_mail: bool,
    /// Whether it is shown on a page of the service instead.
    pub shows_mail: bool,
    /// Makes request ids.
    pub requests: RequestKey,
    /// The webhooks that tell of it.
    pub webhooks: Webhooks,
    /// Drafts of what comes next.
    pub drafts: Drafts,
    /// What people's wallets were asked for.
    pub(crate) wallet_acts: WalletActs,
    /// What people allow themselves.
    pub(crate) budgets: Budgets,
    /// Which mails they want.
    pub(crate) notices: Choices,
    /// Who must have signed terms that are announced; empty: nobody must.
    pub issuers: Vec<VerifierKey>,
    /// What witnesses say of it.
    pub cosignatures: Arc<Cosignatures>,
    /// Measures the minute of refusals.
    pub clock: Arc<dyn Clock>,
    /// Refused contributions of a person in a minute that become entries.
    pub refusals_per_minute: u32,
    /// How fast people, applications and networks may call.
    pub call_limits: Arc<CallLimits>,
    /// The chain that is followed, and how far.
    pub rails: Rails,
    /// Where the data are, unless they are on a database server.
    pub data_folder: Option<std::path::PathBuf>,
    /// Who signs reports of leaked keys.
    pub(crate) leak_reporters: LeakReporters,
}

impl Service {
    /// Of its parts.
    #[must_use]
    pub fn new(parts: ServiceParts) -> Self {
        Self {
            journal: parts.journal,
            numbers: parts.numbers,
            keys: parts.keys,
            factors: Factors::new(parts.people.clone()),
            address_changes: parts.address_changes,
            wallets: Wallets::new(parts.people.clone()),
            sign_ins: SignIns::new(parts.people.clone()),
            other_sites: parts.other_sites,
            call_limits: parts.call_limits,
            alerts: Alerts::new(parts.people.clone()),
            oauth: Oauth::new(parts.people.clone(), parts.id_tokens),
            documents: GuardedClient::new(parts.webhooks.rules().clone()),
            client_keys: oauth::KeyCache::default(),
            audit: parts.audit,
            invitations: Invitations::new(parts.people.clone(), parts.roles.clone()),
            people: parts.people,
            roles: parts.roles,
            verifications: parts.verifications,
            privacy: parts.privacy,
            permits: parts.permits,
            origin: parts.origin,
            site_name: parts.site_name,
            sends_mail: parts.sends_mail,
            shows_mail: parts.shows_mail,
            requests: parts.requests,
            webhooks: parts.webhooks,
            rehearsals: Rehearsals::new(parts.drafts.clone()),
            drafts: parts.drafts,
            wallet_acts: parts.wallet_acts,
            budgets: parts.budgets,
            notices: parts.notices,
            issuers: parts.issuers,
            trees: settlements::Trees::default(),
            bundles: bundles::Bundles::default(),
            cosignatures: parts.cosignatures,
            clock: parts.clock,
            refusals: refusal_limit::RefusalLimit::new(parts.refusals_per_minute),
            rails: parts.rails,
            data_folder: parts.data_folder,
            leak_reporters: parts.leak_reporters,
            turns: own_contributions::Turns::default(),
            own_index: own_contributions::OwnIndex::default(),
            raise_histories: RaiseHistories::default(),
            desk_pulses: DeskPulses::default(),
        }
    }

    /// The record.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Which number is whose in an offering.
    #[must_use]
    pub fn numbers(&self) -> &InvestorNumbers {
        &self.numbers
    }

    /// What moves money between balances and offerings.
    pub(crate) fn transfers(&self) -> Transfers<'_> {
        Transfers::new(&self.journal, &self.numbers)
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The table of the audit.
    #[must_use]
    pub fn audit(&self) -> &AuditTable {
        &self.audit
    }

    /// The people who log in.
    #[must_use]
    pub fn people(&self) -> &People {
        &self.people
    }

    /// What they may do.
    #[must_use]
    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    /// Whether mail is sent, without which nobody signs up.
    pub(crate) fn sends_mail(&self) -> bool {
        self.sends_mail
    }

    /// Whether mail is shown on a page of the service instead.
    pub(crate) fn shows_mail(&self) -> bool {
        self.shows_mail
    }

    /// Who they are, as far as somebody verified it.
    #[must_use]
    pub fn verifications(&self) -> &Verifications {
        &self.verifications
    }

    /// Erases them, and what is kept no more.
    #[must_use]
    pub fn privacy(&self) -> &Privacy {
        &self.privacy
    }

    /// The wallets that log them in.
    pub(crate) fn wallets(&self) -> &Wallets {
        &self.wallets
    }

    /// The accounts of other sites that log them in.
    pub(crate) fn sign_ins(&self) -> &SignIns {
        &self.sign_ins
    }

    /// The other sites with which they log in.
    pub(crate) fn other_sites(&self) -> &OtherSites {
        &self.other_sites
    }

    /// Asks one of those sites now.
    pub(crate) fn asking(&self) -> Asking<'_> {
        Asking {
            client: &self.documents,
            now: self.now(),
        }
    }

    /// Their second factors.
    #[must_use]
    pub fn factors(&self) -> &Factors {
        &self.factors
    }

    /// Their changes of address.
    #[must_use]
    pub fn address_changes(&self) -> &AddressChanges {
        &self.address_changes
    }

    /// Applications that act for people.
    pub(crate) fn oauth(&self) -> &Oauth {
        &self.oauth
    }

    /// What staff is alerted of.
    pub(crate) fn alerts(&self) -> &Alerts {
        &self.alerts
    }

    /// Which mails people want.
    pub(crate) fn notices(&self) -> &Choices {
        &self.notices
    }

    /// The code without which mails are not ended. No id of a key is this word.
    pub(crate) fn unsubscribe_code(&self, what: &str) -> [u8; 16] {
        self.requests.of("unsubscribe", what).0
    }

    /// How offerings got where they are.
    pub(crate) fn raise_histories(&self) -> &RaiseHistories {
        &self.raise_histories
    }

    /// Scheme, host and port of the site's own pages.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// What people call the site.
    pub(crate) fn site_name(&self) -> &str {
        &self.site_name
    }

    /// The time, for people.
    pub(crate) fn now(&self) -> UnixMillis {
        UnixMillis::new(i64::try_from(self.clock.now()).unwrap_or(i64::MAX))
    }

    /// How fast contributions come, for those who watch.
    pub(crate) fn desk_pulses(&self) -> &DeskPulses {
        &self.desk_pulses
    }

    /// Waits until no rehearsal runs on this node.
    pub async fn rehearsals_ended(&self) {
        self.rehearsals.ended().await;
    }

    /// The webhooks.
    #[must_use]
    pub fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    /// Whether only terms are announced that an issuer signed whom this server knows.
    pub(crate) fn demands_signatures(&self) -> bool {
        !self.issuers.is_empty()
    }

    /// What witnesses say of the logs.
    #[must_use]
    pub fn cosignatures(&self) -> &Cosignatures {
        &self.cosignatures
    }

    /// What people allow themselves.
    pub(crate) fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// What people's wallets were asked for.
    pub(crate) fn wallet_acts(&self) -> &WalletActs {
        &self.wallet_acts
    }

    /// The chain that is followed, and how far.
    #[must_use]
    pub fn rails(&self) -> &Rails {
        &self.rails
    }

    /// Where the data are, unless they are on a database server.
    pub(crate) fn data_folder(&self) -> Option<&std::path::Path> {
        self.data_folder.as_deref()
    }

    /// Drops the bundles that nobody asked for lately, and with them their files; none while one is made.
    pub(crate) fn drop_unused_bundles(&self) {
        if let Ok(mut kept) = self.bundles.try_lock() {
            kept.drop_unused(self.clock.monotonic());
        }
    }

    /// Makes request ids.
    pub(crate) fn requests(&self) -> &RequestKey {
        &self.requests
    }

    /// An offering by its name in addresses.
    pub(crate) fn offering(&self, name: &str) -> Result<Arc<OfferingLog>, ApiError> {
        LogName::from_str(name)
            .ok()
            .and_then(|name| self.journal.offering(&name))
            .ok_or_else(|| ApiError::not_found("there is no offering of this name"))
    }
}
