//! `softcap explain`: every step of the arithmetic of one contribution.

use std::{path::Path, process::ExitCode};

use softcap_proof::bundle::BundleFile;

use crate::{
    arguments::ExplainArguments,
    bundle_folder::BundleFolder,
    console::Console,
    explanation::{explain, replay},
    failure::Failure,
    terms_file,
};

pub(crate) fn run(arguments: &ExplainArguments, console: &Console) -> Result<ExitCode, Failure> {
    let folder = BundleFolder::open(&arguments.bundle)?;
    let (terms, _) = terms_file::read(&path(&arguments.bundle, BundleFile::Offering))?;
    let unreadable = |source| Failure::Unreadable {
        file: path(&arguments.bundle, BundleFile::Journal)
            .display()
            .to_string(),
        source,
    };
    let journal = folder
        .file(BundleFile::Journal.name())
        .map_err(unreadable)?;
    let length = journal.metadata().map_err(unreadable)?.len();
    let bar = console.progress("replaying", Some(length));
    let replayed = replay(terms, journal, &arguments.contribution, &bar);
    bar.finish_and_clear();
    let replayed = replayed?;
    let Some(found) = replayed.found else {
        return Err(not_there(arguments, replayed.references));
    };
    let page = explain(&replayed.offering, &found);
    // Freeing millions of rows takes longer than ending the program does.
    std::mem::forget(replayed.offering);
    let (_, wrong) = page.checked();
    console.data(page.text(), &page.json());
    Ok(if wrong > 0 {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

fn path(bundle: &Path, file: BundleFile) -> std::path::PathBuf {
    bundle.join(file.name())
}

/// The failure for an id that is not in the journal, with ids that are.
fn not_there(arguments: &ExplainArguments, references: Option<(String, String)>) -> Failure {
    let bundle = arguments.bundle.display();
    Failure::NotThere {
        what: "contribution",
        name: arguments.contribution.clone(),
        place: match references {
            Some((first, last)) if first == last => format!("{bundle}, which has only {first}"),
            Some((first, last)) => format!("{bundle}, whose first is {first} and last is {last}"),
            None => format!("{bundle}, which has no contributions"),
        },
        remedy: "use a contribution_id of settlement.csv",
    }
}
