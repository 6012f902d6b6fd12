//! `#[derive(Message)]`: a struct with version ranges becomes a Kafka protocol type.
//!
//! On the struct: `#[message(key = 1, versions = "4-18", flexible = "12+", response = FetchResponse)]`; nested
//! structs have no `versions`. On fields: `#[field(versions = "7+", nullable = "7+", tag = 0, tagged = "12+",
//! default = "-1", ignorable)]`. Ranges are written as in Kafka's own message definitions.

// What was asked for.
mod attributes;
// The struct's fields.
mod field;
// Code that writes, code that reads.
mod read;
mod write;
// The schema.
mod schema;
// All of it together.
mod expand;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `Value`, `Default`, the schema, and for requests and responses `Message` and `Request`.
#[proc_macro_derive(Message, attributes(message, field))]
pub fn derive_message(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}
