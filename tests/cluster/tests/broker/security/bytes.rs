//! Authentication byte by byte: our broker answers as a real Kafka does, also to what no client sends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::Result;
use strait_cluster_tests::secured::{Files, Listener, PLAIN_PASSWORD, SESSION_MILLIS};

use super::pair::Pair;

const PATIENCE: Duration = Duration::from_secs(10);
const VERSIONS: i16 = 18;
const HANDSHAKE: i16 = 17;
const AUTHENTICATE: i16 = 36;
const METADATA: i16 = 3;

/// What a client sends, without its length.
#[derive(Clone, Debug)]
enum Sent {
    Request(i16, i16, Vec<u8>),
    Token(Vec<u8>),
    /// A length, and nothing behind it.
    Length(i32),
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Frame(Vec<u8>),
    Closed,
}

struct Conversation(TcpStream);

impl Conversation {
    fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(stream))
    }

    fn say(&mut self, sent: &Sent) -> Result<Answer> {
        let (key, bytes) = match sent {
            Sent::Request(key, version, body) => (Some(*key), framed(&request(*key, *version, body))),
            Sent::Token(token) => (None, framed(token)),
            Sent::Length(length) => (None, length.to_be_bytes().to_vec()),
        };
        // Whoever closed already does not take it.
        let _ = self.0.write_all(&bytes);
        let mut length = [0; 4];
        if self.0.read_exact(&mut length).is_err() {
            return Ok(Answer::Closed);
        }
        let mut frame = vec![0; usize::try_from(i32::from_be_bytes(length))?];
        self.0.read_exact(&mut frame)?;
        Ok(Answer::Frame(comparable(key, frame)))
    }
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    [&i32::try_from(bytes.len()).expect("short").to_be_bytes()[..], bytes].concat()
}

/// Correlation id 7, no client id; flexible headers end with no tags.
fn request(key: i16, version: i16, body: &[u8]) -> Vec<u8> {
    let head = [&key.to_be_bytes()[..], &version.to_be_bytes(), &7_i32.to_be_bytes(), &[0xff, 0xff]].concat();
    let is_flexible = (key == AUTHENTICATE && version >= 2) || (key == VERSIONS && version >= 3);
    let tags: &[u8] = if is_flexible { &[0] } else { &[] };
    [&head, tags, body].concat()
}

/// Both brokers serve other versions, and enabled mechanisms have no order.
fn comparable(key: Option<i16>, mut frame: Vec<u8>) -> Vec<u8> {
    match key {
        Some(VERSIONS | METADATA) => frame.truncate(6),
        Some(HANDSHAKE) => {
            let mut names = frame.split_off(10.min(frame.len()));
            names.sort_unstable();
            frame.extend(names);
        }
        _ => {}
    }
    frame
}

fn handshake(mechanism: &str, version: i16) -> Sent {
    let length = u16::try_from(mechanism.len()).expect("short").to_be_bytes();
    Sent::Request(HANDSHAKE, version, [&length[..], mechanism.as_bytes()].concat())
}

fn authenticate(version: i16, token: &[u8]) -> Sent {
    let body = match version {
        0 | 1 => framed(token),
        _ => [&[u8::try_from(token.len() + 1).expect("short")][..], token, &[0]].concat(),
    };
    Sent::Request(AUTHENTICATE, version, body)
}

fn versions() -> Sent {
    Sent::Request(VERSIONS, 0, Vec::new())
}

/// All topics.
fn metadata() -> Sent {
    Sent::Request(METADATA, 1, vec![0xff; 4])
}

fn right() -> Vec<u8> {
    format!("\0strait\0{PLAIN_PASSWORD}").into_bytes()
}

fn wrong() -> Vec<u8> {
    b"\0strait\0wrong".to_vec()
}

/// A first message with a token that is issued and expires in these seconds of 1970 and after.
fn bearer(issued: u64, expires: u64) -> String {
    let token = Files::token_between(issued, expires).expect("a token");
    format!("n,,\u{1}auth=Bearer {token}\u{1}\u{1}")
}

fn conversations() -> Vec<(&'static str, Vec<Sent>)> {
    let plain = || handshake("PLAIN", 1);
    let scram = || handshake("SCRAM-SHA-256", 1);
    let first = |text: &str| authenticate(1, text.as_bytes());
    vec![
        ("right", vec![versions(), plain(), authenticate(1, &right()), metadata(), versions()]),
        ("version 0", vec![plain(), authenticate(0, &right()), metadata()]),
        ("version 2", vec![plain(), authenticate(2, &right()), metadata()]),
        ("wrong", vec![versions(), plain(), authenticate(1, &wrong()), metadata()]),
        ("wrong in version 2", vec![plain(), authenticate(2, &wrong()), metadata()]),
        ("bare token", vec![handshake("PLAIN", 0), Sent::Token(right()), metadata()]),
        ("wrong bare token", vec![handshake("PLAIN", 0), Sent::Token(wrong()), metadata()]),
        ("no token", vec![plain(), authenticate(1, b""), metadata()]),
        ("no username", vec![plain(), authenticate(1, b"\0\0x"), metadata()]),
        ("no password", vec![plain(), authenticate(1, b"\0strait\0"), metadata()]),
        ("four parts", vec![plain(), authenticate(1, b"\0a\0b\0c"), metadata()]),
        ("another identity", vec![plain(), authenticate(1, &[b"other", &right()[..]].concat()), metadata()]),
        ("unknown mechanism", vec![versions(), handshake("GSSAPI", 1), plain()]),
        ("unknown mechanism, version 0", vec![handshake("CRAM-MD5", 0), plain()]),
        ("versions twice", vec![versions(), versions()]),
        ("newer versions first", vec![Sent::Request(VERSIONS, 99, vec![1, 1, 0]), versions(), plain()]),
        ("not yet", vec![metadata()]),
        ("not yet, after versions", vec![versions(), metadata()]),
        ("no handshake", vec![authenticate(1, &right())]),
        ("handshake twice", vec![plain(), plain(), authenticate(1, &right())]),
        ("too long", vec![Sent::Length(524_289)]),
        ("a negative length", vec![Sent::Length(-1)]),
        ("malformed scram", vec![scram(), first("n,,x"), metadata()]),
        ("another scram identity", vec![scram(), first("n,a=other,n=strait,r=x"), metadata()]),
        ("malformed bearer", vec![handshake("OAUTHBEARER", 1), first("n,,"), metadata()]),
        (
            "bad bearer",
            vec![
                handshake("OAUTHBEARER", 1),
                first("n,,\u{1}auth=Bearer x.y.z\u{1}\u{1}"),
                first("\u{1}"),
                metadata(),
            ],
        ),
        ("bearer", vec![handshake("OAUTHBEARER", 1), first(&bearer(1, u32::MAX.into())), metadata()]),
        (
            "expired bearer",
            vec![handshake("OAUTHBEARER", 1), first(&bearer(1, 2)), first("\u{1}"), metadata()],
        ),
        ("again", vec![plain(), authenticate(1, &right()), plain(), authenticate(1, &right()), metadata()]),
        (
            "again too early",
            vec![plain(), authenticate(1, &right()), plain(), authenticate(1, &right()), plain(), metadata()],
        ),
        (
            "again and wrong",
            vec![plain(), authenticate(1, &right()), plain(), authenticate(1, &wrong()), metadata()],
        ),
        (
            "again by other means",
            vec![plain(), authenticate(1, &right()), scram(), first("n,,n=strait,r=x"), metadata()],
        ),
        (
            "again without a handshake",
            vec![plain(), authenticate(1, &right()), authenticate(1, &right()), metadata()],
        ),
        (
            "again, then something else",
            vec![plain(), authenticate(1, &right()), plain(), authenticate(1, b"x")],
        ),
    ]
}

pub(super) fn are_answered_as_by_kafka(pair: &Pair) {
    let mut different = Vec::new();
    for (name, sent) in conversations() {
        let answers = pair.addresses(Listener::SaslPlaintext).map(|address| {
            let mut conversation = Conversation::open(&address).expect("a connection");
            sent.iter().map(|sent| conversation.say(sent).expect("an answer")).collect::<Vec<_>>()
        });
        if answers[0] != answers[1] {
            different.push(format!("{name}: Kafka {:?}, we {:?}", answers[0], answers[1]));
        }
    }
    for sent in
        [handshake("PLAIN", 1), handshake("PLAIN", 0), authenticate(1, &right()), authenticate(2, b"")]
    {
        let answers = pair.open_addresses().map(|address| {
            Conversation::open(&address).expect("a connection").say(&sent).expect("an answer")
        });
        if answers[0] != answers[1] {
            different.push(format!("plain listener: Kafka {:?}, we {:?}", answers[0], answers[1]));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

pub(super) fn end_a_session_with_the_next_request(pair: &Pair) {
    for address in pair.addresses(Listener::SaslPlaintext) {
        let mut conversation = Conversation::open(&address).expect("a connection");
        let mut say = |sent| conversation.say(&sent).expect("an answer");
        say(handshake("PLAIN", 1));
        let Answer::Frame(answer) = say(authenticate(1, &right())) else { panic!("{address}: refused") };
        let lifetime = answer[answer.len() - 8..].try_into().map(i64::from_be_bytes).expect("8 bytes");
        assert_eq!(u64::try_from(lifetime), Ok(SESSION_MILLIS), "{address}");
        let began = Instant::now();
        while say(metadata()) != Answer::Closed {
            assert!(began.elapsed() < PATIENCE, "{address}: the session does not end");
        }
        assert!(began.elapsed() >= Duration::from_millis(SESSION_MILLIS - 100), "{address}: it ended early");
    }
}
