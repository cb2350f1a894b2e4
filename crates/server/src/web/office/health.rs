//! How the installation is: logs, balances, rails, database, webhooks, and what is known of backups.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use softcap_identity::Verb;

use super::super::{amounts, page::page, times::When, visit::Visit};
use crate::{
    api::{Caller, Service, Staff, of_database, of_journal},
    last_backup::{BackupKind, last_backup},
    problem::ApiError,
};

/// A log and how it goes on.
struct LogRow {
    name: String,
    entries: String,
    waiting: u64,
    unwritten: u64,
    stopped: Option<String>,
}

/// An escrow that is followed.
struct RailRow {
    name: String,
    head: u64,
    followed: u64,
    waiting: u64,
    alarm: Option<String>,
    problem: Option<String>,
}

/// A node of a chain.
struct EndpointRow {
    name: String,
    fault: Option<String>,
}

/// A backup that was made.
struct BackupRow {
    what: String,
    at: When,
    files: u64,
}

#[derive(Template)]
#[template(path = "office/health.html")]
struct HealthPage {
    visit: Visit,
    is_database_there: bool,
    sends_mail: bool,
    logs: Vec<LogRow>,
    platform_stopped: Option<String>,
    open_transfers: u64,
    rails: Vec<RailRow>,
    endpoints: Vec<EndpointRow>,
    webhooks: i64,
    audit_behind: i64,
    backups: Vec<BackupRow>,
    /// Whether the program sees the folder in which `softcap backup` leaves word.
    has_folder: bool,
    /// What somebody should look at.
    problems: u64,
}

pub(super) async fn health(
    State(service): State<Arc<Service>>,
    visit: Visit,
    staff: Staff,
) -> Result<Response, ApiError> {
    Caller::from(staff).require_on_all(Verb::MetricsRead)?;
    page(&health_page(&service, visit).await?)
}

async fn health_page(service: &Service, visit: Visit) -> Result<HealthPage, ApiError> {
    let logs = log_rows(service, &visit);
    let rails = rail_rows(service);
    let endpoints: Vec<EndpointRow> = service
        .rails()
        .endpoints()
        .into_iter()
        .map(|(name, fault)| EndpointRow {
            name,
            fault: fault.map(|fault| fault.to_string()),
        })
        .collect();
    let platform = service.journal().platform().ok();
    let platform_stopped = platform.as_ref().and_then(|log| log.sequencer.stopped());
    let open_transfers = platform.map_or(0, |log| {
        let state = log.sequencer.read();
        let open = state.machine().balances().open_transfers().count();
        u64::try_from(open).unwrap_or(u64::MAX)
    });
    let is_database_there = service.keys().is_current();
    let backups = backup_rows(service, &visit);
    let count = |troubles: usize| u64::try_from(troubles).unwrap_or(u64::MAX);
    let problems = count(logs.iter().filter(|log| log.stopped.is_some()).count())
        + count(
            rails
                .iter()
                .filter(|rail| rail.alarm.is_some() || rail.problem.is_some())
                .count(),
        )
        + count(
            endpoints
                .iter()
                .filter(|endpoint| endpoint.fault.is_some())
                .count(),
        )
        + u64::from(platform_stopped.is_some())
        + u64::from(!is_database_there)
        + u64::from(!service.sends_mail());
    Ok(HealthPage {
        is_database_there,
        sends_mail: service.sends_mail(),
        platform_stopped: platform_stopped.map(|why| why.to_string()),
        open_transfers,
        webhooks: service.webhooks().waiting(),
        audit_behind: audit_behind(service).await?,
        has_folder: service.data_folder().is_some(),
        logs,
        rails,
        endpoints,
        backups,
        problems,
        visit,
    })
}

fn log_rows(service: &Service, visit: &Visit) -> Vec<LogRow> {
    let logs = service.journal().offerings();
    let rows = logs.iter().map(|log| LogRow {
        name: log.row.name.to_string(),
        entries: amounts::count(visit.language, u128::from(log.reader.size())),
        waiting: u64::try_from(log.sequencer.waiting()).unwrap_or(u64::MAX),
        unwritten: u64::try_from(log.sequencer.read().unwritten_count()).unwrap_or(u64::MAX),
        stopped: log.sequencer.stopped().map(|why| why.to_string()),
    });
    rows.collect()
}

fn rail_rows(service: &Service) -> Vec<RailRow> {
    let logs = service.journal().offerings();
    let rows = logs.iter().filter_map(|log| {
        let status = service.rails().status(&log.row.name)?;
        Some(RailRow {
            name: log.row.name.to_string(),
            head: status.head,
            followed: status.followed,
            waiting: status.waiting,
            alarm: status.alarm,
            problem: status.problem,
        })
    });
    rows.collect()
}

fn backup_rows(service: &Service, visit: &Visit) -> Vec<BackupRow> {
    let Some(folder) = service.data_folder() else {
        return Vec::new();
    };
    let kinds = [
        (BackupKind::Data, visit.say("backup-data")),
        (BackupKind::PersonKeys, visit.say("backup-keys")),
    ];
    let rows = kinds.into_iter().filter_map(|(kind, what)| {
        let made = last_backup(folder, kind)?;
        Some(BackupRow {
            what,
            at: When::new(visit.language, made.at),
            files: made.files,
        })
    });
    rows.collect()
}

/// Rows of the audit that are no entries of its log yet.
async fn audit_behind(service: &Service) -> Result<i64, ApiError> {
    let newest = service.audit().newest().await;
    let newest = newest.map_err(of_database)?;
    let log = service.journal().find_audit().await;
    let log = log.map_err(of_journal)?;
    let entered = log.map_or(0, |log| log.last_row());
    let entered = i64::try_from(entered).unwrap_or(i64::MAX);
    Ok(newest.saturating_sub(entered).max(0))
}
