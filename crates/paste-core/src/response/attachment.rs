//! `Content-Disposition` of a response (RFC 6266): a file to save, or to show, under a name.

use http::{HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Response;
use crate::header::scan::quote;

/// Has the browser save the response under `file_name`, not show it.
///
/// The name is the last component of `file_name`, without controls. Names that are not ASCII go by
/// `filename*` (RFC 8187), with a plain name before it for clients that do not read it.
///
/// ```
/// use paste_core::response;
///
/// let report = response::attachment(response::text("..."), "Übersicht.txt");
/// let disposition = &report.headers()["content-disposition"];
/// assert_eq!(disposition, "attachment; filename=\"_bersicht.txt\"; filename*=UTF-8''%C3%9Cbersicht.txt");
/// ```
#[must_use]
pub fn attachment(response: Response, file_name: &str) -> Response {
    disposed(response, "attachment", file_name)
}

/// Has the browser show the response, and save it under `file_name` if it is told to. See
/// [`attachment`] for the name.
#[must_use]
pub fn inline(response: Response, file_name: &str) -> Response {
    disposed(response, "inline", file_name)
}

fn disposed(mut response: Response, kind: &str, file_name: &str) -> Response {
    let value = HeaderValue::try_from(disposition(kind, file_name))
        .expect("controls are left out, and what is not ASCII is percent-encoded");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    response
}

/// RFC 8187, section 3.2.1: attr-char.
const NOT_ATTR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

fn disposition(kind: &str, file_name: &str) -> String {
    let last = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|character| !character.is_control()).collect();
    if matches!(&*name, "" | "." | "..") {
        return kind.to_owned();
    }
    // A percent sign in a plain name is decoded by some clients and not by others (appendix D).
    let is_plain = |character: char| character.is_ascii() && character != '%';
    if name.chars().all(is_plain) {
        return format!("{kind}; filename={}", quote(&name));
    }
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let extended = utf8_percent_encode(&name, NOT_ATTR);
    format!("{kind}; filename={}; filename*=UTF-8''{extended}", quote(&plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response;

    #[test]
    fn a_name_cannot_break_the_header_or_lead_elsewhere() {
        for (name, expected) in [
            ("a.txt", r#"attachment; filename="a.txt""#),
            (r#"a"b.txt"#, r#"attachment; filename="a\"b.txt""#),
            ("../../etc/passwd", r#"attachment; filename="passwd""#),
            (r"C:\dir\a.txt", r#"attachment; filename="a.txt""#),
            ("a\r\nSet-Cookie: x.txt", r#"attachment; filename="aSet-Cookie: x.txt""#),
            ("50%25.txt", "attachment; filename=\"50_25.txt\"; filename*=UTF-8''50%2525.txt"),
            (
                "naïve; x=y.txt",
                "attachment; filename=\"na_ve; x=y.txt\"; filename*=UTF-8''na%C3%AFve%3B%20x%3Dy.txt",
            ),
            ("", "attachment"),
            ("..", "attachment"),
            ("a/", "attachment"),
        ] {
            let response = attachment(response::text("x"), name);
            assert_eq!(response.headers()["content-disposition"], expected, "{name}");
        }
        let shown = inline(response::text("x"), "a.txt");
        assert_eq!(shown.headers()["content-disposition"], r#"inline; filename="a.txt""#);
    }
}
