//! The `Content-Disposition` of a part (RFC 7578, section 4.2; the multipart/form-data section of the
//! HTML Standard says what browsers send).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::header::scan::split_list;

/// What a part is called.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Disposition {
    pub(super) name: String,
    /// As it was sent; empty for a file field that is left empty.
    pub(super) file_name: Option<String>,
}

impl Disposition {
    /// `None`: not `form-data`, malformed, or without a name, or with two.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(value);
        let mut pieces = split_list(&text, ';');
        if !pieces.next()?.eq_ignore_ascii_case("form-data") {
            return None;
        }
        let (mut name, mut file_name, mut extended) = (None, None, None);
        for piece in pieces {
            let (key, value) = piece.split_once('=')?;
            let slot = match &*key.trim().to_ascii_lowercase() {
                "name" => &mut name,
                "filename" => &mut file_name,
                "filename*" => {
                    extended = extended_value(value.trim());
                    continue;
                }
                _ => continue,
            };
            if slot.replace(unquote(value.trim())?.into_owned()).is_some() {
                return None;
            }
        }
        // RFC 7578 wants no `filename*`; clients that send it beside a plain one, or alone, mean it.
        Some(Self { name: name?, file_name: extended.or(file_name) })
    }
}

/// A value with or without quotes. `\"` and `\\` are escapes; other backslashes are parts of paths
/// that old browsers send.
fn unquote(value: &str) -> Option<Cow<'_, str>> {
    let Some(inside) = value.strip_prefix('"') else {
        return (!value.contains('"')).then_some(Cow::Borrowed(value));
    };
    let inside = inside.strip_suffix('"')?;
    if !inside.contains(['\\', '"']) {
        return Some(Cow::Borrowed(inside));
    }
    let mut text = String::with_capacity(inside.len());
    let mut characters = inside.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' if matches!(characters.peek(), Some('"' | '\\')) => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    Some(Cow::Owned(text))
}

/// RFC 8187: `UTF-8'language'percent-encoded`.
fn extended_value(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _language, text) = (parts.next()?, parts.next()?, parts.next()?);
    let text = percent_decode_str(text).decode_utf8().ok()?;
    charset.eq_ignore_ascii_case("utf-8").then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        for (value, name, file_name) in [
            (r#"form-data; name="a""#, "a", None),
            (r#"Form-Data ;NAME="a" ; FileName="b.txt""#, "a", Some("b.txt")),
            ("form-data; name=a; filename=b.txt", "a", Some("b.txt")),
            (r#"form-data; name="a;b=c""#, "a;b=c", None),
            (r#"form-data; name="a\"b\\c""#, r#"a"b\c"#, None),
            (r#"form-data; name="a"; filename="C:\dir\b.txt""#, "a", Some(r"C:\dir\b.txt")),
            (r#"form-data; name="é%22"; filename="""#, "é%22", Some("")),
            ("form-data; name=a; filename*=UTF-8''na%C3%AFve.txt", "a", Some("naïve.txt")),
            (r#"form-data; name=a; filename="x"; filename*=evil''%ff"#, "a", Some("x")),
            (r#"form-data; name=""; x="y""#, "", None),
        ] {
            let expected =
                Disposition { name: name.into(), file_name: file_name.map(str::to_owned) };
            assert_eq!(Disposition::parse(value.as_bytes()), Some(expected), "{value}");
        }
        let bytes = Disposition::parse(b"form-data; name=\"\xff\"").unwrap();
        assert_eq!(bytes.name, "\u{FFFD}");
    }

    #[test]
    fn what_has_no_one_name_is_none() {
        for value in [
            "",
            "form-data",
            "form-data; filename=a",
            "attachment; name=a",
            "form-data; name",
            r#"form-data; name="a"#,
            r#"form-data; name="a"b"#,
            r#"form-data; name="a" b""#,
            r#"form-data; name=a"b"#,
            "form-data; name=a; name=b",
            "form-data; name=a; filename=b; filename=c",
        ] {
            assert_eq!(Disposition::parse(value.as_bytes()), None, "{value}");
        }
    }
}
