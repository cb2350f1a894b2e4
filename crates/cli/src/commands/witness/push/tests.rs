//! Each answer of the standard, and that nothing is cosigned but with a 200.

use std::{fs, thread};

use softcap_proof::{
    Checkpoint, Cosignature, LeafHash, NodeHash, SignedCheckpoint, SigningKey,
    journal_tree::{consistency_proof, root},
};
use tempfile::TempDir;

use super::*;

const ORIGIN: &str = "softcap.example/harbour";

fn log_key() -> SigningKey {
    SigningKey::from_entropy("softcap/log", &[1; 32]).unwrap()
}

/// A log of `size` entries that parts from the honest one at entry `from`.
fn leaves(size: u64, from: u64) -> Vec<LeafHash> {
    let leaf = |index: u64| {
        let fork = if index < from { "honest" } else { "other" };
        LeafHash::of(format!("{fork} {index}").as_bytes())
    };
    (0..size).map(leaf).collect()
}

fn head(origin: &str, leaves: &[LeafHash]) -> Checkpoint {
    Checkpoint::new(origin, leaves.len() as u64, root(leaves)).unwrap()
}

fn request(old: u64, proof: Vec<NodeHash>, note: SignedCheckpoint) -> String {
    let note = CheckpointNote::Signed(note);
    WitnessRequest { old, proof, note }.to_string()
}

/// A request as an honest sender makes it, about a log that parts from the honest one at `from`.
fn of_log(old: u64, size: u64, from: u64) -> String {
    let leaves = leaves(size, from);
    let proof = if 0 < old && old < size {
        consistency_proof(&leaves, old).unwrap()
    } else {
        Vec::new()
    };
    request(old, proof, head(ORIGIN, &leaves).sign(&log_key()))
}

struct Place {
    folder: TempDir,
    keeper: Keeper,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keeper = open(&folder);
        Self { folder, keeper }
    }

    /// Status and body of an answer; a 200 must carry a line that is right and on disk.
    fn ask(&self, body: &str) -> (u16, String) {
        let (answer, _) = answer(&self.keeper, body.as_bytes());
        if answer.status == StatusCode::OK {
            let note = WitnessRequest::parse(body.as_bytes()).unwrap().note;
            let line = Cosignature::parse(&answer.body).unwrap();
            line.verify(note.unverified(), self.keeper.public())
                .unwrap();
            let kept = fs::read_to_string(self.folder.path().join("checkpoint")).unwrap();
            assert!(kept.ends_with(&answer.body), "{kept}");
        }
        let is_size = answer.content_type == "text/x.tlog.size";
        assert_eq!(is_size, answer.status == StatusCode::CONFLICT);
        (answer.status.as_u16(), answer.body)
    }

    fn status(&self, body: &str) -> u16 {
        self.ask(body).0
    }

    fn size(&self) -> u64 {
        let newest = self.keeper.newest().unwrap();
        newest.map_or(0, |note| note.unverified().size())
    }
}

fn open(folder: &TempDir) -> Keeper {
    let log_key = log_key().verifier_key().clone();
    let key = SigningKey::from_entropy("witness.example/w1", &[2; 32]).unwrap();
    Keeper::open(folder.path(), log_key, Some(ORIGIN.to_owned()), key).unwrap()
}

#[test]
fn a_log_that_grows_is_cosigned_and_every_other_request_has_its_answer() {
    let place = Place::new();
    let conflict = |size: u64| (409, format!("{size}\n"));
    // Nothing was cosigned before: the old size is zero, whatever the sender believes.
    assert_eq!(place.ask(&of_log(2, 5, 9)), conflict(0));
    assert_eq!(place.status(&of_log(0, 5, 9)), 200);
    assert_eq!(place.status(&of_log(5, 5, 9)), 200, "again");
    assert_eq!(place.status(&of_log(5, 8, 9)), 200);
    assert_eq!(place.ask(&of_log(0, 8, 9)), conflict(8));
    assert_eq!(place.ask(&of_log(5, 8, 9)), conflict(8));
    assert_eq!(
        place.ask(&of_log(5, 7, 9)),
        conflict(8),
        "nothing goes back"
    );

    let honest = leaves(9, 9);
    let proof = || consistency_proof(&honest, 8).unwrap();
    let signed = |origin: &str, key: &SigningKey| head(origin, &honest).sign(key);
    let stranger = SigningKey::from_entropy("softcap/log", &[3; 32]).unwrap();
    let unsigned = of_log(8, 9, 9);
    let unsigned = unsigned.rsplit_once("\n\n").unwrap().0.to_owned() + "\n";
    let altered = signed(ORIGIN, &log_key())
        .to_string()
        .replacen("\n9\n", "\n8\n", 1);
    let mut wrong = proof();
    wrong[0] = NodeHash([7; 32]);
    let table = [
        (400, "what".to_owned()),
        (400, of_log(9, 8, 9)),
        (403, request(8, proof(), signed(ORIGIN, &stranger))),
        (403, unsigned),
        (403, format!("old 8\n\n{altered}")),
        (
            404,
            request(8, proof(), signed("softcap.example/quay", &log_key())),
        ),
        (422, request(8, wrong, signed(ORIGIN, &log_key()))),
        (422, request(8, Vec::new(), signed(ORIGIN, &log_key()))),
        (422, of_log(8, 9, 3)),
        (
            422,
            request(8, proof(), head(ORIGIN, &leaves(8, 9)).sign(&log_key())),
        ),
        (422, request(0, proof(), signed(ORIGIN, &log_key()))),
    ];
    for (status, body) in table {
        assert_eq!(place.status(&body), status, "{body}");
        assert_eq!(place.size(), 8, "{body}");
    }

    // Another start knows what was cosigned.
    let Place { folder, keeper } = place;
    drop(keeper);
    let keeper = open(&folder);
    let place = Place { folder, keeper };
    assert_eq!(place.ask(&of_log(0, 9, 9)), conflict(8));
    assert_eq!(place.status(&of_log(8, 9, 9)), 200);
}

#[test]
fn two_trees_of_one_size_are_an_alarm_and_the_second_is_not_cosigned() {
    let place = Place::new();
    assert_eq!(place.status(&of_log(0, 5, 9)), 200);
    let (answer, event) = answer(&place.keeper, of_log(5, 5, 3).as_bytes());
    assert_eq!(answer, Answer::size(5));
    let Some(Event::Alarm(alarm)) = event else {
        panic!("no alarm")
    };
    assert_eq!(alarm.code(), "forked");
    let file = place.keeper.keep_evidence(&alarm).unwrap();
    let evidence = fs::read_to_string(file).unwrap();
    for note in [&alarm.known, &alarm.seen] {
        assert!(evidence.contains(&note.to_string()), "{evidence}");
    }
    let kept = place.keeper.newest().unwrap().unwrap();
    assert_eq!(kept.unverified(), &head(ORIGIN, &leaves(5, 9)));
}

#[test]
fn of_many_trees_pushed_at_once_one_line_is_cosigned() {
    let place = Place::new();
    assert_eq!(place.status(&of_log(0, 4, 9)), 200);
    // Eight forks after entry 4, each with its own right proof, at the same time.
    let cosigned: Vec<Checkpoint> = thread::scope(|scope| {
        let fork = |number: u8| {
            let mut leaves = leaves(4, 9);
            leaves.extend((0..=number).map(|place| LeafHash::of(&[number, place])));
            let proof = consistency_proof(&leaves, 4).unwrap();
            let head = head(ORIGIN, &leaves);
            let body = request(4, proof, head.sign(&log_key()));
            (place.status(&body) == 200).then_some(head)
        };
        let threads: Vec<_> = (0..8)
            .map(|number| scope.spawn(move || fork(number)))
            .collect();
        let all = threads.into_iter().map(|thread| thread.join().unwrap());
        all.flatten().collect()
    });
    assert_eq!(cosigned.len(), 1);
    let kept = place.keeper.newest().unwrap().unwrap();
    assert_eq!(kept.unverified(), &cosigned[0]);
}
