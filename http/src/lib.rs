//! HTTP server, health, problem details and metrics for both halves.

// Listens and stops.
mod server;
// Alive and ready.
mod health;
// Errors that programs can read.
mod problem;
// Series read at each scrape.
mod metrics;

pub use health::health;
pub use metrics::{Families, Kind, metrics, register};
pub use problem::Problem;
pub use server::{Server, serve};
