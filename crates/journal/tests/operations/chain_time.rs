//! A log that follows an escrow: the chain's time is the log's.

use std::process::Command as Process;

use softcap_journal::{
    Answer, BATCH_TIME, BundleArchive, Intake, OfferingLog, Submission, encode_at_batch_time,
};
use softcap_offering::{
    Amount, Command, Contribute, CurrencyIndex, EscrowAddress, Funding, InvestorId, LineIndex,
    Outcome, Position, Refusal, RequestId, Sequence, Stamp,
};
use softcap_proof::{
    bundle::settlement_tree,
    entry::{Entry, decode, encode_command},
};

use crate::sale::{self, name, open};

/// A second of 2021, long before the machine's clock.
const BLOCK: u64 = 1_610_000_000_000;

fn at(position: Position, request: Option<RequestId>, command: Command<'_>) -> Submission {
    let stamp = Stamp {
        line: LineIndex(0),
        position,
    };
    let entry = Entry {
        sequence: Sequence(0),
        stamp,
        request,
        command,
    };
    let mut body = Vec::new();
    encode_command(&entry, &mut body).unwrap();
    Submission {
        intake: Intake::Other,
        request,
        body,
    }
}

fn accepted(amount: u128, accepted: u128) -> Command<'static> {
    Command::Contribute(Contribute {
        investor: InvestorId::Address([7; 20]),
        currency: CurrencyIndex(0),
        amount: Amount(amount),
        limit: None,
        reference: "1-0",
        source: None,
        funding: Funding::Chain {
            accepted: Amount(accepted),
        },
    })
}

/// Where an entry stands, and what became of it.
async fn enter(log: &OfferingLog, submission: Submission) -> (u64, Outcome) {
    let answer = log.sequencer.submit(submission).await.unwrap();
    let Answer::Entered { batch, index } = answer else {
        panic!("{answer:?}")
    };
    let (entry, outcome) = decode(batch.leaf(index).unwrap()).unwrap();
    (entry.stamp.position.0, outcome)
}

#[tokio::test]
async fn behind_an_escrow_an_entry_without_a_position_stands_at_the_latest() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path()).await.unwrap();
    let terms = sale::TERMS.replace("rail = \"balance\"", "rail = \"evm\"");
    let log = journal.announce(&name(), &terms).await.unwrap();
    let (announced, _) = enter(&log, at(BATCH_TIME, None, Command::Tick)).await;
    assert!(announced > BLOCK, "it stands at the time of its batch");

    let escrow = Command::Escrow(EscrowAddress {
        chain_id: 31_337,
        contract: [9; 20],
        currency: CurrencyIndex(0),
    });
    let named = enter(&log, at(Position(BLOCK), None, escrow)).await;
    assert_eq!(named, (BLOCK, Outcome::Done));
    let request = Some(RequestId([3; 16]));
    let block = Position(BLOCK + 12_000);
    let (position, outcome) = enter(&log, at(block, request, accepted(500, 500))).await;
    assert_eq!(position, BLOCK + 12_000);
    assert!(matches!(outcome, Outcome::Contributed(_)), "{outcome:?}");
    let again = log.sequencer.submit(at(block, request, accepted(500, 500)));
    assert!(matches!(
        again.await.unwrap(),
        Answer::Known { first: 3, .. }
    ));
    let body = encode_at_batch_time(&Command::Tick, None).unwrap();
    let tick = Submission {
        intake: Intake::Other,
        request: None,
        body,
    };
    assert_eq!(enter(&log, tick).await, (BLOCK + 12_000, Outcome::Done));
    let differs = enter(&log, at(block, None, accepted(500, 499))).await;
    assert_eq!(differs.1, Outcome::Refused(Refusal::EscrowDiffers));

    // The record says so too, to whoever looks again and to whoever replays it.
    assert_eq!(log.reader.scrub().await.unwrap(), 6);
    let root = log.sequencer.read().root();
    drop(log);
    journal.close().await.unwrap();
    let journal = open(folder.path()).await.unwrap();
    let log = journal.offering(&name()).unwrap();
    assert_eq!(log.sequencer.read().root(), root);
    assert_eq!(
        log.sequencer
            .read()
            .machine()
            .offering()
            .latest(LineIndex(0)),
        Position(BLOCK + 12_000)
    );
    drop(log);
    journal.close().await.unwrap();
}

/// A contribution and what becomes of it.
type Paid = (Command<'static>, Option<Refusal>);

/// The bundle of a sale on a chain, with a difference to the contract in it, is the same to a checker that
/// shares no code with the engine.
#[tokio::test]
async fn the_independent_checker_computes_a_sale_on_a_chain_again() {
    let arrived = Command::Contribute(Contribute {
        funding: Funding::Arrived,
        ..contribution_of(&accepted(600, 600))
    });
    let paid = [
        (accepted(600, 600), None),
        (arrived, Some(Refusal::OnlyThroughEscrow)),
        (accepted(700, 700), Some(Refusal::EscrowDiffers)),
        (accepted(700, 600), None),
    ];
    compute_again("", &paid).await;
}

/// A contract that takes the outcome as a root keeps what the caps leave out.
#[tokio::test]
async fn the_independent_checker_computes_a_sale_by_root_again() {
    const ROOT: &str = "[root]\nshare = \"20 %\"\nchallenge = \"7 days\"\nclaims = \"90 days\"\n";
    let paid = [
        (accepted(600, 600), None),
        (accepted(700, 600), Some(Refusal::EscrowDiffers)),
        (accepted(700, 700), None),
        (accepted(500, 500), Some(Refusal::HardCapReached)),
    ];
    compute_again(ROOT, &paid).await;
}

/// With 12 EUR to be had, and a table added to the terms.
async fn compute_again(table: &str, paid: &[Paid]) {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path()).await.unwrap();
    let terms = sale::TERMS
        .replace("rail = \"balance\"", "rail = \"evm\"")
        .replace("hard_cap = \"1_000_000 EUR\"", "hard_cap = \"12 EUR\"")
        .replace("[[round]]", &format!("{table}[[round]]"));
    let log = journal.announce(&name(), &terms).await.unwrap();
    let escrow = Command::Escrow(EscrowAddress {
        chain_id: 1,
        contract: [9; 20],
        currency: CurrencyIndex(0),
    });
    let block = |seconds: u64| Position(BLOCK + 1_000 * seconds);
    let closed = Position(4_100_000_000_000);
    let named = [
        (block(0), escrow.clone(), None),
        (block(0), escrow, Some(Refusal::EscrowIsFixed)),
    ];
    let paid = paid
        .iter()
        .map(|(command, refusal)| (block(1), command.clone(), *refusal));
    let settled = [(closed, Command::Settle, None)];
    for (position, command, refusal) in named.into_iter().chain(paid).chain(settled) {
        let (_, outcome) = enter(&log, at(position, None, command)).await;
        let refused = match outcome {
            Outcome::Refused(refusal) => Some(refusal),
            Outcome::Contributed(_)
            | Outcome::Done
            | Outcome::Refunded { .. }
            | Outcome::RefundedAndPromoted { .. }
            | Outcome::Settled(_)
            | Outcome::RepeatOf(_) => None,
        };
        assert_eq!(refused, refusal);
    }
    let tree = settlement_tree(log.sequencer.read().machine().offering());
    let settlement_root = tree.unwrap().unwrap().root().0;
    let publish = at(BATCH_TIME, None, Command::Publish { settlement_root });
    assert_eq!(enter(&log, publish).await, (closed.0, Outcome::Done));

    let key = sale::key();
    let archive = BundleArchive::make(&log, &key, folder.path()).await;
    let archive = archive.unwrap();
    let size = usize::try_from(archive.digest().size).unwrap();
    let bytes = archive.read_at(0, size).unwrap();
    let out = tempfile::tempdir().unwrap();
    tar::Archive::new(&bytes[..]).unpack(out.path()).unwrap();
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/verify/softcap_verify.py"
    );
    let bundle = out.path().join("harbour");
    let output = Process::new("python3").arg(script).arg(bundle).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.starts_with("consistent; "), "{said}");
    drop(log);
    journal.close().await.unwrap();
}

fn contribution_of(command: &Command<'static>) -> Contribute<'static> {
    let Command::Contribute(contribute) = command else {
        panic!("{command:?}")
    };
    *contribute
}
