//! The form of a line: Apache's `mod_log_config`, and JSON.
//!
//! The directives of a [pattern](Format::pattern):
//!
//! | directive | is |
//! | --- | --- |
//! | `%h`, `%a` | the client's address, without port |
//! | `%l` | `-`: nobody asks for it by RFC 1413 |
//! | `%u` | the user, or `-`; a blank in it is escaped, too |
//! | `%t` | when the request came: `[22/Nov/2026:07:43:39 +0000]`, in UTC |
//! | `%{sec}t`, `%{msec}t`, `%{usec}t` | the same since 1970, in this unit |
//! | `%r` | the request line |
//! | `%m`, `%U`, `%q`, `%H` | its method, path, query with its `?`, and protocol |
//! | `%s`, `%>s` | the status |
//! | `%b`, `%B` | how many bytes of the body were sent; none is `-` for `%b` and `0` for `%B` |
//! | `%D`, `%T` | how long it took, in microseconds or whole seconds |
//! | `%{us}T`, `%{ms}T`, `%{s}T` | the same, in this unit |
//! | `%X` | `X`: the response was cut; `+`: it was not |
//! | `%v` | the host that the client asked, without port |
//! | `%{NAME}i`, `%{NAME}o` | a header of the request, of the response |
//! | `%%` | a percent sign |

use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::time::SystemTime;

use http::{HeaderName, HeaderValue, Version, header};
use paste_core::Sent;

use super::entry::Entry;

const COMMON: &str = "%h %l %u %t \"%r\" %>s %b";
const COMBINED: &str = "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"";

/// How a line is written. By [`FromStr`]: `common`, `combined`, `json`, or else a
/// [pattern](Self::pattern).
#[derive(Clone, Debug)]
pub struct Format {
    items: Items,
    request_headers: Vec<HeaderName>,
    response_headers: Vec<HeaderName>,
}

#[derive(Clone, Debug)]
enum Items {
    Json,
    Pattern(Vec<Item>),
}

#[derive(Clone, Copy, Debug)]
enum Unit {
    Seconds,
    Millis,
    Micros,
}

#[derive(Clone, Debug)]
enum Item {
    Text(String),
    Client,
    Nothing,
    User,
    Time,
    TimeSince1970(Unit),
    RequestLine,
    Method,
    Path,
    Query,
    Protocol,
    Status,
    Bytes { none: &'static str },
    Duration(Unit),
    Completeness,
    Host(usize),
    RequestHeader(usize),
    ResponseHeader(usize),
}

impl Default for Format {
    fn default() -> Self {
        Self::combined()
    }
}

impl Format {
    /// Apache's common format: client, user, time, request line, status, bytes.
    pub fn common() -> Self {
        Self::pattern(COMMON).expect("a sound pattern")
    }

    /// The common format, and the headers `Referer` and `User-Agent`.
    pub fn combined() -> Self {
        Self::pattern(COMBINED).expect("a sound pattern")
    }

    /// One JSON object a line: `time` (RFC 3339), `client_addr`, `remote_user`, `method`, `target`,
    /// `protocol`, `host`, `status`, `bytes`, `duration_us`, `complete`, `referer`, `user_agent`.
    /// What is not known is null.
    pub fn json() -> Self {
        let request_headers = vec![header::HOST, header::REFERER, header::USER_AGENT];
        Self { items: Items::Json, request_headers, response_headers: Vec::new() }
    }

    /// A pattern of Apache's [directives](self). One that is not known is an error.
    pub fn pattern(pattern: &str) -> Result<Self, PatternError> {
        let mut format =
            Self { items: Items::Json, request_headers: Vec::new(), response_headers: Vec::new() };
        let mut items = Vec::new();
        let mut rest = pattern;
        while let Some(at) = rest.find('%') {
            items.push(Item::Text(rest[..at].to_owned()));
            let directive = Directive::read(&rest[at..]);
            let item = directive.as_ref().and_then(|directive| format.item(directive));
            let Some((directive, item)) = directive.as_ref().zip(item) else {
                let found = directive.map_or(&rest[at..], |directive| directive.whole);
                return Err(PatternError { directive: found.chars().take(40).collect() });
            };
            items.push(item);
            rest = &rest[at + directive.whole.len()..];
        }
        items.push(Item::Text(rest.to_owned()));
        format.items = Items::Pattern(items);
        Ok(format)
    }

    fn item(&mut self, directive: &Directive<'_>) -> Option<Item> {
        let unit = match directive.argument {
            None | Some("s" | "sec") => Unit::Seconds,
            Some("ms" | "msec") => Unit::Millis,
            Some("us" | "usec") => Unit::Micros,
            Some(_) if matches!(directive.letter, 'i' | 'o') => Unit::Seconds,
            Some(_) => return None,
        };
        Some(match (directive.letter, directive.argument) {
            ('T', _) => Item::Duration(unit),
            ('t', Some(_)) => Item::TimeSince1970(unit),
            ('i', Some(name)) => {
                Item::RequestHeader(place_of(&mut self.request_headers, name.parse().ok()?))
            }
            ('o', Some(name)) => {
                Item::ResponseHeader(place_of(&mut self.response_headers, name.parse().ok()?))
            }
            ('h' | 'a', None) => Item::Client,
            ('l', None) => Item::Nothing,
            ('u', None) => Item::User,
            ('t', None) => Item::Time,
            ('r', None) => Item::RequestLine,
            ('m', None) => Item::Method,
            ('U', None) => Item::Path,
            ('q', None) => Item::Query,
            ('H', None) => Item::Protocol,
            ('s', None) => Item::Status,
            ('b', None) => Item::Bytes { none: "-" },
            ('B', None) => Item::Bytes { none: "0" },
            ('D', None) => Item::Duration(Unit::Micros),
            ('X', None) => Item::Completeness,
            ('v', None) => Item::Host(place_of(&mut self.request_headers, header::HOST)),
            ('%', None) => Item::Text("%".to_owned()),
            _ => return None,
        })
    }

    pub(super) fn request_headers(&self) -> &[HeaderName] {
        &self.request_headers
    }

    pub(super) fn response_headers(&self) -> &[HeaderName] {
        &self.response_headers
    }

    /// The line of this entry, without a line end.
    pub(super) fn line(&self, entry: &Entry) -> String {
        let Items::Pattern(items) = &self.items else {
            return json(entry);
        };
        let mut line = String::with_capacity(200);
        for item in items {
            item.write(&mut line, entry);
        }
        line
    }
}

impl FromStr for Format {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        match text {
            "common" => Ok(Self::common()),
            "combined" => Ok(Self::combined()),
            "json" => Ok(Self::json()),
            pattern => Self::pattern(pattern),
        }
    }
}

/// A pattern has a directive that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{directive}` is no directive of a log format")]
pub struct PatternError {
    directive: String,
}

/// `%`, perhaps `>` or `<` (which of several statuses is meant: here there is one), perhaps an argument
/// in braces, and a letter.
struct Directive<'a> {
    whole: &'a str,
    argument: Option<&'a str>,
    letter: char,
}

impl<'a> Directive<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix('%')?;
        let rest = rest.strip_prefix(['>', '<']).unwrap_or(rest);
        let (argument, rest) = match rest.strip_prefix('{') {
            Some(rest) => rest.split_once('}').map(|(argument, rest)| (Some(argument), rest))?,
            None => (None, rest),
        };
        let letter = rest.chars().next()?;
        let length = text.len() - rest.len() + letter.len_utf8();
        Some(Self { whole: &text[..length], argument, letter })
    }
}

fn place_of(names: &mut Vec<HeaderName>, name: HeaderName) -> usize {
    names.iter().position(|own| *own == name).unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    })
}

impl Item {
    fn write(&self, line: &mut String, entry: &Entry) {
        match self {
            Self::Text(text) => line.push_str(text),
            Self::Nothing => line.push('-'),
            Self::Client => match entry.client {
                Some(client) => put(line, format_args!("{}", client.0.ip())),
                None => line.push('-'),
            },
            Self::User => match &entry.user {
                Some(user) => escape(line, user.name().as_bytes(), true),
                None => line.push('-'),
            },
            Self::Time => put_time(line, entry.time),
            Self::TimeSince1970(unit) => {
                let since = entry.time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                put(line, format_args!("{}", unit.of(since)));
            }
            Self::RequestLine => {
                escape(line, entry.method.as_str().as_bytes(), false);
                line.push(' ');
                put_target(line, entry);
                line.push(' ');
                line.push_str(protocol(entry.version));
            }
            Self::Method => escape(line, entry.method.as_str().as_bytes(), false),
            Self::Path => escape(line, entry.target.path().as_bytes(), false),
            Self::Query => {
                if let Some(query) = entry.target.query() {
                    line.push('?');
                    escape(line, query.as_bytes(), false);
                }
            }
            Self::Protocol => line.push_str(protocol(entry.version)),
            Self::Status => line.push_str(entry.status().as_str()),
            Self::Bytes { none } => match entry.sent {
                Some(Sent { bytes: 1.., .. }) => put(line, format_args!("{}", bytes(entry))),
                _ => line.push_str(none),
            },
            Self::Duration(unit) => put(line, format_args!("{}", unit.of(entry.duration()))),
            Self::Completeness => line.push(if entry.is_complete() { '+' } else { 'X' }),
            Self::Host(place) => match host(entry, *place) {
                Some(host) => escape(line, host, true),
                None => line.push('-'),
            },
            Self::RequestHeader(place) => put_header(line, entry.request_headers.get(*place)),
            Self::ResponseHeader(place) => put_header(line, entry.response_headers.get(*place)),
        }
    }
}

impl Unit {
    fn of(self, time: std::time::Duration) -> u128 {
        match self {
            Self::Seconds => time.as_secs().into(),
            Self::Millis => time.as_millis(),
            Self::Micros => time.as_micros(),
        }
    }
}

fn put(line: &mut String, arguments: fmt::Arguments<'_>) {
    let _ = line.write_fmt(arguments); // a String takes everything
}

/// `[22/Nov/2026:07:43:39 +0000]`
fn put_time(line: &mut String, time: SystemTime) {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    // 2026-11-22T07:43:39Z
    let text = rfc3339(time).to_string();
    let month = text[5..7].parse().unwrap_or(1_usize).saturating_sub(1);
    let month = MONTHS.get(month).copied().unwrap_or_default();
    put(line, format_args!("[{}/{month}/{}:{} +0000]", &text[8..10], &text[..4], &text[11..19]));
}

/// What is written of a time before 1970 or after 9999 is the nearest that can be.
fn rfc3339(time: SystemTime) -> humantime::Rfc3339Timestamp {
    const LAST: u64 = 253_402_300_799; // 9999-12-31T23:59:59Z
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let since = since.min(std::time::Duration::from_secs(LAST));
    humantime::format_rfc3339_micros(SystemTime::UNIX_EPOCH + since)
}

/// The target in origin form, as it stood in the request line; in absolute form, if a client of a
/// proxy sent that.
fn put_target(line: &mut String, entry: &Entry) {
    escape(line, entry.target.path().as_bytes(), false);
    if let Some(query) = entry.target.query() {
        line.push('?');
        escape(line, query.as_bytes(), false);
    }
}

fn put_header(line: &mut String, value: Option<&Option<HeaderValue>>) {
    match value {
        Some(Some(value)) => escape(line, value.as_bytes(), false),
        _ => line.push('-'),
    }
}

/// Writes bytes of a client so that they stay within their field.
fn escape(line: &mut String, bytes: &[u8], blanks_too: bool) {
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => {
                line.push('\\');
                line.push(char::from(byte));
            }
            b'\t' => line.push_str("\\t"),
            b'\n' => line.push_str("\\n"),
            b'\r' => line.push_str("\\r"),
            b' ' if blanks_too => line.push_str("\\x20"),
            b' '..=b'~' => line.push(char::from(byte)),
            _ => put(line, format_args!("\\x{byte:02x}")),
        }
    }
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

fn bytes(entry: &Entry) -> u64 {
    entry.sent.map_or(0, |sent| sent.bytes)
}

/// The host without its port: of the header at this place, or else of the target.
fn host(entry: &Entry, place: usize) -> Option<&[u8]> {
    let header = entry.request_headers.get(place).and_then(Option::as_ref);
    let host = match header {
        Some(value) => value.as_bytes(),
        None => entry.target.authority()?.as_str().as_bytes(),
    };
    let end = host.iter().rposition(|byte| matches!(byte, b':' | b']'));
    Some(match end {
        Some(colon) if host[colon] == b':' => &host[..colon],
        _ => host,
    })
}

#[derive(serde::Serialize)]
struct JsonLine<'a> {
    time: String,
    client_addr: Option<std::net::IpAddr>,
    remote_user: Option<&'a str>,
    method: &'a str,
    target: String,
    protocol: &'static str,
    host: Option<std::borrow::Cow<'a, str>>,
    status: u16,
    bytes: Option<u64>,
    duration_us: u64,
    complete: bool,
    referer: Option<std::borrow::Cow<'a, str>>,
    user_agent: Option<std::borrow::Cow<'a, str>>,
}

fn json(entry: &Entry) -> String {
    let text = |place: usize| {
        let value = entry.request_headers.get(place).and_then(Option::as_ref);
        value.map(|value| String::from_utf8_lossy(value.as_bytes()))
    };
    let mut target = String::new();
    put_target(&mut target, entry);
    let line = JsonLine {
        time: rfc3339(entry.time).to_string(),
        client_addr: entry.client.map(|client| client.0.ip()),
        remote_user: entry.user.as_ref().map(paste_core::RemoteUser::name),
        method: entry.method.as_str(),
        target,
        protocol: protocol(entry.version),
        host: host(entry, 0).map(String::from_utf8_lossy),
        status: entry.status().as_u16(),
        bytes: entry.sent.map(|sent| sent.bytes),
        duration_us: u64::try_from(entry.duration().as_micros()).unwrap_or(u64::MAX),
        complete: entry.is_complete(),
        referer: text(1),
        user_agent: text(2),
    };
    serde_json::to_string(&line).unwrap_or_default()
}
