//! A real Kafka and our broker with the same certificates, passwords and tokens: they let in and refuse the same.

// Both brokers.
mod pair;
// Bytes of authentication, also those that no client sends.
mod bytes;
// Kafka's own tools with right and wrong credentials.
mod clients;
mod tools;
// Certificates that change.
mod certificates;

use pair::Pair;

/// One test for all, since such a pair takes longer to start than to ask.
#[test]
fn credentials_are_taken_and_refused_as_by_kafka() {
    let Some(pair) = Pair::start("credentials_are_taken_and_refused_as_by_kafka") else { return };
    bytes::are_answered_as_by_kafka(&pair);
    bytes::end_a_session_with_the_next_request(&pair);
    clients::are_let_in_and_refused_as_by_kafka(&pair);
    certificates::are_shown_to_new_clients(&pair);
}
