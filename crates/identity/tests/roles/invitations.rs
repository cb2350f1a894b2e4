//! Invitations: a code that works once, gives no right of its own, and tells nothing about who is known.

use softcap_database::temporary::BothDatabases;
use softcap_identity::{
    Accepted, EmailAddress, INVITATION_LIFE, InvitationError, InvitationState, Invitations,
    InvitedTo, Mail, PersonId, ProposalState, ProposedAct, Role,
};

use super::{NOW, Organisation, change, person};

const SALE: &str = "harbour";

fn email(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

fn to_role(role: Role, place: &str) -> InvitedTo {
    let place = place.parse().unwrap();
    InvitedTo::Role { role, place }
}

fn refused<T: std::fmt::Debug>(result: Result<T, InvitationError>) -> &'static str {
    result.unwrap_err().code()
}

/// The mails that wait, and are gone then.
async fn mails(here: &Organisation) -> Vec<Mail> {
    let mut found = Vec::new();
    while let Some(mail) = here.people.claim_mail(NOW).await.unwrap() {
        here.people.mail_is_sent(&mail).await.unwrap();
        found.push(mail);
    }
    found
}

/// The code in a mail: the line that is no sentence.
fn code_in(mail: &Mail) -> String {
    let lines = mail.body.lines();
    let mut codes = lines.filter_map(|line| line.strip_prefix("    "));
    codes.next().unwrap().to_owned()
}

async fn invited(
    here: &Organisation,
    invitations: &Invitations,
    (by, to): (PersonId, InvitedTo),
) -> String {
    // One address gets only so many, whoever sends them.
    let address = email(&format!("new.{by}@example.org"));
    mails(here).await;
    invitations.invite(by, to, &address, NOW).await.unwrap();
    let mails = mails(here).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    let mail = &mails[0];
    assert_eq!(mail.recipient, address);
    code_in(mail)
}

#[tokio::test]
async fn an_invitation_to_a_role_is_proposed_in_the_name_of_who_sent_it() {
    for database in BothDatabases::start()
        .unwrap()
        .open("invited")
        .await
        .unwrap()
    {
        let here = Organisation::new(database.clone()).await;
        a_role_still_needs_two(&here).await;
        a_code_works_once_and_not_for_ever(&here).await;
        who_lost_the_right_invites_nobody(&here).await;
        database.close().await;
    }
}

async fn a_role_still_needs_two(here: &Organisation) {
    let invitations = Invitations::new(here.people.clone(), here.roles.clone());
    let manager = to_role(Role::IssuerManager, SALE);
    let code = invited(here, &invitations, (here.anna, manager.clone())).await;
    let new = person(&here.database).await;
    let found = invitations.find(&code, NOW).await.unwrap();
    assert_eq!((found.to.clone(), found.invited_by), (manager, here.anna));
    let wanted = change(new, Role::IssuerManager, SALE);
    let accepted = invitations.accept(new, &code, NOW).await.unwrap();
    let proposed = if let Accepted::Proposed(proposal) = accepted {
        Some(proposal)
    } else {
        None
    };
    let proposal = proposed.unwrap();
    assert_eq!(proposal.act, ProposedAct::GiveRole(wanted.clone()));
    assert_eq!(
        (proposal.proposed_by, proposal.state),
        (here.anna, ProposalState::Open)
    );
    assert!(!here.has(&wanted).await, "a code gives no right");
    // Not by who invited, and not by who was invited.
    for one in [here.anna, new] {
        assert!(here.approve(one, &proposal).await.is_err());
    }
    here.approve(here.bela, &proposal).await.unwrap();
    assert!(here.has(&wanted).await);
    let listed = invitations.list(None, 10, NOW).await.unwrap();
    assert_eq!(
        listed[0].state,
        InvitationState::Accepted { by: new, at: NOW }
    );
}

async fn a_code_works_once_and_not_for_ever(here: &Organisation) {
    let invitations = Invitations::new(here.people.clone(), here.roles.clone());
    let to = to_role(Role::Support, "*");
    let (one, other) = (person(&here.database).await, person(&here.database).await);
    let code = invited(here, &invitations, (here.anna, to.clone())).await;
    // Two at the same time: one of them has it.
    let (a, b) = tokio::join!(
        invitations.accept(one, &code, NOW),
        invitations.accept(other, &code, NOW)
    );
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    let lost = if a.is_ok() { b } else { a };
    assert_eq!(refused(lost), "A711");
    assert_eq!(refused(invitations.find(&code, NOW).await), "A711");
    // Nobody accepts it in seven days; another one is taken back.
    let late = NOW.plus(INVITATION_LIFE);
    let code = invited(here, &invitations, (here.anna, to.clone())).await;
    assert_eq!(refused(invitations.accept(one, &code, late).await), "A711");
    let listed = invitations.list(None, 10, late).await.unwrap();
    let over = listed.iter().find(|one| one.state == InvitationState::Over);
    let open = invitations.get(over.unwrap().id, NOW).await.unwrap();
    invitations.withdraw(here.bela, &open, NOW).await.unwrap();
    let twice = invitations.withdraw(here.bela, &open, NOW).await;
    assert_eq!(refused(twice), "A712");
    assert_eq!(refused(invitations.accept(one, &code, NOW).await), "A711");
    for junk in ["", "no code", &"a".repeat(43)] {
        assert_eq!(refused(invitations.find(junk, NOW).await), "A711");
    }
    // A role that somebody has already is no change, and the code works for somebody else.
    let has = here.anna;
    let code = invited(here, &invitations, (here.bela, to_role(Role::Owner, "*"))).await;
    assert_eq!(refused(invitations.accept(has, &code, NOW).await), "A708");
    assert!(invitations.find(&code, NOW).await.is_ok());
}

async fn who_lost_the_right_invites_nobody(here: &Organisation) {
    let invitations = Invitations::new(here.people.clone(), here.roles.clone());
    let officer = person(&here.database).await;
    let role = change(officer, Role::ComplianceOfficer, SALE);
    let given = here.roles.give_as_operator("test", role.clone(), NOW);
    given.await.unwrap();
    let sale = InvitedTo::Sale(SALE.parse().unwrap());
    let first = invited(here, &invitations, (officer, sale.clone())).await;
    let second = invited(here, &invitations, (officer, sale)).await;
    let investor = person(&here.database).await;
    let told = invitations.accept(investor, &first, NOW).await.unwrap();
    assert!(matches!(told, Accepted::Told(_)), "{told:?}");
    let into_sale = invitations.list(Some(SALE), 10, NOW).await.unwrap();
    assert_eq!(into_sale.len(), 2);
    let by = InvitationState::Accepted {
        by: investor,
        at: NOW,
    };
    assert!(into_sale.iter().any(|one| one.state == by), "{into_sale:?}");
    here.roles.give_up(role, NOW).await.unwrap();
    let refused_now = invitations.accept(investor, &second, NOW).await;
    assert_eq!(refused(refused_now), "A713");
}

/// The rows and the mail are the same for an address that is known and one that is not, and the audit has no address.
#[tokio::test]
async fn who_is_known_does_not_show() {
    for database in BothDatabases::start()
        .unwrap()
        .open("invited")
        .await
        .unwrap()
    {
        let here = Organisation::new(database.clone()).await;
        let invitations = Invitations::new(here.people.clone(), here.roles.clone());
        // Everybody in these tests has this address.
        let (known, unknown) = (email("somebody@example.org"), email("nobody@example.org"));
        mails(&here).await;
        for address in [&known, &unknown] {
            let to = to_role(Role::Auditor, "*");
            invitations
                .invite(here.anna, to, address, NOW)
                .await
                .unwrap();
        }
        let bodies: Vec<String> = mails(&here)
            .await
            .iter()
            .map(|mail| mail.body.replace(&code_in(mail), "CODE"))
            .collect();
        assert_eq!(bodies.len(), 2);
        assert_eq!(bodies[0], bodies[1]);
        assert!(
            bodies[0].contains("https://sale.example/invitation"),
            "{}",
            bodies[0]
        );
        // One address gets only so many, and so does one person send.
        let mut limited = None;
        for _ in 0..6 {
            let to = to_role(Role::Auditor, "*");
            limited = invitations.invite(here.anna, to, &known, NOW).await.err();
        }
        assert_eq!(limited.map(|error| error.code()), Some("A412"));
        database.close().await;
    }
}
