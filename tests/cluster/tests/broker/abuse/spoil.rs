//! Ways in which a right frame becomes a wrong one.

use super::random::Random;

/// Bytes of the length before a frame.
const LENGTH: usize = 4;
/// Huge and negative lengths, as each kind of field has them.
const LENGTHS: [&[u8]; 5] = [
    &[0x7f, 0xff],
    &[0x7f, 0xff, 0xff, 0xff],
    &[0x80, 0, 0, 0],
    &[0xff, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
];

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Whole,
    /// Shorter, and says so.
    Cut(usize),
    /// Cut while the length promises more: nothing can follow it.
    Torn(usize),
    /// One of the lengths at this place.
    Length(usize, usize),
    /// Some bytes changed.
    Changed,
    /// Bytes of no meaning.
    Noise,
}

/// Every way at every place of a frame, without chance.
pub(super) fn every_way(frame: &[u8]) -> impl Iterator<Item = Way> {
    let places = LENGTH..frame.len();
    let cuts = places.clone().map(Way::Cut);
    let lengths = places.flat_map(|at| (0..LENGTHS.len()).map(move |length| Way::Length(at, length)));
    std::iter::once(Way::Whole).chain(cuts).chain(lengths)
}

/// A way by chance.
pub(super) fn any_way(frame: &[u8], random: &mut Random) -> Way {
    match random.below(10) {
        0 => Way::Torn(1 + random.below(frame.len() - 1)),
        1 => Way::Noise,
        _ => Way::Changed,
    }
}

/// A frame to send.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) bytes: Vec<u8>,
    /// More bytes were promised.
    pub(super) is_torn: bool,
}

/// The frame, spoiled in this way.
pub(super) fn spoil(frame: &[u8], way: Way, random: &mut Random) -> Sent {
    let body = &frame[LENGTH..];
    let spoiled = match way {
        Way::Whole => body.to_vec(),
        Way::Torn(at) => return Sent { bytes: frame[..at].to_vec(), is_torn: true },
        Way::Cut(at) => body[..at - LENGTH].to_vec(),
        Way::Length(at, length) => with_piece(body, at - LENGTH, LENGTHS[length]),
        Way::Changed => changed(body, random),
        Way::Noise => (0..10 + random.below(200)).map(|_| random.bits() as u8).collect(),
    };
    let length = u32::try_from(spoiled.len()).expect("short").to_be_bytes();
    Sent { bytes: [&length, &spoiled[..]].concat(), is_torn: false }
}

fn with_piece(body: &[u8], at: usize, piece: &[u8]) -> Vec<u8> {
    let mut spoiled = body.to_vec();
    let end = (at + piece.len()).min(spoiled.len());
    spoiled[at..end].copy_from_slice(&piece[..end - at]);
    spoiled
}

fn changed(body: &[u8], random: &mut Random) -> Vec<u8> {
    let mut spoiled = body.to_vec();
    for _ in 0..1 + random.below(4) {
        let at = random.below(spoiled.len());
        match random.below(4) {
            0 => spoiled[at] ^= 1 << random.below(8),
            1 => spoiled[at] = random.bits() as u8,
            2 => spoiled = with_piece(&spoiled, at, &random.number().to_be_bytes()),
            _ => spoiled.insert(at, random.bits() as u8),
        }
    }
    spoiled
}
