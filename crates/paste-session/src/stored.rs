//! A record as JSON, for stores that have no columns for its parts.

use serde::{Deserialize, Serialize};

use crate::record::{from_millis, to_millis};
use crate::{Record, StoreError, Values};

/// Times are milliseconds since 1970.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    created: i64,
    expires: i64,
    values: Values,
}

pub(crate) fn to_json(record: &Record) -> String {
    let Record { version, values, user, created, expires } = record.clone();
    let stored =
        Stored { version, user, created: to_millis(created), expires: to_millis(expires), values };
    serde_json::to_string(&stored).expect("strings, numbers and JSON are JSON")
}

/// The record in what [`to_json`] has written.
pub(crate) fn from_json(bytes: &[u8]) -> Result<Record, StoreError> {
    let Stored { version, user, created, expires, values } = serde_json::from_slice(bytes)
        .map_err(|error| {
            // The message of serde may quote what it has read.
            let what =
                if error.is_eof() { "it ends too early" } else { "it is no session as JSON" };
            StoreError::Corrupt(what.to_owned())
        })?;
    let (created, expires) = (from_millis(created), from_millis(expires));
    Ok(Record { version, values, user, created, expires })
}
