//! Reads the small grammar that most headers share (RFC 9110, section 5.6): tokens, quoted strings,
//! parameters. Pure, and linear in the length of the text.

use std::borrow::Cow;

/// What is left of a text that is being read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Passes over spaces and tabs.
    pub(crate) fn skip_space(&mut self) -> &mut Self {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        self
    }

    /// Passes over `character`, if it is the next.
    pub(crate) fn eat(&mut self, character: char) -> bool {
        match self.rest.strip_prefix(character) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// The characters up to the first that is not `wanted`: one at least.
    pub(crate) fn run(&mut self, wanted: impl Fn(char) -> bool) -> Option<&'a str> {
        let end = self.rest.find(|character| !wanted(character)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!taken.is_empty()).then_some(taken)
    }

    pub(crate) fn token(&mut self) -> Option<&'a str> {
        self.run(is_token_char)
    }

    /// A quoted string, without its quotes and escapes.
    pub(crate) fn quoted(&mut self) -> Option<Cow<'a, str>> {
        let inside = self.rest.strip_prefix('"')?;
        let end = inside.find(['"', '\\'])?;
        if inside[..end].contains(is_forbidden) {
            return None;
        }
        if inside[end..].starts_with('"') {
            self.rest = &inside[end + 1..];
            return Some(Cow::Borrowed(&inside[..end]));
        }
        let mut text = String::new();
        let mut characters = inside.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &inside[at + 1..];
                    return Some(Cow::Owned(text));
                }
                '\\' => text.push(characters.next()?.1),
                other => text.push(other),
            }
            if text.ends_with(is_forbidden) {
                return None;
            }
        }
        None
    }

    /// A token or a quoted string.
    pub(crate) fn value(&mut self) -> Option<Cow<'a, str>> {
        if self.rest.starts_with('"') { self.quoted() } else { self.token().map(Cow::Borrowed) }
    }

    /// `name = value`, with spaces around the sign, as RFC 9110, section 11.2, has it.
    pub(crate) fn parameter(&mut self) -> Option<(&'a str, Cow<'a, str>)> {
        let name = self.token()?;
        if !self.skip_space().eat('=') {
            return None;
        }
        Some((name, self.skip_space().value()?))
    }
}

/// What no quoted string has (RFC 9110, section 5.6.4): controls but for the tab.
fn is_forbidden(character: char) -> bool {
    character.is_control() && character != '\t'
}

/// RFC 9110, section 5.6.2.
pub(crate) fn is_token_char(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

/// Splits at `separator` where it stands outside quoted strings; spaces around the pieces go, and so
/// do empty ones. A quoted string that does not end takes the rest.
pub(crate) fn split_list(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(end_of_piece(rest, separator));
            rest = behind.strip_prefix(separator).unwrap_or(behind);
            let piece = piece.trim_matches([' ', '\t']);
            if !piece.is_empty() {
                return Some(piece);
            }
        }
        None
    })
}

fn end_of_piece(text: &str, separator: char) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.char_indices().find(|&(_, character)| {
        let ends = !quoted && character == separator;
        quoted ^= character == '"' && !escaped;
        escaped = quoted && character == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at)
}

/// `text` as a token if it is one, else as a quoted string.
pub(crate) fn token_or_quoted(text: &str) -> Cow<'_, str> {
    if !text.is_empty() && text.chars().all(is_token_char) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(quote(text))
    }
}

/// `text` as a quoted string. What may not stand in one (controls) is left out.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars().filter(|&character| !is_forbidden(character)) {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_split_outside_quotes() {
        for (text, expected) in [
            ("a, b ,,c", &["a", "b", "c"][..]),
            (r#"a="x,y", b"#, &[r#"a="x,y""#, "b"]),
            (r#"a="x\",y", b"#, &[r#"a="x\",y""#, "b"]),
            (r#"a="x\\", b"#, &[r#"a="x\\""#, "b"]),
            (r#"a="x, b"#, &[r#"a="x, b"#]),
            (" , ,", &[]),
            ("", &[]),
        ] {
            assert!(split_list(text, ',').eq(expected.iter().copied()), "{text}");
        }
    }

    #[test]
    fn quoted_strings_lose_their_escapes() {
        for (text, expected) in [
            (r#""abc""#, Some("abc")),
            (r#""""#, Some("")),
            (r#""a\"b\\c\d""#, Some(r#"a"b\cd"#)),
            (r#""abc"#, None),
            (r#""abc\"#, None),
            ("abc", None),
            ("\"a\tb\"", Some("a\tb")),
            ("\"a\u{7f}\"", None),
            ("\"\\\u{7f}\"", None),
        ] {
            assert_eq!(Scanner::new(text).quoted().as_deref(), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_quoted_is_read_back(text in "[ -~é]{0,20}") {
            let quoted = token_or_quoted(&text);
            let mut scanner = Scanner::new(&quoted);
            let read = scanner.value();
            proptest::prop_assert_eq!(read.as_deref(), Some(&*text));
            proptest::prop_assert!(scanner.is_at_end());
        }
    }
}
