//! Problem details (RFC 9457): `type` is stable, `detail` is for people.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An error as a body.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
}

impl Problem {
    /// `kind` is the stable end of the type, e.g. `flow-not-found`.
    pub fn new(status: StatusCode, kind: &str, title: &str, detail: String) -> Self {
        let kind = format!("urn:strait:problem:{kind}");
        Self { kind, title: title.to_owned(), status: status.as_u16(), detail }
    }

    /// There is no such thing.
    pub fn not_found(noun: &str, name: &str) -> Self {
        let (kind, title) = (format!("{noun}-not-found"), format!("No such {noun}"));
        Self::new(StatusCode::NOT_FOUND, &kind, &title, format!("there is no {noun} `{name}`"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}
