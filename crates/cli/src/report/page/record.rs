//! The roots, and how a stranger checks them.

use maud::{Markup, html};

use crate::report::ReportData;
use crate::report::share::grouped;

const SIGNED_BY: &str = "Checkpoint signed by";

/// Hashes and roots.
pub(super) fn commitments(data: &ReportData) -> Markup {
    let roots = &data.commitments;
    html! {
        section id="record" aria-labelledby="record-heading" {
            h2 id="record-heading" { "The record" }
            p class="lead" {
                "Everything above follows from the terms and the journal. These values commit to \
                 both: change one character of one file and they no longer match."
            }
            dl class="hashes" {
                (hash("Terms hash", "SHA-256 of the canonical terms", &roots.terms_hash))
                (hash("Journal root", "root of the journal tree", &roots.journal_root))
                div {
                    dt { "Journal size" }
                    dd { (grouped(u128::from(roots.journal_size))) " entries" }
                }
                @match &roots.signer {
                    Some(key) => (hash(SIGNED_BY, "compare with the key that was announced", key)),
                    None => div {
                        dt { (SIGNED_BY) }
                        dd class="unsigned" {
                            strong { "Unsigned." } " Nobody vouches for this journal with a key."
                        }
                    },
                }
                (hash(
                    "Settlement root",
                    "root of the settlement tree, one leaf per investor",
                    &roots.settlement_root,
                ))
            }
        }
    }
}

fn hash(label: &str, note: &str, value: &str) -> Markup {
    html! {
        div {
            dt { (label) span class="note" { (note) } }
            dd { code { (value) } }
        }
    }
}

/// The steps a stranger follows.
pub(super) fn verify(data: &ReportData) -> Markup {
    let bundle = shell_word(&data.verify.bundle);
    let terms_hash = shell_word(&data.commitments.terms_hash);
    let command = match &data.commitments.signer {
        Some(key) => {
            format!(
                "softcap verify {bundle} --key {} --terms-hash {terms_hash}",
                shell_word(key)
            )
        }
        None => format!("softcap verify {bundle} --terms-hash {terms_hash}"),
    };
    html! {
        section id="verify" aria-labelledby="verify-heading" {
            h2 id="verify-heading" { "Check it yourself" }
            p class="lead" { "No account and no permission is needed, and no trust in this page." }
            ol class="steps" {
                li {
                    h3 { "Get the program" }
                    p { "Build " code { "softcap" } " from source code that you trust. This page \
                        was made by " (data.verify.program) "; later versions keep its rules." }
                }
                li {
                    h3 { "Get the record" }
                    p { "Download the folder " code { (data.verify.bundle) } " that is published \
                        with this page: terms, contributions, journal and settlement." }
                }
                li {
                    h3 { "Find something to trust" }
                    p { (trust(data)) }
                }
                li {
                    h3 { "Recompute everything" }
                    (shell(&command))
                    p { "It replays the journal, settles again and compares every file. Exit \
                        code 0 means that all agree; otherwise it names the file and the entry \
                        or row that does not." }
                }
                li {
                    h3 { "Find your own place" }
                    (shell(&format!("softcap proof {bundle} --investor YOUR-ID")))
                    p { "It proves that your line is in the settlement root above." }
                    (shell(&format!("softcap explain {bundle} --contribution CONTRIBUTION-ID")))
                    p { "It shows each step of the arithmetic of one contribution, to follow \
                        with a pocket calculator." }
                }
            }
        }
    }
}

fn trust(data: &ReportData) -> &'static str {
    match data.commitments.signer {
        Some(_) => {
            "A forged record can be consistent, and a forged page would name its own key. Take \
             the key and the terms hash from a source that is older than the sale or independent \
             of this page, and use those in the command below."
        }
        None => {
            "A forged record can be consistent, and this one carries no signature. Take the \
             terms hash from a source that is older than the sale or independent of this page, \
             and compare the journal root with one you or others noted during the sale."
        }
    }
}

fn shell(command: &str) -> Markup {
    html! { pre { code { (command) } } }
}

/// A word as a shell takes it: quoted unless all its characters are harmless.
fn shell_word(word: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "._-+/=:,@".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(harmless) {
        return word.to_owned();
    }
    let path = if word.starts_with('-') { "./" } else { "" };
    format!("'{path}{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_a_shell_are_quoted_when_they_must_be() {
        for (word, quoted) in [
            ("bundle", "bundle"),
            ("sale.example+1f3a+AbC/=", "sale.example+1f3a+AbC/="),
            ("my sale", "'my sale'"),
            ("a'; rm -rf ~", r"'a'\''; rm -rf ~'"),
            ("$(id)", "'$(id)'"),
            ("-rf", "'./-rf'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(word), quoted);
        }
    }
}
