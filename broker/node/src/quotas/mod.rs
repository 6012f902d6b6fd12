//! How much clients may use (KIP-13, 55, 124, 546, 599, 612): who uses more is answered at once, told for how long it is
//! held back, and not heard until then (KIP-219).

// The quotas in force.
mod address;
mod client_quotas;
// What a request takes of the threads of the broker.
mod thread_time;
// Topics made and removed by a request.
mod mutations;
// What a call uses.
mod throttle;

pub(crate) use address::addresses;
pub(crate) use client_quotas::ClientQuotas;
pub(crate) use mutations::Mutations;
pub(crate) use thread_time::ThreadTime;
