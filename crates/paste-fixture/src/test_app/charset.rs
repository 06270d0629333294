//! In which encoding a text came (WHATWG HTML, 13.2.3; Encoding).
//!
//! 1. A byte order mark goes before the charset of the Content-Type, and that before what a page
//!    says of itself in a `<meta>` within its first 1024 bytes.
//! 2. A page that says nothing is UTF-8 if it can be read as that, else windows-1252. Any other
//!    text is UTF-8.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use http::HeaderValue;
use scraper::{Html, Selector};

/// How much of a page is looked at for a `<meta>`.
const PRESCAN: usize = 1024;

/// The encoding of a body.
pub(super) fn of_body(body: &[u8], content_type: Option<&HeaderValue>) -> &'static Encoding {
    let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let content_type = content_type.as_deref().unwrap_or_default();
    let stated = || content_type.split(';').skip(1).find_map(charset);
    if let Some((encoding, _)) = Encoding::for_bom(body) {
        encoding
    } else if let Some(encoding) = stated() {
        encoding
    } else if !is_html(content_type) {
        UTF_8
    } else if let Some(encoding) = of_meta(body) {
        encoding
    } else if std::str::from_utf8(body).is_ok() {
        UTF_8
    } else {
        WINDOWS_1252
    }
}

/// Whether a body of this type is read as a page.
pub(super) fn is_html(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("text/html")
        || essence.eq_ignore_ascii_case("application/xhtml+xml")
}

/// The encoding that a parameter `charset=...` names.
fn charset(parameter: &str) -> Option<&'static Encoding> {
    let (name, value) = parameter.split_once('=')?;
    let label = value.trim().trim_matches('"');
    Encoding::for_label(label.as_bytes()).filter(|_| name.trim().eq_ignore_ascii_case("charset"))
}

/// The encoding that a page names in its `<meta>`: it is read as one whose names are ASCII.
fn of_meta(body: &[u8]) -> Option<&'static Encoding> {
    let start = encoding_rs::mem::decode_latin1(&body[..body.len().min(PRESCAN)]);
    let page = Html::parse_document(&start);
    let metas = Selector::parse("meta").expect("a valid selector");
    let named = page.select(&metas).find_map(|meta| {
        let is_type =
            meta.attr("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("content-type"));
        let of_content = || in_content(meta.attr("content").filter(|_| is_type)?);
        let label = meta.attr("charset").or_else(of_content)?;
        Encoding::for_label(label.as_bytes())
    });
    // What could be read as ASCII is neither.
    named.map(|encoding| match encoding {
        encoding if encoding == UTF_16BE || encoding == UTF_16LE => UTF_8,
        encoding if encoding == X_USER_DEFINED => WINDOWS_1252,
        encoding => encoding,
    })
}

/// The label in the `content` of a `<meta http-equiv=content-type>`.
fn in_content(content: &str) -> Option<&str> {
    let lower = content.to_ascii_lowercase();
    let mut places = lower.match_indices("charset").map(|(place, word)| place + word.len());
    let value = places.find_map(|end| content[end..].trim_ascii_start().strip_prefix('='))?;
    let value = value.trim_ascii_start();
    match value.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        Some(quote) => value[1..].split_once(quote).map(|(label, _)| label),
        None => value.split(|c: char| c == ';' || c.is_ascii_whitespace()).next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(content_type: &'static str, body: &[u8]) -> &'static str {
        of_body(body, Some(&HeaderValue::from_static(content_type))).name()
    }

    #[test]
    fn rule_1_mark_header_meta() {
        let meta = b"<!doctype html><meta charset=koi8-r>";
        assert_eq!(name("text/html; charset=iso-8859-2", b"\xFF\xFEa\0"), "UTF-16LE");
        assert_eq!(name("text/html; charset=iso-8859-2", meta), "ISO-8859-2");
        assert_eq!(name("text/html; Charset = \"Latin1\"", meta), "windows-1252");
        assert_eq!(name("text/html; charset=nonsense", meta), "KOI8-R");
        for (page, expected) in [
            (
                "<meta http-equiv=Content-Type content='text/html; charset = \"shift_jis\"'>",
                "Shift_JIS",
            ),
            ("<meta http-equiv=Content-Type content='charset charset=gbk;x'>", "GBK"),
            ("<meta content='charset=gbk'><meta charset=big5>", "Big5"),
            ("<!-- <meta charset=gbk> --><script>'<meta charset=gbk>'</script>", "UTF-8"),
            ("<meta charset=nonsense><meta charset=big5>", "Big5"),
            ("<meta charset=utf-16>", "UTF-8"),
            ("<meta charset=x-user-defined>", "windows-1252"),
        ] {
            assert_eq!(name("text/html", page.as_bytes()), expected, "{page}");
        }
        let late = format!("<!--{}--><meta charset=gbk>", " ".repeat(PRESCAN));
        assert_eq!(name("text/html", late.as_bytes()), "UTF-8");
    }

    #[test]
    fn rule_2_without_a_word() {
        assert_eq!(name("text/html", "é".as_bytes()), "UTF-8");
        assert_eq!(name("text/html", b"\xE9"), "windows-1252");
        assert_eq!(name("text/plain", b"\xE9<meta charset=gbk>"), "UTF-8");
        assert_eq!(of_body(b"\xE9", None).name(), "UTF-8");
    }
}
