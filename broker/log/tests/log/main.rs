//! Logs on real files and on faulty ones.

mod basics;
mod support;
