//! Other sites with which people log in (OpenID Connect).

use std::{collections::BTreeSet, path::PathBuf};

use serde::Deserialize;
use url::{Host, Url};

use super::ConfigError;

/// Characters of a site's short name.
const LONGEST_ID: usize = 32;
/// Characters of what stands on a button.
const LONGEST_NAME: usize = 40;
/// Buttons on a page.
const MOST: usize = 8;

/// A site with which people log in, `[[sign_in]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInSite {
    /// Its short name in addresses of this site: small letters, digits and hyphens.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The address that it says of itself, letter by letter.
    pub issuer: String,
    /// What it calls this site.
    pub client_id: String,
    /// A file with what this site shows to it; without one PKCE alone proves that the same program asks.
    pub client_secret_file: Option<PathBuf>,
    /// What is asked for beside `openid`.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
}

fn usual_scopes() -> Vec<String> {
    vec!["email".to_owned()]
}

/// Reads the variable: the same tables as JSON.
pub(super) fn from_variable(text: &str) -> Result<Vec<SignInSite>, serde_json::Error> {
    serde_json::from_str(text)
}

/// Whether they can be used beside each other.
pub(super) fn check(sites: &[SignInSite]) -> Result<(), ConfigError> {
    let wrong = if sites.len() > MOST {
        "sign_in: name at most 8 sites"
    } else if !sites.iter().all(|site| is_id(&site.id)) {
        "sign_in: id is 1 to 32 small letters, digits and hyphens"
    } else if !sites.iter().all(|site| is_name(&site.name)) {
        "sign_in: name is 1 to 40 characters, as it stands on the button"
    } else if !sites.iter().all(|site| is_issuer(&site.issuer)) {
        "sign_in: issuer is an https:// address without query and fragment, as the site says it of itself"
    } else if sites.iter().any(|site| site.client_id.is_empty()) {
        "sign_in: client_id is what the other site calls this one"
    } else if !sites
        .iter()
        .flat_map(|site| &site.scopes)
        .all(|scope| is_scope(scope))
    {
        "sign_in: each of scopes is one word"
    } else if has_twice(sites.iter().map(|site| site.id.as_str()))
        || has_twice(sites.iter().map(|site| site.issuer.as_str()))
    {
        "sign_in: each id and each issuer stands once"
    } else {
        return Ok(());
    };
    Err(ConfigError::Contradiction(wrong))
}

fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// `http` is for development, to this machine.
fn is_issuer(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let is_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return false,
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    let is_bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    is_safe && is_bare && !text.chars().any(|sign| sign.is_control() || sign == ' ')
}

fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (b'!'..=b'~').contains(&byte))
}

fn has_twice<'a>(texts: impl Iterator<Item = &'a str>) -> bool {
    let mut seen = BTreeSet::new();
    !texts.into_iter().all(|text| seen.insert(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> SignInSite {
        let text = r#"[{"id":"harbour-id","name":"Harbour ID","issuer":"https://id.example/a","client_id":"x"}]"#;
        from_variable(text).unwrap().remove(0)
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        assert_eq!(site().scopes, ["email"]);
        check(&[site()]).unwrap();
        type Change = fn(&mut SignInSite);
        let table: [(&str, Change); 9] = [
            ("no id", |site| site.id = String::new()),
            ("id", |site| site.id = "Harbour".to_owned()),
            ("name", |site| site.name = "a\nb".to_owned()),
            ("no name", |site| site.name = String::new()),
            ("http", |site| site.issuer = "http://id.example".to_owned()),
            ("query", |site| {
                site.issuer = "https://id.example/?a=b".to_owned()
            }),
            ("no address", |site| site.issuer = "id.example".to_owned()),
            ("client", |site| site.client_id = String::new()),
            ("scope", |site| site.scopes = vec!["a b".to_owned()]),
        ];
        for (what, change) in table {
            let mut wrong = site();
            change(&mut wrong);
            assert!(check(&[wrong]).is_err(), "{what}");
        }
        let mut here = site();
        here.issuer = "http://127.0.0.1:3000".to_owned();
        check(&[here.clone()]).unwrap();
        check(&[here.clone(), site()]).unwrap_err();
        here.id = "other".to_owned();
        check(&[here, site()]).unwrap();
        let mut same = site();
        same.id = "other".to_owned();
        check(&[same, site()]).unwrap_err();
        assert!(from_variable(r#"[{"id":"a","secret":"b"}]"#).is_err());
    }
}
