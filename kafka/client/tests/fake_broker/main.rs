//! Brokers that lie, hang and die: no panic, bounded memory, a typed error, and the next connection works.

mod broker;
mod cluster;
mod lies;
mod time;
