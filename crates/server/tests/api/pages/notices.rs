//! Mails about contributions and offerings: to who wants them, each once, and ended by one click that needs no log-in.

use serde_json::{Value, json};

use super::{
    investor::{check, confirm, give_money, with_money},
    location, page,
};
use crate::{
    people::browser::{Browser, ORIGIN, PASSWORD, Site, code_in},
    test_node::{Answer, Call, IN_PUBLIC_ROUND, NAME, SETTLEABLE},
};

fn contribute(browser: &mut Browser<'_>, amount: &str) {
    let fields = check(browser, amount);
    location(&confirm(browser, &fields));
}

/// How many mails of this subject there are.
fn count(site: &Site, subject: &str) -> usize {
    let line = format!("Subject: Harbour: {subject}\r\n");
    let mails = site.mails();
    mails.iter().filter(|mail| mail.contains(&line)).count()
}

/// The path in the header by which a mail program ends mails.
fn unsubscribe_of(mail: &str) -> String {
    let flat = mail.replace("\r\n ", "");
    let (_, rest) = flat
        .split_once(&format!("List-Unsubscribe: <{ORIGIN}"))
        .unwrap_or_else(|| panic!("{mail}"));
    assert!(
        flat.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"),
        "{mail}"
    );
    rest.split('>').next().unwrap().to_owned()
}

/// What a mail program sends: no cookie, no page that it comes from.
fn one_click(site: &Site, path: &str) -> Answer {
    let call = Call::new("POST", path).form(&[("List-Unsubscribe", "One-Click")]);
    site.node.call(&call)
}

#[test]
fn a_contribution_is_told_once_and_no_more_after_one_click() {
    let mut site = Site::with_offering();
    let mut anna = with_money(&site, "anna@example.org");
    contribute(&mut anna, "100.00");
    let mail = site.mail_of(&site, "Harbour: Counted");
    for words in [
        "Counted: 100.00 EUR for 1,000 HBR, as number",
        "To: anna@example.org",
        "/account/notifications",
    ] {
        assert!(mail.contains(words), "{words}: {mail}");
    }

    let path = unsubscribe_of(&mail);
    let (stem, code) = path.rsplit_once('/').unwrap();
    let wrong = format!("{stem}/{}", "0".repeat(code.len()));
    let other = path.replace("/contribution/", "/result/");
    for wrong in [wrong.as_str(), other.as_str(), &stem.replace(NAME, "x")] {
        assert_eq!(page(&site.node, wrong).status, 404, "{wrong}");
        assert_eq!(one_click(&site, wrong).status, 404, "{wrong}");
    }
    // Scanners of mail open it, and nothing ends.
    let asked = page(&site.node, &path);
    assert_eq!(asked.status, 200);
    assert!(
        asked.text().contains("End these mails?"),
        "{}",
        asked.text()
    );
    assert!(asked.header("content-security-policy").is_some());
    let seen = anna.get("/v1/me/notifications").json();
    assert_eq!(seen["choices"], json!([]));

    for _ in 0..2 {
        let ended = one_click(&site, &path);
        assert_eq!(ended.status, 200, "{}", ended.text());
        assert!(ended.text().contains("These mails have ended"));
        assert!(ended.header("set-cookie").is_none());
    }
    let seen = anna.get("/v1/me/notifications").json();
    let ended = json!([{ "offering": NAME, "kind": "contribution", "is_on": false }]);
    assert_eq!(seen["choices"], ended);

    // After a restart nothing is told again; what was ended is not told, and what was not is.
    contribute(&mut anna, "50.00");
    drop(anna);
    site.node.restart();
    site.node.set_clock(SETTLEABLE);
    let path = format!("/v1/offerings/{NAME}/settlement");
    let settled = site.node.post(&path, "settle", &Value::Null);
    assert_eq!(settled.status, 201, "{}", settled.text());
    let result = site.mail_of(&site, "Harbour: it missed its goal, and your money");
    assert!(result.contains("100.00 EUR"), "{result}");
    assert!(unsubscribe_of(&result).contains("/result/"), "{result}");
    assert_eq!(count(&site, "Harbour: Counted"), 1);
    site.node.restart();
    // Somebody else's mail comes after all that could have been told.
    site.signed_up("eve@example.org");
    assert_eq!(
        count(&site, "Harbour: it missed its goal, and your money"),
        1
    );
    assert_eq!(count(&site, "Harbour: Counted"), 1);
}

#[test]
fn people_choose_by_kind_and_offering_and_a_round_is_told_to_who_asked() {
    let site = Site::start();
    // Twenty minutes before its first round, which is shorter than a session.
    site.node.set_clock(IN_PUBLIC_ROUND - 81 * 60_000);
    site.node.announce();
    let offering = super::text(&site.node, &format!("/offerings/{NAME}"));
    let settings = format!("/account/notifications?offering={NAME}");
    assert!(offering.contains(&settings), "{offering}");
    let mut anna = site.signed_up("anna@example.org");
    let mut bela = site.signed_up("bela@example.org");
    let shown = anna.page(&settings);
    assert!(
        shown.text().contains("Somebody acts on your account"),
        "{}",
        shown.text()
    );
    assert!(shown.text().contains("kind-security\" checked disabled"));
    let fields = [("offering", NAME), ("result", "on"), ("opening", "on")];
    let set = anna.submit("/account/notifications", &fields);
    assert_eq!(location(&set), format!("{settings}&done=set"));
    let choice = json!({ "offering": "*", "kind": "opening", "is_on": true });
    assert_eq!(
        bela.send("PUT", "/v1/me/notifications", &choice).status,
        204
    );
    let choice = json!({ "offering": NAME, "kind": "opening", "is_on": false });
    assert_eq!(
        bela.send("PUT", "/v1/me/notifications", &choice).status,
        204
    );
    for wrong in [
        json!({ "offering": NAME, "kind": "security", "is_on": false }),
        json!({ "offering": "nobody", "kind": "opening", "is_on": false }),
    ] {
        let answer = anna.send("PUT", "/v1/me/notifications", &wrong);
        assert!(matches!(answer.status, 422 | 404), "{}", answer.text());
    }
    let kinds = anna.get("/v1/me/notifications").json()["kinds"].clone();
    assert_eq!(kinds.as_array().unwrap().len(), 5);

    site.node.set_clock(IN_PUBLIC_ROUND - 60 * 60_000);
    let mail = site.mail_of(&site, "Harbour: a round is open");
    assert!(mail.contains("To: anna@example.org"), "{mail}");
    assert!(
        mail.contains("\"early bird\" is open since") && mail.contains("0.08 EUR"),
        "{mail}"
    );
    assert_eq!(count(&site, "Harbour: a round is open"), 1, "bela said no");

    // What is said of this offering alone can be taken back, and is erased with its person.
    let clear = [("offering", NAME), ("clear", "yes")];
    location(&anna.submit("/account/notifications", &clear));
    assert_eq!(
        anna.get("/v1/me/notifications").json()["choices"],
        json!([])
    );
    assert_eq!(
        anna.submit("/account/notifications", &[("clear", "yes")])
            .status,
        404
    );
    assert!(bela.step_up(PASSWORD).status < 300);
    let held = bela.submit("/account/privacy/export", &[]).json();
    assert_eq!(held["notifications"].as_array().unwrap().len(), 2, "{held}");
}

#[test]
fn mails_are_in_the_language_of_who_signed_up_until_they_choose_another_one() {
    let mut site = Site::with_offering();
    let email = "hans@example.org";
    let mut hans = site.browser("192.0.2.30");
    hans.submit("/sign-up?lang=de", &[("email", email)]);
    let mail = site.mails_after(1).remove(0);
    assert!(mail.contains("Jemand, wahrscheinlich Sie,"), "{mail}");
    // A mail carries no letter but those of ASCII in its head; the page for who develops shows what its reader sees.
    assert!(mail.contains("Subject: Harbour: =?utf-8?"), "{mail}");
    let shown = site.node.get("/development/mail");
    let subject = "<dd>Harbour: Bestätigen Sie Ihre Adresse</dd>";
    assert!(shown.text().contains(subject), "{}", shown.text());
    let fields = [("code", code_in(&mail)), ("password", PASSWORD.to_owned())];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    location(&hans.submit("/sign-up/code", &fields));
    give_money(&site, &mut hans, email);
    contribute(&mut hans, "100.00");
    let mail = site.mails_after(2).remove(1);
    for words in ["Welche Mails Sie bekommen", "100,00 EUR", "1.000 HBR"] {
        assert!(mail.contains(words), "{words}: {mail}");
    }
    let page = hans.page("/account/notifications").text().to_owned();
    assert!(page.contains("value=\"de\" lang=\"de\" selected"), "{page}");
    let wrong = hans.send("PUT", "/v1/me/language", &json!({ "language": "fr" }));
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    let place = "/account/notifications/language";
    let set = hans.submit(place, &[("language", "en")]);
    assert_eq!(location(&set), "/account/notifications?done=set");
    let seen = hans.get("/v1/me/notifications").json();
    assert_eq!(seen["language"], "en");
    contribute(&mut hans, "50.00");
    let mail = site.mail_of(&site, "Harbour: Counted");
    assert!(mail.contains("Counted: 50.00 EUR"), "{mail}");
    let back = hans.send("PUT", "/v1/me/language", &json!({ "language": "de" }));
    assert_eq!(back.status, 204);
    site.node.stop();
}
