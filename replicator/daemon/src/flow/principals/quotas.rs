//! Quotas of users and client ids.

use std::collections::BTreeMap;

use strait_client::{ClientError, ClientQuotaChange, Cluster};
use strait_replicator_core::principal_plan::{ClientQuota, Finding, Principal, QuotaEntity, compare_quotas};

use super::{Kind, Refusal, Results};
use crate::configuration::Flow;
use crate::status::{FlowStatus, PrincipalRow, PrincipalsStatus};

pub(super) struct Quotas;

impl Kind for Quotas {
    type Name = ClientQuota;
    type Value = f64;
    const WHAT: &str = "client quotas";

    fn is_on(flow: &Flow) -> bool {
        flow.sync_client_quotas
    }

    fn status(flow: &mut FlowStatus) -> &mut PrincipalsStatus {
        &mut flow.client_quotas
    }

    fn principal(name: &ClientQuota) -> Principal {
        Principal::Quota(name.clone())
    }

    fn name(principal: &Principal) -> Option<&ClientQuota> {
        match principal {
            Principal::Quota(quota) => Some(quota),
            Principal::User(_) => None,
        }
    }

    fn row(name: &ClientQuota, source: Option<&f64>, target: Option<&f64>) -> PrincipalRow {
        PrincipalRow::Quota {
            user: name.entity.user.as_ref().map(ToString::to_string),
            client_id: name.entity.client_id.as_ref().map(ToString::to_string),
            key: name.key.clone(),
            value: source.copied(),
            target_value: target.copied(),
        }
    }

    fn compare(&self, _: &ClientQuota, source: &f64, target: Option<&f64>) -> Finding {
        compare_quotas(*source, target.copied())
    }

    async fn read(cluster: &Cluster) -> Result<BTreeMap<ClientQuota, f64>, ClientError> {
        let quotas = cluster.describe_client_quotas().await?.into_iter().filter_map(|quota| {
            let parts = quota.entity.iter().map(|(kind, name)| (kind.as_str(), name.as_deref()));
            let entity = QuotaEntity::of_parts(parts)?;
            Some((ClientQuota { entity, key: quota.key }, quota.value))
        });
        Ok(quotas.collect())
    }

    async fn write(&self, target: &Cluster, changes: &[(ClientQuota, f64)]) -> Result<Results, ClientError> {
        alter(target, changes.iter().map(|(quota, value)| change(quota, Some(*value))).collect()).await
    }

    async fn remove(&self, target: &Cluster, names: &[ClientQuota]) -> Result<Results, ClientError> {
        alter(target, names.iter().map(|quota| change(quota, None)).collect()).await
    }
}

async fn alter(target: &Cluster, changes: Vec<ClientQuotaChange>) -> Result<Results, ClientError> {
    let results = target.alter_client_quotas(&changes).await?;
    Ok(results.into_iter().map(|result| result.map_err(Refusal::from)).collect())
}

fn change(quota: &ClientQuota, value: Option<f64>) -> ClientQuotaChange {
    let parts = quota.entity.parts().map(|(kind, name)| (kind.to_owned(), name.map(str::to_owned)));
    ClientQuotaChange { entity: parts.collect(), key: quota.key.clone(), value }
}
