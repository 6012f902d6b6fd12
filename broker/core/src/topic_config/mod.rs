//! The settings that a topic can have: names, types, defaults, what is allowed, documentation (`LogConfig`).

// What a value may be.
mod rule;
// Every setting.
mod definitions;
// The broker's values behind them.
mod broker;
// Those that a topic has.
mod configs;
// Changes to them.
mod alter;
// What DescribeConfigs tells.
mod describe;

pub use alter::{AlterOperation, Alteration};
pub use broker::{BrokerConfigs, BrokerSetting, broker_setting};
pub use configs::TopicConfigs;
pub use definitions::{ConfigDefinition, definition, definitions};
pub use describe::ConfigSource;
pub use rule::{ConfigError, ConfigType, Rule};

#[cfg(test)]
mod tests;
