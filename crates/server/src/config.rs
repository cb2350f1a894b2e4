//! The configuration: one file `softcap.toml`, overridden by environment variables.
//!
//! Each key's documentation is what `softcap config` prints. Secrets are never values in the file:
//! they are named by the path of a file of their own.

mod accounts;
mod limits;
mod privacy;
mod sign_in;
mod site;
mod verification;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use confique::{Config as _, File, FileFormat, Layer as _, toml::FormatOptions};
use ipnet::IpNet;
use serde::Deserialize;
use softcap_database::DatabaseUrl;
use softcap_identity::Site;
use softcap_proof::{ProofError, VerifierKey, WitnessKey};

pub use accounts::AccountsSection;
pub use limits::LimitsSection;
pub use privacy::PrivacySection;
pub use sign_in::SignInSite;
pub use site::{MailSection, NotAnOrigin, Origin, Sender, SiteSection, SmtpSecurity};
pub use verification::VerificationSection;

/// The file that is read when none is named, if it is there.
pub const DEFAULT_FILE: &str = "softcap.toml";

/// The whole configuration.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Config {
    /// Where the service listens and keeps its data.
    #[config(nested)]
    pub server: ServerSection,
    /// Certificates. Without them the service speaks plain HTTP: keep it on this machine, or behind
    /// a proxy that speaks TLS.
    #[config(nested)]
    pub tls: TlsSection,
    /// Bounds on what one client can take from the others.
    #[config(nested)]
    pub limits: LimitsSection,
    /// Logs, on standard error. They hold no secret, no address of a person, no query and no header.
    #[config(nested)]
    pub log: LogSection,
    /// Signed calls to the addresses that issuers registered.
    #[config(nested)]
    pub webhooks: WebhooksSection,
    /// Who may add cosignatures to checkpoints.
    #[config(nested)]
    pub witnesses: WitnessesSection,
    /// Who signs the terms of offerings.
    #[config(nested)]
    pub issuers: IssuersSection,
    /// The chain on which escrow contracts hold the money of offerings.
    #[config(nested)]
    pub evm: EvmSection,
    /// Who reports keys that leaked.
    #[config(nested)]
    pub leaks: LeaksSection,
    /// What is unusual.
    #[config(nested)]
    pub alerts: AlertsSection,
    /// The site on which people sign up and log in.
    #[config(nested)]
    pub site: SiteSection,
    /// How long what could hand an account on waits, so that its owner can stop it.
    #[config(nested)]
    pub accounts: AccountsSection,
    /// How mail is sent. Without `smtp_host` or `folder` nobody can sign up.
    #[config(nested)]
    pub mail: MailSection,
    /// How people are verified before they take part.
    #[config(nested)]
    pub verification: VerificationSection,
    /// How long what is kept of people. A clock of the server destroys it then.
    #[config(nested)]
    pub privacy: PrivacySection,
    /// Other sites with which people log in (OpenID Connect), a table for each (docs/sign-in.md):
    ///
    /// ```toml
    /// [[sign_in]]
    /// id = "harbour"                           # in addresses: /log-in/with/harbour/answer
    /// name = "Harbour ID"                      # on the button
    /// issuer = "https://id.harbour.example"    # as the site says it of itself
    /// client_id = "sale"                       # what the site calls this one
    /// client_secret_file = "/etc/softcap/harbour.secret"   # none: PKCE alone
    /// scopes = ["email"]                       # beside openid; this is the default
    /// ```
    ///
    /// Its addresses follow the rules of webhooks: public ones, on `webhooks.ports`. As a variable: the same as a JSON array.
    #[config(env = "SOFTCAP_SIGN_IN", default = [], parse_env = sign_in::from_variable)]
    pub sign_in: Vec<SignInSite>,
}

/// The chain on which escrow contracts hold the money of offerings.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct EvmSection {
    /// Addresses of nodes of one chain, `https://host/path`; better several, of several operators. Whoever may
    /// read this file may read what is secret in them; as a variable: separated by commas.
    #[config(env = "SOFTCAP_EVM_ENDPOINTS", default = [], parse_env = confique::env::parse::list_by_comma)]
    pub endpoints: Vec<String>,

    /// How many of them must agree. More than half when it is not given.
    #[config(env = "SOFTCAP_EVM_QUORUM")]
    pub quorum: Option<u32>,

    /// How many blocks must stand on a block before an entry is made of it. A reorganisation that goes deeper stops the
    /// rail: choose what the chain never does, on Ethereum 64 (two epochs).
    #[config(env = "SOFTCAP_EVM_CONFIRMATIONS", default = 64)]
    pub confirmations: u32,

    /// Milliseconds between two looks at the chain.
    #[config(env = "SOFTCAP_EVM_POLL_MILLIS", default = 2000)]
    pub poll_millis: u32,

    /// Blocks whose logs are asked for at once when there is much to catch up with. Fewer are asked where an endpoint
    /// gives no more.
    #[config(env = "SOFTCAP_EVM_BLOCKS_AT_ONCE", default = 2000)]
    pub blocks_at_once: u32,

    /// The file of signed addresses that `softcap offering announce --manifest` wrote, or a folder with one for each offering
    /// (all `.json` files in it). It is read at the start, each must be signed by one of the issuers named below `[issuers]`, and
    /// they are served as one at `/.well-known/softcap-addresses.json`.
    #[config(env = "SOFTCAP_EVM_ADDRESSES_FILE")]
    pub addresses_file: Option<PathBuf>,

    /// What people call the chain. Its number when it is not given.
    #[config(env = "SOFTCAP_EVM_CHAIN_NAME")]
    pub chain_name: Option<String>,

    /// Symbol of the chain's own coin, in which its network is paid.
    #[config(env = "SOFTCAP_EVM_COIN", default = "ETH")]
    pub coin: String,

    /// Address of a node that wallets are offered which do not know the chain. It is shown to everybody: put no secret
    /// in it. Without it people add the chain by themselves.
    #[config(env = "SOFTCAP_EVM_WALLET_ENDPOINT")]
    pub wallet_endpoint: Option<String>,

    /// Site that shows transactions, `https://explorer.example`: pages link to `/tx/HASH` below it. Without it they show
    /// the hash alone.
    #[config(env = "SOFTCAP_EVM_EXPLORER")]
    pub explorer: Option<String>,
}

/// Who reports keys that leaked.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct LeaksSection {
    /// The keys with which GitHub signs its reports to `POST /v1/leaks`: what
    /// `https://api.github.com/meta/public_keys/secret_scanning` answers, as a file. Without it a report with a signature is
    /// refused, and one without is as good: the leaked key itself is the proof.
    #[config(env = "SOFTCAP_LEAKS_KEYS_FILE")]
    pub keys_file: Option<PathBuf>,
}

/// What is unusual.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct AlertsSection {
    /// A file that names networks, `PREFIX NAME [COUNTRY]` a line, such as `203.0.113.0/24 AS64500 DE`: made of a routing
    /// table or a geographical database of your choice. A login or key from another network is a weak signal. Without it
    /// a network is the first 16 bits of an IPv4 address and the first 32 of an IPv6 address, and countries are not known.
    #[config(env = "SOFTCAP_ALERTS_NETWORKS_FILE")]
    pub networks_file: Option<PathBuf>,
}

/// Where the service listens and keeps its data.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct ServerSection {
    /// Address and port. `127.0.0.1` is reachable from this machine alone; `0.0.0.0` or `[::]` from
    /// everywhere. Port 0 takes a free one and prints it.
    #[config(env = "SOFTCAP_LISTEN", default = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// A folder for the embedded database, or `postgres://user@host:5432/name` (the password comes
    /// from the variable PGPASSWORD, never from this file).
    #[config(env = "SOFTCAP_DATA", default = "softcap-data")]
    pub data: String,

    /// With PostgreSQL, the folder of this node: lock, secrets and snapshots. Copy its `secrets` to
    /// every further node. The embedded database has them in its own folder.
    #[config(env = "SOFTCAP_FOLDER", default = "softcap-node")]
    pub folder: PathBuf,

    /// A second folder, on another disk, in which the newest signed checkpoint of each log is kept. A
    /// server that was put back to an older copy of its data enters nothing until it has reached them.
    #[config(env = "SOFTCAP_CHECKPOINTS")]
    pub checkpoints: Option<PathBuf>,

    /// Addresses or networks of the proxies in front, such as `10.0.0.0/8`. Only they are believed
    /// when they say in `Forwarded` or `X-Forwarded-For` whose request it is. As a variable:
    /// separated by commas.
    #[config(env = "SOFTCAP_PROXIES", default = [], parse_env = confique::env::parse::list_by_comma)]
    pub proxies: Vec<Network>,
}

/// Certificates.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct TlsSection {
    /// The certificate chain, PEM, the server's own certificate first. Read again on SIGHUP.
    #[config(env = "SOFTCAP_TLS_CERTIFICATE_FILE")]
    pub certificate_file: Option<PathBuf>,

    /// The private key of the certificate, PEM. Read again on SIGHUP.
    #[config(env = "SOFTCAP_TLS_KEY_FILE")]
    pub key_file: Option<PathBuf>,
}

/// Logs.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct LogSection {
    /// `text` for people, `json` for machines: one object a line.
    #[config(env = "SOFTCAP_LOG_FORMAT", default = "text")]
    pub format: LogFormat,

    /// What is logged: a level (`error`, `warn`, `info`, `debug`, `trace`), or levels by part, such
    /// as `info,softcap_server=debug`, which has a line for each request.
    #[config(env = "SOFTCAP_LOG", default = "info")]
    pub filter: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Signed calls to the addresses that issuers registered.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct WebhooksSection {
    /// A file with at least 32 random bytes from which every endpoint's signing secret is derived.
    /// Without it the service makes one among the secrets of its folder. All nodes need the same one.
    /// Whoever has it can sign in the service's name.
    #[config(env = "SOFTCAP_WEBHOOK_KEY_FILE")]
    pub key_file: Option<PathBuf>,

    /// Ports an endpoint may have. As a variable: separated by commas.
    #[config(env = "SOFTCAP_WEBHOOK_PORTS", default = [443, 8443], parse_env = confique::env::parse::list_by_comma)]
    pub ports: Vec<u16>,

    /// Calls at the same time.
    #[config(env = "SOFTCAP_WEBHOOK_CONCURRENCY", default = 16)]
    pub concurrency: u16,

    /// Days without one success after which an endpoint is switched off.
    #[config(env = "SOFTCAP_WEBHOOK_DISABLE_DAYS", default = 5)]
    pub disable_days: u16,

    /// Days after which a message that was delivered or given up is deleted, with the log of its calls.
    /// It cannot be replayed after that. What still waits stays.
    #[config(env = "SOFTCAP_WEBHOOK_RETENTION_DAYS", default = 30)]
    pub retention_days: u16,

    /// For development: also call plain `http://` addresses of this machine, on any port. Never
    /// switch it on where others may register endpoints.
    #[config(env = "SOFTCAP_WEBHOOK_ALLOW_LOOPBACK", default = false)]
    pub allow_loopback: bool,
}

/// Who may add cosignatures to checkpoints.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct WitnessesSection {
    /// Public keys of witnesses (`softcap witness` prints its own), `NAME+ID+KEY`. Their signature lines
    /// are taken and shown with the checkpoints. As a variable: separated by commas.
    #[config(env = "SOFTCAP_WITNESSES", default = [], parse_env = confique::env::parse::list_by_comma)]
    pub keys: Vec<Witness>,
}

/// The public key of a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness(pub WitnessKey);

impl FromStr for Witness {
    type Err = ProofError;

    fn from_str(text: &str) -> Result<Self, ProofError> {
        WitnessKey::parse(text).map(Self)
    }
}

impl<'de> Deserialize<'de> for Witness {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Who signs the terms of offerings.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct IssuersSection {
    /// Public keys of issuers (`softcap key` prints them), `NAME+ID+KEY`. When one is named, only terms
    /// that one of them signed (`softcap offering sign`) are announced. As a variable: separated by
    /// commas.
    #[config(env = "SOFTCAP_ISSUERS", default = [], parse_env = confique::env::parse::list_by_comma)]
    pub keys: Vec<Issuer>,
}

/// The public key of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(pub VerifierKey);

impl FromStr for Issuer {
    type Err = ProofError;

    fn from_str(text: &str) -> Result<Self, ProofError> {
        VerifierKey::parse(text).map(Self)
    }
}

impl<'de> Deserialize<'de> for Issuer {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A network, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(pub IpNet);

/// A text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no network: write 192.0.2.7 or 192.0.2.0/24")]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let net = text
            .parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        net.map(|net| Self(net.trunc()))
            .map_err(|_| NotANetwork(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file or variable has a wrong or unknown key.
    #[error("H901: {0}")]
    Unreadable(String),
    /// Keys that do not go together.
    #[error("H902: {0}")]
    Contradiction(&'static str),
}

impl Config {
    /// Reads `file`, or [`DEFAULT_FILE`] if it is there, and the variables of the environment.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`] with file, line and column, or the variable;
    /// [`ConfigError::Contradiction`].
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let unreadable = |error: confique::Error| ConfigError::Unreadable(format!("{error:#}"));
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let mut source = File::with_format(path, FileFormat::Toml);
        if file.is_some() {
            source = source.required();
        }
        let layer = <Self as confique::Config>::Layer::from_env()
            .map_err(unreadable)?
            .with_fallback(source.load().map_err(unreadable)?)
            .with_fallback(<Self as confique::Config>::Layer::default_values());
        let config = Self::from_layer(layer).map_err(unreadable)?;
        config.check()?;
        Ok(config)
    }

    /// The configuration of a service without a file and without variables.
    ///
    /// # Errors
    /// None in practice: every key has a default, which a test shows.
    pub fn defaults() -> Result<Self, ConfigError> {
        Self::from_layer(<Self as confique::Config>::Layer::default_values())
            .map_err(|error| ConfigError::Unreadable(error.to_string()))
    }

    /// A documented `softcap.toml` with every key and its default.
    #[must_use]
    pub fn template() -> String {
        confique::toml::template::<Self>(FormatOptions::default())
    }

    /// The folder of this node: that of the embedded database, or `server.folder`.
    #[must_use]
    pub fn node_folder(&self, data: &DatabaseUrl) -> PathBuf {
        match data {
            DatabaseUrl::Folder(folder) => folder.clone(),
            DatabaseUrl::Postgres(_) => self.server.folder.clone(),
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.tls.certificate_file.is_some() != self.tls.key_file.is_some() {
            return Err(ConfigError::Contradiction(
                "tls: certificate_file and key_file belong together: give both or none",
            ));
        }
        self.limits.check()?;
        let webhooks = &self.webhooks;
        if [
            webhooks.concurrency,
            webhooks.disable_days,
            webhooks.retention_days,
        ]
        .contains(&0)
        {
            return Err(ConfigError::Contradiction(
                "webhooks: concurrency, disable_days and retention_days must be at least 1",
            ));
        }
        let evm = &self.evm;
        if evm.poll_millis == 0 || evm.blocks_at_once == 0 || evm.quorum == Some(0) {
            return Err(ConfigError::Contradiction(
                "evm: quorum, poll_millis and blocks_at_once must be at least 1",
            ));
        }
        let endpoints = u32::try_from(evm.endpoints.len()).unwrap_or(u32::MAX);
        if endpoints > 0 && evm.quorum.is_some_and(|quorum| quorum > endpoints) {
            return Err(ConfigError::Contradiction(
                "evm: more endpoints must agree than are named; name more, or lower quorum",
            ));
        }
        let on_loopback = self.server.listen.ip().is_loopback();
        self.mail.check(on_loopback)?;
        self.accounts.check()?;
        sign_in::check(&self.sign_in)?;
        self.verification.check()?;
        self.privacy.check()?;
        if self.webhooks.allow_loopback && !on_loopback {
            return Err(ConfigError::Contradiction(
                "webhooks.allow_loopback is for development: it needs server.listen on a loopback \
                 address such as 127.0.0.1:8080",
            ));
        }
        Ok(())
    }

    /// What the site calls itself, for people.
    #[must_use]
    pub fn people_site(&self) -> Site {
        Site {
            name: self.site.name.clone(),
            origin: self.origin(),
        }
    }

    /// The origin of the site's own pages: the configured one, or the address the service listens on.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.tls.certificate_file.is_some() {
            "https"
        } else {
            "http"
        };
        let configured = self
            .site
            .origin
            .as_ref()
            .map(|origin| origin.as_str().to_owned());
        configured.unwrap_or_else(|| format!("{scheme}://{}", self.server.listen))
    }

    /// Whether browsers reach the service over TLS, its own or that of a proxy in front.
    pub(crate) fn is_https(&self) -> bool {
        self.tls.certificate_file.is_some()
            || self.site.origin.as_ref().is_some_and(Origin::is_https)
    }

    /// Loopback with a free port, for tests.
    ///
    /// # Errors
    /// As [`Config::defaults`].
    pub fn on_free_port() -> Result<Self, ConfigError> {
        let mut config = Self::defaults()?;
        config.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Ok(config)
    }
}

/// Seconds of a key as a duration.
pub(crate) fn seconds(count: u32) -> Duration {
    Duration::from_secs(u64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("softcap.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(Some(&path)).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_has_a_default_and_stands_in_the_template() {
        let config = Config::defaults().unwrap();
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
        config.check().unwrap();
        let template = Config::template();
        for key in [
            "listen",
            "certificate_file",
            "connections",
            "filter",
            "ports",
        ] {
            assert!(template.contains(key), "{key} in {template}");
        }
        // Each `#key = value` line taken at its word gives the defaults again.
        let lines = template.lines().map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') && !rest.ends_with("=") => rest,
            _ => line,
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let read = load(&text).unwrap();
        assert_eq!(format!("{read:?}"), format!("{config:?}"));
    }

    #[test]
    fn a_wrong_file_is_an_error_that_names_its_place() {
        let table = [
            ("[server]\nlisten = \"0.0.0.0:80\"\n", ""),
            ("[server]\nlistn = \"0.0.0.0:80\"\n", "line 2, column 1"),
            (
                "[server]\nlistn = \"0.0.0.0:80\"\n",
                "unknown field `listn`",
            ),
            ("[serve]\n", "unknown field `serve`"),
            ("[limits]\nconnections = -1\n", "line 2"),
            ("[limits]\nconnections = 0\n", "H902"),
            ("[limits]\nrefusals_per_minute = 0\n", "H902"),
            ("[limits]\ncalls_per_app = 0\n", "H902"),
            ("[limits]\ncalls_per_source = 100001\n", "H902"),
            ("[server]\nproxies = [\"10.0.0.0/33\"]\n", "is no network"),
            ("[tls]\nkey_file = \"key.pem\"\n", "belong together"),
            ("[log]\nformat = \"xml\"\n", "unknown variant `xml`"),
            ("[webhooks]\nallow_loopback = true\n", ""),
            ("[webhooks]\nretention_days = 0\n", "H902"),
            ("[witnesses]\nkeys = [\"w+1+A\"]\n", "not a witness key"),
            ("[issuers]\nkeys = [\"w+1+A\"]\n", "not a verifier key"),
            ("[evm]\nquorum = 0\n", "H902"),
            ("[site]\norigin = \"sale.example\"\n", "is no origin"),
            ("[accounts]\naddress_change_days = 0\n", "H902"),
            ("[verification]\nuploads = 0\n", "H902"),
            ("[privacy]\nverification_days = 89\n", "H902"),
            ("[[sign_in]]\nid = \"a\"\n", "missing field `name`"),
            ("[[sign_in]]\nsecret = \"a\"\n", "unknown field `secret`"),
            (
                "[[sign_in]]\nid = \"A\"\nname = \"A\"\nissuer = \"https://a.example\"\nclient_id = \"a\"\n",
                "H902",
            ),
            (
                "[[sign_in]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.example\"\nclient_id = \"a\"\n",
                "",
            ),
            ("[mail]\nfolder = \"mail\"\n", ""),
            ("[mail]\nfrom = \"Harbour\"\n", "A402"),
            ("[mail]\nsmtp_host = \"mail.example\"\n", "needs from"),
            (
                "[mail]\nsmtp_host = \"m\"\nfolder = \"m\"\n",
                "exclude each other",
            ),
            ("[mail]\nsmtp_user = \"sale\"\n", "belong together"),
            (
                "[mail]\nsmtp_host = \"mail.example\"\nfrom = \"a@b.example\"\nsmtp_security = \"none\"\n",
                "on this machine",
            ),
            (
                "[server]\nlisten = \"0.0.0.0:80\"\n[mail]\nfolder = \"mail\"\n",
                "for development",
            ),
            (
                "[evm]\nendpoints = [\"http://a\"]\nquorum = 2\n",
                "must agree",
            ),
            (
                "[server]\nlisten = \"0.0.0.0:80\"\n[webhooks]\nallow_loopback = true\n",
                "for development",
            ),
        ];
        for (text, said) in table {
            match load(text) {
                Ok(_) => assert_eq!(said, "", "{text}"),
                Err(error) => {
                    assert!(!said.is_empty() && error.contains(said), "{text}: {error}");
                }
            }
        }
        let missing = Config::load(Some(Path::new("no/such/softcap.toml"))).unwrap_err();
        assert!(
            missing.to_string().contains("no/such/softcap.toml"),
            "{missing}"
        );
    }
}
