//! The first roles, given on the machine, and people who are disabled there.

use crate::workplace::Workplace;

#[test]
fn a_role_is_given_to_somebody_who_signed_up_and_to_nobody_else() {
    let place = Workplace::empty();
    let none = place.run(&["role", "list", "--data", "data"]).succeeded();
    assert_eq!(none.out, "nobody has a role\n");
    let give = |person: &str, role: &str, on: &str| {
        place.run(&[
            "role", "give", "--data", "data", "--person", person, "--role", role, "--on", on,
        ])
    };
    let nobody = "0f14d0ab96054a62a9e45ed26688389b";
    for (person, role, on, parts) in [
        ("anna@example.org", "owner", "*", ["C302", "signed up"]),
        ("anna", "owner", "*", ["C302", "signed up"]),
        (nobody, "owner", "*", ["A702", "no person"]),
        (nobody, "landlord", "*", ["A701", "treasurer"]),
        (nobody, "investor", "*", ["A701", "treasurer"]),
        (nobody, "owner", "a b", ["C301", "--on"]),
    ] {
        give(person, role, on).refused(&parts);
    }
}

#[test]
fn only_somebody_who_signed_up_is_disabled_or_enabled() {
    let place = Workplace::empty();
    let nobody = "0f14d0ab96054a62a9e45ed26688389b";
    for act in ["disable", "enable"] {
        for person in ["eve@example.org", "eve", nobody] {
            place
                .run(&["person", act, "--data", "data", "--person", person])
                .refused(&["C302", "signed up"]);
        }
    }
}
