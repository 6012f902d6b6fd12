//! Settings of Kafka's own clients that can't be taken.

use strait_client::SettingError;

use crate::Failure;
use crate::keys;

/// Wrong input: what is wrong with a setting, and which of `known` was perhaps meant.
pub(in crate::command) fn setting_refused(error: &SettingError, known: &[&str]) -> Failure {
    let nearest = match error {
        SettingError::Unknown { key, .. } => keys::nearest(key, known.iter().copied()),
        _ => None,
    };
    let offer = nearest.map_or_else(String::new, |nearest| format!("; the nearest is {nearest}"));
    Failure::WrongInput(format!("error: {error}{offer}"))
}

#[cfg(test)]
mod tests {
    use strait_client::{ConsumerConfig, ProducerConfig};

    use super::*;

    fn said(error: &SettingError, known: &[&str]) -> String {
        match setting_refused(error, known) {
            Failure::WrongInput(message) => message,
            _ => panic!("no wrong input"),
        }
    }

    #[test]
    fn what_was_perhaps_meant_is_offered() {
        let mut producer = ProducerConfig::default();
        let error = producer.set("lingr.ms", "5").expect_err("no such setting");
        let offered = "error: a producer has no setting lingr.ms; the nearest is linger.ms";
        assert_eq!(said(&error, ProducerConfig::KEYS), offered);
        let error = producer.set("zzz", "5").expect_err("no such setting");
        assert_eq!(said(&error, ProducerConfig::KEYS), "error: a producer has no setting zzz");
        let error = ConsumerConfig::default().set("fetch.min.bytes", "x").expect_err("no number");
        assert!(
            said(&error, ConsumerConfig::KEYS)
                .starts_with("error: Invalid value x for configuration fetch.min.bytes")
        );
    }
}
