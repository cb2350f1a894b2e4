//! Mails about what a record says: each once, whichever node tells it.

use softcap_identity::{Notice, Telling};

use super::{Installation, parsed, people};

fn step<'a>(from: &'a str, to: &'a str) -> Telling<'a> {
    Telling {
        what: "harbour/entries",
        from,
        to,
        begins: Some(("harbour/result", "0")),
    }
}

fn notice() -> Notice {
    Notice {
        recipient: parsed("told@example.org"),
        subject: "Counted".to_owned(),
        body: "It counts.".to_owned(),
        unsubscribe: "https://sale.example/unsubscribe/x".to_owned(),
    }
}

pub(super) async fn what_is_told_moves_with_its_mails_and_is_told_once(here: &Installation) {
    here.all_mail().await;
    let other = people(&here.database);
    assert_eq!(here.people.told("harbour/entries").await.unwrap(), "");
    let tell = async |people: &softcap_identity::People, from: &str, to: &str| {
        let step = step(from, to);
        people.tell(&step, &[notice()], here.now).await.unwrap()
    };
    // Two nodes at the same step, from nothing and later.
    for (from, to) in [("", "5"), ("5", "9")] {
        let (one, two) = tokio::join!(tell(&here.people, from, to), tell(&other, from, to));
        assert!(one ^ two, "{from}: {one} {two}");
        assert_eq!(other.told("harbour/entries").await.unwrap(), to);
    }
    assert!(!tell(&here.people, "5", "7").await, "what is behind it");
    assert_eq!(here.people.told("harbour/result").await.unwrap(), "0");
    let mails = here.all_mail().await;
    assert_eq!(mails.len(), 2);
    let mail = &mails[0];
    assert_eq!(mail.subject, "Harbour Tokens: Counted");
    assert_eq!(
        mail.unsubscribe.as_deref(),
        Some("https://sale.example/unsubscribe/x")
    );
    // What is not about a record cannot be ended.
    here.sign_up("untold@example.org").await;
    let others = here.all_mail().await;
    assert!(others.iter().all(|mail| mail.unsubscribe.is_none()));
}
