//! The content codings (RFC 9110, section 8.4.1) that this build knows: their names, and the state
//! machines of `async-compression` that make and undo them. Those know no runtime and no reader: bytes
//! go in, bytes come out.

use std::fmt;

#[cfg(feature = "br")]
use async_compression::brotli::EncoderParams;
use async_compression::codecs::flate::params::FlateEncoderParams;
use async_compression::codecs::{self, DecodeV2, EncodeV2};
use async_compression::core::Level;
#[cfg(feature = "zstd")]
use async_compression::zstd::{CParameter, DParameter};

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Coding {
    /// `zstd` (RFC 8878, with the window of RFC 9659).
    #[cfg(feature = "zstd")]
    Zstd,
    /// `br`, Brotli (RFC 7932).
    #[cfg(feature = "br")]
    Br,
    /// `gzip` (RFC 1952).
    Gzip,
    /// `deflate`, which is the zlib format (RFC 1950).
    Deflate,
}

/// What bytes go through on the way out.
pub(crate) type Encoder = Box<dyn EncodeV2 + Send>;
/// What bytes go through on the way in.
pub(crate) type Decoder = Box<dyn DecodeV2 + Send>;

/// How far back an encoder looks, as a power of two: half a mebibyte. A larger window costs each answer
/// more memory than it saves.
#[cfg(any(feature = "br", feature = "zstd"))]
const WINDOW: u32 = 19;

/// Up to here the tables that a window gives zstd are as small as those of any level.
#[cfg(feature = "zstd")]
const SMALL_WINDOW: u32 = 13;

/// How far back a decoder of zstd looks at the most, as a power of two: what RFC 9659 lets it refuse.
#[cfg(feature = "zstd")]
const LARGEST_WINDOW: u32 = 23;

/// The highest level that any coding has.
pub(crate) const HIGHEST_LEVEL: u8 = 22;

impl Coding {
    /// All that this build knows, the one that serves best first.
    pub const ALL: &[Self] = &[
        #[cfg(feature = "zstd")]
        Self::Zstd,
        #[cfg(feature = "br")]
        Self::Br,
        Self::Gzip,
        Self::Deflate,
    ];

    /// Its name in headers.
    pub const fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "zstd")]
            Self::Zstd => "zstd",
            #[cfg(feature = "br")]
            Self::Br => "br",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// The coding of that name in a header, whatever its case. `x-gzip` is `gzip`.
    pub fn of_name(name: &str) -> Option<Self> {
        let is = |coding: &&Self| name.eq_ignore_ascii_case(coding.name());
        let known = Self::ALL.iter().find(is).copied();
        known.or_else(|| name.eq_ignore_ascii_case("x-gzip").then_some(Self::Gzip))
    }

    /// Begins to encode what is `size` bytes long, if that is known.
    pub(crate) fn encoder(self, chosen: Option<u8>, size: Option<u64>) -> Encoder {
        #[cfg(not(any(feature = "br", feature = "zstd")))]
        let _ = size;
        // The defaults are those of the libraries, but for Brotli's: 11 is for what is packed once.
        let level = |default: i32, highest: i32| {
            Level::Precise(chosen.map_or(default, |level| i32::from(level).clamp(1, highest)))
        };
        let flate = || FlateEncoderParams::from(level(6, 9));
        match self {
            #[cfg(feature = "zstd")]
            Self::Zstd => {
                let quality = CParameter::quality(level(3, HIGHEST_LEVEL.into()));
                Box::new(codecs::ZstdEncoder::new_with_params(
                    quality,
                    &tables(chosen, window(size)),
                ))
            }
            #[cfg(feature = "br")]
            Self::Br => {
                let window = i32::try_from(window(size)).expect("a small number");
                let params = EncoderParams::default().quality(level(4, 11)).window_size(window);
                Box::new(codecs::BrotliEncoder::new(params))
            }
            Self::Gzip => Box::new(codecs::GzipEncoder::new(flate())),
            Self::Deflate => Box::new(codecs::ZlibEncoder::new(flate())),
        }
    }

    /// Whether what begins with the byte `first` is refused.
    pub(crate) const fn refuses(self, first: u8) -> bool {
        #[cfg(not(feature = "br"))]
        let _ = first;
        match self {
            // "Large window Brotli", which RFC 7932 does not know: it may ask for a gibibyte.
            #[cfg(feature = "br")]
            Self::Br => first & 0x7f == 0x11,
            _ => false,
        }
    }

    /// Begins to decode what begins with the byte `first`.
    pub(crate) fn decoder(self, first: u8) -> Decoder {
        match self {
            #[cfg(feature = "zstd")]
            Self::Zstd => {
                let window = DParameter::window_log_max(LARGEST_WINDOW);
                Box::new(codecs::ZstdDecoder::new_with_params(&[window]))
            }
            #[cfg(feature = "br")]
            Self::Br => Box::new(codecs::BrotliDecoder::new()),
            Self::Gzip => Box::new(codecs::GzipDecoder::new()),
            // Some leave out the frame of zlib (RFC 9110, section 8.4.1.2); its first byte is like no other.
            Self::Deflate if first & 0x0f == 8 && first >> 4 <= 7 => {
                Box::new(codecs::ZlibDecoder::new())
            }
            Self::Deflate => Box::new(codecs::DeflateDecoder::new()),
        }
    }

    /// Whether what has ended may begin anew, as members of gzip and frames of zstd do.
    pub(crate) const fn concatenates(self) -> bool {
        match self {
            #[cfg(feature = "zstd")]
            Self::Zstd => true,
            Self::Gzip => true,
            _ => false,
        }
    }
}

/// A window that is no larger than what is looked at.
#[cfg(any(feature = "br", feature = "zstd"))]
fn window(size: Option<u64>) -> u32 {
    size.map_or(WINDOW, |size| size.max(1).next_power_of_two().ilog2().clamp(10, WINDOW))
}

/// What zstd keeps to find again what it has seen: no more than the window is worth. By itself a level
/// above 6 takes tables for a window of its own, which at the highest are half a gibibyte; those up to 6
/// have smaller ones than a large window would give them.
#[cfg(feature = "zstd")]
fn tables(level: Option<u8>, window: u32) -> Vec<CParameter> {
    let mut parameters = vec![CParameter::window_log(window)];
    if window <= SMALL_WINDOW || level.is_some_and(|level| level > 6) {
        parameters.extend([CParameter::hash_log(window), CParameter::chain_log(window)]);
    }
    parameters
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
