//! What takes a mail: a mail server, or in development a folder.

use std::{fs, io, path::PathBuf, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::authentication::Credentials,
};
use softcap_identity::Mail;
use zeroize::Zeroizing;

use crate::{
    config::{MailSection, SiteSection, SmtpSecurity},
    error::ServerError,
};

/// What a mail comes from in development, where nobody answers it.
const NOBODY: &str = "softcap@localhost";
/// A mail server that has not answered after this time is asked again later.
const PATIENCE: Duration = Duration::from_secs(30);

const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

/// What takes mails.
pub(crate) struct Carrier {
    from: Mailbox,
    way: Way,
}

impl std::fmt::Debug for Carrier {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Carrier")
    }
}

enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

/// Why a mail was not taken; no address stands in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTaken {
    #[error("the mail cannot be written down")]
    Form,
    #[error("the mail server cannot be reached, or refused it ({code})")]
    Refused { code: String },
    #[error("the mail server did not answer")]
    Silence,
    #[error("the folder for mails cannot be written: {0}")]
    Folder(#[from] io::Error),
}

impl Carrier {
    /// The configured one; `None` when nothing is configured.
    ///
    /// # Errors
    /// [`ServerError::Mail`].
    pub(crate) fn of(mail: &MailSection, site: &SiteSection) -> Result<Option<Self>, ServerError> {
        let way = match (&mail.smtp_host, &mail.folder) {
            (Some(host), _) => Way::Smtp(transport(host, mail)?),
            (None, Some(folder)) => {
                fs::create_dir_all(folder).map_err(|error| wrong("mail.folder", &error))?;
                Way::Folder(folder.clone())
            }
            (None, None) => return Ok(None),
        };
        let address = mail.from.as_ref().map_or(NOBODY, |from| from.0.as_str());
        let address = address
            .parse()
            .map_err(|error| wrong("mail.from", &error))?;
        let from = Mailbox::new(Some(site.name.clone()), address);
        Ok(Some(Self { from, way }))
    }

    /// Sends a mail.
    pub(crate) async fn send(&self, mail: &Mail) -> Result<(), NotTaken> {
        let message = self.message(mail).ok_or(NotTaken::Form)?;
        match &self.way {
            Way::Smtp(transport) => match transport.send(message).await {
                Ok(_) => Ok(()),
                Err(error) if error.is_timeout() => Err(NotTaken::Silence),
                Err(error) => {
                    let code = error.status().map(|code| code.to_string());
                    let code = code.unwrap_or_else(|| "without a code".to_owned());
                    Err(NotTaken::Refused { code })
                }
            },
            Way::Folder(folder) => {
                // Under its own name, so that a second copy takes the place of the first.
                let file = folder.join(format!("{}.eml", mail.id));
                let unfinished = file.with_extension("unfinished");
                fs::write(&unfinished, message.formatted())?;
                Ok(fs::rename(&unfinished, &file)?)
            }
        }
    }

    fn message(&self, mail: &Mail) -> Option<Message> {
        let to = Mailbox::new(None, mail.recipient.as_str().parse().ok()?);
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let id = format!("<{}@{}>", mail.id, self.from.email.domain());
        let mut message = Message::builder();
        if let Some(place) = &mail.unsubscribe {
            // RFC 8058: the reader's program ends these mails by one request, which nobody has to follow.
            for (name, value) in [
                ("List-Unsubscribe", format!("<{place}>")),
                ("List-Unsubscribe-Post", ONE_CLICK.to_owned()),
            ] {
                let name = HeaderName::new_from_ascii_str(name);
                message = message.raw_header(HeaderValue::new(name, value));
            }
        }
        if matches!(self.way, Way::Folder(_)) {
            // As they are, for who reads the file; on its way a mail is written in signs that every server takes.
            message = message.header(ContentTransferEncoding::EightBit);
        }
        message
            .from(self.from.clone())
            .to(to)
            .subject(&mail.subject)
            .message_id(Some(id))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.body.to_string())
            .ok()
    }
}

fn transport(
    host: &str,
    mail: &MailSection,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, ServerError> {
    type Smtp = AsyncSmtpTransport<Tokio1Executor>;
    let unusable = |error| wrong("mail.smtp_host", &error);
    let mut builder = match mail.smtp_security {
        SmtpSecurity::Tls => Smtp::relay(host).map_err(unusable)?,
        SmtpSecurity::Starttls => Smtp::starttls_relay(host).map_err(unusable)?,
        // The configuration is checked to name this machine.
        SmtpSecurity::None => Smtp::builder_dangerous(host),
    };
    builder = builder.timeout(Some(PATIENCE));
    if let Some(port) = mail.smtp_port {
        builder = builder.port(port);
    }
    if let (Some(user), Some(file)) = (&mail.smtp_user, &mail.smtp_password_file) {
        let password = fs::read_to_string(file).map(Zeroizing::new);
        let password = password.map_err(|error| wrong("mail.smtp_password_file", &error))?;
        let password = password.trim_end_matches(['\r', '\n']).to_owned();
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    Ok(builder.build())
}

fn wrong(key: &'static str, why: &dyn std::fmt::Display) -> ServerError {
    ServerError::Mail {
        key,
        why: why.to_string(),
    }
}
