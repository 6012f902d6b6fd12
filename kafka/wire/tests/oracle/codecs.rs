//! The ways in which other clients frame compressed data.

use std::io::Write;

use bytes::Bytes;
use strait_wire::batch::{BatchError, Compression, DecompressionLimit, Decompressor};

use crate::generate::raw::CODECS;

fn data() -> Vec<u8> {
    (0..150_000_u32).flat_map(|number| (number / 7 % 251).to_be_bytes()).collect()
}

#[track_caller]
fn opens(codec: Compression, packed: Vec<u8>, wanted: &[u8]) {
    let packed = Bytes::from(packed);
    let opened = codec.decompress(&packed, DecompressionLimit(wanted.len()));
    assert!(opened.as_deref() == Ok(wanted), "{codec:?}: {:?}", opened.map(|opened| opened.len()));
    let mut decompressor = Decompressor::default();
    assert_eq!(decompressor.open(codec, &packed, DecompressionLimit(wanted.len())), Ok(wanted));
    if codec != Compression::None && !wanted.is_empty() {
        let limit = wanted.len() - 1;
        let over = codec.decompress(&packed, DecompressionLimit(limit));
        let refused = BatchError::DecompressionLimit { codec: codec.name(), limit };
        assert_eq!(over, Err(refused.clone()));
        assert_eq!(decompressor.open(codec, &packed, DecompressionLimit(limit)), Err(refused));
    }
}

#[test]
fn each_codec_opens_what_it_packed() {
    for codec in CODECS {
        for data in [Vec::new(), vec![7], data()] {
            opens(codec, codec.compress(data.clone()).expect("packed").to_vec(), &data);
        }
    }
}

#[test]
fn snappy_without_the_framing_of_xerial() {
    let data = data();
    opens(Compression::Snappy, snap::raw::Encoder::new().compress_vec(&data).expect("packed"), &data);
}

#[test]
fn lz4_in_blocks_of_all_kinds() {
    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
    let data = data();
    for block_size in [BlockSize::Max64KB, BlockSize::Max256KB, BlockSize::Max1MB, BlockSize::Max4MB] {
        for block_mode in [BlockMode::Independent, BlockMode::Linked] {
            for checksums in [false, true] {
                let info = FrameInfo::new()
                    .block_size(block_size)
                    .block_mode(block_mode)
                    .block_checksums(checksums)
                    .content_checksum(checksums)
                    .content_size(checksums.then_some(data.len() as u64));
                let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
                encoder.write_all(&data).expect("packed");
                opens(Compression::Lz4, encoder.finish().expect("packed"), &data);
            }
        }
    }
}

#[test]
fn zstd_with_and_without_its_length_in_several_frames() {
    let data = data();
    let streamed = |part: &[u8]| zstd::stream::encode_all(part, 19).expect("packed");
    opens(Compression::Zstd, streamed(&data), &data);
    let (left, right) = data.split_at(1_000);
    let frames = [zstd::bulk::compress(left, 1).expect("packed"), streamed(right)].concat();
    opens(Compression::Zstd, frames, &data);
}

#[test]
fn gzip_in_several_members() {
    let data = data();
    let members =
        data.chunks(100_000).flat_map(|part| Compression::Gzip.compress(part.to_vec()).expect("packed"));
    opens(Compression::Gzip, members.collect(), &data);
}
