//! Rows of the audit as a file: CSV (RFC 4180) or JSON lines, page by page, so that a long one needs no memory.

use std::{io, sync::Arc};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use serde::Deserialize;
use softcap_database::DatabaseError;
use softcap_identity::{AuditFilter, AuditTable};
use softcap_journal::AuditLog;
use utoipa::ToSchema;

use super::audit::AuditRowView;
use crate::csv_field::push_field;

/// Rows that are read at a time.
const PAGE: u32 = 1000;
const COLUMNS: &str = "number,at,actor,act,subject,code,times,entry\r\n";

/// In which form rows are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Form {
    /// A page as JSON.
    Json,
    /// A table.
    Csv,
    /// A JSON object on each line.
    Jsonl,
}

impl Form {
    /// The first form that `Accept` names; a page when it names none.
    pub(super) fn accepted(accept: Option<&str>) -> Self {
        let kinds = accept.unwrap_or_default().split(',');
        let kinds = kinds.map(|kind| kind.split(';').next().unwrap_or_default().trim());
        let mut forms = kinds.filter_map(|kind| match kind {
            "text/csv" => Some(Self::Csv),
            "application/jsonl" | "application/x-ndjson" => Some(Self::Jsonl),
            "application/json" => Some(Self::Json),
            _ => None,
        });
        forms.next().unwrap_or(Self::Json)
    }

    /// Whether it is for a file.
    pub(super) const fn is_export(self) -> bool {
        match self {
            Self::Json => false,
            Self::Csv | Self::Jsonl => true,
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Jsonl => "application/jsonl",
        }
    }

    fn begin(self) -> &'static str {
        match self {
            Self::Csv => COLUMNS,
            Self::Json | Self::Jsonl => "",
        }
    }

    fn push(self, row: &AuditRowView, out: &mut String) -> Result<(), serde_json::Error> {
        match self {
            Self::Csv => push_fields(row, out),
            Self::Json | Self::Jsonl => {
                out.push_str(&serde_json::to_string(row)?);
                out.push('\n');
            }
        }
        Ok(())
    }
}

fn push_fields(row: &AuditRowView, out: &mut String) {
    let (number, times) = (row.number.to_string(), row.times.to_string());
    let entry = row
        .entry
        .map_or_else(String::new, |entry| entry.to_string());
    let fields = [
        &number,
        &row.at,
        &row.actor,
        &row.act,
        &row.subject,
        &row.code,
        &times,
        &entry,
    ];
    for (place, field) in fields.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        push_field(field, out);
    }
    out.push_str("\r\n");
}

/// What is exported.
pub(super) struct Export {
    pub(super) table: AuditTable,
    pub(super) log: Option<Arc<AuditLog>>,
    pub(super) filter: AuditFilter,
    /// Rows after the one of this number.
    pub(super) after: i64,
    /// How many more.
    pub(super) left: usize,
}

impl Export {
    /// The file.
    pub(super) fn answer(self, form: Form) -> Response {
        let pages = stream::try_unfold(
            (self, form.begin()),
            move |(mut export, begin)| async move {
                let text = export.next(form, begin).await.map_err(io::Error::other)?;
                Ok::<_, io::Error>(text.map(|text| (Bytes::from(text), (export, ""))))
            },
        );
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static(form.content_type()),
            ),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (headers, Body::from_stream(pages)).into_response()
    }

    /// The next piece of it.
    async fn next(&mut self, form: Form, begin: &str) -> Result<Option<String>, DatabaseError> {
        let most = u32::try_from(self.left).unwrap_or(u32::MAX).min(PAGE);
        let rows = match most {
            0 => Vec::new(),
            _ => self.table.search(&self.filter, self.after, most).await?,
        };
        let mut text = begin.to_owned();
        for row in rows {
            self.after = row.number;
            self.left = self.left.saturating_sub(1);
            let row = AuditRowView::new(row, self.log.as_deref());
            let pushed = form.push(&row, &mut text);
            pushed.map_err(|error| DatabaseError::Damaged(error.to_string()))?;
        }
        Ok((!text.is_empty()).then_some(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_first_one_that_is_known() {
        for (accept, expected) in [
            (None, Form::Json),
            (Some("*/*"), Form::Json),
            (Some("text/csv"), Form::Csv),
            (Some("text/html, text/csv;q=0.9"), Form::Csv),
            (Some("application/x-ndjson"), Form::Jsonl),
            (Some("application/json, text/csv"), Form::Json),
        ] {
            assert_eq!(Form::accepted(accept), expected, "{accept:?}");
        }
    }
}
