//! The grammar of header values, as far as the rules need it. Nothing here allocates.

use std::time::SystemTime;

use http::HeaderValue;

/// A value as text. What is not UTF-8 becomes a character that no grammar allows.
pub(super) fn text(value: &HeaderValue) -> &str {
    std::str::from_utf8(value.as_bytes()).unwrap_or("\u{fffd}")
}

/// RFC 9110, 5.6.2.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 9110, 5.6.4: a quoted string, from quote to quote.
pub(super) fn is_quoted(text: &str) -> bool {
    text.starts_with('"') && quoted_end(text) == Some(text.len())
}

/// Where the quoted string at the beginning of `text` ends.
fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(index + 1),
            _ => {}
        }
    }
    None
}

/// A quoted string without its quotes, or any other value as it is.
pub(super) fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or(text)
}

/// `text` in parts, at each `separator` that stands outside quoted strings; parts are trimmed.
pub(super) fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let whole = rest?;
        let (mut quoted, mut escaped) = (false, false);
        let end = whole.bytes().position(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ => {}
            }
            byte == separator && !quoted
        });
        rest = end.map(|end| &whole[end + 1..]);
        Some(whole[..end.unwrap_or(whole.len())].trim_ascii())
    })
}

/// The elements of a list that is separated by commas, empty ones left out.
pub(super) fn elements(text: &str) -> impl Iterator<Item = &str> {
    split(text, b',').filter(|element| !element.is_empty())
}

/// RFC 9110, 5.6.1, of tokens.
pub(super) fn is_token_list(text: &str) -> bool {
    elements(text).all(is_token)
}

/// A parameter as name and value; the value is empty where there is no `=`.
pub(super) fn parameter(text: &str) -> (&str, &str) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (name.trim_end(), value.trim_start())
}

/// RFC 9110, 5.6.6: `name=token` or `name="quoted"`, without whitespace around the `=`.
pub(super) fn is_parameter(text: &str) -> bool {
    text.split_once('=')
        .is_some_and(|(name, value)| is_token(name) && (is_token(value) || is_quoted(value)))
}

/// Seconds, RFC 9111, 1.2.2.
pub(super) fn is_delta_seconds(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The instant that an IMF-fixdate names: the one form of a date that may be sent (RFC 9110, 5.6.7).
pub(super) fn date(text: &str) -> Option<SystemTime> {
    let in_form = text.len() == "Sun, 06 Nov 1994 08:49:37 GMT".len()
        && text.as_bytes()[3] == b','
        && text.ends_with(" GMT");
    if in_form { httpdate::parse_http_date(text).ok() } else { None }
}

/// An entity tag as whether it is weak, and its opaque part with the quotes (RFC 9110, 8.8.3).
pub(super) fn entity_tag(text: &str) -> (bool, &str) {
    text.strip_prefix("W/").map_or((false, text), |opaque| (true, opaque))
}

/// RFC 9110, 8.8.3: from quote to quote, without whitespace or quotes between.
pub(super) fn is_entity_tag(text: &str) -> bool {
    let (_, opaque) = entity_tag(text);
    let inner = opaque.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.is_some_and(|inner| inner.bytes().all(is_entity_tag_byte))
}

/// What may stand between the quotes of an entity tag.
pub(super) fn is_entity_tag_byte(byte: u8) -> bool {
    byte == b'!' || (b'#'..=b'~').contains(&byte) || byte >= 0x80
}

/// Whether `text` has only characters of a URI reference, with whole percent escapes (RFC 3986).
pub(super) fn is_uri_reference(text: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let bytes = text.as_bytes();
    let escape = |index: usize| {
        let digits = bytes.get(index + 1..index + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let sound = |(index, byte): (usize, &u8)| allowed(*byte) && (*byte != b'%' || escape(index));
    bytes.iter().enumerate().all(sound) && text.matches('#').count() <= 1
}

/// The authority of an absolute URI, or of a reference that begins with `//`.
pub(super) fn authority(uri: &str) -> Option<&str> {
    let rest = match uri.strip_prefix("//") {
        Some(rest) => rest,
        None => uri.split_once("://").filter(|(scheme, _)| is_scheme(scheme))?.1,
    };
    rest.split(['/', '?', '#']).next()
}

/// RFC 3986, 3.1.
pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// A host with an optional port, or nothing (RFC 9110, 7.2).
pub(super) fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            let hexadecimal = |byte: u8| byte.is_ascii_hexdigit() || b":.".contains(&byte);
            if address.is_empty() || !address.bytes().all(hexadecimal) {
                return false;
            }
            ("", port)
        }
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&byte);
    let port = port.strip_prefix(':').unwrap_or(port);
    host.bytes().all(in_name) && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_outside_of_quotes() {
        let parts: Vec<_> = split(r#"a, "b,c" ,d="e\",f""#, b',').collect();
        assert_eq!(parts, ["a", r#""b,c""#, r#"d="e\",f""#]);
        assert!(split("", b',').eq([""]));
        assert!(elements(" , a,,").eq(["a"]));
        assert!(split("\"open, a", b',').eq(["\"open, a"]));
    }

    #[test]
    fn knows_quoted_strings_and_parameters() {
        for (text, expected) in [
            ("\"a b\"", true),
            ("\"\"", true),
            (r#""a\"b""#, true),
            ("\"a", false),
            ("\"", false),
            ("\"a\"b\"", false),
            ("a", false),
        ] {
            assert_eq!(is_quoted(text), expected, "{text}");
        }
        for (text, expected) in
            [("a=b", true), ("a=\"b c\"", true), ("a", false), ("a = b", false), ("a=", false)]
        {
            assert_eq!(is_parameter(text), expected, "{text}");
        }
    }

    #[test]
    fn takes_only_the_preferred_form_of_a_date() {
        for (text, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", true),
            ("Sunday, 06-Nov-94 08:49:37 GMT", false),
            ("Sun Nov  6 08:49:37 1994", false),
            ("Sun, 06 Nov 1994 08:49:37 UTC", false),
            ("Sun, 36 Nov 1994 08:49:37 GMT", false),
            ("0", false),
        ] {
            assert_eq!(date(text).is_some(), expected, "{text}");
        }
    }

    #[test]
    fn knows_hosts_and_references() {
        for (text, expected) in [
            ("localhost:8080", true),
            ("[::1]:80", true),
            ("", true),
            ("a b", false),
            ("a:b", false),
            ("[x]", false),
            ("user@host", false),
            ("host/", false),
        ] {
            assert_eq!(is_host(text), expected, "{text}");
        }
        for (text, expected) in
            [("/a?b#c", true), ("", true), ("/a b", false), ("/%zz", false), ("/é", false)]
        {
            assert_eq!(is_uri_reference(text), expected, "{text}");
        }
        assert_eq!(authority("http://u@h/p"), Some("u@h"));
        assert_eq!(authority("//h"), Some("h"));
        assert_eq!(authority("/a?u=http://h"), None);
    }

    #[test]
    fn nothing_is_too_odd() {
        for text in ["\u{fffd}", "é,\"", "=", "[", "W/", "%", "Sun, é"] {
            let _ = (split(text, b',').count(), is_quoted(text), is_parameter(text), date(text));
            let _ = (is_entity_tag(text), is_uri_reference(text), authority(text), is_host(text));
        }
    }
}
