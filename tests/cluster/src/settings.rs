//! Numbers that a run by hand may raise.

/// The number in environment variable `name`, or `default`. Panics on anything else.
pub fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => match text.replace('_', "").parse() {
            Ok(number) => number,
            Err(error) => panic!("{name}={text} is not a number: {error}"),
        },
        Err(_) => default,
    }
}

/// Whether this runs where leaving a test out is a failure.
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}
