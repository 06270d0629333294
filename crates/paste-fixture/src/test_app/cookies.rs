//! The cookie jar of a browser (RFC 6265bis), for one user.
//!
//! 1. Domain, path, `Secure`, expiry and the prefixes `__Host-` and `__Secure-` are as in section
//!    5.6 and 5.7. Loopback counts as secure, as it does in browsers.
//! 2. `SameSite`: without the attribute it is Lax. A request that another site caused gets no
//!    Strict cookies, and Lax ones only when it is a GET or HEAD. Sites are told apart by the last
//!    two labels of the host.
//! 3. A line with control characters, and a name and value of more than 4096 bytes together, are
//!    ignored; so is the value of an attribute of more than 1024 bytes.
//! 4. A cookie without a name is kept, and sent as its bare value.
//! 5. There is no public suffix list: a domain of one label is refused where it is not the host
//!    itself, but a site below `co.uk` or `github.io` may set cookies for all others there, and
//!    counts as the same site as they. Browsers refuse that.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, Method, header};
use paste_core::Clock;
use url::{Host, Url};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SameSite {
    Strict,
    Lax,
    None,
}

/// The cookies of one user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jar {
    cookies: Vec<Stored>,
    clock: Clock,
}

#[derive(Clone, Debug)]
struct Stored {
    name: String,
    value: String,
    domain: String,
    /// Only for the host itself, not for those below it.
    host_only: bool,
    path: String,
    secure: bool,
    same_site: SameSite,
    expires: Option<SystemTime>,
}

impl Jar {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { cookies: Vec::new(), clock }
    }

    /// Keeps what a response from `url` sets.
    pub(crate) fn store(&mut self, url: &Url, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE) {
            let line = std::str::from_utf8(line.as_bytes()).ok();
            if let Some(cookie) = line.and_then(|line| self.read(url, line))
                && !self.would_replace_secure(url, &cookie)
            {
                self.put(cookie);
            }
        }
    }

    /// Keeps one cookie, as if `url` had set it for the whole site. `false`: it is none, or not one
    /// that this site may set.
    pub(crate) fn set(&mut self, url: &Url, name: &str, value: &str) -> bool {
        let lower = name.to_ascii_lowercase();
        let secure = lower.starts_with("__host-") || lower.starts_with("__secure-");
        let line = format!("{name}={value}; Path=/{}", if secure { "; Secure" } else { "" });
        let sound = !name.is_empty() && !name.contains(['=', ';', ' ']) && !value.contains(';');
        let cookie = self.read(url, &line).filter(|_| sound);
        cookie.map(|cookie| self.put(cookie)).is_some()
    }

    pub(crate) fn clear(&mut self) {
        self.cookies.clear();
    }

    /// The value of a cookie, whatever it is for.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let now = self.clock.now();
        let mut alive =
            self.cookies.iter().filter(|cookie| cookie.expires.is_none_or(|end| end > now));
        alive.find(|cookie| cookie.name == name).map(|cookie| cookie.value.as_str())
    }

    /// The `Cookie` header for a request, caused by a page at `initiator` or by the user.
    pub(crate) fn header(
        &self,
        url: &Url,
        method: &Method,
        initiator: Option<&Url>,
    ) -> Option<HeaderValue> {
        let now = self.clock.now();
        let cross_site = initiator.is_some_and(|page| site(page) != site(url));
        let safe = matches!(*method, Method::GET | Method::HEAD);
        let fit = self.cookies.iter().filter(|cookie| {
            cookie.expires.is_none_or(|end| end > now)
                && cookie.is_for_host(url)
                && path_matches(url.path(), &cookie.path)
                && (!cookie.secure || is_secure(url))
                && (!cross_site
                    || cookie.same_site == SameSite::None
                    || (cookie.same_site == SameSite::Lax && safe))
        });
        let mut fit: Vec<_> = fit.collect();
        fit.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<_> = fit.iter().map(|cookie| cookie.pair()).collect();
        if pairs.is_empty() { None } else { HeaderValue::try_from(pairs.join("; ")).ok() }
    }

    fn put(&mut self, cookie: Stored) {
        let same = |old: &Stored| old.key() == cookie.key();
        let expired = cookie.expires.is_some_and(|end| end <= self.clock.now());
        match self.cookies.iter().position(same) {
            Some(place) if expired => drop(self.cookies.remove(place)),
            Some(place) => self.cookies[place] = cookie,
            None if expired => {}
            None => self.cookies.push(cookie),
        }
    }

    /// What comes by an insecure way replaces no cookie that came by a secure one.
    fn would_replace_secure(&self, url: &Url, cookie: &Stored) -> bool {
        let same_site = |old: &Stored| old.is_for_host(url) || cookie.domain.ends_with(&old.domain);
        let mut secure = self.cookies.iter().filter(|old| old.secure && old.name == cookie.name);
        !is_secure(url) && secure.any(|old| same_site(old) && path_matches(&cookie.path, &old.path))
    }

    /// The cookie of one `Set-Cookie` line, or `None` where a browser ignores it.
    fn read(&self, url: &Url, line: &str) -> Option<Stored> {
        if line.chars().any(|c| c.is_ascii_control() && c != '\t') {
            return None;
        }
        let (pair, rest) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let (name, value) = (trimmed(name), trimmed(value));
        if name.len() + value.len() > 4096 || (name.is_empty() && value.is_empty()) {
            return None;
        }
        let attributes = Attributes::read(rest);
        let host = url.host_str()?.to_ascii_lowercase();
        let named = attributes.domain.map(|domain| domain.strip_prefix('.').unwrap_or(domain));
        let named = named.map(str::to_ascii_lowercase).filter(|domain| !domain.is_empty());
        if let Some(domain) = &named
            && (!domain_matches(url, &host, domain) || (!domain.contains('.') && *domain != host))
        {
            return None;
        }
        let path = attributes.path.filter(|path| path.starts_with('/'));
        let secure = attributes.secure;
        // One without a name must not pass for one with such a name where it is read.
        let prefixed = if name.is_empty() { value } else { name }.to_ascii_lowercase();
        let wants_host = prefixed.starts_with("__host-");
        let wants_secure = wants_host || prefixed.starts_with("__secure-");
        if (secure && !is_secure(url))
            || (wants_secure && (!secure || name.is_empty()))
            || (wants_host && (named.is_some() || path != Some("/")))
            || (attributes.same_site == Some(SameSite::None) && !secure)
        {
            return None;
        }
        Some(Stored {
            name: name.to_owned(),
            value: value.to_owned(),
            host_only: named.is_none(),
            domain: named.unwrap_or(host),
            path: path.map_or_else(|| default_path(url.path()), str::to_owned),
            secure,
            same_site: attributes.same_site.unwrap_or(SameSite::Lax),
            expires: self.expiry(&attributes),
        })
    }

    /// When a cookie ends; `Max-Age` goes before `Expires`. Browsers keep none for more than 400
    /// days.
    fn expiry(&self, attributes: &Attributes<'_>) -> Option<SystemTime> {
        let latest = self.clock.now() + MOST_AGE;
        match attributes.max_age {
            Some(seconds) if seconds <= 0 => Some(SystemTime::UNIX_EPOCH),
            Some(seconds) => {
                let age = Duration::from_secs(seconds.unsigned_abs()).min(MOST_AGE);
                Some(self.clock.now() + age)
            }
            None => attributes.expires.map(|end| end.min(latest)),
        }
    }
}

/// How long a cookie lives at the most.
const MOST_AGE: Duration = Duration::from_secs(400 * 86_400);

/// What follows the name and value of a cookie; of each the last one that says something.
#[derive(Default)]
struct Attributes<'a> {
    domain: Option<&'a str>,
    path: Option<&'a str>,
    secure: bool,
    same_site: Option<SameSite>,
    /// In seconds.
    max_age: Option<i64>,
    expires: Option<SystemTime>,
}

impl<'a> Attributes<'a> {
    /// RFC 6265bis, 5.6.
    fn read(text: &'a str) -> Self {
        let mut found = Self::default();
        for attribute in text.split(';') {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            let value = trimmed(value);
            if value.len() > 1024 {
                continue;
            }
            match &*trimmed(name).to_ascii_lowercase() {
                "domain" => found.domain = Some(value),
                "path" => found.path = Some(value),
                "secure" => found.secure = true,
                "samesite" => {
                    found.same_site = match &*value.to_ascii_lowercase() {
                        "strict" => Some(SameSite::Strict),
                        "lax" => Some(SameSite::Lax),
                        "none" => Some(SameSite::None),
                        _ => None,
                    }
                }
                "max-age" => found.max_age = max_age(value).or(found.max_age),
                "expires" => found.expires = cookie_date(value).or(found.expires),
                _ => {}
            }
        }
        found
    }
}

/// Digits, after a `-` or not; so many of them as to mean for ever count as that.
fn max_age(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let sound = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let beyond = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    sound.then(|| text.parse().unwrap_or(beyond))
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

impl Stored {
    fn key(&self) -> (&str, &str, bool, &str) {
        (&self.name, &self.domain, self.host_only, &self.path)
    }

    /// As it is sent.
    fn pair(&self) -> String {
        let Self { name, value, .. } = self;
        if name.is_empty() { value.clone() } else { format!("{name}={value}") }
    }

    fn is_for_host(&self, url: &Url) -> bool {
        url.host_str().map(str::to_ascii_lowercase).is_some_and(|host| {
            if self.host_only {
                host == self.domain
            } else {
                domain_matches(url, &host, &self.domain)
            }
        })
    }
}

/// A date in any order and with any separators, as browsers read it (RFC 6265bis, 5.1.1).
fn cookie_date(text: &str) -> Option<SystemTime> {
    let is_separator = |c: char| !(c.is_ascii_alphanumeric() || c == ':');
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_separator).filter(|token| !token.is_empty()) {
        let digits = token.len() - token.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number = token[..digits].parse::<u32>().ok();
        let months =
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        let start = token.get(..3).map(str::to_ascii_lowercase);
        let named = start.and_then(|start| months.iter().position(|month| *month == start));
        if time.is_none() && token.matches(':').count() == 2 {
            time = Some(token);
        } else if day.is_none() && (1..=2).contains(&digits) {
            day = number;
        } else if month.is_none() && named.is_some() {
            month = named;
        } else if year.is_none() && (digits == 2 || digits == 4) {
            year = number.map(|year| match year {
                70..=99 => year + 1900,
                0..=69 => year + 2000,
                other => other,
            });
        }
    }
    let (day, month, year) = (day?, MONTHS[month?], year?);
    let clock: Vec<u32> = time?.split(':').filter_map(|part| part.parse().ok()).collect();
    let [hour, minute, second] = clock[..] else { return None };
    // The weekday is not looked at when it is read back.
    httpdate::parse_http_date(&format!(
        "Thu, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT"
    ))
    .ok()
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// RFC 6265bis, 5.1.3.
fn domain_matches(url: &Url, host: &str, domain: &str) -> bool {
    let is_name = matches!(url.host(), Some(Host::Domain(_)));
    host == domain
        || (is_name && host.strip_suffix(domain).is_some_and(|below| below.ends_with('.')))
}

/// RFC 6265bis, 5.1.4.
fn path_matches(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie_path.ends_with('/'))
}

fn default_path(path: &str) -> String {
    match path.rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(end) => path[..end].to_owned(),
    }
}

/// Whether browsers trust the way to `url`.
fn is_secure(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

fn site(url: &Url) -> (&str, &str) {
    let host = url.host_str().unwrap_or_default();
    let second = host.rmatch_indices('.').nth(1).map(|(dot, _)| &host[dot + 1..]);
    let site = match url.host() {
        Some(Host::Domain(_)) => second.unwrap_or(host),
        _ => host,
    };
    (url.scheme(), site)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// What a jar sends to `to` after `from` set `line`.
    fn sent(from: &str, line: &str, to: &str) -> String {
        let mut jar = Jar::default();
        let headers =
            HeaderMap::from_iter([(header::SET_COOKIE, HeaderValue::from_str(line).unwrap())]);
        jar.store(&url(from), &headers);
        let header = jar.header(&url(to), &Method::GET, None);
        header.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn rule_1_domain_path_secure_and_prefixes() {
        for (from, line, to, expected) in [
            ("http://a.org/x/y", "k=v", "http://a.org/x/z", "k=v"),
            ("http://a.org/x/y", "k=v", "http://a.org/z", ""),
            ("http://a.org/x/y", "k=v; Path=/", "http://a.org/z", "k=v"),
            ("http://a.org/", "k=v; Path=/foo", "http://a.org/foo/bar", "k=v"),
            ("http://a.org/", "k=v; Path=/foo", "http://a.org/foobar", ""),
            ("http://a.org/", "k=v", "http://www.a.org/", ""),
            ("http://www.a.org/", "k=v; Domain=.A.org", "http://x.a.org/", "k=v"),
            ("http://a.org/", "k=v; Domain=b.org", "http://b.org/", ""),
            ("http://a.org/", "k=v; Domain=org", "http://b.org/", ""),
            ("http://xa.org/", "k=v; Domain=a.org", "http://a.org/", ""),
            ("http://1.2.3.4/", "k=v; Domain=3.4", "http://1.2.3.4/", ""),
            ("https://a.org/", "k=v; Secure", "http://a.org/", ""),
            ("https://a.org/", "k=v; Secure", "https://a.org/", "k=v"),
            ("http://a.org/", "k=v; Secure", "https://a.org/", ""),
            ("http://localhost/", "k=v; Secure", "http://localhost/", "k=v"),
            ("https://a.org/", "__Host-k=v; Secure; Path=/", "https://a.org/x", "__Host-k=v"),
            ("https://a.org/", "__Host-k=v; Secure", "https://a.org/", ""),
            ("https://a.org/", "__HOST-k=v; Secure; Path=/; Domain=a.org", "https://a.org/", ""),
            ("https://a.org/", "__Secure-k=v", "https://a.org/", ""),
            ("https://a.org/", "k=v; SameSite=None", "https://a.org/", ""),
            ("http://a.org/", "k=v; Max-Age=0", "http://a.org/", ""),
            ("http://a.org/", "k=v; Max-Age=-5", "http://a.org/", ""),
            ("http://a.org/", "k=v; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://a.org/", ""),
            (
                "http://a.org/",
                "k=v; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                "http://a.org/",
                "k=v",
            ),
            ("http://a.org/", "k=", "http://a.org/", "k="),
            ("http://a.org/", "k=\"a b\"", "http://a.org/", "k=\"a b\""),
        ] {
            assert_eq!(sent(from, line, to), expected, "{from}: {line} -> {to}");
        }
    }

    #[test]
    fn rule_1_a_cookie_ends_by_the_clock_and_can_be_deleted() {
        let clock = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
        let mut jar = Jar::new(clock.clone());
        let home = url("http://a.org/");
        let set = |jar: &mut Jar, line: &'static str| {
            jar.store(
                &home,
                &HeaderMap::from_iter([(header::SET_COOKIE, HeaderValue::from_static(line))]),
            );
        };
        set(&mut jar, "k=v; Max-Age=60");
        clock.advance(Duration::from_secs(59));
        assert_eq!(jar.get("k"), Some("v"));
        clock.advance(Duration::from_secs(1));
        assert_eq!((jar.get("k"), jar.header(&home, &Method::GET, None)), (None, None));
        set(&mut jar, "k=w");
        set(&mut jar, "k=; Max-Age=0");
        assert_eq!(jar.get("k"), None);
    }

    #[test]
    fn rule_2_another_site_gets_lax_cookies_only_by_get() {
        let mut jar = Jar::default();
        let home = url("https://a.org/");
        for line in ["strict=1; SameSite=Strict", "lax=1", "none=1; SameSite=None; Secure"] {
            jar.store(
                &home,
                &HeaderMap::from_iter([(header::SET_COOKIE, HeaderValue::from_static(line))]),
            );
        }
        let header = |method, page: Option<&str>| {
            let page = page.map(url);
            jar.header(&home, &method, page.as_ref()).unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(header(Method::POST, None), "strict=1; lax=1; none=1");
        assert_eq!(header(Method::POST, Some("https://www.a.org/")), "strict=1; lax=1; none=1");
        assert_eq!(header(Method::GET, Some("https://b.org/")), "lax=1; none=1");
        assert_eq!(header(Method::POST, Some("https://b.org/")), "none=1");
    }

    #[test]
    fn rule_3_what_no_browser_keeps_is_ignored() {
        let long = format!("k={}", "v".repeat(4096));
        assert_eq!(sent("http://a.org/", &long, "http://a.org/"), "");
        let long = format!("k=v; Path=/{}; Domain={}", "x".repeat(1024), "a".repeat(1025));
        assert_eq!(sent("http://a.org/", &long, "http://a.org/"), "k=v");
        let fits = format!("k=v; Path=/{}", "x".repeat(1023));
        assert_eq!(sent("http://a.org/", &fits, "http://a.org/"), "");
    }

    #[test]
    fn rule_4_a_cookie_without_a_name_is_its_bare_value() {
        for (line, expected) in [
            ("nothing", "nothing"),
            ("=v", "v"),
            (" = v ; Path=/", "v"),
            ("=a=b", "a=b"),
            ("=", ""),
            ("", ""),
            ("; Path=/", ""),
            ("=__Host-k=v; Secure; Path=/", ""),
            ("__secure-k; Secure", ""),
        ] {
            assert_eq!(sent("https://a.org/", line, "https://a.org/"), expected, "{line}");
        }
    }

    #[test]
    fn rule_1_the_last_attribute_holds() {
        for (line, to, expected) in [
            ("k=v; Domain=a.org; Domain=", "http://x.a.org/", ""),
            ("k=v; Domain=a.org; Domain=", "http://a.org/", "k=v"),
            ("k=v; Domain=; Domain=a.org", "http://x.a.org/", "k=v"),
            ("k=v; Path=/x; Path=", "http://a.org/y", "k=v"),
            ("k=v; Max-Age=0; Max-Age=5", "http://a.org/", "k=v"),
            ("k=v; Max-Age=0; Max-Age=x", "http://a.org/", ""),
            ("k=v; Max-Age=99999999999999999999", "http://a.org/", "k=v"),
            ("k=v; Max-Age=-99999999999999999999", "http://a.org/", ""),
            ("k=v; Max-Age=+0", "http://a.org/", "k=v"),
        ] {
            assert_eq!(sent("http://a.org/", line, to), expected, "{line}");
        }
    }

    #[test]
    fn rule_1_dates_are_read_as_browsers_read_them() {
        for (date, seconds) in [
            ("Thu, 01 Jan 1970 00:00:09 GMT", 9),
            ("Thu, 1 Jan 1970 00:00:09 GMT", 9),
            ("1970 Jan 01 0:0:9", 9),
            ("01-Jan-70 00:00:09", 9),
        ] {
            let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(cookie_date(date), Some(expected), "{date}");
        }
        for date in ["", "tomorrow", "01 Jan 1970", "32 Jan 1970 0:0:0", "1 Jan 1970 25:0:0"] {
            assert_eq!(cookie_date(date), None, "{date}");
        }
        assert_eq!(
            sent("http://a.org/", "k=v; Expires=Thu, 1 Jan 1970 00:00:00 GMT", "http://a.org/"),
            ""
        );
    }

    #[test]
    fn rule_1_an_insecure_way_replaces_no_secure_cookie() {
        let mut jar = Jar::default();
        let set = |jar: &mut Jar, from: &str, line: &'static str| {
            jar.store(
                &url(from),
                &HeaderMap::from_iter([(header::SET_COOKIE, HeaderValue::from_static(line))]),
            );
        };
        set(&mut jar, "https://a.org/", "k=secret; Secure");
        set(&mut jar, "http://a.org/", "k=evil");
        assert_eq!(jar.get("k"), Some("secret"));
        set(&mut jar, "https://a.org/", "k=new");
        assert_eq!(jar.get("k"), Some("new"));
    }

    #[test]
    fn longer_paths_come_first() {
        let mut jar = Jar::default();
        for line in ["a=1; Path=/", "b=2; Path=/x/y", "c=3; Path=/x"] {
            let headers =
                HeaderMap::from_iter([(header::SET_COOKIE, HeaderValue::from_static(line))]);
            jar.store(&url("http://a.org/"), &headers);
        }
        assert_eq!(
            jar.header(&url("http://a.org/x/y/z"), &Method::GET, None).unwrap(),
            "b=2; c=3; a=1"
        );
    }
}
