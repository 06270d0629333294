//! URLs as values that grow: `paste.url.URL`.
//!
//! 1. A link never changes: each method gives a new one.
//! 2. `link / "segment"` and [`path`](Link::path) go down; what is added is percent-encoded, also its
//!    slashes, and there is one slash between.
//! 3. Variables are pairs in their order: [`var`](Link::var) adds, [`set_var`](Link::set_var) replaces
//!    all of that name, [`without_var`](Link::without_var) removes them. Without variables there is no
//!    `?`.
//! 4. [`to`](Link::to) and [`here`](Link::here) keep the mount: they begin with the script name.
//! 5. The HTML that it makes escapes everything. A target that is not a web address (`javascript:`,
//!    `data:`) becomes `#`.
//!
//! ```
//! use paste_core::Link;
//!
//! let wiki = Link::new("/wiki?theme=dark");
//! let page = &wiki / "Main Page";
//! assert_eq!(page.var("v", 2).to_string(), "/wiki/Main%20Page?theme=dark&v=2");
//! assert_eq!(page.without_vars().fragment("top").to_string(), "/wiki/Main%20Page#top");
//! assert_eq!(
//!     page.set_var("theme", "a&b").a("Read <on>").class("next").to_string(),
//!     r#"<a class="next" href="/wiki/Main%20Page?theme=a%26b">Read &lt;on&gt;</a>"#,
//! );
//! ```

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::Div;

use percent_encoding::{AsciiSet, CONTROLS, percent_encode, utf8_percent_encode};

use crate::error::encode_location;
use crate::form::{encode, pairs};
use crate::resolve::{path_of, resolve};
use crate::{RequestExt, escape, path};

/// A URL or a path with its query and fragment. See the [module](self) for the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Everything before the query.
    base: String,
    vars: Vec<(String, String)>,
    fragment: Option<String>,
}

/// What may not stand in a path segment: RFC 3986, section 3.3.
const NOT_IN_SEGMENTS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

impl Link {
    /// The link that `url` is: a path or an absolute URL, with or without query and fragment. What may
    /// not stand in a URL is percent-encoded. The empty text is `/`.
    pub fn new(url: &str) -> Self {
        let (url, fragment) =
            url.split_once('#').map_or((url, None), |(url, end)| (url, Some(end)));
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        Self {
            base: if base.is_empty() { "/".to_owned() } else { encode_location(base) },
            vars: pairs(query.as_bytes()),
            fragment: fragment.map(encode_location),
        }
    }

    /// The application's root, where `request` was sent: its script name, or `/`.
    pub fn to<B>(request: &http::Request<B>) -> Self {
        Self::new(request.script_name())
    }

    /// The page that `request` asks for, with its query. It never names a host.
    pub fn here<B>(request: &http::Request<B>) -> Self {
        let mut link = Self::to(request);
        if !request.path_info().is_empty() {
            link.base =
                path::hostless(&format!("{}{}", request.script_name(), request.uri().path()))
                    .into_owned();
        }
        link.vars = pairs(request.uri().query().unwrap_or_default().as_bytes());
        link
    }

    /// This link with the scheme and the host of `request`. One that has a host already stays.
    #[must_use]
    pub fn absolute<B>(&self, request: &http::Request<B>) -> Self {
        Self { base: resolve(&request.path_url(), &self.base), ..self.clone() }
    }

    /// This link without scheme and host: a path on whatever host follows it. What has a scheme and no
    /// path on a host (`javascript:`, `mailto:`) becomes `/`.
    #[must_use]
    pub fn relative(&self) -> Self {
        let base = path::hostless(path_of(&self.base)).into_owned();
        Self { base: if base.is_empty() { "/".to_owned() } else { base }, ..self.clone() }
    }

    /// One segment further down. Slashes in it are encoded; an empty one ends the path with a slash.
    #[must_use]
    pub fn segment(&self, segment: impl AsRef<str>) -> Self {
        // `.` and `..` would be taken out by whoever follows the link, encoded or not.
        let encoded = match segment.as_ref() {
            "." | ".." => Cow::Borrowed(""),
            text => Cow::from(utf8_percent_encode(text, NOT_IN_SEGMENTS)),
        };
        let base = format!("{}/{encoded}", self.base.strip_suffix('/').unwrap_or(&self.base));
        Self { base, ..self.clone() }
    }

    /// Several segments further down.
    #[must_use]
    pub fn path<S: AsRef<str>>(&self, segments: impl IntoIterator<Item = S>) -> Self {
        segments.into_iter().fold(self.clone(), |link, segment| link.segment(segment))
    }

    /// With a variable more.
    #[must_use]
    pub fn var(&self, name: &str, value: impl fmt::Display) -> Self {
        let mut link = self.clone();
        link.vars.push((name.to_owned(), value.to_string()));
        link
    }

    /// With these variables more.
    #[must_use]
    pub fn with_vars<N: AsRef<str>, V: fmt::Display>(
        &self,
        vars: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        vars.into_iter().fold(self.clone(), |link, (name, value)| link.var(name.as_ref(), value))
    }

    /// With this variable in place of all of its name, where the first of them stood.
    #[must_use]
    pub fn set_var(&self, name: &str, value: impl fmt::Display) -> Self {
        let place = self.vars.iter().position(|(own, _)| own == name).unwrap_or(self.vars.len());
        let mut link = self.without_var(name);
        link.vars.insert(place, (name.to_owned(), value.to_string()));
        link
    }

    /// Without the variables of that name.
    #[must_use]
    pub fn without_var(&self, name: &str) -> Self {
        let mut link = self.clone();
        link.vars.retain(|(own, _)| own != name);
        link
    }

    /// Without variables.
    #[must_use]
    pub fn without_vars(&self) -> Self {
        Self { vars: Vec::new(), ..self.clone() }
    }

    /// The variables, in their order.
    pub fn vars(&self) -> &[(String, String)] {
        &self.vars
    }

    /// To this place on the page.
    #[must_use]
    pub fn fragment(&self, fragment: &str) -> Self {
        // `encode_location` leaves `#` and `%` alone, which mean something before it.
        let fragment = percent_encode(fragment.as_bytes(), NOT_IN_FRAGMENTS).to_string();
        Self { fragment: Some(fragment), ..self.clone() }
    }

    /// `<a href>` with `content`.
    pub fn a(&self, content: impl Into<Content>) -> Html {
        Html::new("a").attr("href", self.safe()).content(content.into())
    }

    /// `<img src alt>`.
    pub fn img(&self, alt: &str) -> Html {
        Html::new("img").attr("src", self.safe()).attr("alt", alt).void()
    }

    /// `<script src>`.
    pub fn script(&self) -> Html {
        Html::new("script").attr("src", self.safe())
    }

    /// A link that opens a window of its own, of `features` (`width=400,height=300`) where scripts
    /// run, and a new tab where they do not.
    pub fn popup(&self, content: impl Into<Content>, features: &str) -> Html {
        let open = format!("window.open(this.href, '_blank', {}); return false", js(features));
        self.a(content).attr("target", "_blank").attr("rel", "noopener").attr("onclick", open)
    }

    /// A button that goes to the link, also where no script runs: a form of its variables.
    pub fn button(&self, content: impl Into<Content>) -> Html {
        let action = Self { vars: Vec::new(), ..self.clone() };
        let hidden = self.vars.iter().map(|(name, value)| {
            let field = Html::new("input").attr("type", "hidden");
            field.attr("name", name.clone()).attr("value", value.clone()).void()
        });
        let button = Html::new("button").content(content.into());
        let inside = hidden.chain([button]).map(|html| html.to_string()).collect::<String>();
        Html::new("form").attr("action", action.safe()).content(Content::Html(inside))
    }

    /// The link, if a person may safely follow it.
    fn safe(&self) -> String {
        let text = self.to_string();
        let scheme = text.split(['/', '?', '#']).next().and_then(|start| start.split_once(':'));
        let is_web = scheme.is_none_or(|(scheme, _)| {
            ["http", "https", "mailto"].iter().any(|web| scheme.eq_ignore_ascii_case(web))
        });
        if is_web { text } else { "#".to_owned() }
    }
}

const NOT_IN_FRAGMENTS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Down by one segment: `link / "segment"`.
impl Div<&str> for &Link {
    type Output = Link;

    fn div(self, segment: &str) -> Link {
        self.segment(segment)
    }
}

/// Down by one segment: `link / "segment"`.
impl Div<&str> for Link {
    type Output = Link;

    fn div(self, segment: &str) -> Link {
        self.segment(segment)
    }
}

/// The URL.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)?;
        if !self.vars.is_empty() {
            write!(f, "?{}", encode(&self.vars))?;
        }
        match &self.fragment {
            Some(fragment) => write!(f, "#{fragment}"),
            None => Ok(()),
        }
    }
}

/// What stands between two tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text, which is escaped.
    Text(String),
    /// HTML, which is not: it must be sound.
    Html(String),
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// An element stands inside another as it is.
impl From<Html> for Content {
    fn from(html: Html) -> Self {
        Self::Html(html.to_string())
    }
}

/// An HTML element that a [`Link`] made. It displays as HTML, all of it escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Html {
    tag: &'static str,
    attributes: Vec<(Cow<'static, str>, String)>,
    /// `None`: the element is void.
    content: Option<Content>,
}

impl Html {
    fn new(tag: &'static str) -> Self {
        Self { tag, attributes: Vec::new(), content: Some(Content::Text(String::new())) }
    }

    fn void(self) -> Self {
        Self { content: None, ..self }
    }

    fn content(self, content: Content) -> Self {
        Self { content: Some(content), ..self }
    }

    /// With an attribute, in place of one of that name. A name that is not letters, digits, `-`, `_`
    /// and `:` is left out.
    #[must_use]
    pub fn attr(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        let name = name.into();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte);
        if !name.is_empty() && name.bytes().all(is_name) {
            self.attributes.retain(|(own, _)| !own.eq_ignore_ascii_case(&name));
            self.attributes.push((name, value.into()));
        }
        self
    }

    /// With a class.
    #[must_use]
    pub fn class(self, class: impl Into<String>) -> Self {
        self.attr("class", class)
    }

    /// Asks before it goes, where scripts run.
    #[must_use]
    pub fn confirm(self, question: &str) -> Self {
        let event = if self.tag == "form" { "onsubmit" } else { "onclick" };
        let asked = format!("return confirm({})", js(question));
        let then = self.attributes.iter().find(|(name, _)| name == event).map(|(_, code)| code);
        let code = match then {
            Some(then) => format!("if (!confirm({})) return false; {then}", js(question)),
            None => asked,
        };
        self.attr(event, code)
    }
}

/// `text` as a string of JavaScript that is safe in a script and in an attribute.
fn js(text: &str) -> String {
    let mut code = String::from("'");
    for character in text.chars() {
        match character {
            '\'' | '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(code, "\\u{:04x}", u32::from(character));
            }
            control if control.is_control() => {
                let _ = write!(code, "\\u{:04x}", u32::from(control));
            }
            other => code.push(other),
        }
    }
    code + "'"
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", self.tag)?;
        let mut attributes: Vec<_> = self.attributes.iter().collect();
        attributes.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (name, value) in attributes {
            write!(f, " {name}=\"{}\"", escape(value))?;
        }
        f.write_str(">")?;
        match &self.content {
            None => Ok(()),
            Some(Content::Text(text)) => write!(f, "{}</{}>", escape(text), self.tag),
            Some(Content::Html(html)) => write!(f, "{html}</{}>", self.tag),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_1_a_link_never_changes() {
        let link = Link::new("/a?x=1");
        let _ = (&link / "b", link.var("y", 2), link.without_vars(), link.fragment("z"));
        assert_eq!(link.to_string(), "/a?x=1");
    }

    #[test]
    fn rule_2_segments_are_added_with_one_slash_between() {
        for (base, segments, expected) in [
            ("/", &["a"][..], "/a"),
            ("", &["a"], "/a"),
            ("/a/", &["b", "c"], "/a/b/c"),
            (
                "http://example.org",
                &["a b", "c/d", "é?#%"],
                "http://example.org/a%20b/c%2Fd/%C3%A9%3F%23%25",
            ),
            ("/a", &["b", ""], "/a/b/"),
            ("/a", &["..", "b"], "/a/b"),
            ("/a?x=1#y", &["b"], "/a/b?x=1#y"),
        ] {
            let link = Link::new(base).path(segments);
            assert_eq!(link.to_string(), expected);
        }
    }

    #[test]
    fn rule_3_variables_are_added_replaced_and_removed() {
        let link = Link::new("/?a=1&b=2&a=3&c");
        for (link, expected) in [
            (link.var("b", "x y"), "/?a=1&b=2&a=3&c=&b=x+y"),
            (link.set_var("a", 9), "/?a=9&b=2&c="),
            (link.set_var("d", 9), "/?a=1&b=2&a=3&c=&d=9"),
            (link.without_var("a"), "/?b=2&c="),
            (link.without_var("a").without_var("b").without_var("c"), "/"),
            (
                link.without_vars().with_vars([("foo", "bar stuff"), ("foo", "&=")]),
                "/?foo=bar+stuff&foo=%26%3D",
            ),
        ] {
            assert_eq!(link.to_string(), expected);
        }
        assert_eq!(Link::new("/?q=a%26b").vars(), [("q".to_owned(), "a&b".to_owned())]);
    }

    #[test]
    fn rule_4_the_mount_is_kept() {
        let request = http::Request::get("/wiki/a%20b?x=1").header("host", "example.org");
        let mut request = request.body(()).unwrap();
        assert_eq!(Link::to(&request).to_string(), "/");
        request.shift_path_info();
        assert_eq!((&Link::to(&request) / "c").to_string(), "/wiki/c");
        let here = Link::here(&request);
        assert_eq!(here.to_string(), "/wiki/a%20b?x=1");
        let absolute = here.absolute(&request);
        assert_eq!(absolute.to_string(), "http://example.org/wiki/a%20b?x=1");
        assert_eq!(absolute.relative(), here);
        assert_eq!(absolute.absolute(&request), absolute);
        for (url, relative) in [
            ("http://h//evil.example", "/evil.example"),
            ("//evil.example", "/"),
            ("http://h", "/"),
            ("/proxy/http://example.org/x", "/proxy/http:/example.org/x"),
            ("/a:b/c", "/a:b/c"),
            ("javascript:alert(1)", "/"),
            ("x/y", "x/y"),
        ] {
            assert_eq!(Link::new(url).relative().to_string(), relative, "{url}");
        }
        request.shift_path_info();
        assert_eq!(Link::here(&request).to_string(), "/wiki/a%20b?x=1");
        let sly = http::Request::get("//evil.example/\\x").body(()).unwrap();
        assert_eq!(Link::here(&sly).to_string(), "/evil.example/%5Cx");
    }

    #[test]
    fn rule_5_html_is_escaped() {
        let link = Link::new("/a?b=c&d=\"");
        for (html, expected) in [
            (link.a("<b>&"), r#"<a href="/a?b=c&amp;d=%22">&lt;b&gt;&amp;</a>"#),
            (
                link.a(Content::Html("<b>x</b>".into())),
                r#"<a href="/a?b=c&amp;d=%22"><b>x</b></a>"#,
            ),
            (
                Link::new("/x.png").img("a \"b\"").class("c"),
                r#"<img alt="a &quot;b&quot;" class="c" src="/x.png">"#,
            ),
            (
                Link::new("/x.js").script().attr("defer", ""),
                r#"<script defer="" src="/x.js"></script>"#,
            ),
            (
                link.a(Link::new("/x.png").img("x")),
                r#"<a href="/a?b=c&amp;d=%22"><img alt="x" src="/x.png"></a>"#,
            ),
            (
                Link::new("/del").a("x").confirm("Sure, '</script>'?"),
                r#"<a href="/del" onclick="return confirm(&#39;Sure, \u0027\u003c/script\u003e\u0027?&#39;)">x</a>"#,
            ),
            (
                Link::new("/p").popup("x", "width=9"),
                r#"<a href="/p" onclick="window.open(this.href, &#39;_blank&#39;, &#39;width=9&#39;); return false" rel="noopener" target="_blank">x</a>"#,
            ),
            (
                Link::new("/d?id=<").button("Delete").confirm("Sure?"),
                r#"<form action="/d" onsubmit="return confirm(&#39;Sure?&#39;)"><input name="id" type="hidden" value="&lt;"><button>Delete</button></form>"#,
            ),
            (
                Link::new("/").a("x").attr("on<x", "y").attr("title", "1").attr("TITLE", "2"),
                r#"<a TITLE="2" href="/">x</a>"#,
            ),
        ] {
            assert_eq!(html.to_string(), expected);
        }
        for bad in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            " javascript:x",
        ] {
            let html = Link::new(bad).a("x").to_string();
            assert!(
                html == r##"<a href="#">x</a>"## || html.starts_with(r#"<a href="%20"#),
                "{html}"
            );
        }
        assert!(Link::new("/p").popup("x", "").confirm("y").to_string().contains("if (!confirm("));
    }

    proptest::proptest! {
        #[test]
        fn what_is_printed_is_read_back(segments in proptest::collection::vec("\\PC{1,6}", 0..4), vars in proptest::collection::vec(("\\PC{0,5}", "\\PC{0,5}"), 0..4), fragment in proptest::option::of("\\PC{0,5}")) {
            let mut link = Link::new("/x").path(&segments).with_vars(vars.clone());
            if let Some(fragment) = &fragment {
                link = link.fragment(fragment);
            }
            let text = link.to_string();
            proptest::prop_assert!(text.parse::<http::Uri>().is_ok(), "{}", text);
            let read = Link::new(&text);
            proptest::prop_assert_eq!(read.vars(), &vars);
            proptest::prop_assert_eq!(read.to_string(), text);
        }
    }
}
