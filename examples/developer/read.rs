//! Which offerings there are, and how they stand. What is public needs no key.

use super::call::call;

pub(crate) async fn read(url: &str) -> Result<String, Box<dyn std::error::Error>> {
    let answer = call("GET", &format!("{url}/v1/offerings"), &[], String::new()).await?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let offerings = answer["offerings"].as_array().into_iter().flatten();
    let lines = offerings.map(|offering| {
        let (name, phase) = (text(&offering["name"]), text(&offering["phase"]));
        format!("{name} {phase} {}\n", text(&offering["raised"]["display"]))
    });
    Ok(lines.collect())
}
