//! What names a session: an id, which only the browser and the server's answer have, and a key, by which it
//! is stored. Who reads a store finds no id in it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// How long an id is: 128 bits, as hexadecimal digits.
const LENGTH: usize = 32;

/// The secret of one session: the value of its cookie.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Id(String);

impl Id {
    /// An id that nobody can guess, from the randomness of the system.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits)?;
        Ok(Self(format!("{:0LENGTH$x}", u128::from_be_bytes(bits))))
    }

    /// What has the form of an id.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_id = text.len() == LENGTH && text.bytes().all(is_digit);
        is_id.then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn key(&self) -> Key {
        Key(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Id(secret)")
    }
}

/// Under what a session is stored: the SHA-256 of its id, from which the id cannot be told. Its text is 64
/// hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a session: 64 hexadecimal digits")]
pub struct KeyError;

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(KeyError);
        }
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| KeyError)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_128_bits_and_differ() {
        let (one, other) = (Id::random().unwrap(), Id::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.as_str().len(), 32);
        assert_eq!(Id::parse(one.as_str()), Some(one));
    }

    #[test]
    fn what_has_not_the_form_is_no_id() {
        let sound = "0123456789abcdef0123456789abcdef";
        assert!(Id::parse(sound).is_some());
        for text in
            ["", "../../etc/passwd", &sound[1..], &sound.to_uppercase(), &format!("{sound}0")]
        {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_has_a_text_and_tells_no_id() {
        let id = Id::random().unwrap();
        let key = id.key();
        assert_eq!(key.to_string().parse(), Ok(key));
        assert!(!key.to_string().contains(id.as_str()));
        for text in ["", "0", &"g".repeat(64), &"é".repeat(32), &format!("+{}", "0".repeat(63))] {
            assert_eq!(text.parse::<Key>(), Err(KeyError), "{text}");
        }
    }
}
