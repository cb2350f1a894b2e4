//! `softcap person`: letting a person in nowhere, and in again; and their number.

use std::process::ExitCode;

use serde_json::json;
use softcap_identity::{Level, PersonId, UnixMillis};
use softcap_server::ServerError;

use super::{
    role::{no_person, open, operator, person},
    serve::block_on,
};
use crate::{
    arguments::{PersonArguments, PersonCommand},
    console::Console,
    failure::Failure,
};

pub(crate) fn run(command: &PersonCommand, console: &Console) -> Result<ExitCode, Failure> {
    let (arguments, disables) = match command {
        PersonCommand::Show(arguments) => return show(arguments, console),
        PersonCommand::Disable(arguments) => (arguments, true),
        PersonCommand::Enable(arguments) => (arguments, false),
    };
    let (id, changed) = block_on(set(arguments, disables))?;
    let state = if disables { "disabled" } else { "enabled" };
    let before = if changed { "" } else { ", and was before" };
    console.data(
        format_args!("{id} is {state}{before}"),
        &json!({ "person": id.to_string(), "disabled": disables, "changed": changed }),
    );
    Ok(ExitCode::SUCCESS)
}

fn show(arguments: &PersonArguments, console: &Console) -> Result<ExitCode, Failure> {
    let found = block_on(async {
        let (people, _) = open(&arguments.data).await?;
        let id = person(&people, &arguments.person).await?;
        let found = people.find(id).await.map_err(ServerError::from)?;
        found.ok_or_else(|| no_person(&arguments.person))
    })?;
    let (id, has_factor) = (found.id.to_string(), found.needs == Level::Two);
    let words = if has_factor { "a" } else { "no" };
    console.data(
        format_args!("{id} has {words} second factor"),
        &json!({ "person": id, "second_factor": has_factor }),
    );
    Ok(ExitCode::SUCCESS)
}

async fn set(arguments: &PersonArguments, disables: bool) -> Result<(PersonId, bool), Failure> {
    let (people, _) = open(&arguments.data).await?;
    let id = person(&people, &arguments.person).await?;
    let found = people.find(id).await.map_err(ServerError::from)?;
    if found.is_none() {
        return Err(no_person(&arguments.person));
    }
    let (operator, now) = (operator(), UnixMillis::now());
    let changed = if disables {
        people.disable(&operator, id, now).await
    } else {
        people.enable(&operator, id, now).await
    };
    Ok((id, changed.map_err(ServerError::from)?))
}
