//! What a running server answers to a stranger.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{HeaderMap, Request, Uri, body::Bytes, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use softcap_identity::{Actor, Environment, KeySettings, NewKey, Reach, UnixMillis};
use tokio::time::{sleep, timeout};

use super::{Outcome, installation::Installation, items::Check};
use crate::{commands::api_key, failure::Failure};

/// How long a call may take in all.
const CALL_TIME: Duration = Duration::from_secs(10);
const ANSWER_BYTES: usize = 1 << 20;
/// A year, in seconds.
const YEAR: u64 = 31_536_000;
/// An address that nobody has (RFC 5737).
const ELSEWHERE: &str = "192.0.2.1";
/// A key that was never made, with a right checksum or not: it is refused before anybody looks.
const NO_KEY: &str = "sc_live_000000000000_00000000000000000000000000000000_000000";
/// How often the server is asked whether it heard of a new key, which takes a second at most.
const HEARD_TRIES: u32 = 25;
const HEARD_EVERY: Duration = Duration::from_millis(200);

/// A server.
pub(super) struct Live {
    /// Without a slash at its end.
    url: String,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

type Asked = Result<Outcome, String>;

impl Live {
    pub(super) fn new(url: &str) -> Result<Self, Failure> {
        let parsed: Option<Uri> = url.parse().ok();
        let scheme = parsed.as_ref().and_then(Uri::scheme_str);
        if !matches!(scheme, Some("http" | "https")) {
            return Err(Failure::Argument {
                flag: "url",
                problem: "it does not begin with http:// or https://".to_owned(),
                allowed: "the address of a server, such as http://127.0.0.1:8080",
            });
        }
        let connector = HttpsConnectorBuilder::new().with_webpki_roots();
        let connector = connector.https_or_http().enable_http1().build();
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    /// The outcome, or why it could not be asked.
    pub(super) async fn ask(&self, check: Check, installation: &Installation) -> Asked {
        match check {
            Check::Cookies => self.cookies().await,
            Check::OnlyTls => self.only_tls().await,
            Check::ForeignOrigin => self.foreign_origin().await,
            Check::Policy => self.policy().await,
            Check::CrossSite => self.cross_site().await,
            Check::ForgedAddress => self.forged_address(installation).await,
            Check::Smuggling => self.two_lengths(),
            Check::UnknownField => self.unknown_field().await,
            Check::NotSignedIn => self.not_signed_in().await,
            Check::KeyInQuery => self.key_in_query().await,
            Check::Configuration | Check::SecretFiles | Check::AuditLog => {
                Err("this is seen on the machine".to_owned())
            }
        }
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = Full::new(Bytes::from(body.unwrap_or_default().to_owned()));
        let request = request.body(body).map_err(|error| error.to_string())?;
        let answered = timeout(CALL_TIME, self.client.request(request)).await;
        let answered = answered.map_err(|_| "no answer within ten seconds".to_owned())?;
        let answer = answered.map_err(|error| {
            let cause = std::error::Error::source(&error);
            cause.map_or_else(|| error.to_string(), ToString::to_string)
        })?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = Limited::new(answer.into_body(), ANSWER_BYTES).collect();
        let body = timeout(CALL_TIME, body).await;
        let body = body.map_err(|_| "no whole answer within ten seconds".to_owned())?;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        Ok(Answer {
            status,
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer, String> {
        self.call("GET", path, headers, None).await
    }

    /// A cookie that a stranger gets is none of a session.
    async fn cookies(&self) -> Asked {
        let body = r#"{"email":"nobody@example.invalid","password":"no password of anybody"}"#;
        let answer = self.call("POST", "/v1/sessions", &[], Some(body)).await?;
        let cookies: Vec<_> = answer.headers.get_all(header::SET_COOKIE).iter().collect();
        let is_bound = |cookie: &&&header::HeaderValue| {
            let text = cookie.to_str().unwrap_or_default();
            text.starts_with("__Host-") && text.contains("Secure") && text.contains("HttpOnly")
        };
        let is_right = cookies.iter().filter(is_bound).count() == cookies.len();
        let (status, count) = (answer.status, cookies.len());
        let seen = format!("a login that fails: {status}, {count} cookies");
        Ok(Outcome::of(is_right && status != 201, seen))
    }

    async fn only_tls(&self) -> Asked {
        let answer = self.get("/v1/offerings", &[]).await?;
        let said = answer.header("strict-transport-security");
        let age = said
            .split(';')
            .find_map(|part| part.trim().strip_prefix("max-age="));
        let age: u64 = age.and_then(|age| age.parse().ok()).unwrap_or_default();
        let is_tls = self.url.starts_with("https:");
        if !is_tls && said.is_empty() {
            let why = "plain http without a site of https: ask the address that browsers use";
            return Err(why.to_owned());
        }
        Ok(Outcome::of(
            age >= YEAR,
            format!("Strict-Transport-Security: {said}"),
        ))
    }

    async fn foreign_origin(&self) -> Asked {
        let origin = [("origin", "https://evil.example")];
        let read = self.get("/v1/offerings", &origin).await?;
        let wish = [origin[0], ("access-control-request-method", "POST")];
        let asked = self.call("OPTIONS", "/v1/keys", &wish, None).await?;
        let upgrade = [
            origin[0],
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ];
        let socket = self.get("/v1/offerings", &upgrade).await?;
        let allows = |answer: &Answer| !answer.header("access-control-allow-origin").is_empty();
        let is_right = !allows(&read) && !allows(&asked) && socket.status != 101;
        Ok(Outcome::of(
            is_right,
            "no answer lets another site's page read it, no socket opens",
        ))
    }

    async fn policy(&self) -> Asked {
        let mut seen = Vec::new();
        for path in ["/docs", "/v1/offerings", "/nowhere"] {
            let answer = self.get(path, &[("accept", "text/html")]).await?;
            let policy = answer.header("content-security-policy").to_owned();
            let is_right = policy.contains("default-src 'none'")
                && policy.contains("frame-ancestors 'none'")
                && answer.header("x-content-type-options") == "nosniff";
            if !is_right {
                return Ok(Outcome::Failed(format!("{path}: `{policy}`")));
            }
            seen.push(path);
        }
        Ok(Outcome::Passed(format!("right on {}", seen.join(", "))))
    }

    async fn cross_site(&self) -> Asked {
        // A secret that has the form of one, so that the origin is what decides.
        let cookie = format!("__Host-softcap={}", "A".repeat(43));
        let foreign = [
            ("origin", "https://evil.example"),
            ("cookie", cookie.as_str()),
        ];
        let path = "/v1/sessions/current/step-up";
        let posted = self
            .call("POST", path, &foreign, Some(r#"{"password":"x"}"#))
            .await?;
        let got = self.get(path, &[]).await?;
        let is_right = posted.status == 403 && posted.body.contains("H441") && got.status == 405;
        let seen = format!(
            "POST from another site: {}, GET: {}",
            posted.status, got.status
        );
        Ok(Outcome::of(is_right, seen))
    }

    /// A key for an address that nobody has is made beside the server, tried with forged headers, and revoked.
    async fn forged_address(&self, installation: &Installation) -> Asked {
        let Some(data) = &installation.data else {
            return Err("give --data as well, so that a key for the try can be made".to_owned());
        };
        let said = |failure: Failure| failure.to_string();
        let keys = api_key::open(data).await.map_err(said)?;
        let (actor, now) = (Actor::Operator("selftest".to_owned()), UnixMillis::now());
        let new = NewKey {
            label: "selftest".to_owned(),
            owner: "selftest".to_owned(),
            environment: Environment::Test,
            scopes: softcap_identity::Scopes::default(),
            addresses: ELSEWHERE.parse().map_err(|_| "no address".to_owned())?,
            expires_at: Some(now.plus(Duration::from_secs(600))),
            limit: KeySettings::standard()
                .ok()
                .map(|settings| settings.default_limit),
            is_canary: false,
        };
        let made = keys
            .create(&actor, new, now)
            .await
            .map_err(|error| error.to_string())?;
        let tried = self.try_forged(&made.text.reveal()).await;
        let revoked = keys
            .revoke(&actor, made.record.id, Reach::Alone, UnixMillis::now())
            .await;
        revoked.map_err(|error| error.to_string())?;
        tried
    }

    async fn try_forged(&self, key: &str) -> Asked {
        let bearer = format!("Bearer {key}");
        let mut seen = Vec::new();
        for (name, value) in [
            ("x-forwarded-for", ELSEWHERE),
            ("forwarded", "for=192.0.2.1"),
            ("x-real-ip", ELSEWHERE),
        ] {
            let headers = [("authorization", bearer.as_str()), (name, value)];
            let mut answer = self.get("/v1/keys", &headers).await?;
            for _ in 0..HEARD_TRIES {
                if answer.status != 401 {
                    break;
                }
                sleep(HEARD_EVERY).await;
                answer = self.get("/v1/keys", &headers).await?;
            }
            if !answer.body.contains("key_address") {
                return Ok(Outcome::Failed(format!(
                    "{name} is believed: {}",
                    answer.status
                )));
            }
            seen.push(name);
        }
        Ok(Outcome::Passed(format!(
            "not believed: {}",
            seen.join(", ")
        )))
    }

    fn two_lengths(&self) -> Asked {
        let host = self.url.strip_prefix("http://");
        let host = host.ok_or("asked over plain http only")?;
        let address = if host.contains(':') {
            host.to_owned()
        } else {
            format!("{host}:80")
        };
        let smuggled = "0\r\n\r\nGET /v1/keys HTTP/1.1\r\nHost: x\r\n\r\n";
        let text = format!(
            "POST /v1/leaks HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\
             Transfer-Encoding: chunked\r\n\r\n{smuggled}",
            smuggled.len()
        );
        let failed = |error: std::io::Error| error.to_string();
        let mut stream = TcpStream::connect(address).map_err(failed)?;
        stream.set_read_timeout(Some(CALL_TIME)).map_err(failed)?;
        stream.write_all(text.as_bytes()).map_err(failed)?;
        let mut answer = Vec::new();
        stream
            .take(1 << 16)
            .read_to_end(&mut answer)
            .map_err(failed)?;
        let answer = String::from_utf8_lossy(&answer);
        let (count, line) = (answer.matches("HTTP/1.1 ").count(), answer.lines().next());
        let is_right = count == 1 && answer.starts_with("HTTP/1.1 4");
        let line = line.unwrap_or("no answer");
        Ok(Outcome::of(is_right, format!("{count} answer: {line}")))
    }

    async fn unknown_field(&self) -> Asked {
        let body = r#"{"email":"nobody@example.invalid","role":"owner"}"#;
        let answer = self.call("POST", "/v1/sign-up", &[], Some(body)).await?;
        let is_right = matches!(answer.status, 400 | 422);
        Ok(Outcome::of(
            is_right,
            format!("a sign-up with a role: {}", answer.status),
        ))
    }

    async fn not_signed_in(&self) -> Asked {
        for path in [
            "/v1/me",
            "/v1/sessions",
            "/v1/keys",
            "/v1/audit",
            "/v1/alerts",
            "/v1/roles",
        ] {
            let answer = self.get(path, &[]).await?;
            if answer.status != 401 {
                return Ok(Outcome::Failed(format!("{path}: {}", answer.status)));
            }
        }
        Ok(Outcome::Passed(
            "six operations answer 401 to a stranger".to_owned(),
        ))
    }

    async fn key_in_query(&self) -> Asked {
        let answer = self.get(&format!("/v1/keys?key={NO_KEY}"), &[]).await?;
        let is_silent = ["panicked", ".rs:", "SELECT ", NO_KEY];
        let is_silent = !is_silent.iter().any(|word| answer.body.contains(word));
        let seen = format!("{}, nothing of the key or of the inside", answer.status);
        Ok(Outcome::of(answer.status == 401 && is_silent, seen))
    }
}
