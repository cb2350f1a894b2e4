//! The sites that the configuration names.

use std::{fmt, fs};

use openidconnect::ClientSecret;
use softcap_identity::SignInError;
use zeroize::Zeroizing;

use super::description::Described;
use crate::{config::SignInSite, error::ServerError};

/// A site with which people log in.
pub(crate) struct OtherSite {
    about: SignInSite,
    secret: Option<ClientSecret>,
    /// Where the person comes back.
    pub(super) return_address: String,
    /// What it says of itself, as this node has read it.
    pub(super) described: Described,
}

/// What stands in the configuration; its secret is not printed.
impl fmt::Debug for OtherSite {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "OtherSite({})", self.about.id)
    }
}

/// All of them, in the order of the configuration.
#[derive(Debug, Default)]
pub(crate) struct OtherSites(Vec<OtherSite>);

impl OtherSites {
    /// Those of a configuration, for a site of this origin.
    ///
    /// # Errors
    /// [`ServerError::Secret`].
    pub(crate) fn open(sites: &[SignInSite], origin: &str) -> Result<Self, ServerError> {
        let open = |about: &SignInSite| {
            Ok(OtherSite {
                secret: secret_of(about)?,
                return_address: format!("{origin}/log-in/with/{}/answer", about.id),
                described: Described::default(),
                about: about.clone(),
            })
        };
        sites.iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    /// The one of this name.
    pub(crate) fn find(&self, id: &str) -> Result<&OtherSite, SignInError> {
        let found = self.0.iter().find(|site| site.about.id == id);
        found.ok_or(SignInError::NoSite)
    }

    /// What people call the one of this issuer; nothing where it is configured no more.
    pub(crate) fn name_of(&self, issuer: &str) -> Option<&str> {
        let found = self.0.iter().find(|site| site.about.issuer == issuer);
        found.map(OtherSite::name)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &OtherSite> {
        self.0.iter()
    }
}

impl OtherSite {
    /// Its short name, in addresses.
    pub(crate) fn id(&self) -> &str {
        &self.about.id
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        &self.about.name
    }

    /// What it says of itself that it is.
    pub(crate) fn issuer(&self) -> &str {
        &self.about.issuer
    }

    /// What it calls this site.
    pub(super) fn client_id(&self) -> openidconnect::ClientId {
        openidconnect::ClientId::new(self.about.client_id.clone())
    }

    /// What is asked for beside `openid`.
    pub(super) fn scopes(&self) -> &[String] {
        &self.about.scopes
    }

    /// What is shown to it.
    pub(super) fn secret(&self) -> Option<ClientSecret> {
        self.secret.clone()
    }
}

fn secret_of(about: &SignInSite) -> Result<Option<ClientSecret>, ServerError> {
    let Some(path) = &about.client_secret_file else {
        return Ok(None);
    };
    let unusable = |why: String| ServerError::Secret {
        path: path.clone(),
        why,
    };
    let text = fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|error| unusable(error.to_string()))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(unusable("it is empty".to_owned()));
    }
    Ok(Some(ClientSecret::new(text.to_owned())))
}
