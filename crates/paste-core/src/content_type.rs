//! The content type of a request, before its body is read.

use http::{HeaderMap, StatusCode, header};

use crate::header::scan::{Scanner, is_token_char, split_list};
use crate::{Error, Result};

/// 415, and why.
#[track_caller]
pub(crate) fn unsupported(detail: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::from_status(StatusCode::UNSUPPORTED_MEDIA_TYPE).detail(detail)
}

/// The content type of a request: its essence in lower case, and its parameters. Empty where there
/// is no header.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ContentType {
    pub(crate) essence: String,
    parameters: Vec<(String, String)>,
}

impl ContentType {
    /// Reads the header. Two of them, or one that is malformed, are an error with status 400: who
    /// reads them differently sees another body (Rack CVE-2026-26961).
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self> {
        let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
        let Some(line) = lines.next() else { return Ok(Self::default()) };
        if lines.next().is_some() {
            return Err(Error::bad_request("The request has more than one Content-Type header."));
        }
        let parsed = line.to_str().ok().and_then(Self::parse);
        parsed.ok_or_else(|| Error::bad_request("The Content-Type header is malformed."))
    }

    /// `None`: malformed, or a parameter stands twice.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (essence, rest) = text.split_once(';').unwrap_or((text, ""));
        let mut parameters: Vec<(String, String)> = Vec::new();
        for piece in split_list(rest, ';') {
            let (name, value) = parameter(piece)?;
            let name = name.to_ascii_lowercase();
            // Few are meant, and each is compared with those before.
            if parameters.len() >= MOST_PARAMETERS
                || parameters.iter().any(|(known, _)| *known == name)
            {
                return None;
            }
            parameters.push((name, value));
        }
        Some(Self { essence: essence.trim().to_ascii_lowercase(), parameters })
    }

    #[cfg(feature = "form")]
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }

    #[cfg(feature = "json")]
    pub(crate) fn is_json(&self) -> bool {
        self.essence == "application/json"
            || (self.essence.starts_with("application/") && self.essence.ends_with("+json"))
    }
}

/// A content type with more parameters is malformed.
const MOST_PARAMETERS: usize = 32;

/// A parameter whose value is quoted, or anything up to the next one: some clients leave a boundary
/// unquoted that has to be quoted.
fn parameter(piece: &str) -> Option<(&str, String)> {
    let mut scanner = Scanner::new(piece);
    if let Some((name, value)) = scanner.parameter()
        && scanner.is_at_end()
    {
        return Some((name, value.into_owned()));
    }
    let (name, value) = piece.split_once('=')?;
    let is_plain = |c: char| c.is_ascii_graphic() && c != '"';
    let is_sound = !value.is_empty() && value.chars().all(is_plain);
    (is_sound && name.chars().all(is_token_char) && !name.is_empty())
        .then(|| (name, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_read() {
        let read = |text| ContentType::parse(text).unwrap();
        let form = read(r#" Multipart/Form-Data ; Boundary="a b";;charset=utf-8"#);
        assert_eq!(form.essence, "multipart/form-data");
        assert_eq!((form.parameter("boundary"), form.parameter("x")), (Some("a b"), None));
        let java = read("multipart/form-data; boundary=----=_Part_1_2.3");
        assert_eq!(java.parameter("boundary"), Some("----=_Part_1_2.3"));
        assert_eq!(
            ContentType::parse(&format!(
                "a/b{}",
                (0..33).fold(String::new(), |text, n| text + &format!(";{n}=1"))
            )),
            None
        );
        for text in ["a/b; c", "a/b; c=", "a/b; c=\"d", "a/b; c=d; C=e", "a/b; c=d e"] {
            assert_eq!(ContentType::parse(text), None, "{text}");
        }
    }
}
