//! Quotas of clients (KIP-546).

use std::collections::BTreeMap;

use strait_wire::codec::Request;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::alter_client_quotas::{
    AlterClientQuotasRequest, EntityData, EntryData as Alteration, OpData,
};
use strait_wire::message::describe_client_quotas::{DescribeClientQuotasRequest, EntryData};

use crate::admin::result;
use crate::cluster::Cluster;
use crate::error::{BrokerError, ClientError};

/// Whose a quota is: types (`user`, `client-id`, `ip`) with names, where no name is the default of the type.
pub type QuotaEntity = BTreeMap<String, Option<String>>;

/// One quota.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientQuota {
    pub entity: QuotaEntity,
    /// Such as `producer_byte_rate`.
    pub key: String,
    pub value: f64,
}

/// A quota to be set, or without a value to be removed.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientQuotaChange {
    pub entity: QuotaEntity,
    pub key: String,
    pub value: Option<f64>,
}

/// The result for each change of a request, in its order.
pub type QuotaResults = Vec<Result<(), BrokerError>>;

impl Cluster {
    /// Every quota.
    pub async fn describe_client_quotas(&self) -> Result<Vec<ClientQuota>, ClientError> {
        let request = DescribeClientQuotasRequest { components: Vec::new(), strict: false };
        let response = self.ask_any(&request).await?;
        let refused = |error| ClientError::Broker { api: DescribeClientQuotasRequest::KEY, error };
        result(response.error_code, response.error_message).map_err(refused)?;
        Ok(response.entries.into_iter().flatten().flat_map(quotas_of).collect())
    }

    /// Sets and removes quotas, at most one of each entity; to remove one that is not there is no error.
    pub async fn alter_client_quotas(
        &self,
        changes: &[ClientQuotaChange],
    ) -> Result<QuotaResults, ClientError> {
        let entries = changes.iter().map(alteration).collect();
        let response = self.ask_any(&AlterClientQuotasRequest { entries, validate_only: false }).await?;
        let answered = response.entries.into_iter().map(|entry| {
            let entity = entry.entity.into_iter().map(|part| (part.entity_type, part.entity_name));
            (entity.collect::<QuotaEntity>(), result(entry.error_code, entry.error_message))
        });
        let answered: BTreeMap<QuotaEntity, Result<(), BrokerError>> = answered.collect();
        let told = |change: &ClientQuotaChange| answered.get(&change.entity).cloned();
        Ok(changes.iter().map(|change| told(change).unwrap_or_else(|| Err(unanswered()))).collect())
    }
}

/// The broker answered the request, but not this part of it.
pub(crate) fn unanswered() -> BrokerError {
    BrokerError {
        code: ErrorCode::UNKNOWN_SERVER_ERROR,
        message: Some("no answer to this change".to_owned()),
    }
}

fn quotas_of(entry: EntryData) -> impl Iterator<Item = ClientQuota> {
    let parts = entry.entity.into_iter().map(|part| (part.entity_type, part.entity_name));
    let entity: QuotaEntity = parts.collect();
    let quota = move |(key, value)| ClientQuota { entity: entity.clone(), key, value };
    entry.values.into_iter().map(|value| (value.key, value.value)).map(quota)
}

fn alteration(change: &ClientQuotaChange) -> Alteration {
    let parts = change.entity.iter().map(|(entity_type, entity_name)| EntityData {
        entity_type: entity_type.clone(),
        entity_name: entity_name.clone(),
    });
    let value = change.value.unwrap_or_default();
    let op = OpData { key: change.key.clone(), value, remove: change.value.is_none() };
    Alteration { entity: parts.collect(), ops: vec![op] }
}
