//! Where the record of a server is, from the argument that names it.

use std::{path::PathBuf, str::FromStr as _};

use softcap_database::DatabaseUrl;
use softcap_server::{Config, ServerError};

use crate::failure::Failure;

/// The database of a record, and the folder of the node.
pub(super) fn place(data: &str) -> Result<(DatabaseUrl, PathBuf), Failure> {
    let url = DatabaseUrl::from_str(data).map_err(ServerError::from)?;
    let folder = Config::load(None)?.node_folder(&url);
    Ok((url, folder))
}
