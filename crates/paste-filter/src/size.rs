//! Sizes as people write them in a configuration: `256B`, `10MiB`.

use bytesize::ByteSize;
use serde::de::{Deserialize, Deserializer, Error};

/// A size in bytes, such as `256B`, `64KiB` or `10MB`.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let size = text.parse::<ByteSize>();
    size.map(|size| size.as_u64())
        .map_err(|_| D::Error::custom(format!("`{text}` is not a size such as `10MiB`")))
}
