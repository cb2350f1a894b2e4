//! `softcap config`: the configuration, documented or checked.

use std::process::ExitCode;

use serde_json::json;
use softcap_server::Config;

use crate::{arguments::ConfigArguments, console::Console, failure::Failure};

pub(crate) fn run(arguments: &ConfigArguments, console: &Console) -> Result<ExitCode, Failure> {
    if let Some(file) = &arguments.check {
        Config::load(Some(file))?;
        console.data(
            format_args!("{} can be used", file.display()),
            &json!({ "valid": true }),
        );
    } else {
        let template = Config::template();
        console.data(template.trim_end(), &json!({ "template": template }));
    }
    Ok(ExitCode::SUCCESS)
}
