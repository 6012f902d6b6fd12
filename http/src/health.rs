//! `/livez`: the process answers. `/readyz`: it can do its work.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::problem::Problem;

/// Both routes; `ready` says why not.
pub fn health(ready: impl Fn() -> Result<(), String> + Send + Sync + 'static) -> Router {
    let ready = Arc::new(ready);
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(move || std::future::ready(answer(ready()))))
}

fn answer(ready: Result<(), String>) -> Response {
    match ready {
        Ok(()) => "ok\n".into_response(),
        Err(reason) => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "Not ready", reason).into_response()
        }
    }
}
