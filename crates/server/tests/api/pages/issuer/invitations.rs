//! Inviting by mail, and accepting it.

use softcap_identity::Role;

use super::super::{hidden, location};
use crate::{
    people::browser::{Site, code_in},
    roles::{person_of, somebody},
    test_node::NAME,
};

const TO_ROLES: &str = "/issuer/team/invitations";
const INTO_SALE: &str = "/issuer/offerings/harbour/invitations";
const SUBJECT: &str = "you are invited";

fn code_of(site: &Site, email: &str) -> String {
    code_in(&site.mail_to(email, SUBJECT))
}

/// An owner invites, the invited one accepts, and another owner approves.
#[test]
fn an_invitation_to_a_role_needs_a_second_owner_as_every_role() {
    let site = Site::start();
    let mut anna = somebody(&site, "anna@example.org", Some(Role::Owner));
    let mut bela = somebody(&site, "bela@example.org", Some(Role::Owner));
    assert!(anna.page("/issuer/team").text().contains(TO_ROLES));
    let fields =
        |email: &'static str, role: &'static str| [("email", email), ("role", role), ("on", "*")];
    for (wrong, said) in [
        (fields("mia", "auditor"), "Type an address of mail"),
        (fields("mia@example.org", ""), "Choose a role."),
    ] {
        let answer = anna.submit(TO_ROLES, &wrong);
        assert_eq!(answer.status, 422, "{said}");
        assert!(answer.text().contains(said), "{said}: {}", answer.text());
    }
    let sent = anna.submit(TO_ROLES, &fields("mia@example.org", "auditor"));
    assert_eq!(location(&sent), format!("{TO_ROLES}?done=sent"));
    let page = anna.page(TO_ROLES).text().to_owned();
    assert!(
        !page.contains("mia@example.org"),
        "the address is nowhere: {page}"
    );
    assert!(page.contains(">Open<"), "{page}");

    let code = code_of(&site, "mia@example.org");
    let mut stranger = site.browser("192.0.2.77");
    let first = stranger.page("/invitation").text().to_owned();
    assert!(first.contains("/log-in?next=%2Finvitation"), "{first}");
    assert_eq!(
        stranger.submit("/invitation", &[("code", &code)]).status,
        401
    );
    let mut mia = site.signed_up("mia@example.org");
    let junk = mia.submit("/invitation", &[("code", "nonsense")]);
    assert_eq!(junk.status, 422);
    assert!(
        junk.text().contains("This code does not work"),
        "{}",
        junk.text()
    );
    let look = mia.submit("/invitation", &[("code", &code)]);
    assert_eq!(look.status, 200);
    assert!(look.text().contains("invited to a role"), "{}", look.text());
    let yes = [("code", code.as_str()), ("accept", "yes")];
    let done = mia.submit("/invitation", &yes);
    assert!(
        done.text().contains("Your role is proposed"),
        "{}",
        done.text()
    );
    let twice = mia.submit("/invitation", &yes);
    assert_eq!(twice.status, 422, "{}", twice.text());

    // In the name of who invited: not theirs to approve.
    let own = anna.page("/issuer/team");
    assert!(!own.text().contains("value=\"approve\""), "{}", own.text());
    let team = bela.page("/issuer/team");
    assert!(team.text().contains("mia@example.org"), "{}", team.text());
    let proposal = hidden(&team, "proposal");
    let approve = [("proposal", proposal.as_str()), ("decision", "approve")];
    let approved = bela.submit("/issuer/team/decision", &approve);
    assert_eq!(location(&approved), "/issuer/team?done=approve");
    // As after a second factor.
    site.node.execute("UPDATE session SET level = 'two'");
    assert_eq!(mia.page("/office").status, 200, "an auditor");
    let rows = anna.get("/v1/audit").text().to_owned();
    for act in ["invite", "accept_invitation", "propose", "approve"] {
        assert!(rows.contains(&format!("\"{act}\"")), "{act}: {rows}");
    }
    assert!(!rows.contains("mia@example.org"), "{rows}");
}

#[test]
fn an_investor_is_invited_and_let_in_by_the_number_that_the_list_shows() {
    let site = Site::with_offering();
    let mut cleo = somebody(&site, "cleo@example.org", Some(Role::ComplianceOfficer));
    let sent = cleo.submit(INTO_SALE, &[("email", "ivo@example.org")]);
    assert_eq!(location(&sent), format!("{INTO_SALE}?done=sent"));
    let mail = site.mail_to("ivo@example.org", SUBJECT);
    assert!(
        mail.contains("https://sale.example/offerings/harbour"),
        "{mail}"
    );
    let code = code_in(&mail);
    let mut ivo = site.signed_up("ivo@example.org");
    let yes = [("code", code.as_str()), ("accept", "yes")];
    let done = ivo.submit("/invitation", &yes);
    assert!(
        done.text().contains("lets people into this offering"),
        "{}",
        done.text()
    );
    let number = person_of(&mut ivo).to_string();
    let list = cleo.page(INTO_SALE).text().to_owned();
    let link = format!("/issuer/offerings/{NAME}/investors?who={number}#who");
    assert!(list.contains(&link), "{list}");
    // Taken back: the code says nothing any more.
    cleo.submit(INTO_SALE, &[("email", "eve@example.org")]);
    let code = code_of(&site, "eve@example.org");
    let invitation = hidden(&cleo.page(INTO_SALE), "invitation");
    let back = [("invitation", invitation.as_str()), ("sale", NAME)];
    let gone = cleo.submit("/issuer/invitations/withdrawal", &back);
    assert_eq!(location(&gone), format!("{INTO_SALE}?done=withdrawn"));
    assert_eq!(ivo.submit("/invitation", &[("code", &code)]).status, 422);
    let again = cleo.submit("/issuer/invitations/withdrawal", &back);
    assert_eq!(again.status, 409, "{}", again.text());
}

/// Each page asks for the right that the invitation leads to.
#[test]
fn who_may_invite_is_who_may_give() {
    let site = Site::with_offering();
    for role in Role::ALL.iter().copied() {
        let given = role.is_granted().then_some(role);
        let mut person = somebody(&site, &format!("{role}@example.org"), given);
        let owner = role == Role::Owner;
        let reads_roles = matches!(role, Role::Owner | Role::Auditor);
        assert_eq!(person.page(TO_ROLES).status == 200, reads_roles, "{role}");
        let fields = [("email", "x@example.org"), ("role", "support"), ("on", "*")];
        let sent = person.submit(TO_ROLES, &fields).status;
        assert_eq!(sent, if owner { 303 } else { 403 }, "{role}");
        let officer = role == Role::ComplianceOfficer;
        let into = person
            .submit(INTO_SALE, &[("email", "y@example.org")])
            .status;
        assert_eq!(into == 303, officer, "{role}: {into}");
    }
}
