//! The HTTP interface: parse, authorise, call, answer.
//!
//! Whoever starts it builds the routes, puts [`frame`] around them, binds a [`Server`] and lets it
//! serve until a [`StopSwitch`] is thrown. No SQL stands here but that of `webhooks`, `drafts`,
//! `budgets`, `notices` and `wallet_acts`, and no rule of an offering.

mod admissions;
mod alert_feed;
pub mod api;
mod audit;
mod body_deadline;
mod budgets;
mod config;
mod contribution_state;
mod csv_field;
mod desk_pulse;
pub mod drafts;
mod error;
mod error_sources;
mod evm;
mod extract;
mod forwarded;
mod frame;
mod guarded_stream;
mod header_text;
mod health;
mod last_backup;
mod leak_reporter;
mod limit_headers;
mod listener;
mod mail;
mod metrics;
mod node;
mod notices;
mod openapi;
mod origin;
mod outside;
mod problem;
mod raise_history;
mod record_numbers;
mod rehearsals;
mod request_id;
mod secrets;
mod shared_limits;
mod sign_in;
mod signed_request;
mod stop;
mod system;
mod tls;
mod token_cost;
mod wallet_acts;
mod web;
pub mod webhooks;

pub use audit::{AuditComparison, AuditFinding, compare_audit};
pub use config::{
    AccountsSection, AlertsSection, Config, ConfigError, DEFAULT_FILE, EvmSection, Issuer,
    IssuersSection, LeaksSection, LimitsSection, LogFormat, LogSection, MailSection, Network,
    NotANetwork, NotAnOrigin, Origin, PrivacySection, Sender, ServerSection, SignInSite,
    SiteSection, SmtpSecurity, TlsSection, VerificationSection, WebhooksSection, Witness,
    WitnessesSection,
};
pub use error::{SecretFault, ServerError};
pub use extract::{Json, Path, Query, RawBody, parse_json};
pub use forwarded::{ClientAddress, SocketPeer};
pub use frame::frame;
pub use health::{ComponentReport, ComponentState, Readiness, ReadinessReport};
pub use last_backup::{BackupKind, MadeBackup, last_backup, note_backup};
pub use listener::{Server, StopReport};
pub use metrics::Metrics;
pub use node::Node;
pub use openapi::{document, document_text};
pub use problem::{ApiError, PROBLEM_JSON, Problem, ProblemCode};
pub use rehearsals::{PlayedSale, rehearse};
pub use request_id::{REQUEST_ID, RequestId};
pub use secrets::{PersonalKeyStep, change_personal_key, peppers, personal_key};
pub use stop::{StopSwitch, Stopping, stop_switch};
pub use system::{MetricsPermission, System, system_routes};
