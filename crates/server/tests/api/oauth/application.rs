//! An application: what it registers, what it sends, what it keeps.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use crate::{
    people::browser::{Browser, ORIGIN, Site},
    test_node::{Answer, Call},
};

pub(crate) const REDIRECT: &str = "https://app.example/callback";
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Parameters as a form or a query carries them.
pub(crate) fn encoded(params: &[(&str, &str)]) -> String {
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (name, value) in params {
        out.append_pair(name, value);
    }
    out.finish()
}

/// The parameters of the place that an answer sends a browser to.
pub(crate) fn sent_back(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let place = answer.header("location").unwrap();
    let (_, query) = place.split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

pub(crate) fn param<'a>(params: &'a [(String, String)], name: &str) -> &'a str {
    let found = params.iter().find(|(other, _)| other == name);
    found.map_or("", |(_, value)| value)
}

/// An application that is registered at a site.
pub(crate) struct Application<'a> {
    pub(crate) site: &'a Site,
    pub(crate) id: String,
}

impl<'a> Application<'a> {
    /// A public one.
    pub(crate) fn register(site: &'a Site) -> Self {
        let body = json!({
            "client_name": "Portfolio",
            "redirect_uris": [REDIRECT, "http://127.0.0.1/callback"],
        });
        Self::registered(site, &body)
    }

    pub(crate) fn registered(site: &'a Site, body: &Value) -> Self {
        let answer = site.node.post("/v1/oauth/clients", "client", body);
        assert_eq!(answer.status, 201, "{}", answer.text());
        let id = answer.json()["client_id"].as_str().unwrap().to_owned();
        Self { site, id }
    }

    /// The parameters of a request for these scopes.
    pub(crate) fn params<'b>(&'b self, scope: &'b str) -> Vec<(&'b str, &'b str)> {
        vec![
            ("client_id", &self.id),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("scope", scope),
            ("state", "s-1"),
            ("nonce", "n-1"),
            (
                "code_challenge",
                "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            ),
            ("code_challenge_method", "S256"),
        ]
    }

    /// Sends a browser; gives the path of the page that its person decides on.
    pub(crate) fn page(&self, browser: &mut Browser<'_>, params: &[(&str, &str)]) -> String {
        let answer = browser.get(&format!("/oauth/authorize?{}", encoded(params)));
        assert_eq!(answer.status, 303, "{}", answer.text());
        let place = answer.header("location").unwrap().to_owned();
        assert!(place.starts_with("/oauth/consent?request="), "{place}");
        place
    }

    /// A code that the person of a browser grants.
    pub(crate) fn code(&self, browser: &mut Browser<'_>, scope: &str) -> String {
        let page = self.page(browser, &self.params(scope));
        let shown = browser.get(&page);
        assert_eq!(shown.status, 200, "{}", shown.text());
        let (_, request) = page.split_once('=').unwrap();
        let mut form = vec![("request", request), ("decision", "allow"), ("days", "30")];
        form.extend(scope.split(' ').map(|one| ("scope", one)));
        let answer = browser.send_form("/oauth/consent", &encoded(&form));
        let params = sent_back(&answer);
        assert_eq!(param(&params, "state"), "s-1");
        assert_eq!(param(&params, "iss"), ORIGIN);
        param(&params, "code").to_owned()
    }

    /// An answer of an endpoint, with a proof of possession if there is one.
    pub(crate) fn send(&self, path: &str, params: &[(&str, &str)], proof: Option<&str>) -> Answer {
        let form = encoded(params);
        let call = Call::new("POST", path).encoded(&form);
        let call = match proof {
            Some(proof) => call.header("dpop", proof),
            None => call,
        };
        self.site.node.call(&call)
    }

    /// Tokens for a code.
    pub(crate) fn redeem(&self, code: &str, proof: Option<&str>) -> Answer {
        let params = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.id),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.send("/oauth/token", &params, proof)
    }

    /// An access token that the person of a browser grants.
    pub(crate) fn token(&self, browser: &mut Browser<'_>, scope: &str) -> String {
        let code = self.code(browser, scope);
        let answer = self.redeem(&code, None);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// An answer of the interface to a token.
    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.site.node.call(&Call::new("GET", path).key(token))
    }
}

/// The word of an error of the protocol.
pub(crate) fn error(answer: &Answer) -> (u16, String) {
    let word = answer.json()["error"].as_str().unwrap_or("-").to_owned();
    (answer.status, word)
}

/// A key of an application, in software.
pub(crate) struct Possessor(SigningKey);

impl Possessor {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).unwrap())
    }

    /// A proof about a request. A name is used once.
    pub(crate) fn proof(&self, jti: &str, (method, path): (&str, &str), more: &Value) -> String {
        let point = self.0.verifying_key().to_sec1_point(false);
        let text =
            |from: usize| Base64UrlUnpadded::encode_string(&point.as_bytes()[from..from + 32]);
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": text(1), "y": text(33) });
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
        let iat = crate::test_node::IN_PUBLIC_ROUND / 1_000;
        let mut claims =
            json!({ "jti": jti, "htm": method, "htu": format!("{ORIGIN}{path}"), "iat": iat });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature: Signature = self.0.sign(signed.as_bytes());
        let signature = Base64UrlUnpadded::encode_string(&signature.to_bytes());
        format!("{signed}.{signature}")
    }
}

/// `ath` of a token.
pub(crate) fn ath(token: &str) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(token))
}
