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

/// At most about `most` bytes of `text`: its beginning, its end, and how many there are between.
#[cfg(unix)]
pub(crate) fn cut_within(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let is_boundary = |place: &usize| text.is_char_boundary(*place);
    let end = (0..=most / 2).rev().find(is_boundary).unwrap_or_default();
    let start = (text.len() - most / 2..text.len()).find(is_boundary).unwrap_or(text.len());
    let (first, last) = (&text[..end], &text[start..]);
    Cow::Owned(format!("{first}\n… ({} bytes left out) …\n{last}", start - end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_much_is_missing_and_cuts_no_character() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("aéé", 2), "a… (4 bytes more)");
        #[cfg(unix)]
        assert_eq!(cut_within("aéébéb", 5), "a\n… (7 bytes left out) …\nb");
    }
}
