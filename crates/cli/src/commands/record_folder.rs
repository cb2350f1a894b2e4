//! Where the record of a server is, from the argument that names it.

use std::{path::PathBuf, str::FromStr as _};

use softcap_database::DatabaseUrl;
use softcap_server::ServerError;

use crate::failure::Failure;

/// The folder that a node on PostgreSQL keeps beside its database.
const NODE_FOLDER: &str = "softcap-node";

/// The database of a record, and the folder of the node.
pub(super) fn place(data: &str) -> Result<(DatabaseUrl, PathBuf), Failure> {
    let url = DatabaseUrl::from_str(data).map_err(ServerError::from)?;
    let folder = match &url {
        DatabaseUrl::Folder(folder) => folder.clone(),
        DatabaseUrl::Postgres(_) => PathBuf::from(NODE_FOLDER),
    };
    Ok((url, folder))
}
