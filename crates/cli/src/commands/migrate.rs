//! `softcap migrate`: the tables of a database, brought up to date before a server starts.

use std::process::ExitCode;

use serde_json::json;
use softcap_database::Database;
use softcap_identity::Keys;
use softcap_journal::{InvestorNumbers, Store, Tiles};
use softcap_server::{ServerError, drafts::Drafts, webhooks::Webhooks};

use super::{record_folder, serve::block_on};
use crate::{arguments::RecordArguments, console::Console, failure::Failure};

pub(crate) fn run(arguments: &RecordArguments, console: &Console) -> Result<ExitCode, Failure> {
    let (url, _) = record_folder::place(&arguments.data)?;
    block_on(async {
        let open = async |name: &str| Database::open(&url, name).await.map_err(ServerError::from);
        let store = Store::open(open("journal").await?).await?;
        store.close().await;
        let tiles = Tiles::open(open("derived").await?).await?;
        tiles.close().await;
        let numbers = InvestorNumbers::open(&url).await?;
        numbers.close().await;
        let service = open("service").await?;
        let migrated = async {
            Keys::migrations().run(&service).await?;
            Webhooks::migrations().run(&service).await?;
            Drafts::migrations().run(&service).await
        };
        let migrated = migrated.await;
        service.close().await;
        migrated.map_err(ServerError::from)?;
        Ok(())
    })?;
    console.data(
        format_args!("up to date: {url}"),
        &json!({ "data": url.to_string() }),
    );
    Ok(ExitCode::SUCCESS)
}
