//! Cookies (RFC 6265bis): read as they were sent, set with safe defaults.
//!
//! 1. Names and values are read as they were sent: nothing is percent-decoded, so no name can pose as
//!    another (Rack CVE-2020-8184). A cookie without a name or without `=` is passed over (Werkzeug
//!    CVE-2023-23934), and so is one that is not UTF-8. Of two with one name the first counts.
//! 2. [`SafeCookie`] sets `HttpOnly`, `SameSite=Lax`, `Path=/` and, by the scheme of the request,
//!    `Secure`, unless it is told otherwise.
//! 3. Over https its name is prefixed `__Host-`, or `__Secure-` where a domain or another path forbids
//!    that, and only the prefixed cookie is read: no other host and no plain connection can plant it.
//! 4. Its value is any text; what may not stand in a cookie is percent-encoded. A cookie of more than
//!    4096 bytes is an error, as browsers drop it.
//!
//! ```
//! use paste_core::cookies::SafeCookie;
//! use paste_core::{Request, Result, response};
//!
//! async fn theme(request: Request) -> Result {
//!     let theme = SafeCookie::new("theme")?.of(&request);
//!     let mut response = response::text(format!("it was {:?}", theme.value()));
//!     theme.set(&mut response, "dark")?;
//!     Ok(response)
//! }
//! ```
//!
//! [`jar`] and [`set_jar`] lend the jars of the [`cookie`] crate: by its features `signed` and
//! `private`, which are features of this crate, too, they sign and encrypt.

use std::borrow::Cow;
use std::time::Duration;

use ::cookie::CookieBuilder;
use http::{HeaderMap, HeaderValue, Response, header};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::header::scan::is_token_char;
use crate::{Error, RequestExt, Result, host};

pub use ::cookie::{self, Cookie, CookieJar, SameSite};

/// Browsers drop what is larger (RFC 6265bis, section 5.6).
const MOST: usize = 4096;

/// What percent-encoding leaves of a value: the cookie-octets of RFC 6265bis, section 4.1.1.
const NOT_IN_VALUES: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b',').add(b';').add(b'\\').add(b'%');

/// Names and values in `headers`, in their order.
pub(crate) fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pieces = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b';'));
    pieces.filter_map(|piece| {
        let (name, value) = std::str::from_utf8(piece).ok()?.split_once('=')?;
        // Other white space is a part of the name: browsers let plain connections set such a cookie.
        let (name, value) = (name.trim_matches([' ', '\t']), value.trim_matches([' ', '\t']));
        (!name.is_empty()).then_some((name, value))
    })
}

/// The cookies of a request, of each name the first, as a jar of the [`cookie`] crate.
///
/// ```
/// # #[cfg(feature = "signed")] {
/// use paste_core::cookies::{self, cookie::Key};
/// use paste_core::{Request, Result, response};
///
/// async fn visit(request: Request, key: &Key) -> Result {
///     let mut jar = cookies::jar(request.headers());
///     let visits = jar.signed(key).get("visits").and_then(|cookie| cookie.value().parse().ok());
///     let visits = visits.unwrap_or(0_u32) + 1;
///     jar.signed_mut(key).add(("visits", visits.to_string()));
///     let mut response = response::text(format!("visit {visits}"));
///     cookies::set_jar(&mut response, &jar)?;
///     Ok(response)
/// }
/// # }
/// ```
pub fn jar(headers: &HeaderMap) -> CookieJar {
    let mut jar = CookieJar::new();
    for (name, value) in pairs(headers) {
        if jar.get(name).is_none() {
            jar.add_original(Cookie::new(name.to_owned(), value.to_owned()));
        }
    }
    jar
}

/// Sets what was changed in a jar. A cookie that no header can carry is an error with status 500.
pub fn set_jar<B>(response: &mut Response<B>, jar: &CookieJar) -> Result<()> {
    jar.delta().try_for_each(|cookie| append(response, &cookie.to_string()))
}

fn append<B>(response: &mut Response<B>, line: &str) -> Result<()> {
    let mut value = HeaderValue::try_from(line)?;
    value.set_sensitive(true);
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(())
}

/// A cookie of this server: its name and where it goes. See the [module](self) for the rules.
#[derive(Clone, Debug)]
pub struct SafeCookie {
    name: Cow<'static, str>,
    path: Cow<'static, str>,
    domain: Option<Cow<'static, str>>,
    max_age: Option<Duration>,
    same_site: SameSite,
    http_only: bool,
}

impl SafeCookie {
    /// A cookie for the session of the browser. A name that is not a token (RFC 9110, section 5.6.2),
    /// or has a prefix already, is an error with status 500.
    #[track_caller]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Result<Self> {
        let name = name.into();
        let has_prefix = |prefix: &str| {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        if name.is_empty() || !name.chars().all(is_token_char) {
            return Err(Error::boxed(format!("`{name}` cannot be the name of a cookie")));
        }
        if has_prefix("__Host-") || has_prefix("__Secure-") {
            return Err(Error::boxed(format!("the prefix of `{name}` is set by the scheme")));
        }
        Ok(Self {
            name,
            path: Cow::Borrowed("/"),
            domain: None,
            max_age: None,
            same_site: SameSite::Lax,
            http_only: true,
        })
    }

    /// How long the browser keeps it. Default: until it is closed.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Only for paths that begin so. Default: `/`.
    #[must_use]
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.path = path.into();
        self
    }

    /// Also for all hosts below `domain`. Default: for this host alone.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<Cow<'static, str>>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Whether requests from other sites carry it. Default: [`SameSite::Lax`]. `SameSite::None` is
    /// `Lax` over plain http, where browsers would drop the cookie.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Whether scripts of the page cannot read it. Default: true.
    #[must_use]
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// A path may come from the script name: it must not end its attribute.
    #[track_caller]
    fn check(&self) -> Result<()> {
        let is_path =
            self.path.starts_with('/') && !self.path.contains(|c: char| c == ';' || c.is_control());
        let domain = self.domain.as_deref();
        let is_domain = domain.is_none_or(|name| {
            !name.is_empty() && !name.contains([':', '[']) && host::is_valid(name.as_bytes())
        });
        if is_path && is_domain {
            return Ok(());
        }
        Err(Error::boxed(format!(
            "`{}` of the cookie `{}` is no path, or its domain none",
            self.path, self.name
        )))
    }

    /// The cookie as this request sent it, and as its answer can set it.
    pub fn of<B>(&self, request: &http::Request<B>) -> CookieOf {
        let secure = request.scheme() == "https";
        let name = match (secure, &self.domain, &*self.path) {
            (true, None, "/") => format!("__Host-{}", self.name),
            (true, ..) => format!("__Secure-{}", self.name),
            (false, ..) => self.name.to_string(),
        };
        let value =
            request.cookie(&name).and_then(|value| percent_decode_str(value).decode_utf8().ok());
        CookieOf { value: value.map(Cow::into_owned), name, secure, cookie: self.clone() }
    }
}

/// A [`SafeCookie`] of one request.
#[derive(Clone)]
pub struct CookieOf {
    cookie: SafeCookie,
    name: String,
    secure: bool,
    value: Option<String>,
}

impl CookieOf {
    /// The value that the request sent.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// Its name on the wire, with the prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Has the browser keep `value`. What is larger than 4096 bytes is an error with status 500, and so
    /// is a path or a domain that is none.
    #[track_caller]
    pub fn set<B>(&self, response: &mut Response<B>, value: &str) -> Result<()> {
        self.cookie.check()?;
        let value = utf8_percent_encode(value, NOT_IN_VALUES).to_string();
        if self.name.len() + value.len() > MOST {
            return Err(Error::boxed(format!("the cookie `{}` is too large", self.name)));
        }
        let cookie = match self.cookie.max_age {
            Some(max_age) => self.build(value).max_age(whole_seconds(max_age)),
            None => self.build(value),
        };
        append(response, &cookie.to_string())
    }

    /// Has the browser forget it.
    #[track_caller]
    pub fn remove<B>(&self, response: &mut Response<B>) -> Result<()> {
        self.cookie.check()?;
        append(
            response,
            &self.build(String::new()).max_age(whole_seconds(Duration::ZERO)).to_string(),
        )
    }

    fn build(&self, value: String) -> CookieBuilder<'_> {
        let SafeCookie { path, domain, same_site, http_only, .. } = &self.cookie;
        let needs_https = *same_site == SameSite::None && !self.secure;
        let same_site = if needs_https { SameSite::Lax } else { *same_site };
        let cookie = Cookie::build((&*self.name, value))
            .path(&**path)
            .same_site(same_site)
            .http_only(*http_only)
            .secure(self.secure);
        match domain {
            Some(domain) => cookie.domain(&**domain),
            None => cookie,
        }
    }
}

fn whole_seconds(duration: Duration) -> ::cookie::time::Duration {
    ::cookie::time::Duration::seconds(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}

/// Without the value, which may be a secret.
impl std::fmt::Debug for CookieOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CookieOf").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scheme;

    fn request(scheme: &'static str, cookies: &[&[u8]]) -> http::Request<()> {
        let mut request = http::Request::get("/").extension(Scheme(scheme));
        for line in cookies {
            request = request.header("cookie", HeaderValue::from_bytes(line).unwrap());
        }
        request.body(()).unwrap()
    }

    fn set_by(cookie: &SafeCookie, scheme: &'static str, value: &str) -> String {
        let mut response = Response::new(());
        cookie.of(&request(scheme, &[])).set(&mut response, value).unwrap();
        response.headers()["set-cookie"].to_str().unwrap().to_owned()
    }

    #[test]
    fn rule_1_cookies_are_read_as_they_were_sent() {
        for (line, expected) in [
            (&b"a=1; b=2;c=3"[..], &[("a", "1"), ("b", "2"), ("c", "3")][..]),
            (b"a=1; a=2", &[("a", "1"), ("a", "2")]),
            (b"a=b=c; d=", &[("a", "b=c"), ("d", "")]),
            (b"=x; x; ; =; a=1", &[("a", "1")]),
            (b"__%48ost-a=1; a%3D=2", &[("__%48ost-a", "1"), ("a%3D", "2")]),
            (b"a=\xff; b=\xc3\xa9", &[("b", "é")]),
            (
                "\u{2003}__Host-a=1; b\u{a0}=2".as_bytes(),
                &[("\u{2003}__Host-a", "1"), ("b\u{a0}", "2")],
            ),
            (br#"a="x y"; $Path=/"#, &[("a", r#""x y""#), ("$Path", "/")]),
            (b"", &[]),
        ] {
            assert!(request("http", &[line]).cookies().eq(expected.iter().copied()), "{line:?}");
        }
        let lines = request("http", &[b"a=1", b"b=2; a=3"]);
        assert_eq!(
            (lines.cookie("a"), lines.cookie("b"), lines.cookie("c")),
            (Some("1"), Some("2"), None)
        );
        let jar = jar(lines.headers());
        assert_eq!(jar.get("a").map(Cookie::value), Some("1"));
    }

    #[test]
    fn rule_2_and_3_defaults_are_safe() {
        let plain = SafeCookie::new("id").unwrap();
        let aged = plain.clone().max_age(Duration::from_millis(60_900));
        for (cookie, scheme, line) in [
            (plain.clone(), "http", "id=x; HttpOnly; SameSite=Lax; Path=/"),
            (plain.clone(), "https", "__Host-id=x; HttpOnly; SameSite=Lax; Secure; Path=/"),
            (aged, "http", "id=x; HttpOnly; SameSite=Lax; Path=/; Max-Age=60"),
            (
                plain.clone().domain("example.org").http_only(false),
                "https",
                "__Secure-id=x; SameSite=Lax; Secure; Path=/; Domain=example.org",
            ),
            (
                plain.clone().path("/wiki").same_site(SameSite::Strict),
                "https",
                "__Secure-id=x; HttpOnly; SameSite=Strict; Secure; Path=/wiki",
            ),
        ] {
            assert_eq!(set_by(&cookie, scheme, "x"), line);
        }
        let tossed = request("https", &[b"id=evil; __Secure-id=evil; __Host-id=mine"]);
        assert_eq!(plain.of(&tossed).value(), Some("mine"));
        assert_eq!(plain.of(&request("https", &[b"id=evil"])).value(), None);
        assert_eq!(plain.of(&request("http", &[b"id=mine"])).value(), Some("mine"));
    }

    #[test]
    fn rule_4_any_value_comes_back_and_none_breaks_out() {
        let cookie = SafeCookie::new("a").unwrap();
        for value in ["", "x", "a b", "é;,\"\\%", "x\r\nSet-Cookie: evil=1", "a=b"] {
            let line = set_by(&cookie, "http", value);
            let sent = line.split("; ").next().unwrap();
            let request = request("http", &[sent.as_bytes()]);
            assert_eq!(cookie.of(&request).value(), Some(value), "{line}");
        }
        let mut response = Response::new(());
        let of = cookie.of(&request("http", &[]));
        assert!(of.set(&mut response, &"x".repeat(4095)).is_ok());
        assert!(of.set(&mut response, &"x".repeat(4096)).is_err());
        assert!(response.headers()["set-cookie"].is_sensitive());
        for name in ["", "a b", "a=b", "a;b", "é", "__Host-a", "__secure-a", "a\r\nb"] {
            assert!(SafeCookie::new(name).is_err(), "{name}");
        }
    }

    #[test]
    fn rule_2_attributes_cannot_break_out() {
        let cookie = SafeCookie::new("a").unwrap();
        for bad in [
            cookie.clone().path("/x; Domain=evil.example"),
            cookie.clone().path(""),
            cookie.clone().path("/x\r\n"),
            cookie.clone().domain("evil.example; Path=/"),
            cookie.clone().domain("a:80"),
        ] {
            let of = bad.of(&request("http", &[]));
            assert!(
                of.set(&mut Response::new(()), "x").is_err()
                    && of.remove(&mut Response::new(())).is_err()
            );
        }
        let none = cookie.same_site(SameSite::None);
        assert!(set_by(&none, "http", "x").contains("SameSite=Lax"));
        assert!(set_by(&none, "https", "x").contains("SameSite=None; Secure"));
    }

    #[test]
    fn a_removed_cookie_is_forgotten_where_it_was_set() {
        let cookie = SafeCookie::new("id").unwrap().path("/x").max_age(Duration::from_secs(9));
        let mut response = Response::new(());
        cookie.of(&request("http", &[b"id=1"])).remove(&mut response).unwrap();
        let line = &response.headers()["set-cookie"];
        assert_eq!(line, "id=; HttpOnly; SameSite=Lax; Path=/x; Max-Age=0");
    }

    #[test]
    fn a_jar_sets_what_was_changed() {
        let mut jar = jar(request("http", &[b"a=1; b=2"]).headers());
        jar.add(("c", "3"));
        jar.remove("a");
        let mut response = Response::new(());
        set_jar(&mut response, &jar).unwrap();
        let mut lines: Vec<_> =
            response.headers().get_all("set-cookie").iter().map(|v| v.to_str().unwrap()).collect();
        lines.sort_unstable();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("a=; Max-Age=0") && lines[1] == "c=3", "{lines:?}");
    }

    #[cfg(all(feature = "signed", feature = "private"))]
    #[test]
    fn a_changed_byte_voids_a_signed_or_private_cookie() {
        let key = ::cookie::Key::derive_from(&[7; 64]);
        let mut sent = CookieJar::new();
        sent.signed_mut(&key).add(("s", "value"));
        sent.private_mut(&key).add(("p", "value"));
        for name in ["s", "p"] {
            let good = sent.get(name).unwrap().value().to_owned();
            let read = |value: &str| {
                let jar = jar(request("http", &[format!("{name}={value}").as_bytes()]).headers());
                let found = if name == "s" {
                    jar.signed(&key).get(name)
                } else {
                    jar.private(&key).get(name)
                };
                found.map(|cookie| cookie.value().to_owned())
            };
            assert_eq!(read(&good).as_deref(), Some("value"));
            for at in 0..good.len() {
                let mut bad = good.clone().into_bytes();
                bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
                assert_eq!(read(std::str::from_utf8(&bad).unwrap()), None, "byte {at}");
            }
            assert_eq!(read("value"), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_set_is_read_back(value in "\\PC{0,40}") {
            let cookie = SafeCookie::new("a").unwrap();
            let line = set_by(&cookie, "https", &value);
            let sent = line.split("; ").next().unwrap().to_owned();
            let request = request("https", &[b"b=1", sent.as_bytes()]);
            let read = cookie.of(&request);
            proptest::prop_assert_eq!(read.value(), Some(&*value));
        }
    }
}
