//! Which media types are worth it. Pure: names in, a verdict out.
//!
//! 1. A pattern is `type/subtype`, `type/*`, `*/*`, or `type/*+suffix`, in any case.
//! 2. What is packed already is never worth it, whatever the patterns say.
//! 3. Of the patterns those that exclude come before those that include.

use std::fmt;

/// What is compressed unless said otherwise.
pub(super) const DEFAULT: &[&str] = &[
    "text/*",
    "*/*+json",
    "*/*+xml",
    "*/*+yaml",
    "application/ecmascript",
    "application/graphql",
    "application/javascript",
    "application/json",
    "application/json5",
    "application/jsonl",
    "application/ndjson",
    "application/rtf",
    "application/sql",
    "application/toml",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-httpd-php",
    "application/x-javascript",
    "application/x-ndjson",
    "application/x-sh",
    "application/x-tar",
    "application/x-yaml",
    "application/xml",
    "application/xml-dtd",
    "application/yaml",
    "font/collection",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/vnd.microsoft.icon",
    "image/x-icon",
    "image/x-ms-bmp",
];

/// What gains nothing, or must not be touched (gRPC compresses by itself).
const PACKED: &[&str] = &[
    "audio/*",
    "video/*",
    "*/*+zip",
    "*/*+gzip",
    "*/*+zstd",
    "application/epub+zip",
    "application/gzip",
    "application/java-archive",
    "application/vnd.android.package-archive",
    "application/vnd.rar",
    "application/x-7z-compressed",
    "application/x-brotli",
    "application/x-bzip",
    "application/x-bzip2",
    "application/x-compress",
    "application/x-gzip",
    "application/x-rar-compressed",
    "application/x-xz",
    "application/zip",
    "application/zlib",
    "application/zstd",
    "application/grpc",
    "application/*+proto",
    "font/woff",
    "font/woff2",
    "image/apng",
    "image/avif",
    "image/gif",
    "image/heic",
    "image/heif",
    "image/jp2",
    "image/jpeg",
    "image/jxl",
    "image/png",
    "image/webp",
];

/// The types to compress.
#[derive(Clone, Debug, Default)]
pub(super) struct Types {
    /// `None`: the [default](DEFAULT).
    pub(super) only: Option<Vec<String>>,
    pub(super) except: Vec<String>,
}

impl Types {
    /// Whether `media_type`, the value of a `Content-Type`, is worth it.
    pub(super) fn fit(&self, media_type: &str) -> bool {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let Some((kind, subtype)) = essence.split_once('/') else { return false };
        let fits = |pattern: &str| fits(pattern, kind, subtype);
        let included = || match &self.only {
            Some(only) => only.iter().any(|pattern| fits(pattern)),
            None => DEFAULT.iter().any(|pattern| fits(pattern)),
        };
        !PACKED.iter().any(|pattern| fits(pattern))
            && !self.except.iter().any(|pattern| fits(pattern))
            && included()
    }
}

fn fits(pattern: &str, kind: &str, subtype: &str) -> bool {
    let Some((of_kind, of_subtype)) = pattern.split_once('/') else { return false };
    let ends_with = |suffix: &str| {
        let start = subtype.len().checked_sub(suffix.len());
        let end = start.and_then(|start| subtype.get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(suffix))
    };
    (of_kind == "*" || of_kind.eq_ignore_ascii_case(kind))
        && match of_subtype.strip_prefix('*') {
            Some(suffix) => ends_with(suffix),
            None => of_subtype.eq_ignore_ascii_case(subtype),
        }
}

/// A text that is no pattern of media types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypePatternError {
    pattern: String,
}

impl fmt::Display for TypePatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pattern } = self;
        write!(f, "`{pattern}` is not a media type such as `text/html`, `text/*` or `*/*+json`")
    }
}

impl std::error::Error for TypePatternError {}

/// The patterns of a list, if all of them are sound.
pub(super) fn patterns<S: Into<String>>(
    list: impl IntoIterator<Item = S>,
) -> Result<Vec<String>, TypePatternError> {
    list.into_iter()
        .map(Into::into)
        .map(
            |pattern| {
                if is_pattern(&pattern) { Ok(pattern) } else { Err(TypePatternError { pattern }) }
            },
        )
        .collect()
}

fn is_pattern(text: &str) -> bool {
    let is_name = |name: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !name.is_empty() && name.bytes().all(allowed)
    };
    let Some((kind, subtype)) = text.split_once('/') else { return false };
    match subtype.strip_prefix('*') {
        Some("") => kind == "*" || is_name(kind),
        Some(suffix) => {
            (kind == "*" || is_name(kind)) && suffix.strip_prefix('+').is_some_and(is_name)
        }
        None => is_name(kind) && is_name(subtype),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_1_patterns_fit_whole_types_in_any_case() {
        let types = |only: &[&str]| Types { only: patterns(only.to_vec()).ok(), except: vec![] };
        for (pattern, media_type, expected) in [
            ("text/*", "text/html; charset=utf-8", true),
            ("text/*", "Text/HTML", true),
            ("text/*", "textual/html", false),
            ("TEXT/css", "text/css", true),
            ("text/css", "text/css2", false),
            ("*/*+json", "application/ld+json", true),
            ("*/*+json", "application/json", false),
            ("application/*+xml", "application/atom+XML ;x", true),
            ("application/*+xml", "image/svg+xml", false),
            ("*/*", "application/octet-stream", true),
            ("*/*", "nothing", false),
            ("*/*", "", false),
        ] {
            assert_eq!(types(&[pattern]).fit(media_type), expected, "{pattern} {media_type}");
        }
        for wrong in ["", "text", "/", "text/", "*/html", "te xt/*", "text/*json", "*/*+", "a/b;c"]
        {
            assert!(patterns([wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rules_2_and_3_what_is_packed_or_excluded_stays() {
        let all = Types { only: patterns(["*/*"]).ok(), except: patterns(["text/csv"]).unwrap() };
        for (media_type, expected) in [
            ("application/octet-stream", true),
            ("text/csv", false),
            ("image/png", false),
            ("image/svg+xml", true),
            ("video/mp4", false),
            ("application/epub+zip", false),
            ("application/grpc", false),
            ("font/woff2", false),
        ] {
            assert_eq!(all.fit(media_type), expected, "{media_type}");
        }
        let named = Types { only: patterns(["image/png"]).ok(), except: vec![] };
        assert!(!named.fit("image/png"));
    }

    #[test]
    fn the_default_is_text_in_all_its_forms() {
        for (media_type, expected) in [
            ("text/html", true),
            ("text/event-stream", true),
            ("application/json", true),
            ("application/problem+json", true),
            ("image/svg+xml", true),
            ("application/wasm", true),
            ("application/octet-stream", false),
            ("application/pdf", false),
            ("multipart/byteranges", false),
            ("image/jpeg", false),
        ] {
            assert_eq!(Types::default().fit(media_type), expected, "{media_type}");
        }
        assert!(patterns(DEFAULT.iter().chain(PACKED).copied()).is_ok());
    }
}
