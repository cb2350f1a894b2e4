//! Reads the offerings of a record from their first entries, for whoever compares them with something else.

use softcap_database::DatabaseUrl;
use softcap_offering::Offering;

use crate::{
    JournalError, Log, LogKind, LogName,
    journal::{offering_machine, parse_terms},
    record_check::open_existing,
};

/// Bytes of the record that are read at a time.
const PAGE_BYTES: usize = 8 << 20;

/// What is read of an offering.
#[derive(Debug)]
pub enum ReadOffering<'a> {
    /// The leaf of the next entry.
    Leaf(&'a [u8]),
    /// The state after the last entry.
    End(&'a Offering),
}

/// Replays every offering of a record, and gives each leaf and then the state to `visit`. A server may run meanwhile.
///
/// # Errors
/// [`JournalError::NoRecord`], [`JournalError::Damaged`] where the entries do not lead to the roots that the record
/// names, and what the database says.
pub async fn read_offerings(
    url: &DatabaseUrl,
    visit: &mut (dyn FnMut(&LogName, ReadOffering<'_>) + Send),
) -> Result<(), JournalError> {
    let (store, tiles) = open_existing(url).await?;
    for row in store.logs().await? {
        if row.kind != LogKind::Offering {
            continue;
        }
        let terms = parse_terms(&row.name, &row.document)?;
        let mut log = Log::new(row.name.clone(), offering_machine(&terms)?);
        loop {
            let batches = store.read(&row.name, log.size(), PAGE_BYTES).await?;
            if batches.is_empty() {
                break;
            }
            for batch in &batches {
                let applied = log.apply(batch)?;
                for leaf in applied.leaves.iter() {
                    visit(&row.name, ReadOffering::Leaf(leaf));
                }
            }
            log.written(log.unwritten_count());
        }
        visit(&row.name, ReadOffering::End(log.machine().offering()));
    }
    tiles.close().await;
    store.close().await;
    Ok(())
}
