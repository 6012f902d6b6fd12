//! Both clusters: what they keep for users and client ids, changed and asked; each has a listener for SCRAM beside the plain one.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;

use anyhow::{Context, Result};
use strait_client::{
    ClientConfig, ClientQuotaChange, Cluster, QuotaEntity, SaltedPassword, SaslConfig, ScramHash, Secret,
    SecretSource, Security,
};
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::ports;
use tokio::runtime::{Builder, Runtime};

use crate::process::Broker;

const MECHANISMS: &str = "listener.name.named.sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512";

/// Connections to one of them.
pub(super) struct Side {
    runtime: Runtime,
    cluster: Cluster,
    /// Of the listener for SCRAM.
    named: String,
}

/// A real Kafka.
pub(super) fn kafka() -> Result<(Kafka, Side)> {
    let named = ports::free();
    let login = |mechanism: &str| {
        format!(
            "listener.name.named.{mechanism}.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;"
        )
    };
    let listener = format!("secure.listeners=NAMED:SASL_PLAINTEXT:{named}");
    let properties = [listener, MECHANISMS.to_owned(), login("scram-sha-256"), login("scram-sha-512")];
    let kafka = Kafka::start_with(CURRENT, &properties.each_ref().map(String::as_str))?;
    let side = Side::connect(kafka.address(), named)?;
    Ok((kafka, side))
}

/// Our broker.
pub(super) fn ours(folder: &Path) -> Result<(Broker, Side)> {
    let [plain, named] = [(); 2].map(|()| ports::free());
    let properties = [
        format!("listeners=PLAINTEXT://127.0.0.1:{plain},NAMED://127.0.0.1:{named}"),
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,NAMED:SASL_PLAINTEXT".to_owned(),
        MECHANISMS.to_owned(),
    ];
    let broker = Broker::start_listening(folder, plain, properties.to_vec())?;
    let side = Side::connect(broker.address(), named)?;
    Ok((broker, side))
}

fn source(password: &str) -> SecretSource {
    SecretSource::Value(Secret::new(password.to_owned()))
}

/// Such as `user=alice,client-id=app`; without a name the default.
fn entity(text: &str) -> QuotaEntity {
    let parts = text.split(',').filter_map(|part| part.split_once('='));
    parts.map(|(kind, name)| (kind.to_owned(), (!name.is_empty()).then(|| name.to_owned()))).collect()
}

fn shown(entity: &QuotaEntity) -> String {
    let parts = entity.iter().map(|(kind, name)| format!("{kind}={}", name.as_deref().unwrap_or_default()));
    parts.collect::<Vec<_>>().join(",")
}

impl Side {
    fn connect(address: String, named: u16) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let config = ClientConfig { bootstrap: vec![address], ..ClientConfig::default() };
        let cluster = runtime.block_on(Cluster::connect(config))?;
        Ok(Self { runtime, cluster, named: format!("127.0.0.1:{named}") })
    }

    /// All quotas, such as `client-id=app,user=alice producer_byte_rate`.
    pub(super) fn quotas(&self) -> Result<BTreeMap<String, f64>> {
        let quotas = self.runtime.block_on(self.cluster.describe_client_quotas())?.into_iter();
        Ok(quotas.map(|quota| (format!("{} {}", shown(&quota.entity), quota.key), quota.value)).collect())
    }

    /// Sets a quota, or removes it.
    pub(super) fn set(&self, of: &str, key: &str, value: Option<f64>) -> Result<()> {
        let change = ClientQuotaChange { entity: entity(of), key: key.to_owned(), value };
        let results = self.runtime.block_on(self.cluster.alter_client_quotas(&[change]))?;
        results.into_iter().try_for_each(|result| result.with_context(|| format!("{of} {key}")))
    }

    /// Iterations of all users, by name and the code of the mechanism.
    pub(super) fn users(&self) -> Result<BTreeMap<(String, i8), i32>> {
        let users = self.runtime.block_on(self.cluster.describe_scram_users())?.into_iter();
        Ok(users.map(|user| ((user.name, user.mechanism), user.iterations)).collect())
    }

    pub(super) fn make_user(
        &self,
        name: &str,
        hash: ScramHash,
        password: &str,
        iterations: u32,
    ) -> Result<()> {
        let count = NonZeroU32::new(iterations).context("iterations")?;
        let results = self.runtime.block_on(async {
            let salted = SaltedPassword::of(hash, &source(password), count).await?;
            anyhow::Ok(self.cluster.create_scram_users(&[(name.to_owned(), salted)]).await?)
        })?;
        results.into_iter().try_for_each(|result| result.with_context(|| name.to_owned()))
    }

    pub(super) fn remove_user(&self, name: &str, hash: ScramHash) -> Result<()> {
        let user = [(name.to_owned(), hash)];
        let results = self.runtime.block_on(self.cluster.delete_scram_users(&user))?;
        results.into_iter().try_for_each(|result| result.with_context(|| name.to_owned()))
    }

    /// Whether somebody is let in.
    pub(super) fn lets_in(&self, name: &str, hash: ScramHash, password: &str) -> bool {
        let sasl = SaslConfig::Scram { hash, username: name.to_owned(), password: source(password) };
        let config = ClientConfig {
            bootstrap: vec![self.named.clone()],
            security: Security { tls: None, sasl: Some(sasl) },
            ..ClientConfig::default()
        };
        self.runtime.block_on(Cluster::connect(config)).is_ok()
    }
}
