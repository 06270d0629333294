//! The names that mean something else on Windows, as a pure function that is tested everywhere.
//!
//! 1. Device names are refused, with any extension and in any case: `CON`, `nul.txt`, `COM1 `.
//! 2. Drive and stream forms (`c:`, `a.txt:$DATA`), and what Windows cuts off or takes for a pattern
//!    (a dot or space at the end, `*`, `?`, `"`, `<`, `>`, `|`, controls), are refused.
//! 3. Slashes of both kinds are refused, and with them UNC and device paths (`\\server\share`, `\\?\`).

/// Whether a name may not be part of a path on Windows.
pub(crate) fn refuses(name: &[u8]) -> bool {
    let is_special = |byte: &u8| *byte < 32 || b"/\\:*?\"<>|".contains(byte);
    let Ok(text) = std::str::from_utf8(name) else { return true };
    name.iter().any(is_special) || text.ends_with(['.', ' ']) || names_device(text)
}

/// What stands before the first dot or colon counts, without spaces at its end. The digits of `COM`
/// and `LPT` may be superscripts.
fn names_device(name: &str) -> bool {
    let stem = name.split(['.', ':']).next().unwrap_or_default();
    let stem = stem.trim_end_matches(' ').to_ascii_uppercase();
    if matches!(&*stem, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$") {
        return true;
    }
    let port = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    port.is_some_and(|port| {
        let mut digits = port.chars();
        let is_digit = |digit: char| digit.is_ascii_digit() || "¹²³".contains(digit);
        digits.next().is_some_and(is_digit) && digits.next().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_1_device_names_are_refused() {
        for name in [
            "CON",
            "con",
            "NUL.txt",
            "nul.tar.gz",
            "aux ",
            "Prn .txt",
            "COM1",
            "com9.log",
            "LPT0",
            "COM¹",
            "conin$",
            "CONOUT$",
            "NUL:",
            "clock$",
        ] {
            assert!(refuses(name.as_bytes()), "{name}");
        }
        for name in ["CONS", "COM", "COM10", "LPTX", "a.con", "null", "com1x", "auxiliary.txt"] {
            assert!(!refuses(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn rule_2_drives_streams_and_what_is_cut_off_are_refused() {
        for name in [
            "c:",
            "C:x",
            "a.txt:$DATA",
            "a.txt::$DATA",
            "a.txt.",
            "a.txt ",
            "a. .",
            "...",
            "a*",
            "a?",
            "a<b",
            "a>b",
            "a|b",
            "a\"b",
            "a\nb",
            "\u{1}",
        ] {
            assert!(refuses(name.as_bytes()), "{name}");
        }
        assert!(refuses(b"\xFF"), "a name that is not text");
    }

    #[test]
    fn rule_3_slashes_are_refused() {
        for name in [r"a\b", r"\\server\share", r"\\?\c", r"..\x", "a/b", r"\\.\pipe\x"] {
            assert!(refuses(name.as_bytes()), "{name}");
        }
        for name in ["a.txt", "é x.json", "a b", ".well-known", "~x", "a-b_c(1).txt"] {
            assert!(!refuses(name.as_bytes()), "{name}");
        }
    }
}
