//! Compressed data that is wrong, and data that grows beyond its limit.

use bytes::Bytes;
use strait_wire::batch::{Compression, DecompressionLimit, Decompressor};

use crate::generate::Random;
use crate::generate::raw::CODECS;
use crate::measure::{alone, bounded, inputs};
use crate::mutate::mutate;

const LIMIT: DecompressionLimit = DecompressionLimit(16 << 10);

/// What the state of a codec takes. A frame of LZ4 may ask for blocks of 4 MiB.
pub(crate) fn codec_state(codec: Compression) -> usize {
    match codec {
        Compression::None | Compression::Snappy => 0,
        Compression::Lz4 => 9 << 20,
        _ => 128 << 10,
    }
}

fn open(codec: Compression, packed: &[u8]) -> bool {
    let input = Bytes::copy_from_slice(packed);
    let allowed = 3 * LIMIT.0 + codec_state(codec);
    let opened = bounded(codec.name(), packed, allowed, || codec.decompress(&input, LIMIT));
    let within = opened.as_ref().is_ok_and(|opened| codec == Compression::None || opened.len() <= LIMIT.0);
    assert!(within || opened.is_err());
    let mut decompressor = Decompressor::default();
    let again = bounded(codec.name(), packed, allowed, || {
        decompressor.open(codec, &input, LIMIT).map(Bytes::copy_from_slice)
    });
    if let Ok(again) = again {
        assert_eq!(Some(&again), opened.as_ref().ok(), "{codec:?} {packed:02x?}");
    }
    opened.is_ok()
}

#[test]
fn wrong_data() {
    let _alone = alone();
    let text: Vec<u8> = (0..900_u32).flat_map(|number| (number / 7).to_be_bytes()).collect();
    for codec in CODECS {
        let sources = [Vec::new(), vec![7; 3], text[..300].to_vec(), text.clone()]
            .map(|data| codec.compress(data).expect("packed"));
        let mut random = Random::new(5);
        for _ in 0..inputs() {
            let [source, other] = [(); 2].map(|()| &sources[random.below(sources.len())]);
            open(codec, &mutate(source, other, &mut random));
        }
    }
}

#[test]
fn data_that_grows_without_end() {
    let _alone = alone();
    for codec in CODECS.into_iter().filter(|codec| *codec != Compression::None) {
        let bomb = codec.compress(vec![0; 64 << 20]).expect("packed");
        assert!(!open(codec, &bomb), "{codec:?}");
    }
}
