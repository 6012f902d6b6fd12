//! The server's two steps.

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::credential::{ScramCredential, ScramMechanism};
use super::message::{ClientFinal, ClientFirst, ScramError, server_final, server_first};

/// The client said who it is.
#[derive(Debug)]
pub(in super::super) struct ScramFirst(ClientFirst);

/// The client knows the salt and has to prove that it knows the password.
#[derive(Debug)]
pub(in super::super) struct ScramServer {
    mechanism: ScramMechanism,
    username: String,
    nonce: String,
    /// First messages of both sides.
    said: String,
    credential: ScramCredential,
    is_known: bool,
}

impl ScramFirst {
    pub(in super::super) fn parse(message: &[u8]) -> Result<Self, ScramError> {
        ClientFirst::parse(message).map(Self)
    }

    pub(in super::super) fn username(&self) -> &str {
        &self.0.username
    }

    /// The salt of the user. One that is not known gets a salt too, and fails at the end as with a wrong password.
    pub(in super::super) fn answer(
        self,
        mechanism: ScramMechanism,
        credential: Option<ScramCredential>,
        server_nonce: &str,
        secret: &[u8],
    ) -> Result<(ScramServer, String), ScramError> {
        let ClientFirst { identity, username, nonce, is_token, bare } = self.0;
        if !identity.is_empty() && identity != username {
            return Err(ScramError::OtherIdentity);
        }
        let is_usable = |credential: &ScramCredential| {
            !is_token && credential.iterations >= ScramMechanism::LEAST_ITERATIONS
        };
        let nobody = ScramCredential::of_nobody(mechanism, secret, &username);
        let credential = credential.filter(is_usable);
        let is_known = credential.is_some();
        let credential = credential.unwrap_or(nobody);
        let nonce = format!("{nonce}{server_nonce}");
        let answer = server_first(&nonce, &credential.salt, credential.iterations);
        let said = format!("{bare},{answer}");
        Ok((ScramServer { mechanism, username, nonce, said, credential, is_known }, answer))
    }
}

impl ScramServer {
    /// Checks the proof; gives the name and the answer by which the client knows the broker.
    pub(in super::super) fn finish(self, message: &[u8]) -> Result<(String, String), ScramError> {
        let message = ClientFinal::parse(message)?;
        if message.nonce != self.nonce {
            return Err(ScramError::Nonce);
        }
        let signed = format!("{},{}", self.said, message.without_proof);
        let signature = self.mechanism.hmac(&self.credential.stored_key, signed.as_bytes());
        let client_key: Vec<u8> =
            message.proof.iter().zip(&signature).map(|(proof, signature)| proof ^ signature).collect();
        let stored_key = self.mechanism.hash(&client_key);
        let is_proved = message.proof.len() == signature.len()
            && verify_slices_are_equal(&stored_key, &self.credential.stored_key).is_ok();
        match (self.is_known, is_proved) {
            (true, true) => {
                let signature = self.mechanism.hmac(&self.credential.server_key, signed.as_bytes());
                Ok((self.username, server_final(&signature)))
            }
            (true, false) => Err(ScramError::WrongPassword),
            (false, _) => Err(ScramError::UnknownUser),
        }
    }
}
