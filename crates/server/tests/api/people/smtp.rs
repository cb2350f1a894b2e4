//! Mail over SMTP: what the mail server refuses for now waits, also over a restart.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use serde_json::json;

use super::browser::{Site, code_in};
use crate::test_node::{Call, IN_PUBLIC_ROUND, TestNode};

/// Longer than anything a test waits for; a test that waits this long fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a mail server heard.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// It was asked to take a mail for this address, and would not for now.
    Refused(String),
    /// It took a mail: who sent it, to whom, what it says.
    Taken(String, String, String),
}

/// A mail server that takes no mail at first, and then all.
fn mail_server(refusals: usize) -> (SocketAddr, Receiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (heard, hears) = channel();
    thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            converse(stream.unwrap(), count < refusals, &heard);
        }
    });
    (address, hears)
}

/// One conversation as RFC 5321 has it.
fn converse(mut stream: TcpStream, refuses: bool, heard: &Sender<Heard>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap())
        .lines()
        .map_while(Result::ok);
    let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).unwrap();
    let (mut from, mut to) = (String::new(), String::new());
    say("220 mail.example");
    while let Some(line) = lines.next() {
        match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => say("250 mail.example"),
            "MAIL" => {
                from = line;
                say("250 ok");
            }
            "RCPT" if refuses => {
                say(&format!("451 4.7.1 {line}: come again later"));
                heard.send(Heard::Refused(line)).ok();
            }
            "RCPT" => {
                to = line;
                say("250 ok");
            }
            "DATA" => {
                say("354 go on");
                let text: Vec<_> = lines.by_ref().take_while(|line| line != ".").collect();
                say("250 ok");
                heard
                    .send(Heard::Taken(from.clone(), to.clone(), text.join("\n")))
                    .ok();
            }
            "QUIT" => {
                say("221 bye");
                return;
            }
            _ => say("250 ok"),
        }
    }
}

#[test]
fn a_mail_that_is_refused_for_now_is_sent_after_a_restart_and_once() {
    let (address, hears) = mail_server(1);
    let mut node = TestNode::empty_with(move |config| {
        config.mail.smtp_host = Some(address.ip().to_string());
        config.mail.smtp_port = Some(address.port());
        config.mail.smtp_security = softcap_server::SmtpSecurity::None;
        config.mail.from = Some("no-reply@sale.example".parse().unwrap());
    });
    let body = json!({ "email": "anna@example.org" });
    let asked = node.call(&Call::new("POST", "/v1/sign-up").body(&body));
    assert_eq!(asked.status, 202, "{}", asked.text());
    let refused = hears.recv_timeout(PATIENCE).unwrap();
    assert_eq!(
        refused,
        Heard::Refused("RCPT TO:<anna@example.org>".to_owned())
    );
    node.stop();
    node.set_clock(IN_PUBLIC_ROUND + 120_000);
    node.restart();
    let Heard::Taken(from, to, text) = hears.recv_timeout(PATIENCE).unwrap() else {
        panic!("the mail was refused again");
    };
    assert_eq!(from, "MAIL FROM:<no-reply@sale.example>");
    assert_eq!(to, "RCPT TO:<anna@example.org>");
    for line in [
        "From: Softcap <no-reply@sale.example>",
        "To: anna@example.org",
        "Subject: Softcap: confirm your address",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} in {text}");
    }
    let code = code_in(&text);
    let body = json!({ "code": code, "password": super::PASSWORD });
    let confirmed = node.call(&Call::new("POST", "/v1/sign-up/confirmation").body(&body));
    assert_eq!(confirmed.status, 201, "{}", confirmed.text());
    // The next mail is the next one that was asked for.
    let body = json!({ "email": "eve@example.org" });
    node.call(&Call::new("POST", "/v1/recovery").body(&body));
    let Heard::Taken(_, to, _) = hears.recv_timeout(PATIENCE).unwrap() else {
        panic!("the second mail was refused");
    };
    assert_eq!(to, "RCPT TO:<eve@example.org>");
}

#[test]
fn what_a_page_cannot_ask_for_in_a_name_stands_in_no_mail() {
    let site = Site::start();
    let mut eve = site.browser("192.0.2.1");
    for email in [
        "anna@example.org\r\nBcc: eve@example.org",
        "anna@example.org\nSubject: you won",
        "anna@example.org, eve@example.org",
        "<anna@example.org>",
    ] {
        let asked = eve.post("/v1/sign-up", &json!({ "email": email }));
        assert_eq!(asked.refusal(), (422, "A402".to_owned()), "{email:?}");
    }
}
