//! Content codings made and undone by the state machines themselves, without what is tested.

use async_compression::codecs::{self, DecodeV2, EncodeV2};
use async_compression::core::Level;
use async_compression::core::util::{PartialBuffer, WriteBuffer};

/// The names of all codings that are compiled in.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    paste_filter::Coding::ALL.iter().map(|coding| coding.name())
}

fn decoder(coding: &str) -> Box<dyn DecodeV2> {
    match coding {
        "gzip" => Box::new(codecs::GzipDecoder::new()),
        "deflate" => Box::new(codecs::ZlibDecoder::new()),
        #[cfg(feature = "br")]
        "br" => Box::new(codecs::BrotliDecoder::new()),
        #[cfg(feature = "zstd")]
        "zstd" => Box::new(codecs::ZstdDecoder::new()),
        _ => panic!("no decoder of `{coding}`"),
    }
}

/// What the beginning of something encoded says, and whether it has ended.
pub(crate) fn decode_some(coding: &str, data: &[u8]) -> (Vec<u8>, bool) {
    let (mut decoder, mut decoded) = (decoder(coding), Vec::new());
    let mut input = PartialBuffer::new(data);
    loop {
        let mut room = [0; 4096];
        let mut output = WriteBuffer::new_initialized(&mut room);
        let before = input.written_len();
        let ended = decoder.decode(&mut input, &mut output).unwrap();
        decoded.extend_from_slice(output.written());
        let is_stuck = output.written().is_empty() && input.written_len() == before;
        let is_used_up = input.unwritten().is_empty() && output.written().len() < 4096;
        if ended || is_stuck || is_used_up {
            return (decoded, ended);
        }
    }
}

/// What something encoded says.
pub(crate) fn decode(coding: &str, data: &[u8]) -> Vec<u8> {
    let (decoded, ended) = decode_some(coding, data);
    assert!(ended, "{coding}: {} bytes are not all", data.len());
    decoded
}

/// `data`, encoded.
pub(crate) fn encode(coding: &str, data: &[u8]) -> Vec<u8> {
    let mut encoder: Box<dyn EncodeV2> = match coding {
        "gzip" => Box::new(codecs::GzipEncoder::new(Level::Default.into())),
        "deflate" => Box::new(codecs::ZlibEncoder::new(Level::Default.into())),
        "raw deflate" => Box::new(codecs::DeflateEncoder::new(Level::Default.into())),
        #[cfg(feature = "br")]
        "br" => {
            let params = async_compression::brotli::EncoderParams::default();
            Box::new(codecs::BrotliEncoder::new(params.quality(Level::Precise(4))))
        }
        #[cfg(feature = "zstd")]
        "zstd" => Box::new(codecs::ZstdEncoder::new(3)),
        _ => panic!("no encoder of `{coding}`"),
    };
    let (mut input, mut encoded) = (PartialBuffer::new(data), Vec::new());
    loop {
        let mut room = [0; 4096];
        let mut output = WriteBuffer::new_initialized(&mut room);
        let ended = if input.unwritten().is_empty() {
            encoder.finish(&mut output).unwrap()
        } else {
            encoder.encode(&mut input, &mut output).map(|()| false).unwrap()
        };
        encoded.extend_from_slice(output.written());
        if ended {
            return encoded;
        }
    }
}
