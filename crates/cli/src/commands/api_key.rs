//! `softcap api-key`: keys for programs, made on the machine itself.

use std::{path::Path, process::ExitCode, str::FromStr as _};

use serde_json::json;
use softcap_database::{Database, DatabaseUrl};
use softcap_identity::{
    Actor, AddressList, Environment, KeyError, KeyMaking, KeySettings, Keys, NewKey, RateLimit,
    Reach, Scopes, SignatureKey, Ticks, UnixMillis,
};
use softcap_server::Config;

use super::serve::block_on;
use crate::{
    arguments::{ApiKeyCommand, NewApiKeyArguments},
    console::Console,
    failure::Failure,
    terms_file::read_text,
};

pub(crate) fn run(command: &ApiKeyCommand, console: &Console) -> Result<ExitCode, Failure> {
    block_on(async {
        match command {
            ApiKeyCommand::New(arguments) => create(arguments, console).await,
            ApiKeyCommand::Revoke { data, id } => revoke(data, id, console).await,
        }
    })
}

pub(super) async fn open(data: &str) -> Result<Keys, Failure> {
    let url = DatabaseUrl::from_str(data).map_err(|error| Failure::Server(error.into()))?;
    let folder = Config::load(None)?.node_folder(&url);
    let database = Database::open(&url, "service")
        .await
        .map_err(|error| Failure::Server(error.into()))?;
    Keys::migrations()
        .run(&database)
        .await
        .map_err(|error| Failure::Server(error.into()))?;
    let peppers = softcap_server::peppers(&folder.join("secrets"), &database).await?;
    let settings = KeySettings::standard().map_err(of_keys)?;
    Keys::open(database, peppers, settings, Ticks::system())
        .await
        .map_err(of_keys)
}

fn of_keys(error: KeyError) -> Failure {
    Failure::Server(error.into())
}

fn operator() -> Actor {
    Actor::Operator(std::env::var("USER").unwrap_or_else(|_| "operator".to_owned()))
}

async fn create(arguments: &NewApiKeyArguments, console: &Console) -> Result<ExitCode, Failure> {
    let keys = open(&arguments.data).await?;
    let scopes = if arguments.scope.is_empty() {
        Scopes::everything()
    } else {
        Scopes::from_str(&arguments.scope.join(" ")).map_err(of_keys)?
    };
    let networks = arguments.network.iter().copied();
    let limit = arguments
        .per_second
        .map(|per_second| RateLimit::new(per_second, per_second.saturating_mul(2)))
        .transpose()
        .map_err(of_keys)?;
    let new = NewKey {
        label: arguments.label.clone(),
        owner: "operator".to_owned(),
        environment: if arguments.test {
            Environment::Test
        } else {
            Environment::Live
        },
        scopes,
        addresses: AddressList::new(networks).map_err(of_keys)?,
        expires_at: None,
        limit,
        is_canary: false,
    };
    if let Some(file) = &arguments.public_key {
        return create_signing(&keys, new, file, console).await;
    }
    let created = keys
        .create(&operator(), new, UnixMillis::now())
        .await
        .map_err(of_keys)?;
    let text = created.text.reveal();
    console.data(
        format_args!("{}\n(shown once; id {})", *text, created.record.id),
        &json!({ "key": *text, "id": created.record.id.as_str() }),
    );
    Ok(ExitCode::SUCCESS)
}

/// Makes a key that has no secret: nothing of it is to be kept.
async fn create_signing(
    keys: &Keys,
    new: NewKey,
    file: &Path,
    console: &Console,
) -> Result<ExitCode, Failure> {
    let public: SignatureKey = read_text(file)?.parse().map_err(of_keys)?;
    let making = KeyMaking::default();
    let made = keys
        .create_signing(&operator(), (new, public), &making, UnixMillis::now())
        .await
        .map_err(of_keys)?;
    let id = made.id.as_str();
    console.data(
        format_args!("{id}\n(sign each request with the private half, and give this as keyid)"),
        &json!({ "id": id }),
    );
    Ok(ExitCode::SUCCESS)
}

async fn revoke(data: &str, id: &str, console: &Console) -> Result<ExitCode, Failure> {
    let keys = open(data).await?;
    let id = id.parse().map_err(|_| Failure::NotThere {
        what: "key",
        name: id.to_owned(),
        place: "this installation".to_owned(),
        remedy: "give the 12 characters after sc_live_ or sc_test_",
    })?;
    keys.revoke(&operator(), id, Reach::WithMinted, UnixMillis::now())
        .await
        .map_err(of_keys)?;
    console.data("revoked", &json!({ "revoked": true }));
    Ok(ExitCode::SUCCESS)
}
