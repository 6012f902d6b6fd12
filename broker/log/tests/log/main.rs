//! Logs on real files and on faulty ones.

mod basics;
mod crash;
mod damage;
mod folder;
mod model;
mod random;
mod support;
mod transactions;
