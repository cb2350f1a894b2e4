//! What exactly is signed (RFC 9421, sections 2.1, 2.2 and 2.5).

use axum::http::{HeaderMap, Method, Uri};

/// The parts of a request that can be signed.
pub(super) struct Message<'a> {
    pub(super) method: &'a Method,
    /// Scheme, host and port of the site. What the program called it by does not matter: a proxy may have another name for
    /// it, and a request that is meant for another site must not be taken here.
    pub(super) origin: &'a str,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
}

/// The text that was signed: a line for each name, and the list of them.
pub(super) fn signature_base(
    message: &Message<'_>,
    covered: &[String],
    params: &str,
) -> Result<String, &'static str> {
    let mut base = String::with_capacity(512);
    for name in covered {
        let value = message.value(name)?;
        base.push('"');
        base.push_str(name);
        base.push_str("\": ");
        base.push_str(&value);
        base.push('\n');
    }
    base.push_str("\"@signature-params\": ");
    base.push_str(params);
    Ok(base)
}

impl Message<'_> {
    fn value(&self, name: &str) -> Result<String, &'static str> {
        let path = self.uri.path();
        let query = self.uri.query();
        match name {
            "@method" => Ok(self.method.as_str().to_owned()),
            "@authority" => {
                let authority = self.origin.split_once("://").map(|(_, rest)| rest);
                authority.map(str::to_owned).ok_or("this site has no name")
            }
            "@path" => Ok(path.to_owned()),
            "@query" => Ok(format!("?{}", query.unwrap_or_default())),
            "@target-uri" => Ok(match query {
                Some(query) => format!("{}{path}?{query}", self.origin),
                None => format!("{}{path}", self.origin),
            }),
            other if other.starts_with('@') => {
                Err("known are @method, @target-uri, @authority, @path and @query")
            }
            field => self.field(field),
        }
    }

    /// The lines of a field, one after the other.
    fn field(&self, name: &str) -> Result<String, &'static str> {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_plain) {
            return Err("names of fields are in small letters");
        }
        let mut lines = Vec::new();
        for line in self.headers.get_all(name) {
            let line = line.to_str();
            lines.push(
                line.map_err(|_| "a field that is signed is not ASCII")?
                    .trim(),
            );
        }
        if lines.is_empty() {
            return Err("a field that is signed is missing");
        }
        Ok(lines.join(", "))
    }
}
