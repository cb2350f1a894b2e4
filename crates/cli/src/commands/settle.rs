//! `softcap settle`: who gets what, who gets what back, and a commitment to it.

use std::{
    hash::RandomState,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use serde_json::json;
use softcap_offering::terms::{Severity, Terms, lint};
use softcap_proof::{
    SignedTerms, SigningKey,
    bundle::{BundleSink, OpaqueFile, SettledBundle},
};

use super::offering_sign::read_signature;
use crate::{
    arguments::SettleArguments,
    console::Console,
    contributions_csv::ContributionsFile,
    entries_toml::Entries,
    failure::Failure,
    out_dir::OutDir,
    recording::{NoFiles, Recorded, Recording},
    report,
    report_data::{self, UnrecordedRefusals},
    terms_file, text_file,
};

/// Largest file of a key in bytes; a key is a line.
const LARGEST_KEY: u64 = 1 << 16;

/// Everything a settlement is made from, read and checked as far as possible.
struct Input {
    terms: Arc<Terms>,
    terms_text: String,
    contributions: ContributionsFile,
    entries: Entries,
    key: Option<SigningKey>,
    signature: Option<SignedTerms>,
}

pub(crate) fn run(arguments: &SettleArguments, console: &Console) -> Result<ExitCode, Failure> {
    let summary = settled(arguments, console)?;
    console.data(summary.text(arguments), &summary.value());
    Ok(ExitCode::SUCCESS)
}

/// Settles into the folder of the arguments, or nowhere.
pub(super) fn settled(arguments: &SettleArguments, console: &Console) -> Result<Summary, Failure> {
    let input = read_input(arguments)?;
    warn_of_terms(&input.terms, arguments, console);
    match &arguments.out {
        Some(out) if !arguments.dry_run => {
            let folder = OutDir::create(out)?;
            let summary = settle(input, arguments, &folder, console)?;
            folder.finish()?;
            Ok(summary)
        }
        _ => settle(input, arguments, &NoFiles, console),
    }
}

fn read_input(arguments: &SettleArguments) -> Result<Input, Failure> {
    let (terms, terms_text) = terms_file::read(&arguments.terms)?;
    let key = arguments.key.as_deref().map(read_key).transpose()?;
    let signature = arguments.signature.as_deref().map(read_signature);
    let signature = signature.transpose()?;
    let contributions = ContributionsFile::open(&arguments.contributions)?;
    let entries = match &arguments.entries {
        Some(path) => Entries::read(path, &terms)?,
        None => Entries::default(),
    };
    Ok(Input {
        terms: Arc::new(terms),
        terms_text,
        contributions,
        entries,
        key,
        signature,
    })
}

/// A signing key from its file.
pub(super) fn read_key(path: &Path) -> Result<SigningKey, Failure> {
    // A secret is read into memory that is wiped by the key itself; the text is short-lived.
    let text = text_file::read(path, LARGEST_KEY)?;
    SigningKey::parse(text.trim_end()).map_err(|error| Failure::KeyFile {
        file: path.display().to_string(),
        error,
    })
}

/// Warnings that an investor should see are said before any work is done.
fn warn_of_terms(terms: &Terms, arguments: &SettleArguments, console: &Console) {
    for problem in lint(terms)
        .iter()
        .filter(|problem| problem.severity == Severity::Red)
    {
        console.say(format_args!("{}: {problem}", arguments.terms.display()));
    }
}

fn settle<S: BundleSink>(
    input: Input,
    arguments: &SettleArguments,
    sink: &S,
    console: &Console,
) -> Result<Summary, Failure>
where
    S::File: 'static,
{
    let Input {
        terms,
        terms_text,
        contributions,
        entries,
        key,
        signature,
    } = input;
    let bar = console.progress("settling", Some(contributions.bytes()));
    let mut recording = Recording::new(&terms_text, &terms, &entries, sink)?;
    if let Some(signed) = &signature {
        recording.sign_terms(signed)?;
    }
    if arguments.with_annotations {
        recording.keep_annotations();
    }
    let read = contributions.read(&terms, &RandomState::new(), |batch| {
        recording.contributions(batch)?;
        bar.inc(batch.bytes());
        Ok::<(), Failure>(())
    });
    let rows = read?.rows;
    let Recorded {
        mut bundle,
        raise,
        refused_entries,
        annotations,
    } = recording.settle(key.as_ref())?;
    bar.finish_and_clear();
    for refused in &refused_entries {
        console.say(format_args!("note: {refused}"));
    }
    let summary = Summary::new(&bundle, key.as_ref(), rows);
    let name = arguments.out.as_deref().and_then(Path::file_name);
    let name = name.map_or_else(
        || "result".into(),
        |name| name.to_string_lossy().into_owned(),
    );
    let data = report_data::report_data(
        bundle.offering(),
        &raise,
        // In files money arrives with a contribution, so that each has a row.
        &UnrecordedRefusals::default(),
        summary.report_commitments(),
        &name,
    );
    if let Some(data) = data {
        let page = report::render(&data)?;
        bundle.add_opaque(OpaqueFile::Report, |out| out.write_all(page.as_bytes()))?;
    }
    if let Some(annotations) = annotations {
        bundle.add_opaque(OpaqueFile::Annotations, |out| out.write_all(&annotations))?;
    }
    bundle.finish()?;
    Ok(summary)
}

/// What the command prints.
pub(super) struct Summary {
    name: String,
    verdict: &'static str,
    raised: String,
    sold: String,
    rows: u64,
    investors: usize,
    entries: u64,
    terms_hash: String,
    journal_root: String,
    settlement_root: String,
    signer: Option<String>,
}

impl Summary {
    pub(super) fn new<S: BundleSink>(
        bundle: &SettledBundle<'_, S>,
        key: Option<&SigningKey>,
        rows: u64,
    ) -> Self {
        let offering = bundle.offering();
        let terms = offering.terms();
        let (verdict, raised, sold) = offering.settlement().map_or(("open", 0, 0), |held| {
            (
                held.settled.verdict.name(),
                held.settled.raised.0,
                held.settled.sold.0,
            )
        });
        let amount = |units, decimals, symbol: &str| {
            format!(
                "{} {symbol}",
                softcap_proof::bundle::display_decimal(units, decimals)
            )
        };
        let commitments = bundle.commitments();
        Self {
            name: terms.name.clone(),
            verdict,
            raised: amount(raised, terms.numeraire.decimals, &terms.numeraire.symbol),
            sold: amount(sold, terms.token.decimals, &terms.token.symbol),
            rows,
            investors: offering.investor_count(),
            entries: commitments.journal_size,
            terms_hash: terms.hash().to_string(),
            journal_root: commitments.journal_root.to_string(),
            settlement_root: bundle
                .tables()
                .root
                .map_or_else(|| "none: nobody took part".into(), |root| root.to_string()),
            signer: key.map(|key| key.verifier_key().to_string()),
        }
    }

    pub(super) fn report_commitments(&self) -> report::Commitments {
        report::Commitments {
            terms_hash: self.terms_hash.clone(),
            journal_root: self.journal_root.clone(),
            journal_size: self.entries,
            signer: self.signer.clone(),
            settlement_root: self.settlement_root.clone(),
        }
    }

    fn text(&self, arguments: &SettleArguments) -> String {
        let end = match &arguments.out {
            Some(out) if !arguments.dry_run => {
                let page: PathBuf = out.join("report.html");
                format!(
                    "result in {}; open {}; check it with: softcap verify {}",
                    out.display(),
                    page.display(),
                    out.display()
                )
            }
            _ => "dry run: nothing was written".to_owned(),
        };
        format!(
            "{} {}: {} raised, {} sold\n{} contributions of {} investors, {} entries\n\
             terms hash       {}\njournal root     {}\nsettlement root  {}\nsigned by        {}\n{end}",
            self.name,
            self.verdict,
            self.raised,
            self.sold,
            self.rows,
            self.investors,
            self.entries,
            self.terms_hash,
            self.journal_root,
            self.settlement_root,
            self.signer
                .as_deref()
                .unwrap_or("nobody (--key signs the checkpoint)"),
        )
    }

    pub(super) fn value(&self) -> serde_json::Value {
        json!({
            "offering": self.name,
            "verdict": self.verdict,
            "raised": self.raised,
            "sold": self.sold,
            "contributions": self.rows,
            "investors": self.investors,
            "entries": self.entries,
            "terms_hash": self.terms_hash,
            "journal_root": self.journal_root,
            "settlement_root": self.settlement_root,
            "signer": self.signer,
        })
    }
}
