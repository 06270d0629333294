//! Texts of any length in messages for people.

use std::borrow::Cow;

/// At most `most` bytes of `text`, and how many more there are.
pub(crate) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    Cow::Owned(format!("{}… ({} bytes more)", &text[..end], text.len() - end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_much_is_missing_and_cuts_no_character() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("aéé", 2), "a… (4 bytes more)");
    }
}
