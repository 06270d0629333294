//! Durations and sizes as people write them: `30s`, `1m 30s`, `10MiB`.

use std::time::Duration;

use bytesize::ByteSize;
use serde::de::{Deserialize, Deserializer, Error};

/// A duration, such as `30s`, `1m 30s` or `250ms`.
pub(crate) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text)
        .map_err(|_| D::Error::custom(format!("`{text}` is not a duration such as `30s`")))
}

/// A size in bytes, such as `256B`, `64KiB` or `10MB`.
pub(crate) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let size = text.parse::<ByteSize>();
    size.map(|size| size.as_u64())
        .map_err(|_| D::Error::custom(format!("`{text}` is not a size such as `10MiB`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Both {
        #[serde(deserialize_with = "duration")]
        time: Duration,
        #[serde(deserialize_with = "size")]
        room: u64,
    }

    #[test]
    fn reads_what_people_write_and_refuses_the_rest() {
        let read = |time: &str, room: &str| {
            let toml = format!("time = \"{time}\"\nroom = \"{room}\"");
            toml::from_str::<Both>(&toml).map(|both| (both.time.as_millis(), both.room))
        };
        assert_eq!(read("1m 30s", "10MiB").unwrap(), (90_000, 10 << 20));
        assert_eq!(read("250ms", "256B").unwrap(), (250, 256));
        assert_eq!(read("0s", "2KB").unwrap(), (0, 2000));
        for (time, room, complaint) in [
            ("30", "1B", "`30` is not a duration such as `30s`"),
            ("-1s", "1B", "`-1s` is not a duration"),
            ("1s", "much", "`much` is not a size such as `10MiB`"),
            ("1s", "-1B", "`-1B` is not a size"),
        ] {
            let error = read(time, room).unwrap_err();
            assert!(error.message().contains(complaint), "{error}");
        }
    }
}
