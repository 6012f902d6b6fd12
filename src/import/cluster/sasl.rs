//! Who Strait is: a mechanism and what it needs.

use serde_json::{Map, Value};

use crate::references;

use super::super::plan::Purpose;
use super::super::settings::Reader;
use super::jaas::{self, Login};
use super::secret;

const MODULES: &str = "org.apache.kafka.common.security.";
const MECHANISMS: [(&str, &str); 4] = [
    ("PLAIN", "plain.PlainLoginModule"),
    ("SCRAM-SHA-256", "scram.ScramLoginModule"),
    ("SCRAM-SHA-512", "scram.ScramLoginModule"),
    ("OAUTHBEARER", "oauthbearer.OAuthBearerLoginModule"),
];
const HANDLERS: [&str; 2] = ["sasl.client.callback.handler.class", "sasl.login.class"];
const LOGIN_HANDLER: &str = "sasl.login.callback.handler.class";
const KAFKAS_LOGIN_HANDLERS: [&str; 3] = [
    "",
    "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
    "org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler",
];
const TOKEN_URL: &str = "sasl.oauthbearer.token.endpoint.url";
const JAAS: &str = "sasl.jaas.config";

pub(super) fn translate(reader: &mut Reader<'_>, alias: &str, purpose: Purpose) -> Value {
    let mut sasl = Map::new();
    for name in HANDLERS {
        if reader.text(name).is_some_and(|class| !class.is_empty()) {
            reader.refuse(name, "a class of others can't be used");
        }
    }
    if reader.text(LOGIN_HANDLER).is_some_and(|class| !KAFKAS_LOGIN_HANDLERS.contains(&class.as_str())) {
        reader.refuse(LOGIN_HANDLER, "a class of others can't be used");
    }
    let mechanism = reader.text("sasl.mechanism").unwrap_or_else(|| "GSSAPI".to_owned());
    let Some((_, module)) = MECHANISMS.iter().find(|(name, _)| *name == mechanism) else {
        let known: Vec<&str> = MECHANISMS.iter().map(|(name, _)| *name).collect();
        let missing = if reader.raw("sasl.mechanism").is_none() { " (GSSAPI without it)" } else { "" };
        reader.refuse("sasl.mechanism", format!("allowed are {}{missing}", known.join(", ")));
        return Value::Object(sasl);
    };
    sasl.insert("mechanism".to_owned(), mechanism.as_str().into());
    if let Some((login, is_foreign)) = login(reader) {
        if login.module != format!("{MODULES}{module}") {
            reader
                .refuse(JAAS, format!("its module must be {MODULES}{module} for sasl.mechanism {mechanism}"));
        } else if mechanism != "OAUTHBEARER" {
            user(reader, &login, &mut sasl, (alias, purpose), is_foreign);
        }
    }
    if mechanism == "OAUTHBEARER" {
        token(reader, &mut sasl);
    }
    Value::Object(sasl)
}

/// The login, and whether all of it came from a provider.
fn login(reader: &mut Reader<'_>) -> Option<(Login, bool)> {
    let Some(setting) = reader.raw(JAAS) else {
        reader.refuse(JAAS, "a login must be given");
        return None;
    };
    let raw = setting.value.trim();
    let is_foreign = references::first(raw).is_some_and(|reference| reference.at == 0);
    let text = if is_foreign { reader.text(JAAS)? } else { raw.to_owned() };
    match jaas::parse(&text) {
        Ok(login) => Some((login, is_foreign)),
        Err(error) => {
            reader.refuse(JAAS, error.to_string());
            None
        }
    }
}

fn user(
    reader: &mut Reader<'_>,
    login: &Login,
    sasl: &mut Map<String, Value>,
    (alias, purpose): (&str, Purpose),
    is_foreign: bool,
) {
    if login.options.get("tokenauth").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        reader.refuse(JAAS, "delegation tokens can't be used");
    }
    let option = |name: &str| login.options.get(name).map(String::as_str).unwrap_or_default();
    if option("username").is_empty() || option("password").is_empty() {
        reader.refuse(JAAS, "username and password must be given");
    }
    match reader.providers.resolved(option("username")) {
        Ok(username) => sasl.insert("username".to_owned(), username.into()),
        Err(error) => return reader.refuse(JAAS, error.to_string()),
    };
    if is_foreign && purpose == Purpose::Write {
        let variable = format!("{}_SASL_PASSWORD", alias.to_ascii_uppercase().replace(['-', '.'], "_"));
        reader.note(JAAS, format!("put its password into the environment variable {variable}"));
        sasl.insert("password".to_owned(), format!("${{env:{variable}}}").into());
    } else {
        secret::put_text(reader, JAAS, option("password"), sasl, "password");
    }
}

fn token(reader: &mut Reader<'_>, sasl: &mut Map<String, Value>) {
    let url = reader.text(TOKEN_URL).unwrap_or_default();
    match url.strip_prefix("file://") {
        Some(path) => {
            sasl.insert("token_file".to_owned(), path.into());
        }
        None => reader.refuse(
            TOKEN_URL,
            "tokens are read from a file only: file:///PATH, which something else keeps fresh",
        ),
    }
}
