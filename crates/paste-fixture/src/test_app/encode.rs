//! Entry lists as bodies: the three encodings of the WHATWG form submission algorithm.
//!
//! 1. Line ends in names and values become CR LF.
//! 2. In urlencoded and plain bodies a file is its name.
//! 3. In multipart headers `"`, CR and LF are percent-encoded, and nothing else is.
//! 4. Texts are encoded as the caller says, files stay as they are.

use std::borrow::Cow;

use bytes::Bytes;
use form_urlencoded::EncodingOverride;
use http::HeaderValue;

/// A file to upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub(crate) file_name: String,
    pub(crate) content_type: String,
    pub(crate) content: Bytes,
}

impl Upload {
    /// A file of this name and content, of the type `application/octet-stream`.
    pub fn new(file_name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        let content_type = "application/octet-stream".to_owned();
        Self { file_name: file_name.into(), content_type, content: content.into() }
    }

    /// Another content type.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = content_type.into();
        self
    }
}

/// One entry of a form's entry list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    File(Upload),
}

/// Name and value, in the order of the page.
pub(crate) type Entries = Vec<(String, Value)>;

/// `application/x-www-form-urlencoded`, for a body or a query.
pub(crate) fn urlencoded(entries: &Entries, encoding: EncodingOverride<'_>) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.encoding_override(encoding);
    for (name, value) in entries {
        encoded.append_pair(&crlf(name), &crlf(text_of(value)));
    }
    encoded.finish()
}

/// `text/plain`.
#[cfg(feature = "html")]
pub(crate) fn plain(entries: &Entries, encoding: EncodingOverride<'_>) -> Vec<u8> {
    let mut text = String::new();
    for (name, value) in entries {
        for part in [&crlf(name), "=", &crlf(text_of(value)), "\r\n"] {
            text.push_str(part);
        }
    }
    bytes_of(&text, encoding).into_owned()
}

/// `multipart/form-data` (RFC 7578): the content type with its boundary, and the body.
pub(crate) fn multipart(entries: &Entries, encoding: EncodingOverride<'_>) -> (HeaderValue, Bytes) {
    let boundary = boundary(entries);
    let mut body = Vec::new();
    for (name, value) in entries {
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&quoted(&bytes_of(&crlf(name), encoding)));
        match value {
            Value::Text(text) => {
                body.extend_from_slice(b"\r\n\r\n");
                body.extend_from_slice(&bytes_of(&crlf(text), encoding));
            }
            Value::File(file) => {
                body.extend_from_slice(b"; filename=");
                body.extend_from_slice(&quoted(&bytes_of(&file.file_name, encoding)));
                let content_type = file.content_type.replace(['\r', '\n'], " ");
                body.extend_from_slice(
                    format!("\r\nContent-Type: {content_type}\r\n\r\n").as_bytes(),
                );
                body.extend_from_slice(&file.content);
            }
        }
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let content_type = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"));
    (content_type.expect("a boundary is a token"), body.into())
}

/// A boundary that stands nowhere in the entries; the same for the same entries.
fn boundary(entries: &Entries) -> String {
    let contains = |needle: &str| {
        entries.iter().any(|(name, value)| {
            let in_value = match value {
                Value::Text(text) => text.contains(needle),
                Value::File(file) => {
                    file.content.windows(needle.len()).any(|part| part == needle.as_bytes())
                }
            };
            in_value || name.contains(needle)
        })
    };
    let mut candidates = (0_u64..).map(|number| format!("----PasteFixture{number:08x}"));
    candidates.find(|boundary| !contains(boundary)).expect("some number is not in a finite text")
}

fn text_of(value: &Value) -> &str {
    match value {
        Value::Text(text) => text,
        Value::File(file) => &file.file_name,
    }
}

fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for byte in text {
        match byte {
            b'"' => quoted.extend_from_slice(b"%22"),
            b'\r' => quoted.extend_from_slice(b"%0D"),
            b'\n' => quoted.extend_from_slice(b"%0A"),
            other => quoted.push(*other),
        }
    }
    quoted.push(b'"');
    quoted
}

/// The text in an encoding; `None` is UTF-8.
fn bytes_of<'a>(text: &'a str, encoding: EncodingOverride<'a>) -> Cow<'a, [u8]> {
    encoding.map_or(Cow::Borrowed(text.as_bytes()), |encode| encode(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Entries {
        vec![
            ("a b".to_owned(), Value::Text("1&é\n2\r3\r\n".to_owned())),
            ("f\"\n".to_owned(), Value::File(Upload::new("x\"y.txt", "----PasteFixture00000000"))),
        ]
    }

    #[cfg(feature = "html")]
    #[test]
    fn rules_1_and_2_in_plain_bodies() {
        assert_eq!(
            plain(&entries(), None),
            b"a b=1&\xC3\xA9\r\n2\r\n3\r\n\r\nf\"\r\n=x\"y.txt\r\n"
        );
    }

    #[test]
    fn rules_1_and_2_in_urlencoded_bodies() {
        assert_eq!(
            urlencoded(&entries(), None),
            "a+b=1%26%C3%A9%0D%0A2%0D%0A3%0D%0A&f%22%0D%0A=x%22y.txt"
        );
    }

    #[test]
    fn rule_3_in_multipart_bodies_and_a_boundary_that_stands_nowhere() {
        let (content_type, body) = multipart(&entries(), None);
        assert_eq!(content_type, "multipart/form-data; boundary=----PasteFixture00000001");
        let expected = "------PasteFixture00000001\r\nContent-Disposition: form-data; name=\"a b\"\r\n\r\n\
                        1&é\r\n2\r\n3\r\n\r\n------PasteFixture00000001\r\n\
                        Content-Disposition: form-data; name=\"f%22%0D%0A\"; filename=\"x%22y.txt\"\r\n\
                        Content-Type: application/octet-stream\r\n\r\n----PasteFixture00000000\r\n\
                        ------PasteFixture00000001--\r\n";
        assert_eq!(body, expected);
    }
}
