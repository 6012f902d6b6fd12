//! One authentication from the first request to the last token, and which requests it allows when.

use strait_wire::api_key::ApiKey;

use super::bearer::{ACKNOWLEDGEMENT, FirstMessage, REFUSED};
use super::error::SaslError;
use super::mechanism::Mechanism;
use super::scram::{ScramFirst, ScramMechanism, ScramServer};
use super::session::SaslSession;
use super::{Credentials, plain};

/// An authentication that is going on.
#[derive(Debug)]
pub struct SaslExchange {
    enabled: Vec<Mechanism>,
    before: Option<SaslSession>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Versions may be asked once, or the mechanism is named.
    Versions,
    /// The mechanism is named.
    Handshake,
    Tokens {
        mechanism: Mechanism,
        framed: bool,
        server: Server,
    },
    /// Another mechanism than before: the next token is refused.
    WrongMechanism {
        asked: Mechanism,
        framed: bool,
    },
    Ended,
}

#[derive(Debug)]
enum Server {
    Plain,
    Scram(ScramMechanism),
    ScramProof(ScramServer),
    Bearer,
    /// The client has to acknowledge that its token is refused.
    BearerRefused,
}

/// What the client sends next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    Request,
    /// A token as it is, after a handshake of version 0.
    Token,
}

/// What a token leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this; another token follows.
    Challenge(Vec<u8>),
    /// Send this; the client is known.
    Complete { answer: Vec<u8>, authenticated: Authenticated },
}

/// A client that proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    pub mechanism: Mechanism,
    /// The principal is `User:` and this.
    pub name: String,
    /// When the proof ends, in milliseconds since 1970.
    pub expires_ms: Option<i64>,
}

/// What a step needs from outside.
#[derive(Clone, Copy, Debug)]
pub struct TokenContext<'a> {
    /// Printable, random, new for each exchange.
    pub nonce: &'a str,
    pub now_ms: i64,
}

/// A request that is not allowed at this point. The connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unexpected Kafka request {key} during SASL {}", if *.in_tokens { "authentication" } else { "handshake" })]
pub struct UnexpectedRequestError {
    pub key: ApiKey,
    /// The mechanism was named already.
    pub in_tokens: bool,
}

impl SaslExchange {
    /// The first authentication of a connection.
    pub fn new(enabled: Vec<Mechanism>) -> Self {
        Self { enabled, before: None, state: State::Versions }
    }

    /// Another one, which begins with a handshake and must end with the same name.
    pub fn again(enabled: Vec<Mechanism>, before: SaslSession) -> Self {
        Self { enabled, before: Some(before), state: State::Handshake }
    }

    pub fn is_again(&self) -> bool {
        self.before.is_some()
    }

    pub fn enabled(&self) -> &[Mechanism] {
        &self.enabled
    }

    pub fn expected(&self) -> Expected {
        match &self.state {
            State::Tokens { framed: false, .. } | State::WrongMechanism { framed: false, .. } => {
                Expected::Token
            }
            State::Versions
            | State::Handshake
            | State::Tokens { .. }
            | State::WrongMechanism { .. }
            | State::Ended => Expected::Request,
        }
    }

    /// Whether a request may be served now. ApiVersions, SaslHandshake and SaslAuthenticate are, each in its time.
    pub fn permit(&self, key: ApiKey) -> Result<(), UnexpectedRequestError> {
        let (allowed, in_tokens): (&[ApiKey], bool) = match &self.state {
            State::Versions => (&[ApiKey::API_VERSIONS, ApiKey::SASL_HANDSHAKE], false),
            State::Handshake => (&[ApiKey::SASL_HANDSHAKE], false),
            State::Tokens { framed, .. } | State::WrongMechanism { framed, .. } => {
                (if *framed { &[ApiKey::SASL_AUTHENTICATE] } else { &[] }, true)
            }
            State::Ended => (&[], true),
        };
        if allowed.contains(&key) { Ok(()) } else { Err(UnexpectedRequestError { key, in_tokens }) }
    }

    /// Versions were told: they can't be asked a second time.
    pub fn versions_told(&mut self) {
        if matches!(self.state, State::Versions) {
            self.state = State::Handshake;
        }
    }

    /// The client names a mechanism. False: it is not enabled, and the authentication has failed.
    pub fn handshake(&mut self, name: &str, version: i16) -> bool {
        let framed = version >= 1;
        let Some(mechanism) = Mechanism::named(name).filter(|mechanism| self.enabled.contains(mechanism))
        else {
            self.state = State::Ended;
            return false;
        };
        self.state = match &self.before {
            Some(before) if before.mechanism != mechanism => {
                State::WrongMechanism { asked: mechanism, framed }
            }
            _ => State::Tokens { mechanism, framed, server: Server::of(mechanism) },
        };
        true
    }

    /// The mechanism that was named.
    pub fn mechanism(&self) -> Option<Mechanism> {
        match &self.state {
            State::Tokens { mechanism, .. } => Some(*mechanism),
            State::WrongMechanism { asked, .. } => Some(*asked),
            State::Versions | State::Handshake | State::Ended => None,
        }
    }

    /// Takes a token of the client. After an error or [`Step::Complete`] nothing more is allowed.
    pub fn token(
        &mut self,
        token: &[u8],
        credentials: &impl Credentials,
        context: TokenContext<'_>,
    ) -> Result<Step, SaslError> {
        let (mechanism, framed, server) = match std::mem::replace(&mut self.state, State::Ended) {
            State::Tokens { mechanism, framed, server } => (mechanism, framed, server),
            State::WrongMechanism { asked, .. } => {
                let before = self.before.as_ref().map_or(asked, |before| before.mechanism);
                return Err(SaslError::OtherMechanism { asked: asked.to_string(), before });
            }
            State::Versions | State::Handshake | State::Ended => return Err(SaslError::NotExpected),
        };
        match server.step(token, credentials, context)? {
            Next::Challenge(server, challenge) => {
                self.state = State::Tokens { mechanism, framed, server };
                Ok(Step::Challenge(challenge))
            }
            Next::Known { name, answer, expires_ms } => {
                self.must_be_the_same(&name)?;
                Ok(Step::Complete { answer, authenticated: Authenticated { mechanism, name, expires_ms } })
            }
        }
    }

    fn must_be_the_same(&self, name: &str) -> Result<(), SaslError> {
        match &self.before {
            Some(before) if before.name != name => {
                Err(SaslError::OtherPrincipal { from: before.name.clone(), to: name.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

enum Next {
    Challenge(Server, Vec<u8>),
    Known { name: String, answer: Vec<u8>, expires_ms: Option<i64> },
}

impl Server {
    fn of(mechanism: Mechanism) -> Self {
        match mechanism {
            Mechanism::Plain => Self::Plain,
            Mechanism::Scram(hash) => Self::Scram(hash),
            Mechanism::OauthBearer => Self::Bearer,
        }
    }

    fn step(
        self,
        token: &[u8],
        credentials: &impl Credentials,
        context: TokenContext<'_>,
    ) -> Result<Next, SaslError> {
        match self {
            Self::Plain => {
                let name = plain::authenticate(token, |username| credentials.password(username))?;
                Ok(Next::Known { name, answer: Vec::new(), expires_ms: None })
            }
            Self::Scram(hash) => {
                let first = ScramFirst::parse(token)?;
                let credential = credentials.scram(hash, first.username());
                let (server, answer) = first.answer(hash, credential, context.nonce, credentials.secret())?;
                Ok(Next::Challenge(Self::ScramProof(server), answer.into_bytes()))
            }
            Self::ScramProof(server) => {
                let (name, answer) = server.finish(token)?;
                Ok(Next::Known { name, answer: answer.into_bytes(), expires_ms: None })
            }
            Self::BearerRefused if token == ACKNOWLEDGEMENT => {
                Err(SaslError::BearerRefused { document: REFUSED })
            }
            Self::Bearer | Self::BearerRefused => bearer(token, credentials, context),
        }
    }
}

fn bearer(
    token: &[u8],
    credentials: &impl Credentials,
    context: TokenContext<'_>,
) -> Result<Next, SaslError> {
    let message = FirstMessage::parse(token)?;
    let Some(found) = credentials.bearer(message.token, context.now_ms) else {
        return Ok(Next::Challenge(Server::BearerRefused, REFUSED.as_bytes().to_vec()));
    };
    if !message.identity.is_empty() && message.identity != found.name {
        let asked = message.identity.to_owned();
        return Err(SaslError::OtherTokenIdentity { asked, found: found.name });
    }
    Ok(Next::Known { name: found.name, answer: Vec::new(), expires_ms: Some(found.expires_ms) })
}
