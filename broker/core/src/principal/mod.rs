//! From a client's certificate to the name that rules are written for (`DefaultKafkaPrincipalBuilder`).

// Elements of DER.
mod der;
// `ssl.principal.mapping.rules`.
mod mapping;
// Names as Java writes them.
mod x500;

pub use mapping::{MappingError, PrincipalMapping};
pub use x500::subject;
