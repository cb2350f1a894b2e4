//! `softcap role`: the first roles of people, given on the machine itself.

use std::{process::ExitCode, str::FromStr as _};

use serde_json::json;
use softcap_database::{Database, DatabaseUrl};
use softcap_identity::{
    EmailAddress, Grant, Keys, People, PersonId, RoleChange, Roles, UnixMillis,
};
use softcap_server::{Config, ServerError};

use super::serve::block_on;
use crate::{
    arguments::{RoleArguments, RoleCommand},
    console::Console,
    failure::Failure,
};

pub(crate) fn run(command: &RoleCommand, console: &Console) -> Result<ExitCode, Failure> {
    block_on(async {
        match command {
            RoleCommand::Give(arguments) => give(arguments, console).await,
            RoleCommand::List { data } => list(data, console).await,
        }
    })
}

pub(super) async fn open(data: &str) -> Result<(People, Roles), Failure> {
    let url = DatabaseUrl::from_str(data).map_err(ServerError::from)?;
    let config = Config::load(None)?;
    let folder = config.node_folder(&url);
    let database = Database::open(&url, "service").await;
    let database = database.map_err(ServerError::from)?;
    let migrated = Keys::migrations().run(&database).await;
    migrated.map_err(ServerError::from)?;
    let key = softcap_server::personal_key(&folder.join("secrets"), &database).await?;
    let people = People::open(database, key, config.people_site()).map_err(ServerError::from)?;
    let roles = Roles::new(people.clone());
    Ok((people, roles))
}

async fn give(arguments: &RoleArguments, console: &Console) -> Result<ExitCode, Failure> {
    let role = arguments.role.parse().map_err(Failure::Role)?;
    let place = arguments.on.parse().map_err(|_| Failure::Argument {
        flag: "on",
        problem: "it is no name of an offering".to_owned(),
        allowed: "letters, digits, `-`, `.` and `_`, or `*`",
    })?;
    let (people, roles) = open(&arguments.data).await?;
    let person = person(&people, &arguments.person).await?;
    let change = RoleChange {
        person,
        role,
        place,
    };
    let operator = operator();
    let given = roles.give_as_operator(&operator, change, UnixMillis::now());
    given.await.map_err(Failure::Role)?;
    let on = &arguments.on;
    console.data(
        format_args!("{person} is {role} of {on}"),
        &json!({ "person": person.to_string(), "role": role.as_code(), "on": on }),
    );
    Ok(ExitCode::SUCCESS)
}

/// Who runs this, for the audit.
pub(super) fn operator() -> String {
    std::env::var("USER").unwrap_or_else(|_| "operator".to_owned())
}

/// By id, or by address of mail.
pub(super) async fn person(people: &People, text: &str) -> Result<PersonId, Failure> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let found = match EmailAddress::from_str(text) {
        Ok(address) => people.find_address(&address).await,
        Err(_) => Ok(None),
    };
    let found = found.map_err(ServerError::from)?;
    found.ok_or_else(|| no_person(text))
}

pub(super) fn no_person(text: &str) -> Failure {
    Failure::NotThere {
        what: "person",
        name: text.to_owned(),
        place: "this installation".to_owned(),
        remedy: "give the address with which the person signed up, or their id of 32 digits",
    }
}

async fn list(data: &str, console: &Console) -> Result<ExitCode, Failure> {
    let (_, roles) = open(data).await?;
    let grants = roles.grants().await.map_err(Failure::Role)?;
    let lines: Vec<String> = grants.iter().map(line).collect();
    let text = if lines.is_empty() {
        "nobody has a role".to_owned()
    } else {
        lines.join("\n")
    };
    let values: Vec<_> = grants.iter().map(as_json).collect();
    console.data(text, &json!({ "roles": values }));
    Ok(ExitCode::SUCCESS)
}

fn line(grant: &Grant) -> String {
    let Grant {
        person,
        role,
        place,
        granted_by,
        ..
    } = grant;
    format!("{person} {role} of {place}, by {granted_by}")
}

fn as_json(grant: &Grant) -> serde_json::Value {
    json!({
        "person": grant.person.to_string(),
        "role": grant.role.as_code(),
        "on": grant.place.to_string(),
        "granted_at": grant.granted_at.get(),
        "granted_by": grant.granted_by,
    })
}
