//! Replaying a journal: one thread reads, one hashes, the caller's applies.

use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use softcap_offering::{Command, Offering, Outcome, Refusal, Sequence};

use super::compare::{CompareSink, Differences};
use super::{BundleSource, Place, Progress, Stage, VerifyError};
use crate::bundle::{BundleFile, BundleSink as _, DigestWriter, FileDigest, References};
use crate::entry::{Entry, decode};
use crate::error::ProofError;
use crate::journal::{Block, JournalReader, hash_leaves};
use crate::journal_tree::{JournalTree, Root};

/// Blocks that may wait between threads.
const WAITING: usize = 4;

/// What a replay gives besides the state of the offering.
#[derive(Debug)]
pub(super) struct Replayed {
    pub(super) references: References,
    pub(super) size: u64,
    pub(super) root: Root,
    /// Entry and root of the publication.
    pub(super) published: Option<(u64, [u8; 32])>,
    pub(super) files: [(BundleFile, FileDigest); 2],
}

/// Why a replay stopped.
pub(super) enum Stopped {
    Unreadable(VerifyError),
    Found(Finding),
}

/// What is wrong, and with which entry.
#[derive(Debug)]
pub(super) struct Finding {
    entry: u64,
    kind: FindingKind,
}

#[derive(Debug)]
enum FindingKind {
    /// The bytes are not an entry, or not this one.
    Malformed(String),
    OtherTerms {
        announced: [u8; 32],
        computed: [u8; 32],
    },
    /// Recorded, and computed.
    Outcome(Box<(Outcome, Outcome)>),
    /// The leaf does not have the hash that `journal.hashes` lists.
    Hash,
}

impl Finding {
    /// As an error. `hashes_only` says that `journal.hashes` is the file that was changed.
    pub(super) fn into_error(self, hashes_only: bool) -> VerifyError {
        let entry = self.entry;
        let differs = |file, problem| VerifyError::Differs {
            file,
            place: Place::Entry { entry },
            problem,
        };
        if hashes_only {
            let problem = "it is not the hash of the journal's entry".to_owned();
            return differs(BundleFile::JournalHashes, problem);
        }
        match self.kind {
            FindingKind::Malformed(problem) => differs(BundleFile::Journal, problem),
            FindingKind::Hash => {
                let problem = "it does not have the hash in journal.hashes".to_owned();
                differs(BundleFile::Journal, problem)
            }
            FindingKind::OtherTerms {
                announced,
                computed,
            } => VerifyError::OtherTermsAnnounced {
                announced,
                computed,
            },
            FindingKind::Outcome(outcomes) => {
                let (recorded, computed) = *outcomes;
                let (recorded, computed) = (Box::new(recorded), Box::new(computed));
                VerifyError::OutcomeDiffers {
                    entry,
                    recorded,
                    computed,
                }
            }
        }
    }
}

/// Replays the whole journal into `offering`.
pub(super) fn replay(
    source: &dyn BundleSource,
    offering: &mut Offering,
    expected_entries: u64,
    progress: &mut dyn FnMut(Progress),
) -> Result<Replayed, Stopped> {
    let (to_apply, blocks_to_apply) = sync_channel(WAITING);
    let (to_hash, blocks_to_hash) = sync_channel(WAITING);
    let mut replica = Replica {
        offering,
        references: References::new(),
        published: None,
    };
    let (read, hashed, applied) = std::thread::scope(|scope| {
        let reader = scope.spawn(move || read_blocks(source, &to_apply, &to_hash));
        let hasher = scope.spawn(move || hash_blocks(source, &blocks_to_hash));
        let mut applied = Ok(());
        for block in blocks_to_apply {
            applied = replica.apply_block(&block);
            if applied.is_err() {
                break;
            }
            let done = replica.offering.next_sequence().0;
            progress(Progress {
                stage: Stage::Replaying,
                done,
                total: expected_entries,
            });
        }
        // The loop has dropped its receiver, so that the reader stops when this thread has.
        (reader.join(), hasher.join(), applied)
    });
    let thread_died = |_| {
        let source = io::Error::other("a thread stopped");
        Stopped::Unreadable(VerifyError::FileUnreadable {
            file: BundleFile::Journal,
            source,
        })
    };
    let read = read.map_err(thread_died)?;
    let hashed = hashed.map_err(thread_died)?;

    let mut findings = Vec::new();
    for result in [applied, read] {
        match result {
            Ok(()) => {}
            Err(Stopped::Found(finding)) => findings.push(finding),
            Err(unreadable) => return Err(unreadable),
        }
    }
    let hashed = match hashed {
        Ok(hashed) => Some(hashed),
        Err(Stopped::Found(finding)) => {
            findings.push(finding);
            None
        }
        Err(unreadable) => return Err(unreadable),
    };
    // The earliest entry is the one that was changed; later ones only follow from it. Among equals
    // the first finding says more.
    if let Some(first) = findings.into_iter().min_by_key(|finding| finding.entry) {
        return Err(Stopped::Found(first));
    }
    let Some(Hashed { tree, files }) = hashed else {
        return Err(thread_died(Box::new(())));
    };
    let Replica {
        references,
        published,
        ..
    } = replica;
    Ok(Replayed {
        references,
        size: tree.size(),
        root: tree.root(),
        published,
        files,
    })
}

/// The reading thread. Both receivers get the same blocks; it stops when one of them is gone.
fn read_blocks(
    source: &dyn BundleSource,
    to_apply: &SyncSender<Block>,
    to_hash: &SyncSender<Block>,
) -> Result<(), Stopped> {
    let unreadable = |source| {
        Stopped::Unreadable(VerifyError::FileUnreadable {
            file: BundleFile::Journal,
            source,
        })
    };
    let file = source
        .open(BundleFile::Journal.name())
        .map_err(unreadable)?;
    let mut reader = JournalReader::new(file);
    loop {
        let block = match reader.next_block() {
            Ok(Some(block)) => block,
            Ok(None) => return Ok(()),
            Err(ProofError::JournalMalformed {
                entry,
                offset,
                problem,
            }) => {
                let kind = FindingKind::Malformed(format!("at byte {offset}: {problem}"));
                return Err(Stopped::Found(Finding { entry, kind }));
            }
            Err(ProofError::JournalIo { source, .. }) => return Err(unreadable(source)),
            Err(source) => {
                return Err(Stopped::Unreadable(VerifyError::NotVerifiable { source }));
            }
        };
        if to_hash.send(block.clone()).is_err() || to_apply.send(block).is_err() {
            return Ok(());
        }
    }
}

struct Hashed {
    tree: JournalTree,
    files: [(BundleFile, FileDigest); 2],
}

/// The hashing thread: the tree, the digest of the journal, and `journal.hashes`.
fn hash_blocks(source: &dyn BundleSource, blocks: &Receiver<Block>) -> Result<Hashed, Stopped> {
    let file = BundleFile::JournalHashes;
    let found = Mutex::new(Differences::default());
    let sink = CompareSink::new(source, &found);
    let mut tree = JournalTree::new();
    let mut compare = || {
        let mut journal = DigestWriter::new(io::sink());
        let mut listed = DigestWriter::new(sink.create(file)?);
        let mut hashes = Vec::new();
        for block in blocks {
            hashes.clear();
            hash_leaves(block.bytes(), &mut tree, &mut hashes);
            journal.write_all(block.bytes())?;
            listed.write_all(&hashes)?;
        }
        let (_, journal) = journal.finish()?;
        let (open, hashes) = listed.finish()?;
        sink.close(file, open)?;
        Ok([(BundleFile::Journal, journal), (file, hashes)])
    };
    let result = compare();
    let mut found = found
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((_, difference)) = found.take_first() {
        let entry = difference.offset / 32;
        return Err(Stopped::Found(Finding {
            entry,
            kind: FindingKind::Hash,
        }));
    }
    match result {
        Ok(files) => Ok(Hashed { tree, files }),
        Err(source) => Err(Stopped::Unreadable(VerifyError::FileUnreadable {
            file,
            source,
        })),
    }
}

/// The state that a replay builds.
struct Replica<'a> {
    offering: &'a mut Offering,
    references: References,
    published: Option<(u64, [u8; 32])>,
}

impl Replica<'_> {
    fn apply_block(&mut self, block: &Block) -> Result<(), Stopped> {
        for (number, offset, leaf) in block.leaves() {
            self.apply_leaf(number, leaf).map_err(|kind| {
                let kind = match kind {
                    FindingKind::Malformed(problem) => {
                        FindingKind::Malformed(format!("at byte {offset}: {problem}"))
                    }
                    FindingKind::OtherTerms { .. }
                    | FindingKind::Outcome(_)
                    | FindingKind::Hash => kind,
                };
                Stopped::Found(Finding {
                    entry: number,
                    kind,
                })
            })?;
        }
        Ok(())
    }

    fn apply_leaf(&mut self, number: u64, leaf: &[u8]) -> Result<(), FindingKind> {
        let (entry, recorded) =
            decode(leaf).map_err(|error| FindingKind::Malformed(error.to_string()))?;
        let Entry {
            sequence,
            stamp,
            request,
            command,
        } = entry;
        if sequence != Sequence(number) {
            let problem = format!("it has the sequence number {sequence}");
            return Err(FindingKind::Malformed(problem));
        }
        let computed = self.offering.apply_request(stamp, request, &command);
        if computed != recorded {
            return Err(self.difference(&command, recorded, computed));
        }
        self.references.note(self.offering, &command);
        if let (Command::Publish { settlement_root }, Outcome::Done) = (&command, &recorded) {
            self.published = Some((number, *settlement_root));
        }
        Ok(())
    }

    fn difference(
        &self,
        command: &Command<'_>,
        recorded: Outcome,
        computed: Outcome,
    ) -> FindingKind {
        match (command, &computed) {
            (Command::Announce { terms_hash }, Outcome::Refused(Refusal::WrongTerms)) => {
                let computed = self.offering.terms_hash();
                FindingKind::OtherTerms {
                    announced: *terms_hash,
                    computed,
                }
            }
            _ => FindingKind::Outcome(Box::new((recorded, computed))),
        }
    }
}
