//! Quotas of clients and users of SCRAM.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use strait_client::{
    BrokerError, ClientQuota, ClientQuotaChange, Cluster, QuotaEntity, SaltedPassword, ScramHash, ScramUser,
    Secret, SecretSource,
};
use strait_wire::error_code::ErrorCode;

const LIMIT: Duration = Duration::from_secs(20);
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4_096).expect("not 0");

fn codes(results: Vec<Result<(), BrokerError>>) -> Vec<ErrorCode> {
    results.into_iter().map(|result| result.map_or_else(|error| error.code, |()| ErrorCode::NONE)).collect()
}

pub(crate) async fn quotas_are_changed(cluster: &Cluster) {
    let part = |kind: &str, name: Option<&str>| (kind.to_owned(), name.map(str::to_owned));
    let entity = QuotaEntity::from([part("user", Some("alice")), part("client-id", None)]);
    let change = |entity: &QuotaEntity, key: &str, value| ClientQuotaChange {
        entity: entity.clone(),
        key: key.to_owned(),
        value,
    };
    let other = QuotaEntity::from([part("user", None)]);
    let rate = "producer_byte_rate";
    let changes = [change(&other, "no_such_rate", Some(1.0)), change(&entity, rate, Some(1_000.0))];
    let results = cluster.alter_client_quotas(&changes).await.expect("an answer");
    assert_eq!(codes(results), [ErrorCode::INVALID_REQUEST, ErrorCode::NONE]);
    wait_quotas(cluster, &[ClientQuota { entity: entity.clone(), key: rate.to_owned(), value: 1_000.0 }])
        .await;
    let removals = [change(&entity, rate, None), change(&other, rate, None)];
    let results = cluster.alter_client_quotas(&removals).await.expect("an answer");
    assert_eq!(codes(results), [ErrorCode::NONE; 2]);
    wait_quotas(cluster, &[]).await;
}

async fn wait_quotas(cluster: &Cluster, expected: &[ClientQuota]) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let told = cluster.describe_client_quotas().await.expect("an answer");
        if told == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{told:?}");
    }
}

pub(crate) async fn users_are_changed(cluster: &Cluster) {
    let password = SecretSource::Value(Secret::new("canary".to_owned()));
    let salted = SaltedPassword::of(ScramHash::Sha512, &password, ITERATIONS).await.expect("a password");
    assert_eq!(format!("{salted:?}"), "SaltedPassword");
    let few = SaltedPassword::of(ScramHash::Sha256, &password, NonZeroU32::MIN).await.expect("a password");
    let users = [("bob".to_owned(), few), ("alice".to_owned(), salted)];
    let results = cluster.create_scram_users(&users).await.expect("an answer");
    assert_eq!(codes(results), [ErrorCode::UNACCEPTABLE_CREDENTIAL, ErrorCode::NONE]);
    wait_users(cluster, &[ScramUser { name: "alice".to_owned(), mechanism: 2, iterations: 4_096 }]).await;
    let gone = [("bob".to_owned(), ScramHash::Sha256), ("alice".to_owned(), ScramHash::Sha512)];
    let results = cluster.delete_scram_users(&gone).await.expect("an answer");
    assert_eq!(codes(results), [ErrorCode::NONE; 2], "one that is not there is no error");
    wait_users(cluster, &[]).await;
}

async fn wait_users(cluster: &Cluster, expected: &[ScramUser]) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let told = cluster.describe_scram_users().await.expect("an answer");
        if told == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{told:?}");
    }
}
