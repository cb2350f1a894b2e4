//! An offering for whoever looks at the demo: it stays open, and who signs up is given invented money to contribute with.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use softcap_identity::{Act, AuditFilter};
use softcap_offering::terms::Terms;
use softcap_server::{Stopping, api::Service};

use super::{announce, http::Client, now, terms};
use crate::{console::Console, failure::Failure};

/// In addresses.
const NAME: &str = "your-turn";
const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// Cents for each visitor: 1,000.00 EUR.
const GIFT: &str = "100000";
/// Who signs up is on the form at once, which looks again by itself until the money is there.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const MOST_AT_ONCE: u32 = 100;

/// Announces it, open for two weeks.
pub(super) async fn open(client: &Client, url: &str, console: &Console) -> Result<(), Failure> {
    let schedule = terms::Schedule::open_since(now() / 1_000 * 1_000 - HOUR, 14 * DAY);
    let text = terms::text(&schedule)
        .replace("name = \"Harbour\"\norigin", "name = \"Your turn\"\norigin")
        .replace("softcap.example/harbour", "softcap.example/your-turn");
    let parsed = Terms::parse(&text).map_err(|problems| Failure::Terms {
        file: "the starter's terms".to_owned(),
        problems,
    })?;
    announce(client, NAME, &text, &parsed).await?;
    let currency = json!({ "symbol": "EUR", "decimals": 2 });
    client
        .post("/v1/platform/currencies", "EUR", &currency)
        .await?;
    console.say(format_args!(
        "open to you: {url}/offerings/{NAME} (who signs up gets 1,000 EUR that are invented; mails stand at {url}/development/mail)"
    ));
    Ok(())
}

/// Gives everybody who signs up their money, until the server stops. What was given once is not given again.
pub(super) async fn give(service: Arc<Service>, client: Arc<Client>, mut stopping: Stopping) {
    let filter = AuditFilter {
        act: Some(Act::SignUp.as_code().to_owned()),
        ..AuditFilter::default()
    };
    let mut after = 0;
    loop {
        let rows = service.audit().search(&filter, after, MOST_AT_ONCE).await;
        for row in rows.into_iter().flatten() {
            let path = format!("/v1/people/{}/deposits", row.subject);
            let body = json!({ "currency": "EUR", "amount": GIFT });
            let key = format!("gift {}", row.subject);
            if client.post(&path, &key, &body).await.is_err() {
                break;
            }
            after = row.number;
        }
        tokio::select! {
            () = stopping.wait() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}
