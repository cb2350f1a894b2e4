//! The site on which people sign up, and how it sends mail.

use std::{path::PathBuf, str::FromStr};

use serde::Deserialize;
use softcap_identity::{EmailAddress, PersonError};
use url::Url;

use super::ConfigError;

/// The site on which people sign up and log in.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct SiteSection {
    /// What people call it, in mails; passwords may not be made of it.
    #[config(env = "SOFTCAP_SITE_NAME", default = "Softcap")]
    pub name: String,

    /// Scheme, host and port as browsers see them, `https://sale.example`. Requests that change something are taken only
    /// from its own pages. With `https` every answer tells browsers to use nothing else for two years, on its
    /// subdomains too. Without it: the address the service listens on.
    #[config(env = "SOFTCAP_SITE_ORIGIN")]
    pub origin: Option<Origin>,
}

/// How mail is sent. Without `smtp_host` or `folder` nobody can sign up.
#[derive(Clone, Debug, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct MailSection {
    /// The mail server that takes the mails.
    #[config(env = "SOFTCAP_MAIL_SMTP_HOST")]
    pub smtp_host: Option<String>,

    /// Its port; without it 465 for `tls`, 587 for `starttls` and 25 for `none`.
    #[config(env = "SOFTCAP_MAIL_SMTP_PORT")]
    pub smtp_port: Option<u16>,

    /// `tls` from the first byte, `starttls` (refused if the server does not offer it), or `none`, for a mail server on
    /// this machine only.
    #[config(env = "SOFTCAP_MAIL_SMTP_SECURITY", default = "tls")]
    pub smtp_security: SmtpSecurity,

    /// The name to log in with at the mail server, if it asks for one.
    #[config(env = "SOFTCAP_MAIL_SMTP_USER")]
    pub smtp_user: Option<String>,

    /// A file with the password for it.
    #[config(env = "SOFTCAP_MAIL_SMTP_PASSWORD_FILE")]
    pub smtp_password_file: Option<PathBuf>,

    /// The address that mails come from, `no-reply@sale.example`.
    #[config(env = "SOFTCAP_MAIL_FROM")]
    pub from: Option<Sender>,

    /// For development: mails are written to this folder and shown at `/development/mail`, to this machine only. Whoever
    /// may read the folder can take over every account.
    #[config(env = "SOFTCAP_MAIL_FOLDER")]
    pub folder: Option<PathBuf>,
}

/// How the connection to a mail server is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// TLS from the first byte.
    Tls,
    /// TLS after a word of the protocol.
    Starttls,
    /// Not at all.
    None,
}

impl MailSection {
    /// Whether anything is sent.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.smtp_host.is_some() || self.folder.is_some()
    }

    pub(super) fn check(&self, listens_on_loopback: bool) -> Result<(), ConfigError> {
        let is_here = |host: &str| ["localhost", "127.0.0.1", "::1"].contains(&host);
        let wrong = if self.smtp_host.is_some() && self.folder.is_some() {
            "mail: smtp_host and folder exclude each other: give one"
        } else if self.smtp_host.is_some() && self.from.is_none() {
            "mail: smtp_host needs from, the address that mails come from"
        } else if self.smtp_user.is_some() != self.smtp_password_file.is_some() {
            "mail: smtp_user and smtp_password_file belong together: give both or none"
        } else if self.smtp_security == SmtpSecurity::None
            && self.smtp_host.as_deref().is_some_and(|host| !is_here(host))
        {
            "mail: smtp_security = \"none\" is for a mail server on this machine; use tls or starttls"
        } else if self.folder.is_some() && !listens_on_loopback {
            "mail.folder is for development: it needs server.listen on a loopback address such as \
             127.0.0.1:8080"
        } else {
            return Ok(());
        };
        Err(ConfigError::Contradiction(wrong))
    }
}

/// Scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// A text is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no origin: write https://sale.example, without a path")]
pub struct NotAnOrigin(String);

impl Origin {
    /// As browsers write it in `Origin`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let url = Url::parse(text).ok();
        let url = url.filter(|url| ["http", "https"].contains(&url.scheme()));
        let origin = url.map(|url| url.origin().ascii_serialization());
        // What is not in the origin (a path, a name and password) was not meant to be thrown away.
        let origin =
            origin.filter(|origin| text.trim_end_matches('/').eq_ignore_ascii_case(origin));
        origin.map(Self).ok_or_else(|| NotAnOrigin(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The address that mails come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(pub EmailAddress);

impl FromStr for Sender {
    type Err = PersonError;

    fn from_str(text: &str) -> Result<Self, PersonError> {
        text.parse().map(Self)
    }
}

impl<'de> Deserialize<'de> for Sender {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_and_nothing_else() {
        let table = [
            ("https://sale.example", Some("https://sale.example")),
            ("https://Sale.example/", Some("https://sale.example")),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("https://sale.example:443", None),
            ("https://sale.example/login", None),
            ("https://me:secret@sale.example", None),
            ("sale.example", None),
            ("ftp://sale.example", None),
            ("null", None),
            ("", None),
        ];
        for (text, expected) in table {
            let origin = text.parse::<Origin>().ok();
            assert_eq!(origin.as_ref().map(Origin::as_str), expected, "{text}");
        }
    }
}
