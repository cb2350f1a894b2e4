//! Sending the mail that waits in the outbox.

mod carrier;
mod development_page;

use std::{sync::Arc, time::Duration};

use softcap_identity::{Mail, People, Retry};

use crate::{api::Service, stop::Stopping};

pub(crate) use carrier::Carrier;
pub(crate) use development_page::page_routes;

/// How often mail is looked for that another node added, or whose pause is over.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Sends what waits, one after the other, until the service stops. What is on its way then is finished.
pub(crate) async fn send_mail(
    service: Arc<Service>,
    carrier: Option<Carrier>,
    mut stopping: Stopping,
) {
    let Some(carrier) = carrier else { return };
    let people = service.people();
    while !stopping.is_stopping() {
        if let Err(error) = service.alerts().deliver(service.now()).await {
            tracing::warn!(%error, "owners are told of alerts later");
        }
        match people.claim_mail(service.now()).await {
            Ok(Some(mail)) => {
                send(&service, &carrier, &mail).await;
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "mail cannot be looked for"),
        }
        tokio::select! {
            () = stopping.wait() => return,
            () = people.wait_for_mail() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// No reason of a mail server is logged in its own words: they often hold the address.
async fn send(service: &Service, carrier: &Carrier, mail: &Mail) {
    let people: &People = service.people();
    let id = &mail.id;
    let noted = match carrier.send(mail).await {
        Ok(()) => people.mail_is_sent(mail).await,
        Err(why) => match people.mail_is_not_sent(mail, service.now()).await {
            Ok(Retry::GivenUp) => {
                tracing::error!(mail = id, %why, "a mail was given up after a day");
                Ok(())
            }
            Ok(Retry::After(pause)) => {
                let seconds = pause.as_secs();
                tracing::warn!(mail = id, %why, seconds, "a mail was not sent; it is tried again");
                Ok(())
            }
            Err(error) => Err(error),
        },
    };
    if let Err(error) = noted {
        tracing::warn!(mail = id, %error, "what became of a mail is not written down; it is sent again");
    }
}
