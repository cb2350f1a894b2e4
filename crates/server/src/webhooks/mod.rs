//! Webhooks: signed calls that tell an issuer's program what happened (standardwebhooks.com).
//!
//! A message is stored before it is sent, with one delivery per endpoint that wants its kind. A
//! delivery is claimed in the database, so that of several nodes one sends it, and a node that dies
//! while sending leaves it to be claimed again: a receiver may get a message twice, with the same
//! `webhook-id`. Only public addresses are called, see `address.rs`.

mod address;
mod client;
mod cursor;
mod deliverer;
mod endpoint;
mod guarded_client;
mod retention;
mod schedule;
mod secret;
mod store;
mod test_call;

pub use address::{AddressRules, EndpointUrl, UrlRefused, is_public};
pub use cursor::NewMessage;
pub use deliverer::Webhooks;
pub use endpoint::{Attempt, Delivery, DeliveryState, Endpoint, EndpointState, NewEndpoint};
pub(crate) use guarded_client::GuardedClient;
pub use schedule::RETRY_DELAYS_SECONDS;
pub use secret::{EndpointSecret, WebhookKey};
pub use test_call::TestCall;
