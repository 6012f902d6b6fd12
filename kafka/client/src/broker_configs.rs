//! Settings of one broker, as it has them now.

use std::collections::BTreeMap;

use strait_wire::message::describe_configs::{DescribeConfigsRequest, DescribeConfigsResource};

use crate::admin::result;
use crate::cluster::Cluster;
use crate::error::ClientError;

const BROKER: i8 = 4;

impl Cluster {
    /// The values of some settings of a broker; what it does not know is left out. Needs DESCRIBE_CONFIGS on the
    /// cluster.
    pub async fn describe_broker_configs(
        &self,
        id: i32,
        names: &[&str],
    ) -> Result<BTreeMap<String, String>, ClientError> {
        let resource = DescribeConfigsResource {
            resource_type: BROKER,
            resource_name: id.to_string(),
            configuration_keys: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        };
        let request =
            DescribeConfigsRequest { resources: vec![resource], ..DescribeConfigsRequest::default() };
        let api = <DescribeConfigsRequest as strait_wire::codec::Request>::KEY;
        let response = self.connection_to(id).await?.call(&request).await?;
        let mut values = BTreeMap::new();
        for broker in response.results {
            result(broker.error_code, broker.error_message)
                .map_err(|error| ClientError::Broker { api, error })?;
            values.extend(broker.configs.into_iter().filter_map(|config| Some((config.name, config.value?))));
        }
        Ok(values)
    }
}
