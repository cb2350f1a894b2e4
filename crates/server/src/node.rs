//! A node: the record, the keys, the routes and what runs beside them.

use std::{num::NonZeroU32, path::Path, str::FromStr as _, sync::Arc, time::Duration};

use axum::Router;
use prometheus_client::registry::Registry;
use softcap_database::{Database, DatabaseUrl};
use softcap_identity::{
    AddressChanges, AuditTable, FactorError, KeySettings, Keys, People, PersonKeys, Privacy, Roles,
    Ticks, UnixMillis, Verb, Verifications, Watch, signals::NetworkMap,
};
use softcap_journal::{
    Clock, Cosignatures, Intake, InvestorNumbers, Journal, JournalConfig, OfferingLog, Submission,
    SystemClock, encode_at_batch_time,
};
use softcap_offering::{Command, LineIndex, Position, RoundIndex, Sequence, terms::ClockKind};
use tokio::task::JoinHandle;

use crate::{
    admissions::drive_admissions,
    alert_feed::feed_alerts,
    api::{self, Permits, Service, ServiceParts},
    audit::{enter_rows, feed_audit_log, put_back_lost_rows},
    budgets::Budgets,
    config::Config,
    drafts::Drafts,
    error::ServerError,
    evm::{Rails, follow_chains},
    frame::frame,
    health::{ComponentState, Readiness},
    leak_reporter::LeakReporters,
    listener::{Server, StopReport},
    mail::{Carrier, page_routes, send_mail},
    metrics::Metrics,
    notices::{Choices, send_notices},
    record_numbers::RecordNumbers,
    secrets::Secrets,
    shared_limits::SharedLimits,
    sign_in::OtherSites,
    stop::Stopping,
    system::{System, system_routes},
    wallet_acts::WalletActs,
    web,
    webhooks::Webhooks,
};

/// How often boundaries of time are looked for.
const TICK_EVERY: Duration = Duration::from_millis(250);
/// How often transfers that were left open are driven on.
const DRIVE_EVERY: Duration = Duration::from_secs(3);
/// How often sessions and codes that are over are swept.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// An open node that does not listen yet.
#[derive(Debug)]
pub struct Node {
    service: Arc<Service>,
    watch: Watch,
    ticker: JoinHandle<()>,
    /// Counts calls with the other nodes.
    shared: SharedLimits,
    /// What takes mails, until it serves; none when nothing is configured.
    carrier: Option<Carrier>,
    /// Where the data are.
    url: DatabaseUrl,
}

impl Node {
    /// Opens record and keys, and replays what the newest snapshots do not hold.
    ///
    /// # Errors
    /// [`ServerError::Journal`], [`ServerError::Keys`], [`ServerError::Secret`], and what the database
    /// says.
    pub async fn open(config: &Config) -> Result<Self, ServerError> {
        Self::open_with_clock(config, Arc::new(SystemClock::default())).await
    }

    /// As [`Node::open`], with the clock that stamps entries given: for rehearsals and tests.
    ///
    /// # Errors
    /// Those of [`Node::open`].
    pub async fn open_with_clock(
        config: &Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ServerError> {
        let url = DatabaseUrl::from_str(&config.server.data)?;
        let folder = config.node_folder(&url);
        let database = Database::open(&url, "service").await?;
        Keys::migrations().run(&database).await?;
        let webhook_key = config.webhooks.key_file.as_deref();
        let secrets = Secrets::open(&folder.join("secrets"), webhook_key, &database).await?;
        let networks = networks(config.alerts.networks_file.as_deref())?;
        let settings = KeySettings {
            networks: networks.clone(),
            ..KeySettings::standard()?
        };
        let carrier = Carrier::of(&config.mail, &config.site)?;
        let webhooks = Webhooks::open(database.clone(), secrets.webhooks, &config.webhooks).await?;
        let drafts = Drafts::open(database.clone()).await?;
        let wallet_acts = WalletActs::open(database.clone()).await?;
        let budgets = Budgets::open(database.clone()).await?;
        let notices = Choices::open(database.clone()).await?;
        let (personal, site) = (secrets.personal, config.people_site());
        let people = People::open_with_networks(database.clone(), personal, site, networks)?;
        let roles = Roles::new(people.clone()).with_reset_delay(config.accounts.reset_delay());
        let verified = Verified::open(config, (&url, &folder), (&people, &roles)).await?;
        let permits = Permits::open(&config.verification)?;
        let audit = AuditTable::new(database.clone());
        let keys = Keys::open(database.clone(), secrets.peppers, settings, Ticks::system()).await?;
        let rates = config.limits.call_rates()?;
        let shared = SharedLimits::open(&rates, (&url, &database), (&keys, &people))?;
        let numbers = InvestorNumbers::open(&url).await?;
        let issuers = config.issuers.keys.iter().map(|key| key.0.clone());
        let issuers: Vec<_> = issuers.collect();
        let rails = Rails::open(&config.evm, &folder, &issuers)?;
        let journal = JournalConfig {
            url: url.clone(),
            folder,
            key: secrets.log_key,
        };
        let second = config.server.checkpoints.clone();
        let journal = Journal::open_and_keep(journal, Arc::clone(&clock), second).await?;
        let journal = Arc::new(journal);
        journal.follow();
        put_back_lost_rows(&journal, &audit, UnixMillis::now()).await?;
        // From here on rows are added.
        verified.privacy.erase_again(UnixMillis::now()).await?;
        let watch = keys.watch();
        let witnesses = config.witnesses.keys.iter().map(|key| key.0.clone());
        let store = journal.store().clone();
        let cosignatures = Arc::new(Cosignatures::open(store, witnesses.collect()).await?);
        cosignatures.follow();
        let service = Arc::new(Service::new(ServiceParts {
            journal,
            numbers,
            keys,
            audit,
            address_changes: AddressChanges::new(people.clone(), config.accounts.address_delay()),
            people,
            other_sites: OtherSites::open(&config.sign_in, &config.origin())?,
            id_tokens: secrets.id_tokens,
            roles,
            verifications: verified.verifications,
            privacy: verified.privacy,
            permits,
            origin: config.origin(),
            site_name: config.site.name.clone(),
            sends_mail: config.mail.is_configured(),
            shows_mail: config.mail.folder.is_some(),
            requests: secrets.requests,
            webhooks,
            cosignatures,
            drafts,
            wallet_acts,
            budgets,
            notices,
            issuers,
            clock: Arc::clone(&clock),
            refusals_per_minute: config.limits.refusals_per_minute,
            call_limits: Arc::clone(&shared.limits),
            rails,
            data_folder: match &url {
                DatabaseUrl::Folder(folder) => Some(folder.clone()),
                DatabaseUrl::Postgres(_) => None,
            },
            leak_reporters: LeakReporters::read(config.leaks.keys_file.as_deref())?,
        }));
        let ticker = tokio::spawn(tick(Arc::clone(&service), clock));
        Ok(Self {
            service,
            watch,
            ticker,
            shared,
            carrier,
            url,
        })
    }

    /// The record and the keys.
    #[must_use]
    pub fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// The numbers of this node.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(RecordNumbers::new(&self.service)));
        Arc::new(Metrics::new(registry))
    }

    /// Whether each part can do its work.
    fn readiness(&self, stopping: Stopping) -> Readiness {
        let (offerings, platform) = (Arc::clone(&self.service), Arc::clone(&self.service));
        let known = self.service.keys().clone();
        let state = |stopped: Option<Arc<str>>| {
            stopped.map_or(ComponentState::Ready, |reason| {
                ComponentState::Warning(reason.to_string())
            })
        };
        let sends_mail = self.service.sends_mail();
        Readiness::new(stopping)
            .with("contributions", move || {
                let offerings = offerings.journal().offerings();
                state(offerings.iter().find_map(|log| log.sequencer.stopped()))
            })
            .with("balances", move || {
                let platform = platform.journal().platform().ok();
                state(platform.and_then(|log| log.sequencer.stopped()))
            })
            .with("database", move || {
                if known.is_current() {
                    ComponentState::Ready
                } else {
                    let reason = "it does not answer: nothing that needs a key can be done";
                    ComponentState::Down(reason.to_owned())
                }
            })
            .with("mail", move || {
                if sends_mail {
                    ComponentState::Ready
                } else {
                    let reason = "none is sent: nobody can sign up or set a new password (mail.smtp_host and mail.from)";
                    ComponentState::Warning(reason.to_owned())
                }
            })
    }

    /// All routes, in their frame.
    pub fn router(&self, config: &Config, metrics: Arc<Metrics>, stopping: Stopping) -> Router {
        let readiness = self.readiness(stopping.clone());
        let keys = self.service.keys().clone();
        let system = System {
            readiness,
            metrics: Arc::clone(&metrics),
            metrics_permission: Some(Arc::new(move |headers, client| {
                let keys = keys.clone();
                Box::pin(async move {
                    let caller = api::Caller::of(&keys, &headers, client, NonZeroU32::MIN).await?;
                    caller.require_on_all(Verb::MetricsRead)
                })
            })),
        };
        let mut routes = system_routes(system)
            .merge(api::routes(Arc::clone(&self.service), &stopping))
            .merge(web::routes(Arc::clone(&self.service), &stopping));
        if let Some(folder) = &config.mail.folder {
            routes = routes.merge(page_routes(folder));
        }
        frame(routes, config, metrics)
    }

    /// Serves until `stopping` says so, answers what it accepted, and closes the record.
    ///
    /// # Errors
    /// [`ServerError::System`]; what closing the record says.
    pub async fn serve(
        mut self,
        server: Server,
        config: &Config,
        metrics: Arc<Metrics>,
        stopping: Stopping,
    ) -> Result<StopReport, ServerError> {
        let router = self.router(config, metrics, stopping.clone());
        let webhooks = self.service.webhooks().clone();
        let tidy = tokio::spawn(webhooks.clone().keep_tidy(stopping.clone()));
        let deliverer = tokio::spawn(webhooks.run(stopping.clone()));
        let service = Arc::clone(&self.service);
        let feed = tokio::spawn(api::feed_webhooks(service, stopping.clone()));
        let service = Arc::clone(&self.service);
        let driver = tokio::spawn(drive_transfers(service, stopping.clone()));
        let service = Arc::clone(&self.service);
        let follower = tokio::spawn(follow_chains(service, stopping.clone()));
        let service = Arc::clone(&self.service);
        let sweeper = tokio::spawn(sweep_people(service, stopping.clone()));
        let service = Arc::clone(&self.service);
        let sender = tokio::spawn(send_mail(service, self.carrier.take(), stopping.clone()));
        let service = Arc::clone(&self.service);
        let auditor = tokio::spawn(feed_audit_log(service, stopping.clone()));
        let service = Arc::clone(&self.service);
        let admitter = tokio::spawn(drive_admissions(service, stopping.clone()));
        let (service, url) = (Arc::clone(&self.service), self.url.clone());
        let alerter = tokio::spawn(feed_alerts(service, url, stopping.clone()));
        let service = Arc::clone(&self.service);
        let teller = tokio::spawn(send_notices(service, stopping.clone()));
        let report = server.serve(router, stopping).await?;
        // They end by themselves; what they did not finish is in the database, for the next start.
        let _ = tokio::join!(
            deliverer, tidy, feed, driver, follower, sweeper, sender, auditor, admitter, alerter,
            teller
        );
        self.close().await?;
        Ok(report)
    }

    /// Writes what is still in memory and closes the record.
    ///
    /// # Errors
    /// What the database or the disk says; the record itself is safe anyway.
    pub async fn close(self) -> Result<(), ServerError> {
        self.ticker.abort();
        drop(self.watch);
        drop(self.shared);
        finish_audit(&self.service).await;
        self.service.numbers().close().await;
        self.service.journal().close().await?;
        Ok(())
    }
}

/// The operator's names of networks.
fn networks(file: Option<&Path>) -> Result<NetworkMap, ServerError> {
    let Some(path) = file else {
        return Ok(NetworkMap::default());
    };
    let failed = |why: String| ServerError::Networks {
        path: path.to_owned(),
        why,
    };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    NetworkMap::parse(&text).map_err(|error| failed(error.to_string()))
}

/// Who people are, and what is kept of it.
struct Verified {
    verifications: Verifications,
    privacy: Privacy,
}

impl Verified {
    async fn open(
        config: &Config,
        (url, folder): (&DatabaseUrl, &Path),
        (people, roles): (&People, &Roles),
    ) -> Result<Self, ServerError> {
        let keys = Database::open_erasable(url, PersonKeys::DATABASE).await?;
        PersonKeys::migrations().run(&keys).await?;
        let keys = PersonKeys::new(keys, people.clone());
        let section = &config.verification;
        let settings = (section.policy(), section.upload_settings(folder));
        let (people, roles) = (people.clone(), roles.clone());
        let verifications =
            Verifications::new(people.clone(), roles.clone(), keys.clone(), settings);
        if matches!(url, DatabaseUrl::Folder(_)) {
            // No other process takes files, so that what has no row was left behind by a stop.
            let swept = verifications.sweep_uploads(UnixMillis::new(i64::MAX)).await;
            if let Err(error) = swept {
                tracing::warn!(%error, "files that a stop left behind are removed later");
            }
        }
        let policy = config.privacy.policy();
        Ok(Self {
            privacy: Privacy::new(people, roles, keys, verifications.clone(), policy),
            verifications,
        })
    }
}

/// Writes what was noted of denied requests, and enters what is not in the audit log yet. What fails now is entered after
/// the next start.
async fn finish_audit(service: &Service) {
    if let Err(error) = service.keys().write_notes(UnixMillis::now()).await {
        tracing::warn!(%error, "what was noted of the last requests is lost");
    }
    if let Err(error) = enter_rows(service.journal(), service.audit()).await {
        tracing::warn!(%error, "the last rows of the audit are entered after the next start");
    }
}

/// Enters a `tick` at each boundary of an offering's schedule: totals, phases and events are then right
/// also while nobody contributes.
async fn tick(service: Arc<Service>, clock: Arc<dyn Clock>) {
    let mut every = tokio::time::interval(TICK_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        for log in service.journal().offerings() {
            if !is_due(&log, clock.now()) {
                continue;
            }
            let Ok(body) = encode_at_batch_time(&Command::Tick, None) else {
                continue;
            };
            let submission = Submission {
                intake: Intake::Other,
                request: None,
                body,
            };
            if let Err(error) = log.sequencer.submit(submission).await {
                tracing::warn!(log = %log.row.name, %error, "no tick");
            }
        }
    }
}

/// Drives on what a stop, or a request that was given up, left open between the platform and an
/// offering: at once, and every now and then.
async fn drive_transfers(service: Arc<Service>, mut stopping: Stopping) {
    let mut every = tokio::time::interval(DRIVE_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut before = platform_size(&service);
    loop {
        // A round that is given up leaves open what it did not finish.
        tokio::select! {
            () = stopping.wait() => return,
            () = async { every.tick().await; drive_once(&service, before).await } => {}
        }
        service.drop_unused_bundles();
        // What is open and newer has a request that is still at it.
        before = platform_size(&service);
    }
}

/// Sweeps what is over among sessions, codes and limits. Nothing depends on it but the room it takes.
async fn sweep_people(service: Arc<Service>, mut stopping: Stopping) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.wait() => return,
            _ = every.tick() => {}
        }
        if let Err(error) = service.people().tidy(service.now()).await {
            tracing::warn!(%error, "what is over of sessions and codes is swept later");
        }
        if service.sends_mail()
            && let Err(error) = service.people().tell_of_expiry(service.now()).await
        {
            tracing::warn!(%error, "that keys end is told later");
        }
        if let Err(error) = service.oauth().tidy(service.now()).await {
            tracing::warn!(%error, "what is over of applications is swept later");
        }
        if let Err(error) = service.factors().settle_due(service.now()).await {
            tracing::warn!(%error, "second factors whose time is up are removed later");
        }
        if let Err(error) = reset_factors(&service).await {
            tracing::warn!(%error, "second factors that were lost are set aside later");
        }
        if let Err(error) = service.address_changes().settle_due(service.now()).await {
            tracing::warn!(%error, "addresses whose time has come are changed later");
        }
        let cases = service.verifications();
        if let Err(error) = cases.pass_time(service.now()).await {
            tracing::warn!(%error, "verifications whose time came are changed later");
        }
        if let Err(error) = cases.sweep_uploads(service.now()).await {
            tracing::warn!(%error, "files that a stop left behind are removed later");
        }
        keep_clock(&service).await;
    }
}

/// Sets aside second factors whose time has come, and ends the keys of their people on this node at once.
async fn reset_factors(service: &Service) -> Result<(), FactorError> {
    let done = service.factors().settle_resets(service.now()).await?;
    if !done.is_empty()
        && let Err(error) = service.keys().refresh().await
    {
        tracing::warn!(%error, "keys that a reset revoked end with the next look at the database");
    }
    Ok(())
}

/// Destroys what is kept of people no longer, and forgets the numbers of those of whom nothing is.
async fn keep_clock(service: &Service) {
    let destroyed = match service.privacy().keep_clock(service.now()).await {
        Ok(destroyed) => destroyed,
        Err(error) => {
            tracing::warn!(%error, "what is kept of people no longer is destroyed later");
            return;
        }
    };
    for person in destroyed {
        let owner = softcap_rails::balance::PersonId(person.to_bytes());
        if let Err(error) = api::forget_numbers(service, owner).await {
            tracing::warn!(%person, %error, "the numbers of a person are kept");
        }
    }
}

fn platform_size(service: &Service) -> Sequence {
    let platform = service.journal().platform();
    Sequence(platform.map_or(0, |platform| platform.reader.size()))
}

async fn drive_once(service: &Service, before: Sequence) {
    // Nothing is below the first entry: perhaps there is no log of the platform.
    if before == Sequence(0) {
        return;
    }
    match service.transfers().recover_opened_before(before).await {
        Ok(done) => {
            if done.finished + done.cancelled > 0 {
                let (finished, cancelled) = (done.finished, done.cancelled);
                tracing::info!(
                    finished,
                    cancelled,
                    "open transfers were driven to their end"
                );
            }
            if let Some((_, error)) = done.left.first() {
                tracing::warn!(left = done.left.len(), %error, "transfers are still open");
            }
        }
        Err(error) => tracing::warn!(%error, "open transfers were not looked for"),
    }
}

/// Whether a boundary lies between the newest position and now.
fn is_due(log: &OfferingLog, now: u64) -> bool {
    if log.terms.clock.kind != ClockKind::Time || log.sequencer.stopped().is_some() {
        return false;
    }
    // Its time is the chain's, and this clock says nothing about it.
    if log.sequencer.read().machine().offering().escrow().is_some() {
        return false;
    }
    boundary_lies_before(log, Position(now))
}

/// Whether a boundary of the schedule lies between the newest position of a log and a moment.
pub(crate) fn boundary_lies_before(log: &OfferingLog, now: Position) -> bool {
    let line = LineIndex(0);
    let state = log.sequencer.read();
    let offering = state.machine().offering();
    let latest = offering.latest(line);
    let rounds = (0..log.terms.rounds.len()).filter_map(|place| u8::try_from(place).ok());
    let windows = rounds.filter_map(|place| offering.round_window(RoundIndex(place), line));
    let ends = offering.settlement_stamps();
    windows
        .flat_map(|window| [window.from, window.end_exclusive()])
        .chain(ends.iter().map(|stamp| stamp.position))
        .chain(log.terms.refund_deadline)
        .any(|boundary| latest < boundary && boundary <= now)
}
