//! Whether a page has what an attack tried to bring into it.

use http::header::{self, HeaderMap};

#[cfg(feature = "html")]
use super::judge::is_foreign;
use super::judge::{Answer, FOREIGN, SCRIPT};

/// Says what of the attacker's is in the page of `answer`, if that is one.
pub(super) fn is_clean(answer: &Answer, host: &str) -> Result<(), String> {
    if !is_markup(&answer.headers) {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&answer.body);
    if !text.contains(SCRIPT) && !text.contains(FOREIGN) {
        return Ok(());
    }
    find(&text, host).map_or(Ok(()), |found| Err(format!("{found} of the attacker's in the page")))
}

/// Whether a browser takes the body for a document that can have scripts.
fn is_markup(headers: &HeaderMap) -> bool {
    match headers.get(header::CONTENT_TYPE) {
        Some(media) => {
            let media = String::from_utf8_lossy(media.as_bytes()).to_ascii_lowercase();
            media.contains("html") || media.contains("xml") || !media.contains('/')
        }
        None => headers.get(header::X_CONTENT_TYPE_OPTIONS).is_none_or(|value| value != "nosniff"),
    }
}

/// Reads the page as a browser does: text is safe, elements and addresses are not.
#[cfg(feature = "html")]
fn find(text: &str, host: &str) -> Option<String> {
    use scraper::{Html, Selector};

    let base = url::Url::parse(&format!("http://{host}/")).ok();
    let addresses = ["href", "src", "action", "formaction", "data", "srcset", "ping", "content"];
    let leads_away = |value: &str| {
        let url = base.as_ref().and_then(|base| base.join(value).ok());
        url.is_some_and(|url| {
            let is_script = url.scheme() == "javascript" && value.contains(SCRIPT);
            is_script || url.host_str().is_some_and(is_foreign)
        })
    };
    let page = Html::parse_document(text);
    for element in page.select(&Selector::parse("*").expect("a valid selector")) {
        let name = element.value().name();
        if name == "script" && element.text().any(|text| text.contains(SCRIPT)) {
            return Some("a script".to_owned());
        }
        for (attribute, value) in element.value().attrs() {
            let runs = attribute.starts_with("on") && value.contains(SCRIPT);
            if runs || (addresses.contains(&attribute) && leads_away(value)) {
                return Some(format!("<{name} {attribute}=\"{value}\">"));
            }
        }
    }
    None
}

/// Looks for what the attacks send; without a parser it finds less.
#[cfg(not(feature = "html"))]
fn find(text: &str, _: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let sent =
        ["<script>paste_attack", "<img src=x onerror=paste_attack", "\"javascript:paste_attack"];
    let sent = sent.into_iter().chain(["\"//evil.example", "\"http://evil.example"]);
    sent.into_iter().find(|sent| text.contains(sent)).map(|sent| format!("`{sent}`"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn found(media: Option<&'static str>, body: &'static str) -> String {
        let mut headers = HeaderMap::new();
        if let Some(media) = media {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        }
        let answer = Answer { status: 200, headers, body: body.into(), whole: true };
        is_clean(&answer, "localhost").err().unwrap_or_default()
    }

    #[test]
    fn markup_of_the_attacker_is_found() {
        for body in [
            "<script>paste_attack()</script>",
            "<p title=\"\"><img src=x onerror=paste_attack()>\">",
            "<a href=\"//evil.example/\">x</a>",
        ] {
            for media in [None, Some("text/html; charset=utf-8"), Some("image/svg+xml"), Some("")] {
                assert!(found(media, body).ends_with("of the attacker's in the page"), "{body}");
            }
            assert_eq!(found(Some("text/plain"), body), "");
            assert_eq!(found(Some("application/json"), body), "");
        }
    }

    #[cfg(feature = "html")]
    #[test]
    fn markup_is_judged_as_a_browser_reads_it() {
        for body in [
            "<a href=\"java\nscript:paste_attack()\">x</a>",
            "<a href=\"/\\evil.example\">x</a>",
            "<meta http-equiv=refresh content=\"javascript:paste_attack()\">",
            "<ScRiPt x>1;paste_attack()",
        ] {
            assert!(found(Some("text/html"), body).contains("of the attacker's"), "{body}");
        }
        for body in [
            "&lt;script&gt;paste_attack()&lt;/script&gt;",
            "<p title=\"<script>paste_attack()</script>\">",
            "<a href=\"/evil.example/\">//evil.example</a>",
        ] {
            assert_eq!(found(Some("text/html"), body), "", "{body}");
        }
    }
}
