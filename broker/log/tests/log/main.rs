//! Logs on real files and on faulty ones.

mod basics;
mod cleaning;
mod crash;
mod damage;
mod epochs;
mod file_ranges;
mod flush;
mod folder;
mod kafka;
mod model;
mod retention;
mod roll;
mod run;
mod support;
mod timestamps;
mod transactions;
