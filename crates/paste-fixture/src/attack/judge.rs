//! Whether a service withstood an attack: the status that was allowed, and what no answer may have.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use url::Url;

use super::Attack;
use super::grounds::CANARY;
use super::markup;

/// The script that attacks try to bring into a page.
pub(super) const SCRIPT: &str = "paste_attack";
/// The host to which attacks try to send the browser.
pub(super) const FOREIGN: &str = "evil.example";
/// The header and the cookie that attacks try to bring into an answer.
pub(super) const INJECTED: &str = "x-injected";
/// The session that attacks try to have adopted.
pub(super) const FIXATED: &str = "pasteattackfixated00000000000000";

/// Texts of files that no service gives away.
const LEAKS: [(&str, &str); 4] = [
    (CANARY, "a canary"),
    ("root:x:0:0:", "/etc/passwd"),
    ("; for 16-bit app support", "win.ini"),
    ("\0PATH=/", "the environment of the process"),
];

/// One answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether the body is as long as the head says.
    pub(super) whole: bool,
}

/// What became of an attack.
pub(super) enum Outcome {
    /// An answer, `more` others behind it, and whether the server closed the connection then.
    Answered { answer: Answer, more: usize, closed: bool },
    /// The server closed the connection without an answer.
    #[cfg_attr(not(feature = "live"), expect(dead_code, reason = "of servers"))]
    Unanswered,
    /// No whole answer in time.
    Late,
    /// More than the size that is allowed.
    Endless,
    /// Something that is no answer.
    Broken(String),
}

/// Says what is wrong with what became of `attack` on the service at `host`.
pub(super) fn judge(attack: &Attack, outcome: Outcome, host: &str) -> Result<(), String> {
    let allowed = &attack.allowed;
    let (answer, more, closed) = match outcome {
        Outcome::Answered { answer, more, closed } => (answer, more, closed),
        Outcome::Unanswered if allowed.unanswered => return Ok(()),
        Outcome::Unanswered => return Err("the server closed without an answer".to_owned()),
        Outcome::Late => return Err("no whole answer in time".to_owned()),
        Outcome::Endless => return Err("a larger answer".to_owned()),
        Outcome::Broken(how) => return Err(how),
    };
    if !allowed.allows(answer.status) {
        return Err(format!("status {}", answer.status));
    }
    if !answer.whole {
        return Err(format!(
            "a body of {} bytes, which is not the length that the head says",
            answer.body.len()
        ));
    }
    if more > 0 {
        return Err(format!("{} answers to one request", more + 1));
    }
    if allowed.must_close && !closed {
        return Err("the connection stays open".to_owned());
    }
    headers_are_clean(&answer.headers)?;
    location_stays(attack, &answer.headers, host)?;
    nothing_leaks(&answer)?;
    if answer.status == 206 && !attack.is_head() {
        part_is_right(&answer)?;
    }
    markup::is_clean(&answer, host)
}

fn headers_are_clean(headers: &HeaderMap) -> Result<(), String> {
    if headers.contains_key(INJECTED) {
        return Err("a header of the attacker's in the answer".to_owned());
    }
    for cookie in headers.get_all(header::SET_COOKIE) {
        let cookie = String::from_utf8_lossy(cookie.as_bytes());
        if cookie.contains(FIXATED) {
            return Err(format!("a session of the attacker's adopted: Set-Cookie: {cookie}"));
        }
        if cookie.trim_start().starts_with("injected=") {
            return Err("a cookie of the attacker's in the answer".to_owned());
        }
    }
    let origin = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).map(HeaderValue::as_bytes);
    let credentials = headers.get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
    let origin = String::from_utf8_lossy(origin.unwrap_or_default());
    if credentials.is_some_and(|value| value == "true")
        && (origin.contains(FOREIGN) || origin == "null")
    {
        return Err(format!("credentials for the foreign origin {origin}"));
    }
    Ok(())
}

/// Where `Location` sends a browser, as a browser reads it: not to a host that the attack has named.
/// Another host is the service's own affair.
fn location_stays(attack: &Attack, headers: &HeaderMap, host: &str) -> Result<(), String> {
    let Some(location) = headers.get(header::LOCATION) else {
        return Ok(());
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    let base = Url::parse(&format!("http://{host}/")).ok();
    let fits = |to: &Url, base: &Url| {
        let named = |host: &str| is_foreign(host) || attack.names(host);
        let unfit = matches!(to.scheme(), "data" | "file" | "javascript" | "vbscript");
        !unfit && (to.host() == base.host() || !to.host_str().is_some_and(named))
    };
    let stays = base.is_some_and(|base| base.join(&location).is_ok_and(|to| fits(&to, &base)));
    if stays { Ok(()) } else { Err(format!("Location: {location}")) }
}

/// Whether this is the host to which attacks try to send the browser, or one below it.
pub(super) fn is_foreign(host: &str) -> bool {
    host.strip_suffix(FOREIGN).is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

fn nothing_leaks(answer: &Answer) -> Result<(), String> {
    let body = String::from_utf8_lossy(&answer.body);
    for (text, what) in LEAKS {
        let in_header =
            |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).contains(text);
        if body.contains(text) || answer.headers.values().any(in_header) {
            return Err(format!("status {} gives away {what}", answer.status));
        }
    }
    Ok(())
}

/// RFC 9110, section 15.3.7: a part says which it is, and is that long.
fn part_is_right(answer: &Answer) -> Result<(), String> {
    let text = |name| answer.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let several =
        text(header::CONTENT_TYPE).is_some_and(|media| media.starts_with("multipart/byteranges"));
    let Some(range) = text(header::CONTENT_RANGE) else {
        return if several { Ok(()) } else { Err("status 206 without Content-Range".to_owned()) };
    };
    let bounds = || {
        let (range, size) = range.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
        let fits = first <= last && (size == "*" || last < size.parse().ok()?);
        (fits && last - first + 1 == answer.body.len() as u64).then_some(())
    };
    bounds().ok_or_else(|| format!("a part of {} bytes as `{range}`", answer.body.len()))
}

#[cfg(test)]
mod tests {
    use super::super::{Allowed, Class};
    use super::*;

    fn judged(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> String {
        let attack = Attack::get("x", Class::Paths, "/x").header("Host", "named.example");
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), HeaderValue::from_static(value))
        });
        let answer = Answer { status, headers: headers.collect(), body: body.into(), whole: true };
        let outcome = Outcome::Answered { answer, more: 0, closed: true };
        judge(&attack, outcome, "localhost:8080").err().unwrap_or_default()
    }

    #[test]
    fn statuses_of_failure_and_leaks_are_found() {
        assert_eq!(judged(404, &[], ""), "");
        assert_eq!(judged(500, &[], ""), "status 500");
        assert_eq!(judged(200, &[], "a root:x:0:0:root"), "status 200 gives away /etc/passwd");
        assert_eq!(judged(404, &[("x", CANARY)], ""), "status 404 gives away a canary");
        let headers = [("x-injected", "1")];
        assert_eq!(judged(200, &headers, ""), "a header of the attacker's in the answer");
    }

    #[test]
    fn locations_are_read_as_browsers_read_them() {
        for location in [
            "/a",
            "a",
            "?a=//evil.example",
            "/%5Cevil.example/",
            "http://localhost/",
            "http://localhost:8080/a",
            "https://login.example/",
            "//cdn.example/a",
            "mailto:a@b.example",
            "app://callback.example/",
            "https://other-named.example/",
            "/a//evil.example",
        ] {
            assert_eq!(judged(301, &[("location", location)], ""), "", "{location}");
        }
        for location in [
            "//evil.example/",
            "/\\evil.example",
            "///evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "http://evil.example/",
            "https:evil.example",
            "javascript:paste_attack()",
            "http://localhost@evil.example/",
            "https://localhost.evil.example/",
            "http://named.example/",
            "//Named.example/",
            "http://named.example:99999/",
            "data:text/html,x",
        ] {
            let found = judged(301, &[("location", location)], "");
            assert_eq!(found, format!("Location: {location}"));
        }
    }

    #[test]
    fn a_part_says_which_it_is() {
        for (range, problem) in [
            ("bytes 0-2/3", ""),
            ("bytes 7-9/*", ""),
            ("bytes 0-2/2", "a part of 3 bytes as `bytes 0-2/2`"),
            ("bytes 0-3/9", "a part of 3 bytes as `bytes 0-3/9`"),
            ("bytes 2-0/9", "a part of 3 bytes as `bytes 2-0/9`"),
        ] {
            assert_eq!(judged(206, &[("content-range", range)], "abc"), problem);
        }
        assert_eq!(judged(206, &[], "abc"), "status 206 without Content-Range");
    }

    #[test]
    fn framing_is_judged() {
        let attack = Attack::raw("x", "").allow(Allowed::answered().then_closed());
        let judged = |more, closed, whole| {
            let answer =
                Answer { status: 200, headers: HeaderMap::new(), body: Bytes::new(), whole };
            judge(&attack, Outcome::Answered { answer, more, closed }, "localhost").is_ok()
        };
        assert!(judged(0, true, true));
        assert!(!judged(1, true, true) && !judged(0, false, true) && !judged(0, true, false));
        assert!(judge(&attack, Outcome::Unanswered, "localhost").is_err());
        let attack = attack.allow(Allowed::refused().or_closed());
        assert!(judge(&attack, Outcome::Unanswered, "localhost").is_ok());
    }
}
