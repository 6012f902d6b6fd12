//! Users of SCRAM in the metadata log (`UserScramCredentialRecord`, `RemoveUserScramCredentialRecord`).

use bytes::Bytes;
use strait_broker_core::sasl::scram::ScramCredential;
use strait_wire::codec::{Context, DecodeError, Decoder, EncodeError, Encoder, Value};

/// A user with one mechanism.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ScramUser {
    pub(crate) name: String,
    /// `ScramMechanism.type`.
    pub(crate) mechanism: i8,
}

impl ScramUser {
    pub(super) fn write(&self, context: Context, out: &mut Encoder) -> Result<(), EncodeError> {
        self.name.write(context, out)?;
        out.i8(self.mechanism);
        Ok(())
    }

    pub(super) fn read(context: Context, input: &mut Decoder) -> Result<Self, DecodeError> {
        Ok(Self { name: String::read(context, input)?, mechanism: input.i8()? })
    }
}

pub(super) fn write_credential(
    credential: &ScramCredential,
    context: Context,
    out: &mut Encoder,
) -> Result<(), EncodeError> {
    for part in [&credential.salt, &credential.stored_key, &credential.server_key] {
        Bytes::copy_from_slice(part).write(context, out)?;
    }
    out.i32(credential.iterations);
    Ok(())
}

pub(super) fn read_credential(context: Context, input: &mut Decoder) -> Result<ScramCredential, DecodeError> {
    let mut part = || Ok::<_, DecodeError>(Bytes::read(context, input)?.to_vec());
    let (salt, stored_key, server_key) = (part()?, part()?, part()?);
    Ok(ScramCredential { salt, stored_key, server_key, iterations: input.i32()? })
}
