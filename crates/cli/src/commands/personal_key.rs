//! `softcap personal-key`: one key of what is personal takes the place of another. A stop anywhere loses nothing: the file has
//! both keys until the end, and each sealed value says which one it needs.

use std::{path::PathBuf, process::ExitCode, str::FromStr as _};

use serde_json::json;
use softcap_database::{Database, DatabaseUrl};
use softcap_identity::{Keys, People, PersonKeys, Resealed, UnixMillis};
use softcap_server::{Config, PersonalKeyStep, ServerError, change_personal_key, personal_key};

use super::{role::operator, serve::block_on};
use crate::{
    arguments::{PersonalKeyArguments, PersonalKeyCommand},
    console::Console,
    failure::Failure,
};

pub(crate) fn run(command: &PersonalKeyCommand, console: &Console) -> Result<ExitCode, Failure> {
    match command {
        PersonalKeyCommand::Begin(arguments) => {
            let is_new = block_on(step(arguments, PersonalKeyStep::Begin))?;
            let before = if is_new { "" } else { ", and was before" };
            console.data(
                format_args!(
                    "a new key seals after the next start{before}: copy secrets/personal.key to every node, start each \
                     again, and run `softcap personal-key seal`"
                ),
                &json!({ "begun": is_new }),
            );
            Ok(ExitCode::SUCCESS)
        }
        PersonalKeyCommand::Seal(arguments) => {
            let done = block_on(async { Office::open(arguments).await?.seal().await })?;
            console.data(words(done), &said(done));
            Ok(code(done))
        }
        PersonalKeyCommand::End(arguments) => {
            let done = block_on(async { Office::open(arguments).await?.seal().await })?;
            if done.left > 0 {
                console.data(words(done), &said(done));
                return Ok(ExitCode::FAILURE);
            }
            let is_new = block_on(step(arguments, PersonalKeyStep::End))?;
            let before = if is_new { "" } else { ", and was before" };
            console.data(
                format_args!(
                    "the old key is gone{before}: copy secrets/personal.key to every node"
                ),
                &json!({ "ended": is_new }),
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn words(done: Resealed) -> String {
    let Resealed { changed, left } = done;
    format!(
        "sealed again: {changed}; sealed with the old key: {left} (sessions, codes and mails, which end within two days)"
    )
}

fn said(done: Resealed) -> serde_json::Value {
    json!({ "sealed": done.changed, "left": done.left })
}

fn code(done: Resealed) -> ExitCode {
    if done.left == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The databases of a server, and the folder of its secrets.
struct Office {
    url: DatabaseUrl,
    service: Database,
    secrets: PathBuf,
    config: Config,
}

impl Office {
    async fn open(arguments: &PersonalKeyArguments) -> Result<Self, Failure> {
        let url = DatabaseUrl::from_str(&arguments.data).map_err(ServerError::from)?;
        let config = Config::load(None)?;
        let secrets = config.node_folder(&url).join("secrets");
        let service = Database::open(&url, "service").await;
        let service = service.map_err(ServerError::from)?;
        let migrated = Keys::migrations().run(&service).await;
        migrated.map_err(ServerError::from)?;
        Ok(Self {
            url,
            service,
            secrets,
            config,
        })
    }

    /// Those whose key is in the folder. Makes one where there was none, and refuses one that is not that of the database.
    async fn people(&self) -> Result<People, Failure> {
        let key = personal_key(&self.secrets, &self.service).await?;
        let people = People::open(self.service.clone(), key, self.config.people_site());
        Ok(people.map_err(ServerError::from)?)
    }

    async fn seal(&self) -> Result<Resealed, Failure> {
        let people = self.people().await?;
        let keys = Database::open_erasable(&self.url, PersonKeys::DATABASE).await;
        let keys = keys.map_err(ServerError::from)?;
        let migrated = PersonKeys::migrations().run(&keys).await;
        migrated.map_err(ServerError::from)?;
        let keys = PersonKeys::new(keys, people.clone());
        let wrapped = keys.rewrap().await.map_err(ServerError::from)?;
        let done = people.reseal().await.map_err(ServerError::from)?;
        keys.close().await;
        Ok(Resealed {
            changed: done.changed + wrapped,
            ..done
        })
    }
}

async fn step(arguments: &PersonalKeyArguments, step: PersonalKeyStep) -> Result<bool, Failure> {
    let office = Office::open(arguments).await?;
    let people = office.people().await?;
    let is_new = change_personal_key(&office.secrets, step)?;
    if is_new {
        let code = match step {
            PersonalKeyStep::Begin => "begin",
            PersonalKeyStep::End => "end",
        };
        let (operator, now) = (operator(), UnixMillis::now());
        let written = people.note_key_step(&operator, code, now);
        written.await.map_err(ServerError::from)?;
    }
    office.service.close().await;
    Ok(is_new)
}
