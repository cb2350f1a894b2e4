//! Tells programs of the operator of alerts, by webhooks of the platform, and looks for gaps in the audit.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use softcap_database::DatabaseUrl;
use softcap_identity::{Alert, AlertError, AlertKind};

use crate::{
    api::{Service, time_text},
    audit::compare_audit,
    stop::Stopping,
};

/// The place of webhooks that belong to no offering: no offering has this name.
pub(crate) const PLATFORM: &str = "*";
/// The kind of their messages.
pub(crate) const RAISED: &str = "alert.raised";
/// How often new alerts are looked for.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// How often the audit is compared with its log, from its first row on.
const COMPARE_EVERY: Duration = Duration::from_secs(24 * 3_600);
/// Alerts that are told in one round.
const ROUND: u32 = 50;
/// Findings of one comparison that are alerts of their own; more say no more.
const MOST_FINDINGS: usize = 20;

/// Tells and looks until the service stops. The first comparison is made at the start.
pub(crate) async fn feed_alerts(service: Arc<Service>, url: DatabaseUrl, mut stopping: Stopping) {
    let mut tell = tokio::time::interval(TELL_EVERY);
    tell.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut compare = tokio::time::interval(COMPARE_EVERY);
    compare.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.wait() => return,
            _ = tell.tick() => {
                if let Err(error) = tell_once(&service).await {
                    tracing::warn!(%error, "programs are told of alerts later");
                }
            }
            _ = compare.tick() => {
                if let Err(why) = compare_once(&service, &url).await {
                    tracing::warn!(why, "the audit was not compared with its log");
                }
            }
        }
    }
}

/// A message is named by its alert, so that what is told twice is sent once.
async fn tell_once(service: &Service) -> Result<(), AlertError> {
    for alert in service.alerts().uncalled(ROUND).await? {
        let message = format!("alert-{}", alert.id);
        let body = body(&alert);
        let now = service.now();
        let webhooks = service.webhooks();
        let published = webhooks.publish(&message, PLATFORM, RAISED, body, now.get());
        published.await?;
        service.alerts().is_called(alert.id, now).await?;
    }
    Ok(())
}

/// What a program gets. No address of anybody is in it.
fn body(alert: &Alert) -> String {
    let signals: Vec<&str> = alert.signals.split_whitespace().collect();
    json!({
        "type": RAISED,
        "timestamp": time_text(alert.first_at),
        "data": {
            "alert": alert.id.to_string(),
            "kind": alert.kind.as_code(),
            "subject": alert.subject,
            "signals": signals,
            "first_at": time_text(alert.first_at),
        },
    })
    .to_string()
}

async fn compare_once(service: &Service, url: &DatabaseUrl) -> Result<(), String> {
    let compared = compare_audit(url)
        .await
        .map_err(|error| error.to_string())?;
    for finding in compared.findings.iter().take(MOST_FINDINGS) {
        // A gap does not close: it is one alert, however often it is found.
        let number = finding.number().unwrap_or_default();
        let subject = format!("{}:{number}", finding.code());
        let raised = service
            .alerts()
            .raise_once(AlertKind::LogGap, &subject, service.now());
        if raised.await.map_err(|error| error.to_string())? {
            tracing::error!(%finding, "the audit is not what its log says");
        }
    }
    Ok(())
}
