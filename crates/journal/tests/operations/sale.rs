//! A small sale in a data folder, and ways to damage it.

use std::{path::Path, str::FromStr as _, sync::Arc};

use softcap_database::DatabaseUrl;
use softcap_journal::{
    Answer, Intake, Journal, JournalConfig, JournalError, LogName, OfferingLog, Submission,
    SystemClock, encode_at_batch_time,
};
use softcap_offering::{Amount, Command, Contribute, CurrencyIndex, Funding, InvestorId};
use softcap_proof::SigningKey;

pub(crate) const TERMS: &str = r#"
rules = 1
name = "Harbour"
origin = "softcap.example/harbour"
numeraire = "EUR"
soft_cap = "10 EUR"
hard_cap = "1_000_000 EUR"
refund_deadline = "2099-06-01T00:00:00Z"
[clock]
kind = "time"
[token]
name = "Harbour"
symbol = "HBR"
decimals = 2
[token.supply]
kind = "minted"
[currency.EUR]
decimals = 2
rail = "balance"
[[round]]
name = "public"
from = "2020-01-01T00:00:00Z"
until = "2098-01-01T00:00:00Z"
end = "exclusive"
price = "10 HBR per 1 EUR"
contribution = { min = "0.05 EUR" }
"#;

pub(crate) fn name() -> LogName {
    LogName::from_str("harbour").unwrap()
}

pub(crate) fn url(folder: &Path) -> DatabaseUrl {
    DatabaseUrl::Folder(folder.to_owned())
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_entropy("softcap.example/harbour", &[7; 32]).unwrap()
}

pub(crate) fn config(folder: &Path) -> JournalConfig {
    JournalConfig {
        url: url(folder),
        folder: folder.to_owned(),
        key: key(),
    }
}

pub(crate) async fn open(folder: &Path) -> Result<Journal, JournalError> {
    open_with(config(folder)).await
}

pub(crate) async fn open_with(config: JournalConfig) -> Result<Journal, JournalError> {
    Journal::open(config, Arc::new(SystemClock::default())).await
}

/// A contribution whose reference says which it is.
pub(crate) fn contribution(number: u64) -> Submission {
    let investor = format!("p{}", number % 7);
    let reference = format!("contribution-{number:05}");
    let command = Command::Contribute(Contribute {
        investor: InvestorId::parse(&investor).unwrap(),
        currency: CurrencyIndex(0),
        amount: Amount(100),
        limit: None,
        reference: &reference,
        source: None,
        funding: Funding::Arrived,
    });
    Submission {
        intake: Intake::Contribution,
        request: None,
        body: encode_at_batch_time(&command, None).unwrap(),
    }
}

/// Enters contributions of these numbers, each in a batch of its own.
pub(crate) async fn contribute(log: &OfferingLog, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let answer = log.sequencer.submit(contribution(number)).await.unwrap();
        assert!(matches!(answer, Answer::Entered { .. }));
    }
}

/// A folder with a closed record: entry 0 announces, entry `n` is contribution `n`, and the last
/// twenty have each a batch of their own.
pub(crate) async fn sold(folder: &Path, contributions: u64) {
    sold_with(config(folder), contributions).await;
}

/// As [`sold`], in any database.
pub(crate) async fn sold_with(config: JournalConfig, contributions: u64) {
    let journal = open_with(config).await.unwrap();
    let log = journal.announce(&name(), TERMS).await.unwrap();
    // All but the last of them as they come, in few batches; polled in order, they queue in order.
    let alone = contributions.saturating_sub(20) + 1;
    let many = (1..alone).map(|number| log.sequencer.submit(contribution(number)));
    for answer in futures_util::future::join_all(many).await {
        answer.unwrap();
    }
    contribute(&log, alone..contributions + 1).await;
    drop(log);
    journal.close().await.unwrap();
}

/// Changes one byte of a file: the last of the only place where a text stands.
pub(crate) fn flip(file: &Path, text: &str) {
    let mut bytes = std::fs::read(file).unwrap();
    let places: Vec<usize> = bytes
        .windows(text.len())
        .enumerate()
        .filter(|(_, window)| *window == text.as_bytes())
        .map(|(place, _)| place)
        .collect();
    let [place] = places[..] else {
        panic!("{text} stands at {places:?} of {}", file.display())
    };
    bytes[place + text.len() - 1] ^= 1;
    std::fs::write(file, bytes).unwrap();
}
