//! Forms: `application/x-www-form-urlencoded` and, with the feature `multipart`,
//! `multipart/form-data`, as pairs in their order or as a type of your own: what
//! `paste.request.parse_formvars` gave.
//!
//! 1. Names and values are percent-decoded, `+` is a space, names repeat, and a name without a value
//!    has the value `""` (URL Standard, section 5.1).
//! 2. Text is UTF-8; what is not becomes U+FFFD. With the feature `multipart`, the charset that the
//!    content type names is heeded; without it another charset than UTF-8 is a 415.
//! 3. A body without a content type is read as urlencoded, another content type is a 415, and the
//!    body stays unread.
//! 4. Each limit that is exceeded is an error that names it: 413, or 400 for the head of a part.
//! 5. Files are kept in memory while they are small, and in a temporary file beyond, which is gone
//!    when the [`Upload`](crate::multipart::Upload) is dropped.
//!
//! ```
//! use paste_core::{ReadExt, Request, Result, response};
//!
//! #[derive(serde::Deserialize)]
//! struct Signup { name: String, age: u8, #[serde(default)] interest: Vec<String> }
//!
//! async fn signup(mut request: Request) -> Result {
//!     let form = request.form().await?;
//!     let newsletter = form.get("newsletter").is_some();
//!     let signup: Signup = form.deserialize()?;
//!     Ok(response::text(format!("{}, {newsletter}, {:?}", signup.name, signup.interest)))
//! }
//! ```

use std::borrow::Cow;

use http::StatusCode;
use http_body::Body as _;
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;

use crate::content_type::{ContentType, unsupported};
use crate::read::BODY_LIMIT;
use crate::{Body, Error, Request, Result};

/// What a form may hold, before it is refused. Each limit has a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormLimits {
    pub(crate) total: u64,
    pub(crate) fields: usize,
    pub(crate) field_size: usize,
    pub(crate) text: usize,
    #[cfg(feature = "multipart")]
    pub(crate) parts: usize,
    #[cfg(feature = "multipart")]
    pub(crate) files: usize,
    #[cfg(feature = "multipart")]
    pub(crate) part_head: usize,
    #[cfg(feature = "multipart")]
    pub(crate) memory: usize,
}

impl Default for FormLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl FormLimits {
    /// The default limits.
    pub const DEFAULT: Self = Self {
        total: BODY_LIMIT as u64,
        fields: 1000,
        field_size: 1024 * 1024,
        text: BODY_LIMIT,
        #[cfg(feature = "multipart")]
        parts: 1000,
        #[cfg(feature = "multipart")]
        files: 100,
        #[cfg(feature = "multipart")]
        part_head: 8 * 1024,
        #[cfg(feature = "multipart")]
        memory: crate::spool::MEMORY,
    };

    /// The default limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// The size of the whole body, files included, in bytes. Default: 2 MiB.
    #[must_use]
    pub const fn total(mut self, bytes: u64) -> Self {
        self.total = bytes;
        self
    }

    /// The number of fields, not counting files. Default: 1000.
    #[must_use]
    pub const fn fields(mut self, count: usize) -> Self {
        self.fields = count;
        self
    }

    /// The size of one field that is not a file, name and value, in bytes. Default: 1 MiB.
    #[must_use]
    pub const fn field_size(mut self, bytes: usize) -> Self {
        self.field_size = bytes;
        self
    }

    /// The size of all fields that are not files together, in bytes: what a form may take of memory,
    /// however large its files are. Default: 2 MiB.
    #[must_use]
    pub const fn text(mut self, bytes: usize) -> Self {
        self.text = bytes;
        self
    }

    /// The number of files that a form is read with: each may keep a file open. Default: 100.
    #[cfg(feature = "multipart")]
    #[must_use]
    pub const fn files(mut self, count: usize) -> Self {
        self.files = count;
        self
    }

    /// The number of parts of a multipart body, fields and files. Default: 1000.
    #[cfg(feature = "multipart")]
    #[must_use]
    pub const fn parts(mut self, count: usize) -> Self {
        self.parts = count;
        self
    }

    /// The size of the head of one part, and of what comes before the first, in bytes. Default:
    /// 8 KiB. A head has at most 32 headers.
    #[cfg(feature = "multipart")]
    #[must_use]
    pub const fn part_head(mut self, bytes: usize) -> Self {
        self.part_head = bytes;
        self
    }

    /// How much of all files together is kept in memory; what goes beyond is in temporary files. In
    /// bytes. Default: 1 MiB.
    #[cfg(feature = "multipart")]
    #[must_use]
    pub const fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    #[track_caller]
    pub(crate) fn check_fields(&self, count: usize) -> Result<()> {
        if count <= self.fields {
            return Ok(());
        }
        Err(too_large(format!("The form has more than {} fields.", self.fields)))
    }

    #[track_caller]
    pub(crate) fn check_field_size(&self, name: &str, value: &str) -> Result<()> {
        if name.len() + value.len() <= self.field_size {
            return Ok(());
        }
        Err(self.field_too_large())
    }

    #[track_caller]
    pub(crate) fn check_text(&self, size: usize) -> Result<()> {
        if size <= self.text {
            return Ok(());
        }
        Err(too_large(format!(
            "The fields of the form are larger than {} bytes together.",
            self.text
        )))
    }

    #[track_caller]
    pub(crate) fn field_too_large(&self) -> Error {
        too_large(format!("A field of the form is larger than {} bytes.", self.field_size))
    }
}

#[track_caller]
pub(crate) fn too_large(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::from_status(StatusCode::PAYLOAD_TOO_LARGE).detail(detail)
}

/// A form that was read: see the [module](self).
#[derive(Debug, Default)]
pub struct Form {
    pub(crate) fields: Vec<(String, String)>,
    #[cfg(feature = "multipart")]
    pub(crate) files: Vec<(String, crate::multipart::Upload)>,
}

impl Form {
    /// The first value of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// All values of that name, in their order.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// Names and values, in their order, without files.
    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    /// The fields as a `T`. A name that repeats fills a `Vec`. A form that does not fit is an error
    /// with status 422 that says why.
    #[track_caller]
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T> {
        match serde_html_form::from_str(&encode(&self.fields)) {
            Ok(value) => Ok(value),
            Err(error) => {
                let unfit = Error::from_status(StatusCode::UNPROCESSABLE_ENTITY);
                Err(unfit.detail(format!("The form does not fit: {error}.")).caused_by(error))
            }
        }
    }

    /// The first file of that name.
    #[cfg(feature = "multipart")]
    pub fn file(&self, name: &str) -> Option<&crate::multipart::Upload> {
        self.files.iter().find(|(own, _)| own == name).map(|(_, file)| file)
    }

    /// Names and files, in their order. What a browser sends for a file field that is left empty, a
    /// file without a name and content, is among them.
    #[cfg(feature = "multipart")]
    pub fn files(&self) -> &[(String, crate::multipart::Upload)] {
        &self.files
    }
}

/// Pairs as an urlencoded form: what [`Form`] reads.
///
/// ```
/// assert_eq!(paste_core::form::encode(&[("a b", "ü&"), ("c", "")]), "a+b=%C3%BC%26&c=");
/// ```
pub fn encode<N: AsRef<str>, V: AsRef<str>>(pairs: &[(N, V)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
    serde_html_form::to_string(pairs).expect("pairs of text can be urlencoded")
}

/// Reads the form that is the body of `request`.
pub(crate) async fn read(request: &mut Request, limits: FormLimits) -> Result<Form> {
    let content_type = ContentType::of(request.headers())?;
    match &*content_type.essence {
        "" if request.body().is_end_stream() => Ok(Form::default()),
        "" | "application/x-www-form-urlencoded" => {
            let decode = decoder(content_type.parameter("charset"))?;
            let body = std::mem::take(request.body_mut());
            let mut form = Form::default();
            read_urlencoded(body, &limits, decode, &mut form.fields).await?;
            Ok(form)
        }
        #[cfg(feature = "multipart")]
        "multipart/form-data" => {
            crate::multipart::Multipart::of(request, limits)?.into_form().await
        }
        _ => Err(unsupported("The body is to be a form.")),
    }
}

/// The pairs of an urlencoded text.
pub(crate) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    pieces(text).map(|piece| pair(piece, &utf8)).collect()
}

/// Reads a body field by field: no more is kept than the fields so far, and the one that is not whole.
async fn read_urlencoded(
    mut body: Body,
    limits: &FormLimits,
    decode: impl Fn(&[u8]) -> String,
    fields: &mut Vec<(String, String)>,
) -> Result<()> {
    let (mut read, mut text) = (0, 0);
    let mut open = Vec::new();
    let mut add = |piece: &[u8]| {
        if piece.is_empty() {
            return Ok(());
        }
        limits.check_fields(fields.len() + 1)?;
        let (name, value) = pair(piece, &decode);
        limits.check_field_size(&name, &value)?;
        text += name.len() + value.len();
        limits.check_text(text)?;
        fields.push((name, value));
        Ok(())
    };
    while let Some(chunk) = body.chunk().await? {
        read += chunk.len() as u64;
        if read > limits.total {
            let total = limits.total;
            return Err(too_large(format!("The body is larger than the limit of {total} bytes.")));
        }
        let mut pieces = chunk.split(|&byte| byte == b'&');
        open.extend_from_slice(pieces.next().unwrap_or_default());
        for piece in pieces {
            add(&open)?;
            open.clear();
            open.extend_from_slice(piece);
        }
        // A byte of text takes three at the most.
        if open.len() / 3 > limits.field_size.saturating_add(1) {
            return Err(limits.field_too_large());
        }
    }
    add(&open)
}

fn pieces(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'&').filter(|piece| !piece.is_empty())
}

fn pair(piece: &[u8], decode: &impl Fn(&[u8]) -> String) -> (String, String) {
    let equals = piece.iter().position(|&byte| byte == b'=');
    let (name, value) = equals.map_or((piece, &[][..]), |at| (&piece[..at], &piece[at + 1..]));
    let text = |raw: &[u8]| {
        let spaced: Vec<u8> = raw.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect();
        decode(&Cow::from(percent_decode(&spaced)))
    };
    (text(name), text(value))
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// How bytes of a charset become text.
fn decoder(charset: Option<&str>) -> Result<impl Fn(&[u8]) -> String> {
    #[cfg(feature = "multipart")]
    let charset = charset.unwrap_or("utf-8");
    #[cfg(feature = "multipart")]
    let known = encoding_rs::Encoding::for_label(charset.as_bytes()).map(|encoding| {
        move |bytes: &[u8]| encoding.decode_without_bom_handling(bytes).0.into_owned()
    });
    #[cfg(not(feature = "multipart"))]
    let known = charset
        .is_none_or(|name| {
            ["utf-8", "utf8", "us-ascii"].iter().any(|own| own.eq_ignore_ascii_case(name))
        })
        .then_some(utf8);
    known.ok_or_else(|| unsupported("The charset of the form is not one that this server knows."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadExt;

    fn post(content_type: &str, body: impl Into<Body>) -> Request {
        let request = http::Request::post("/");
        let request = if content_type.is_empty() {
            request
        } else {
            request.header("content-type", content_type)
        };
        request.body(body.into()).unwrap()
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn rule_1_pairs_are_read_in_their_order() {
        for (text, expected) in [
            ("a=1&b=2&b=3&c=", &[("a", "1"), ("b", "2"), ("b", "3"), ("c", "")][..]),
            ("a&b=", &[("a", ""), ("b", "")]),
            ("&&a=b&&", &[("a", "b")]),
            ("=", &[("", "")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a=1;b=2", &[("a", "1;b=2")]),
            ("a+b=%2B+%20", &[("a b", "+  ")]),
            ("%=%zz&%e2%98%83=%ff", &[("%", "%zz"), ("\u{2603}", "\u{FFFD}")]),
            ("é=ü", &[("é", "ü")]),
            ("", &[]),
        ] {
            let read = pairs(text.as_bytes());
            let read: Vec<_> = read.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!(read, expected, "{text}");
        }
    }

    #[tokio::test]
    async fn rule_2_charsets_are_heeded_or_refused() {
        let mut utf8 = post("application/x-www-form-urlencoded; charset=UTF-8", "a=%C3%BC");
        assert_eq!(utf8.form().await.unwrap().get("a"), Some("ü"));
        let mut latin1 = post("application/x-www-form-urlencoded; charset=iso-8859-1", "a=%FC");
        let read = latin1.form().await;
        #[cfg(feature = "multipart")]
        assert_eq!(read.unwrap().get("a"), Some("ü"));
        #[cfg(not(feature = "multipart"))]
        assert_eq!(read.unwrap_err().status(), 415);
        for charset in ["utf-7", "../../etc/passwd", "x"] {
            let mut other = post(&format!("{FORM}; charset={charset}").replace('/', "%"), "a=b");
            other
                .headers_mut()
                .insert("content-type", format!("{FORM}; charset=\"{charset}\"").parse().unwrap());
            assert_eq!(other.form().await.unwrap_err().status(), 415, "{charset}");
        }
    }

    #[tokio::test]
    async fn rule_3_the_content_type_decides() {
        for content_type in ["", FORM, "Application/X-WWW-Form-URLencoded;charset=utf-8"] {
            let form = post(content_type, "a=b").form().await.unwrap();
            assert_eq!(form.fields(), [("a".to_owned(), "b".to_owned())], "{content_type}");
        }
        assert!(post("", Body::empty()).form().await.unwrap().fields().is_empty());
        let mut xml = post("text/xml", "<a/>");
        assert_eq!(xml.form().await.unwrap_err().status(), 415);
        assert_eq!(xml.text(10).await.unwrap(), "<a/>");
    }

    #[tokio::test]
    async fn rule_4_each_limit_is_named() {
        for (limits, body, expected) in [
            (FormLimits::new().total(3), "a=bc", Some("3 bytes")),
            (FormLimits::new().total(4), "a=bc", None),
            (FormLimits::new().fields(2), "a&b&&c", Some("more than 2 fields")),
            (FormLimits::new().fields(2), "a&&b&", None),
            (FormLimits::new().field_size(3), "a=b&a=bcd", Some("larger than 3 bytes")),
            (FormLimits::new().field_size(3), "a=b%20c", Some("larger than 3 bytes")),
            (FormLimits::new().field_size(3), "a=b%20", None),
            (FormLimits::new().text(5), "a=bc&d=ef", Some("5 bytes together")),
            (FormLimits::new().text(6), "a=bc&d=ef", None),
        ] {
            let read = post(FORM, body).form_within(limits).await;
            let refusal = read.err().map(|error| {
                assert_eq!(error.status(), 413);
                error.public_detail().unwrap().to_owned()
            });
            assert_eq!(refusal.is_some(), expected.is_some(), "{body}: {refusal:?}");
            assert!(refusal.unwrap_or_default().contains(expected.unwrap_or_default()));
        }
        let many = "a=b&".repeat(1001);
        assert_eq!(post(FORM, many).form().await.unwrap_err().status(), 413);
    }

    #[tokio::test]
    async fn rule_4_a_large_total_does_not_let_text_take_memory() {
        let limits = FormLimits::new().total(u64::MAX);
        for piece in ["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "a=xxxxxxxxxxxxxxxxx&", "%41%41%41%41%41"]
        {
            let endless = std::iter::repeat(piece).map(Ok::<_, Error>);
            let body = Body::from_stream(futures_util::stream::iter(endless));
            assert_eq!(post(FORM, body).form_within(limits).await.unwrap_err().status(), 413);
        }
    }

    #[tokio::test]
    async fn fields_are_the_same_in_pieces_of_any_size() {
        let text = "a=1&b=%C3%BC&&c&d=e=f&";
        for size in 1..text.len() {
            let pieces: Vec<_> =
                text.as_bytes().chunks(size).map(|piece| Ok::<_, Error>(piece.to_vec())).collect();
            let body = Body::from_stream(futures_util::stream::iter(pieces));
            let form = post(FORM, body).form().await.unwrap();
            assert_eq!(form.fields(), pairs(text.as_bytes()), "{size}");
        }
    }

    #[tokio::test]
    async fn a_form_becomes_a_type() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Signup {
            name: String,
            age: Option<u8>,
            #[serde(default)]
            tag: Vec<String>,
        }
        let read = async |body| {
            let form = post(FORM, body).form().await.unwrap();
            form.deserialize::<Signup>()
        };
        let signup = read("tag=a&name=Ada&tag=b&age=36&other=1").await.unwrap();
        let expected =
            Signup { name: "Ada".into(), age: Some(36), tag: vec!["a".into(), "b".into()] };
        assert_eq!(signup, expected);
        for (body, why) in [("age=1", "name"), ("name=a&age=x", "invalid digit")] {
            let error = read(body).await.unwrap_err();
            assert_eq!(error.status(), 422);
            assert!(error.public_detail().unwrap().contains(why), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_encoded_is_read_back(fields in proptest::collection::vec(("\\PC{0,6}", "\\PC{0,6}"), 0..6)) {
            let text = encode(&fields);
            proptest::prop_assert!(text.is_ascii());
            proptest::prop_assert_eq!(pairs(text.as_bytes()), fields);
        }
    }
}
