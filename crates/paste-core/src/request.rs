//! What a request tells beyond its head: the split of its path, the client, the user.

use std::borrow::Cow;

use http::uri::PathAndQuery;
use http::{Uri, header};

use crate::error::encode_location;
use crate::header::{Accept, AcceptLanguage};
use crate::resolve::resolve;
use crate::{ClientAddr, Error, OriginalUri, RemoteUser, Scheme, ScriptName, host, path};

/// Reads the environment of a request, and moves path segments from `path_info` to `script_name`.
///
/// The request's own URI always shows what is left for this app. `script_name` followed by
/// `path_info` is the path that the client sent, up to doubled slashes and percent-encoding.
///
/// ```
/// use paste_core::{Body, RequestExt};
///
/// let mut request = http::Request::get("/wiki/Main%20Page?v=2").body(Body::empty())?;
/// assert_eq!(request.shift_path_info().as_deref(), Some("wiki"));
/// assert_eq!(request.script_name(), "/wiki");
/// assert_eq!(request.path_info(), "/Main Page");
/// assert_eq!(request.uri(), "/Main%20Page?v=2");
/// assert_eq!(request.original_uri(), "/wiki/Main%20Page?v=2");
/// # Ok::<(), http::Error>(())
/// ```
pub trait RequestExt {
    /// The consumed part of the path, as it was sent: `""`, or text that begins with a slash.
    fn script_name(&self) -> &str;

    /// What is left of the path, percent-decoded as in CGI: `""` where the script name took all.
    /// Bytes that are not UTF-8 become U+FFFD; `uri().path()` keeps them.
    fn path_info(&self) -> Cow<'_, str>;

    /// The whole target as the client sent it.
    fn original_uri(&self) -> &Uri;

    /// Moves the next segment of the path to the script name, and gives it percent-decoded:
    /// `None` where no segment is left. Doubled slashes count as one.
    fn shift_path_info(&mut self) -> Option<String>;

    /// Moves the next `count` segments of the path to the script name. Where fewer are left, it
    /// moves none and gives `false`. Doubled slashes become one, also in what is left.
    fn shift_segments(&mut self, count: usize) -> bool;

    /// Changes what is left of the path, and the query if `target` has one, as if the client had asked
    /// for it below the script name. The original target stays. What may not stand in a path is
    /// percent-encoded; a target that does not begin with a slash is an error with status 500.
    fn rewrite(&mut self, target: &str) -> crate::Result<()>;

    /// Says that someone who did not tell has consumed `prefix`: for apps below a router that
    /// nests by a prefix of its own. It goes before the script name so far, and before the
    /// original target; a slash at its end does not count.
    ///
    /// ```
    /// use axum::Router;
    /// use paste_core::{AppExt, Next, Request, RequestExt, Result, from_fn, response};
    ///
    /// async fn wiki(request: Request) -> Result {
    ///     Ok(response::text(request.script_name().to_owned())) // "/docs"
    /// }
    ///
    /// let wiki = wiki.with(from_fn(|mut request: Request, next: Next| async move {
    ///     request.mounted_at("/docs");
    ///     next.call(request).await
    /// }));
    /// let router: Router = Router::new().nest_service("/docs", wiki.into_service());
    /// ```
    fn mounted_at(&mut self, prefix: &str);

    /// The scheme by which the client came: `"http"` or `"https"`.
    fn scheme(&self) -> &str;

    /// The host, with its port where one was sent: the `Host` header, or the URI's authority.
    fn host(&self) -> Option<&str>;

    /// The URL of this application: scheme, host and script name, such as
    /// `https://example.org/wiki`. The scheme's default port is left out.
    ///
    /// The host is what the client says it is: where such a URL leaves the page that is answered (in
    /// a mail, a cache, a redirect), put [`AllowedHosts`](crate::AllowedHosts) around the app. Where
    /// no sound host is known, the URL is a path.
    fn application_url(&self) -> String;

    /// The URL of this request without its query: the [application's](Self::application_url) and the
    /// path below it, as it was sent.
    fn path_url(&self) -> String;

    /// The URL of this request, with its query.
    fn url(&self) -> String;

    /// The URL that `reference` means on this page (RFC 3986, section 5.2).
    ///
    /// ```
    /// use paste_core::RequestExt;
    ///
    /// let request = http::Request::get("/wiki/Main?v=2").header("host", "example.org").body(())?;
    /// assert_eq!(request.resolve("../img/x.png"), "http://example.org/img/x.png");
    /// assert_eq!(request.resolve("?v=1"), "http://example.org/wiki/Main?v=1");
    /// # Ok::<(), http::Error>(())
    /// ```
    fn resolve(&self, reference: &str) -> String;

    /// The pairs of the query, percent-decoded, in their order. A name without a value has the value
    /// `""`. Bytes that are not UTF-8 become U+FFFD.
    #[cfg(feature = "form")]
    fn query_pairs(&self) -> Vec<(String, String)>;

    /// The query as a `T`. A name that repeats fills a `Vec`. A query that does not fit is an error
    /// with status 400 that says why.
    ///
    /// ```
    /// use paste_core::RequestExt;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Search { q: String, page: Option<u32>, #[serde(default)] tag: Vec<String> }
    ///
    /// let request = http::Request::get("/?q=a+b&tag=x&tag=y").body(()).unwrap();
    /// let search: Search = request.query()?;
    /// assert_eq!((&*search.q, search.page, search.tag.len()), ("a b", None, 2));
    /// # Ok::<(), paste_core::Error>(())
    /// ```
    #[cfg(feature = "form")]
    fn query<T: serde::de::DeserializeOwned>(&self) -> crate::Result<T>;

    /// The media types that the client takes.
    fn accept(&self) -> Accept;

    /// The languages that the client's user reads.
    fn accept_language(&self) -> AcceptLanguage;

    /// The value of the first cookie of that name, as it was sent. See [`cookies`](crate::cookies).
    #[cfg(feature = "cookie")]
    fn cookie(&self, name: &str) -> Option<&str>;

    /// Names and values of all cookies, as they were sent. See [`cookies`](crate::cookies).
    #[cfg(feature = "cookie")]
    fn cookies(&self) -> impl Iterator<Item = (&str, &str)>;

    /// The client's address, if the server set it.
    fn client_addr(&self) -> Option<ClientAddr>;

    /// The authenticated user, if there is one.
    fn remote_user(&self) -> Option<&RemoteUser>;
}

impl<B> RequestExt for http::Request<B> {
    fn script_name(&self) -> &str {
        self.extensions().get::<ScriptName>().map_or("", ScriptName::as_str)
    }

    fn path_info(&self) -> Cow<'_, str> {
        let raw = self.uri().path();
        let consumed_all =
            self.extensions().get::<ScriptName>().is_some_and(|name| name.consumed_all);
        if raw == "/" && consumed_all { Cow::Borrowed("") } else { path::decode_text(raw) }
    }

    fn original_uri(&self) -> &Uri {
        self.extensions().get::<OriginalUri>().map_or(self.uri(), |original| &original.0)
    }

    fn shift_path_info(&mut self) -> Option<String> {
        let segment = path::segments(self.uri().path()).next()?;
        let segment = path::decode_text(segment).into_owned();
        self.shift_segments(1).then_some(segment)
    }

    fn shift_segments(&mut self, count: usize) -> bool {
        let whole = self.uri().path();
        if count == 0 && !whole.contains("//") {
            return true;
        }
        let collapsed = path::collapse(whole);
        let Some((taken, rest)) = path::split_after(&collapsed, count) else {
            return false;
        };
        let uri = with_path(self.uri(), if rest.is_empty() { "/" } else { rest });
        let before = self.extensions().get::<ScriptName>();
        let consumed_all =
            if count > 0 { rest.is_empty() } else { before.is_some_and(|name| name.consumed_all) };
        let before = before.map_or("", ScriptName::as_str);
        let script_name = ScriptName { raw: [before, taken].concat(), consumed_all };
        let original = std::mem::replace(self.uri_mut(), uri);
        self.extensions_mut().get_or_insert_with(|| OriginalUri(original));
        self.extensions_mut().insert(script_name);
        true
    }

    #[track_caller]
    fn rewrite(&mut self, target: &str) -> crate::Result<()> {
        let mut target = encode_location(target);
        if !target.starts_with('/') {
            return Err(Error::boxed(format!("`{target}` is not a path that begins with a slash")));
        }
        if let (false, Some(query)) = (target.contains('?'), self.uri().query()) {
            target.push('?');
            target.push_str(query);
        }
        let mut parts = self.uri().clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(target)?);
        let original = std::mem::replace(self.uri_mut(), Uri::from_parts(parts)?);
        self.extensions_mut().get_or_insert_with(|| OriginalUri(original));
        if let Some(script_name) = self.extensions_mut().get_mut::<ScriptName>() {
            script_name.consumed_all = false;
        }
        Ok(())
    }

    fn mounted_at(&mut self, prefix: &str) {
        let prefix = prefix.trim_end_matches('/');
        let original = self.original_uri();
        let whole = format!("{prefix}{}", original.path());
        if prefix.is_empty() || !prefix.starts_with('/') || whole.parse::<PathAndQuery>().is_err() {
            return;
        }
        let original = with_path(original, &whole);
        let mut script_name = self.extensions().get::<ScriptName>().cloned().unwrap_or_default();
        script_name.raw.insert_str(0, &path::collapse(prefix));
        self.extensions_mut().insert(OriginalUri(original));
        self.extensions_mut().insert(script_name);
    }

    fn scheme(&self) -> &str {
        self.extensions().get::<Scheme>().map_or("http", |scheme| scheme.0)
    }

    fn host(&self) -> Option<&str> {
        let header = self.headers().get(header::HOST).and_then(|value| value.to_str().ok());
        header.or_else(|| self.uri().authority().map(http::uri::Authority::as_str))
    }

    fn application_url(&self) -> String {
        let host = self.host().filter(|host| !host.is_empty() && host::is_valid(host.as_bytes()));
        match host {
            Some(host) => {
                let scheme = self.scheme();
                let host = host::without_default_port(host, scheme);
                format!("{scheme}://{host}{}", self.script_name())
            }
            None => path::hostless(self.script_name()).into_owned(),
        }
    }

    fn path_url(&self) -> String {
        let mut url = self.application_url();
        if !self.path_info().is_empty() {
            let path = self.uri().path();
            let has_host = url.contains("://");
            url.push_str(&if has_host { path.into() } else { path::hostless(path) });
        }
        url
    }

    fn url(&self) -> String {
        let mut url = self.path_url();
        if let Some(query) = self.uri().query() {
            url.push('?');
            url.push_str(query);
        }
        url
    }

    fn resolve(&self, reference: &str) -> String {
        resolve(&self.url(), reference)
    }

    #[cfg(feature = "form")]
    fn query_pairs(&self) -> Vec<(String, String)> {
        crate::form::pairs(self.uri().query().unwrap_or_default().as_bytes())
    }

    #[cfg(feature = "form")]
    #[track_caller]
    fn query<T: serde::de::DeserializeOwned>(&self) -> crate::Result<T> {
        match serde_html_form::from_str(self.uri().query().unwrap_or_default()) {
            Ok(query) => Ok(query),
            Err(error) => {
                let detail = format!("The query does not fit: {error}.");
                Err(Error::bad_request(detail).caused_by(error))
            }
        }
    }

    fn accept(&self) -> Accept {
        Accept::from_headers(self.headers())
    }

    fn accept_language(&self) -> AcceptLanguage {
        AcceptLanguage::from_headers(self.headers())
    }

    #[cfg(feature = "cookie")]
    fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    #[cfg(feature = "cookie")]
    fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        crate::cookies::pairs(self.headers())
    }

    fn client_addr(&self) -> Option<ClientAddr> {
        self.extensions().get().copied()
    }

    fn remote_user(&self) -> Option<&RemoteUser> {
        self.extensions().get()
    }
}

/// The same URI with another path, which must be a part of a valid one.
fn with_path(uri: &Uri, path: &str) -> Uri {
    let path_and_query = match uri.query() {
        None if path == "/" => PathAndQuery::from_static("/"),
        None => PathAndQuery::try_from(path).expect("a part of a valid path is valid"),
        Some(query) => PathAndQuery::try_from([path, "?", query].concat())
            .expect("parts of a valid path and query are valid"),
    };
    let mut parts = http::uri::Parts::default();
    parts.scheme = uri.scheme().cloned();
    parts.authority = uri.authority().cloned();
    parts.path_and_query = Some(path_and_query);
    Uri::from_parts(parts).expect("only the path of a valid URI changed")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Body;

    fn get(uri: &str) -> crate::Request {
        http::Request::get(uri).body(Body::empty()).unwrap()
    }

    #[test]
    fn shifts_one_segment_at_a_time() {
        for (target, segment, script_name, path_info, uri) in [
            ("/a/b", Some("a"), "/a", "/b", "/b"),
            ("/a/", Some("a"), "/a", "/", "/"),
            ("/a", Some("a"), "/a", "", "/"),
            ("/a?x=1", Some("a"), "/a", "", "/?x=1"),
            ("//a//b//c", Some("a"), "/a", "/b/c", "/b/c"),
            ("/a%2Fb/c", Some("a/b"), "/a%2Fb", "/c", "/c"),
            ("/%C3%A9/c", Some("é"), "/%C3%A9", "/c", "/c"),
            ("/", None, "", "/", "/"),
            ("//", None, "", "//", "//"),
        ] {
            let mut request = get(target);
            assert_eq!(request.shift_path_info().as_deref(), segment, "{target}");
            assert_eq!(request.script_name(), script_name, "{target}");
            assert_eq!(request.path_info(), path_info, "{target}");
            assert_eq!(request.uri(), uri, "{target}");
            assert_eq!(request.original_uri(), target);
        }
    }

    #[test]
    fn the_asterisk_form_has_no_segments() {
        let mut request = http::Request::options("*").body(Body::empty()).unwrap();
        assert_eq!(request.shift_path_info(), None);
        assert!(!request.shift_segments(1));
        assert!(request.shift_segments(0));
    }

    #[test]
    fn absolute_form_keeps_its_authority() {
        let mut request = get("http://example.org/a/b?q");
        assert!(request.shift_segments(1));
        assert_eq!(request.uri(), "http://example.org/b?q");
        assert_eq!(request.host(), Some("example.org"));
    }

    #[test]
    fn a_prefix_that_someone_else_consumed_goes_before_the_script_name() {
        let mut request = get("/a/b?q");
        assert!(request.shift_segments(1));
        request.mounted_at("/docs/");
        assert_eq!((request.script_name(), &*request.path_info()), ("/docs/a", "/b"));
        assert_eq!(request.original_uri(), "/docs/a/b?q");
        for nothing in ["", "/", "docs", "/a b"] {
            request.mounted_at(nothing);
            assert_eq!(request.script_name(), "/docs/a", "{nothing}");
        }
    }

    #[test]
    fn urls_keep_the_mount_and_leave_default_ports_out() {
        for (scheme, host, target, shift, application, path, whole) in [
            ("http", "example.org", "/a/b?q=1", 1, "http://example.org/a", "/b", "?q=1"),
            ("http", "example.org:80", "/", 0, "http://example.org", "/", ""),
            ("https", "example.org:443", "/a", 1, "https://example.org/a", "", ""),
            ("https", "example.org:80", "/a/", 1, "https://example.org:80/a", "/", ""),
            ("http", "[::1]:8080", "/a%20b/%C3%A9?", 0, "http://[::1]:8080", "/a%20b/%C3%A9", "?"),
            ("http", "a@evil", "/x", 0, "", "/x", ""),
            ("http", "", "/a/x", 1, "/a", "/x", ""),
            ("http", "example.org", "//evil/x", 0, "http://example.org", "/evil/x", ""),
            ("http", "", "//evil/x", 0, "", "/evil/x", ""),
            ("http", "", "/\\evil/x", 0, "", "/%5Cevil/x", ""),
        ] {
            let request = http::Request::get(target).header("host", host);
            let mut request = request.extension(Scheme(scheme)).body(()).unwrap();
            assert!(request.shift_segments(shift));
            assert_eq!(request.application_url(), application, "{host}{target}");
            assert_eq!(request.path_url(), format!("{application}{path}"));
            assert_eq!(request.url(), format!("{application}{path}{whole}"));
        }
    }

    proptest! {
        #[test]
        fn script_name_and_path_info_rebuild_the_path(path in "(/[a-z%/.é]{0,6}){1,5}", count in 0..4_usize) {
            let encoded = path.replace('%', "%25").replace('é', "%C3%A9");
            let mut request = get(&encoded);
            let shifted = request.shift_segments(count);
            prop_assert_eq!(shifted, path::segments(&encoded).count() >= count);
            let rebuilt = path::decode_text(request.script_name()).into_owned() + &request.path_info();
            let expected = if shifted { path::collapse(&encoded) } else { (&*encoded).into() };
            prop_assert_eq!(rebuilt, path::decode_text(&expected));
            prop_assert_eq!(request.original_uri().path(), encoded);
        }
    }
}
