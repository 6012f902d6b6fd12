//! `min.insync.replicas` where replicas that left in sync may lead again (KIP-966): one value for all brokers, which
//! can't be removed (`ConfigurationControlManager`). What topics say for themselves goes before it.

use strait_broker_core::features::ELIGIBLE_LEADER_REPLICAS;

use super::ChangeError;
use crate::metadata::{BROKER_RESOURCE, MetadataImage, MetadataRecord};
use crate::settings::{Settings, Values};

const KEY: &str = "min.insync.replicas";
const DEFAULT: &str = "1";

/// What makes the feature safe: a value for all brokers, that of this broker's file where they have none, and none for a
/// single one. Nothing when that holds already.
pub(super) fn safety_records(image: &MetadataImage, settings: &Settings) -> Vec<MetadataRecord> {
    let own = settings.given(KEY).unwrap_or(DEFAULT);
    let record = |resource: &str, value: Option<&str>| MetadataRecord::Config {
        resource_type: BROKER_RESOURCE,
        resource: resource.to_owned(),
        name: KEY.to_owned(),
        value: value.map(str::to_owned),
    };
    let has_value = |resource: &str| image.configs(BROKER_RESOURCE, resource).contains_key(KEY);
    let of_all = (!has_value("")).then(|| record("", Some(own)));
    let single = image.resources(BROKER_RESOURCE).filter(|name| !name.is_empty() && has_value(name));
    of_all.into_iter().chain(single.map(|name| record(name, None))).collect()
}

/// Refuses a change of a broker's settings, or with no name of all brokers', that would make the feature unsafe.
///
/// # Errors
/// `INVALID_CONFIG`, in Kafka's words.
pub(super) fn check<'a>(
    image: &MetadataImage,
    broker: &str,
    mut changed: impl Iterator<Item = &'a str>,
    wanted: &Values,
) -> Result<(), ChangeError> {
    let is_touched = changed.any(|name| name == KEY);
    let refused = match broker.is_empty() {
        true => (is_touched && !wanted.contains_key(KEY))
            .then_some("Cluster-level min.insync.replicas cannot be removed"),
        false => is_touched.then_some("Broker-level min.insync.replicas cannot be altered"),
    };
    match refused {
        Some(what) if image.features().level(&ELIGIBLE_LEADER_REPLICAS) > 0 => {
            Err(ChangeError::InvalidConfig { reason: format!("{what} while ELR is enabled.") })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(values: &[(&str, &str)], level: i16) -> MetadataImage {
        let mut image = MetadataImage::default();
        let name = ELIGIBLE_LEADER_REPLICAS.name.to_owned();
        image.replay(MetadataRecord::FeatureLevel { name, level });
        for (resource, value) in values {
            image.replay(MetadataRecord::Config {
                resource_type: BROKER_RESOURCE,
                resource: (*resource).to_owned(),
                name: KEY.to_owned(),
                value: Some((*value).to_owned()),
            });
        }
        image
    }

    #[test]
    fn all_brokers_get_one_value_and_single_ones_lose_theirs() {
        let mut settings = Settings::new("data".into(), "localhost:0".to_owned());
        assert_eq!(settings.set(KEY, "2"), Ok(true));
        let mut image = image(&[("1", "3")], 1);
        let records = safety_records(&image, &settings);
        assert_eq!(records.len(), 2);
        records.into_iter().for_each(|record| image.replay(record));
        assert_eq!(image.configs(BROKER_RESOURCE, "")[KEY], "2");
        assert!(image.configs(BROKER_RESOURCE, "1").is_empty());
        assert!(safety_records(&image, &settings).is_empty());
    }

    #[test]
    fn the_value_stays_while_the_feature_is_in_force() {
        let told = |level, broker: &str, changed: &'static str, wanted: &Values| {
            let checked = check(&image(&[("", "1")], level), broker, [changed].into_iter(), wanted);
            checked.err().map(|error| error.to_string())
        };
        let (none, some) = (Values::new(), Values::from([(KEY.to_owned(), "2".to_owned())]));
        let removed = "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.";
        let altered = "Broker-level min.insync.replicas cannot be altered while ELR is enabled.";
        assert_eq!(told(1, "", KEY, &none).as_deref(), Some(removed));
        assert_eq!(told(1, "1", KEY, &some).as_deref(), Some(altered));
        assert_eq!(told(1, "1", KEY, &none).as_deref(), Some(altered));
        assert_eq!(told(1, "", KEY, &some), None);
        assert_eq!(told(1, "", "log.retention.ms", &none), None);
        assert_eq!(told(0, "", KEY, &none), None);
        assert_eq!(told(0, "1", KEY, &some), None);
    }
}
