//! Tokens of OAUTHBEARER at a listener (`sasl.oauthbearer.*`). Keys are read from a file.

use std::path::PathBuf;

use strait_broker_core::sasl::Mechanism;
use strait_broker_core::sasl::jwt::JwtRules;

use super::{SettingError, Settings};

const KEYS: &str = "sasl.oauthbearer.jwks.endpoint.url";
const HANDLER: &str = "sasl.server.callback.handler.class";
/// Kafka's class that takes tokens without a signature.
const UNSECURED: &str = "OAuthBearerUnsecuredValidatorCallbackHandler";

/// How tokens are checked.
#[derive(Clone, Debug)]
pub(crate) struct BearerSettings {
    pub(crate) trust: TokenTrust,
    pub(crate) rules: JwtRules,
}

/// Who vouches for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenTrust {
    /// Keys in a file.
    File(PathBuf),
    /// Nobody, by the express wish of the settings.
    Nobody,
}

impl Settings {
    pub(super) fn bearer(&self, listener: &str) -> Result<BearerSettings, SettingError> {
        let given = |key| self.text_of_mechanism(listener, Mechanism::OauthBearer, key);
        let text = |key| given(key).filter(|value: &&str| !value.is_empty()).map(str::to_owned);
        let audiences = given("sasl.oauthbearer.expected.audience").unwrap_or_default().split(',');
        let audiences = audiences.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
        let skew = given("sasl.oauthbearer.clock.skew.seconds").and_then(|seconds| seconds.parse().ok());
        let rules = JwtRules {
            audiences: audiences.collect(),
            issuer: text("sasl.oauthbearer.expected.issuer"),
            name_claim: text("sasl.oauthbearer.sub.claim.name").unwrap_or_else(|| "sub".to_owned()),
            clock_skew_ms: skew.unwrap_or(30_i64).saturating_mul(1_000),
        };
        Ok(BearerSettings { trust: self.token_trust(listener)?, rules })
    }

    fn token_trust(&self, listener: &str) -> Result<TokenTrust, SettingError> {
        let given = |key| self.text_of_mechanism(listener, Mechanism::OauthBearer, key).unwrap_or_default();
        if given(HANDLER).ends_with(UNSECURED) {
            return Ok(TokenTrust::Nobody);
        }
        let url = given(KEYS);
        let path = url.strip_prefix("file:").map(|path| path.trim_start_matches("//"));
        match path.filter(|path| path.starts_with('/')) {
            Some(path) => Ok(TokenTrust::File(PathBuf::from(path))),
            None => {
                let allowed = format!("listener {listener}: OAUTHBEARER needs a file of keys, file:///path");
                Err(SettingError { key: KEYS.to_owned(), value: url.to_owned(), allowed })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(pairs: &[(&str, &str)]) -> Result<BearerSettings, SettingError> {
        let mut settings = Settings::new(PathBuf::new(), "127.0.0.1:9092".to_owned());
        for (key, value) in pairs {
            assert_eq!(settings.set(key, value), Ok(true), "{key}");
        }
        settings.bearer("EAST")
    }

    #[test]
    fn keys_are_in_a_file() {
        for url in ["file:/etc/keys.json", "file:///etc/keys.json"] {
            let trust = bearer(&[(KEYS, url)]).expect("valid").trust;
            assert_eq!(trust, TokenTrust::File(PathBuf::from("/etc/keys.json")));
        }
        for url in ["", "https://issuer/keys", "file:keys.json"] {
            assert!(bearer(&[(KEYS, url)]).is_err(), "{url}");
        }
    }

    #[test]
    fn tokens_that_nobody_signed_have_to_be_wished_for() {
        let class = format!("org.apache.kafka.common.security.oauthbearer.internals.unsecured.{UNSECURED}");
        let handler = format!("listener.name.east.oauthbearer.{HANDLER}");
        assert_eq!(bearer(&[(&handler, &class)]).expect("valid").trust, TokenTrust::Nobody);
        assert!(bearer(&[]).is_err());
    }

    #[test]
    fn rules_of_tokens() {
        let bearer = bearer(&[
            (KEYS, "file:/keys"),
            ("sasl.oauthbearer.expected.audience", "a, b"),
            ("listener.name.east.sasl.oauthbearer.expected.issuer", "me"),
            ("sasl.oauthbearer.clock.skew.seconds", "5"),
        ]);
        let JwtRules { audiences, issuer, name_claim, clock_skew_ms } = bearer.expect("valid").rules;
        assert_eq!((audiences, clock_skew_ms), (vec!["a".to_owned(), "b".to_owned()], 5_000));
        assert_eq!((issuer.as_deref(), name_claim.as_str()), (Some("me"), "sub"));
    }
}
