//! `softcap verify`: recompute everything and compare each byte.

use std::process::ExitCode;

use serde_json::json;
use softcap_proof::{
    VerifierKey,
    verify::{
        IssuerTrust, Kept, Progress, SignatureTrust, Stage, Trust, Verified, VerifyError,
        verify_and_keep,
    },
};

use super::{
    serve::block_on,
    verify_chain::{self, OnChain, Plan},
    verify_record,
};
use crate::{
    arguments::VerifyArguments,
    bundle_folder::BundleFolder,
    console::Console,
    failure::{Causes, Failure},
};

pub(crate) fn run(arguments: &VerifyArguments, console: &Console) -> Result<ExitCode, Failure> {
    let plan = Plan::from_arguments(&arguments.comparison)?;
    let bundle = match (&arguments.data, &arguments.bundle) {
        (Some(data), _) => return verify_record::run(data, plan.as_ref(), console),
        (None, Some(bundle)) => bundle,
        (None, None) => {
            return Err(Failure::Argument {
                flag: "data",
                problem: "there is nothing to verify".to_owned(),
                allowed: "a result folder, or the data of a server",
            });
        }
    };
    let trust = trust(arguments)?;
    let folder = BundleFolder::open(bundle)?;
    match checked(&folder, &trust, console) {
        Ok(kept) => {
            let on_chain = match &plan {
                Some(plan) => Some(beside_the_chain(plan, &folder, &kept, console)?),
                None => None,
            };
            let verified = kept.verified;
            // Freeing millions of rows takes longer than ending the program does.
            std::mem::forget((kept.offering, kept.references));
            let Some(on_chain) = on_chain else {
                console.data(text(&verified), &value(&verified));
                return Ok(ExitCode::SUCCESS);
            };
            let mut whole = value(&verified);
            whole["verified"] = on_chain.agrees().into();
            whole["on_chain"] = on_chain.value();
            console.data(format_args!("{}\n{on_chain}", text(&verified)), &whole);
            Ok(ExitCode::from(u8::from(!on_chain.agrees())))
        }
        Err(error) => {
            let place = bundle.display();
            console.data(
                format_args!(
                    "not verified: {place}: {}: {}; {}",
                    error.code(),
                    Causes(&error),
                    error.remedy()
                ),
                &json!({
                    "verified": false,
                    "code": error.code(),
                    "file": error.file().map(|file| file.name()),
                    "problem": Causes(&error).to_string(),
                    "remedy": error.remedy(),
                }),
            );
            Ok(ExitCode::from(1))
        }
    }
}

fn beside_the_chain(
    plan: &Plan,
    folder: &BundleFolder,
    kept: &Kept,
    console: &Console,
) -> Result<OnChain, Failure> {
    let record = verify_chain::record_of_bundle(folder, &kept.verified)?;
    block_on(verify_chain::compare(
        plan,
        &record,
        &kept.offering,
        console,
    ))
}

/// Verifies a bundle with a progress bar, and keeps what was computed.
pub(crate) fn checked(
    folder: &BundleFolder,
    trust: &Trust,
    console: &Console,
) -> Result<Kept, VerifyError> {
    let bar = console.progress("replaying", None);
    let kept = verify_and_keep(folder, trust, &mut |progress: Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        bar.set_message(match progress.stage {
            Stage::Replaying => "replaying",
            Stage::Comparing => "comparing",
        });
    });
    bar.finish_and_clear();
    kept
}

fn trust(arguments: &VerifyArguments) -> Result<Trust, Failure> {
    let key = arguments.key.as_deref();
    let key = key.map(|text| parse_key("key", text)).transpose()?;
    let issuer_key = arguments.issuer_key.as_deref();
    let issuer_key = issuer_key.map(|text| parse_key("issuer-key", text));
    let issuer_key = issuer_key.transpose()?;
    let terms_hash = arguments
        .terms_hash
        .as_deref()
        .map(parse_hash)
        .transpose()?;
    Ok(Trust {
        key,
        terms_hash,
        issuer_key,
    })
}

fn parse_key(flag: &'static str, text: &str) -> Result<VerifierKey, Failure> {
    VerifierKey::parse(text).map_err(|error| Failure::Argument {
        flag,
        problem: error.to_string(),
        allowed: "a public key as `softcap key` prints it: NAME+ID+KEY, in quotes",
    })
}

fn parse_hash(text: &str) -> Result<[u8; 32], Failure> {
    let wrong = |problem: &str| Failure::Argument {
        flag: "terms-hash",
        problem: problem.to_owned(),
        allowed: "64 hexadecimal digits",
    };
    if text.len() != 64 {
        return Err(wrong("it has another length"));
    }
    // Parsing a number alone would take a sign, too.
    if !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(wrong("it is not hexadecimal"));
    }
    let mut hash = [0; 32];
    for (place, byte) in hash.iter_mut().enumerate() {
        let pair = text.get(2 * place..2 * place + 2).unwrap_or_default();
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong("it is not hexadecimal"))?;
    }
    Ok(hash)
}

fn text(verified: &Verified) -> String {
    format!(
        "verified: {verified}\n{} entries; {} rows of contributions, {} of investors; the offering {}\n\
         journal root     {}\nsettlement root  {}",
        verified.entries,
        verified.contributions,
        verified.investors,
        verified.verdict.name(),
        verified.journal_root,
        verified
            .settlement_root
            .map_or_else(|| "none: nobody took part".into(), |r| r.to_string()),
    )
}

fn value(verified: &Verified) -> serde_json::Value {
    let (signature, key) = match &verified.signature {
        SignatureTrust::Unsigned => ("unsigned", None),
        SignatureTrust::FromBundle(key) => ("key from the bundle", Some(key.to_string())),
        SignatureTrust::Given(key) => ("key given", Some(key.to_string())),
    };
    let (terms_signature, issuer_key) = match &verified.issuer {
        IssuerTrust::Unsigned => ("unsigned", None),
        IssuerTrust::Claimed(_) => ("not checked", None),
        IssuerTrust::Given(key) => ("key given", Some(key.to_string())),
    };
    json!({
        "verified": true,
        "statement": verified.to_string(),
        "verdict": verified.verdict.name(),
        "entries": verified.entries,
        "contributions": verified.contributions,
        "investors": verified.investors,
        "terms_hash": softcap_offering::terms::TermsHash(verified.terms_hash).to_string(),
        "terms_hash_given": verified.terms_hash_given,
        "journal_root": verified.journal_root.to_string(),
        "settlement_root": verified.settlement_root.map(|root| root.to_string()),
        "signature": signature,
        "key": key,
        "terms_signature": terms_signature,
        "issuer_key": issuer_key,
    })
}
