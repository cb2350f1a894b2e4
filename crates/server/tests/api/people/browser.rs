//! A node that writes mails to a folder, and browsers that keep the cookie they are given.

use std::{collections::BTreeMap, fs, path::PathBuf, thread, time::Duration};

use serde_json::{Value, json};
use softcap_database::{DatabaseUrl, temporary::TemporaryPostgres};
use softcap_server::Config;

use crate::test_node::{Answer, Call, TestNode};

pub(crate) const ORIGIN: &str = "https://sale.example";
pub(crate) const PASSWORD: &str = "tidal lantern ochre mule";
pub(super) const NEW_PASSWORD: &str = "seven rusty anchors sing";

/// A node, and the folder of its mails.
pub(crate) struct Site {
    pub(crate) node: TestNode,
}

impl Site {
    pub(crate) fn start() -> Self {
        Self {
            node: TestNode::empty_with(with_mail),
        }
    }

    /// One with another configuration.
    pub(crate) fn start_with(change: impl Fn(&mut Config) + Send + Sync + 'static) -> Self {
        let node = TestNode::empty_with(move |config| {
            with_mail(config);
            change(config);
        });
        Self { node }
    }

    /// One with the offering announced.
    pub(crate) fn with_offering() -> Self {
        let site = Self::start();
        site.node.announce();
        site
    }

    /// Two nodes with the same secrets on one PostgreSQL, which stops when it is dropped.
    pub(super) fn two_nodes() -> (TemporaryPostgres, Self, Self) {
        let server = TemporaryPostgres::start().unwrap();
        let DatabaseUrl::Postgres(url) = server.url() else {
            panic!("no address of PostgreSQL");
        };
        let one = Self::start_on(url.clone(), None);
        let other = Self::start_on(url, Some(one.node.folder().join("node/secrets")));
        (server, one, other)
    }

    /// A node on a PostgreSQL, with the secrets of another one if there is one already.
    fn start_on(url: String, secrets: Option<PathBuf>) -> Self {
        let node = TestNode::empty_with(move |config| {
            with_mail(config);
            let folder = PathBuf::from(&config.server.data).with_file_name("node");
            if let Some(secrets) = &secrets {
                fs::create_dir_all(folder.join("secrets")).unwrap();
                for entry in fs::read_dir(secrets).unwrap() {
                    let path = entry.unwrap().path();
                    let name = path.file_name().unwrap();
                    fs::copy(&path, folder.join("secrets").join(name)).unwrap();
                }
            }
            config.server.folder = folder;
            config.server.data.clone_from(&url);
        });
        Self { node }
    }

    /// One that comes from this address, through a proxy that is believed.
    pub(crate) fn browser(&self, from: &str) -> Browser<'_> {
        Browser {
            site: self,
            from: from.to_owned(),
            cookie: None,
            others: BTreeMap::new(),
            says: Some(("origin", ORIGIN)),
        }
    }

    /// The browser of somebody who has signed up and logged in.
    pub(crate) fn signed_up(&self, email: &str) -> Browser<'_> {
        self.signed_up_with_mails_of(&[self], email)
    }

    /// The same where another node may be the one that sends the mail.
    pub(super) fn signed_up_beside(&self, other: &Self, email: &str) -> Browser<'_> {
        self.signed_up_with_mails_of(&[self, other], email)
    }

    fn signed_up_with_mails_of(&self, sites: &[&Self], email: &str) -> Browser<'_> {
        let mut browser = self.browser("192.0.2.10");
        let recipient = format!("To: {email}\r\n");
        let is_it = |mail: &str| mail.contains(&recipient) && mail.contains("confirm your address");
        // The address may have signed up before, as somebody who is erased now.
        let mails = sites.iter().flat_map(|site| site.mails());
        let before = mails.filter(|mail| is_it(mail)).count();
        let asked = browser.post("/v1/sign-up", &json!({ "email": email }));
        assert_eq!(asked.status, 202);
        let mail = Self::mail_after(before, sites, "the sign-up", is_it);
        let body = json!({ "code": code_in(&mail), "password": PASSWORD });
        assert_eq!(browser.post("/v1/sign-up/confirmation", &body).status, 201);
        assert_eq!(browser.log_in(email, PASSWORD).status, 201);
        browser
    }

    /// All mails, oldest first.
    pub(crate) fn mails(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.node.folder().join("mail")) else {
            return Vec::new();
        };
        let mut files: Vec<_> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "eml"))
            .map(|path| (path.metadata().unwrap().modified().unwrap(), path))
            .collect();
        files.sort();
        files
            .iter()
            .map(|(_, path)| fs::read_to_string(path).unwrap())
            .collect()
    }

    /// All mails once there are so many. The sender is told of each one; the bound only ends a broken test.
    pub(crate) fn mails_after(&self, count: usize) -> Vec<String> {
        for _ in 0..1_200 {
            let mails = self.mails();
            if mails.len() >= count {
                return mails;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("no mail came");
    }

    /// The mail of this subject, whichever of two nodes sends it.
    pub(crate) fn mail_of(&self, other: &Self, subject: &str) -> String {
        let line = format!("Subject: Harbour: {subject}\r\n");
        Self::mail_after(0, &[self, other], subject, |mail| mail.contains(&line))
    }

    /// The newest mail of this subject of which something else holds too.
    pub(super) fn mail_that(&self, subject: &str, is_it: impl Fn(&str) -> bool) -> String {
        let line = format!("Subject: Harbour: {subject}\r\n");
        let both = |mail: &str| mail.contains(&line) && is_it(mail);
        Self::mail_after(0, &[self], subject, both)
    }

    /// The newest mail of this subject to this address.
    pub(crate) fn mail_to(&self, email: &str, subject: &str) -> String {
        let (to, line) = (
            format!("To: {email}\r\n"),
            format!("Subject: Harbour: {subject}\r\n"),
        );
        let is_it = |mail: &str| mail.contains(&to) && mail.contains(&line);
        Self::mail_after(0, &[self], subject, is_it)
    }

    /// The newest mail of which this holds, once these sites sent more of them than so many.
    fn mail_after(
        before: usize,
        sites: &[&Self],
        about: &str,
        is_it: impl Fn(&str) -> bool,
    ) -> String {
        for _ in 0..1_200 {
            let all = sites.iter().flat_map(|site| site.mails());
            let found = all.filter(|mail| is_it(mail)).skip(before).last();
            if let Some(mail) = found {
                return mail;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("no mail came about {about}");
    }

    /// The code of the first mail.
    pub(crate) fn first_code(&self) -> String {
        code_in(&self.mails_after(1)[0])
    }
}

fn with_mail(config: &mut Config) {
    config.mail.folder = Some(PathBuf::from(&config.server.data).with_file_name("mail"));
    config.site.name = "Harbour".to_owned();
    config.site.origin = Some(ORIGIN.parse().unwrap());
    config.server.proxies = vec!["127.0.0.1".parse().unwrap()];
}

pub(crate) fn code_in(mail: &str) -> String {
    let mut lines = mail.lines().filter_map(|line| line.strip_prefix("    "));
    lines
        .next()
        .unwrap_or_else(|| panic!("no code in {mail}"))
        .to_owned()
}

/// A browser: its cookie, and what it says about the page that asks.
pub(crate) struct Browser<'a> {
    site: &'a Site,
    from: String,
    cookie: Option<String>,
    /// Cookies beside that of the session, by their names.
    pub(crate) others: BTreeMap<String, String>,
    pub(crate) says: Option<(&'static str, &'static str)>,
}

impl Browser<'_> {
    pub(crate) fn send(&mut self, method: &'static str, path: &str, body: &Value) -> Answer {
        let call = self.call(method, path).body(body);
        self.exchange(&call)
    }

    /// A form as pages of other sites can send it without asking anybody.
    pub(crate) fn send_form(&mut self, path: &str, form: &str) -> Answer {
        let call = self.call("POST", path).encoded(form);
        self.exchange(&call)
    }

    /// A page.
    pub(crate) fn page(&mut self, path: &str) -> Answer {
        let call = self.call("GET", path).header("accept", "text/html");
        self.exchange(&call)
    }

    /// A form that a page of the site sends.
    pub(crate) fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let call = self.call("POST", path).form(fields);
        self.exchange(&call)
    }

    /// A file as the body.
    pub(crate) fn send_file(&mut self, path: &str, media: &str, content: &[u8]) -> Answer {
        let call = self.call("POST", path).raw(media, content);
        self.exchange(&call)
    }

    fn call(&self, method: &'static str, path: &str) -> Call {
        let call = Call::new(method, path).header("x-forwarded-for", &self.from);
        let call = call.header("user-agent", "Firefox on a ship");
        let cookies = self.cookie.iter().chain(self.others.values());
        let cookies = cookies.map(|cookie| ("cookie", cookie.as_str()));
        let headers = cookies.chain(self.says);
        headers.fold(call, |call, (name, value)| call.header(name, value))
    }

    fn exchange(&mut self, call: &Call) -> Answer {
        let answer = self.site.node.call(call);
        let cookies = answer.headers.iter();
        for (_, cookie) in cookies.filter(|(name, _)| name == "set-cookie") {
            // A choice of language is remembered too; these browsers do not keep it.
            if cookie.starts_with("softcap-language=") {
                continue;
            }
            let (pair, attributes) = cookie.split_once("; ").unwrap();
            assert!(
                attributes.ends_with("Path=/; Secure; HttpOnly; SameSite=Lax"),
                "{attributes}"
            );
            let (name, value) = pair.split_once('=').unwrap();
            let kept = (!value.is_empty()).then(|| pair.to_owned());
            match (name, kept) {
                ("__Host-softcap", kept) => self.cookie = kept,
                (name, Some(kept)) => drop(self.others.insert(name.to_owned(), kept)),
                (name, None) => drop(self.others.remove(name)),
            }
        }
        answer
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &Value::Null)
    }

    pub(crate) fn delete(&mut self, path: &str) -> Answer {
        self.send("DELETE", path, &Value::Null)
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, body)
    }

    /// A change that happens once under this name.
    pub(crate) fn post_once(&mut self, path: &str, idempotency: &str, body: &Value) -> Answer {
        let call = self.call("POST", path).idempotency(idempotency).body(body);
        self.exchange(&call)
    }

    pub(crate) fn log_in(&mut self, email: &str, password: &str) -> Answer {
        self.post(
            "/v1/sessions",
            &json!({ "email": email, "password": password }),
        )
    }

    pub(crate) fn step_up(&mut self, password: &str) -> Answer {
        self.post(
            "/v1/sessions/current/step-up",
            &json!({ "password": password }),
        )
    }

    /// The secret in its cookie.
    pub(crate) fn secret(&self) -> Option<String> {
        let cookie = self.cookie.as_deref()?;
        cookie.strip_prefix("__Host-softcap=").map(str::to_owned)
    }

    /// The same browser with another secret.
    pub(crate) fn with_secret(&self, secret: &str) -> Self {
        Self {
            site: self.site,
            from: self.from.clone(),
            cookie: Some(format!("__Host-softcap={secret}")),
            others: BTreeMap::new(),
            says: self.says,
        }
    }
}
