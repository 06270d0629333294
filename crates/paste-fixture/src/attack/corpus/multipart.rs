//! Multipart bodies.

use bytes::Bytes;

use super::super::{Attack, Class, Content};

/// Multipart bodies that are broken, or have too much of something. They are posted to `/`;
/// [`Attack::at`] aims them elsewhere, and for a service that reads multipart bodies
/// [`Attack::read`] says what it must refuse.
pub fn multipart() -> Vec<Attack> {
    let mut attacks = types();
    attacks.extend(framing());
    attacks.extend(parts());
    attacks.extend(excessive());
    attacks
}

const TYPE: &str = "multipart/form-data; boundary=a";

fn body(name: &'static str, body: impl Into<Bytes>, why: &'static str) -> Attack {
    Attack::post(name, Class::Multipart, TYPE, body).why(why)
}

/// A part with the headers `headers`, in an otherwise sound body.
fn part(name: &'static str, headers: &str, why: &'static str) -> Attack {
    body(name, format!("--a\r\n{headers}\r\n\r\nx\r\n--a--\r\n"), why)
}

const SOUND: &str = "--a\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nx\r\n--a--\r\n";

fn types() -> Vec<Attack> {
    use Content::{Malformed, Sound};
    let boundary = "RFC 2046, section 5.1.1: a boundary has 1 to 70 characters of a set";
    let long = format!("multipart/form-data; boundary={}", "a".repeat(71));
    let longer = format!("multipart/form-data; boundary={}", "a".repeat(30_000));
    let spaces = format!("multipart/form-data;{}boundary=a", " ".repeat(30_000));
    let table = [
        ("multipart-no-boundary", "multipart/form-data", Malformed),
        ("multipart-boundary-empty", "multipart/form-data; boundary=", Malformed),
        ("multipart-boundary-empty-quotes", "multipart/form-data; boundary=\"\"", Malformed),
        ("multipart-boundary-unclosed", "multipart/form-data; boundary=\"a", Malformed),
        ("multipart-boundary-quoted", "multipart/form-data; boundary=\"a\"", Sound),
        ("multipart-boundary-other", "multipart/form-data; boundary=other", Malformed),
        ("multipart-boundary-bytes", "multipart/form-data; boundary=\u{e9}", Malformed),
        ("multipart-boundary-encoded", "multipart/form-data; boundary*=utf-8''a", Malformed),
        ("multipart-boundary-71", &long, Malformed),
        ("multipart-boundary-30000", &longer, Malformed),
        ("multipart-boundary-behind-spaces", &spaces, Sound),
        ("multipart-two-boundaries", "multipart/form-data; boundary=a; boundary=b", Malformed),
        ("multipart-mixed", "multipart/mixed; boundary=a", Sound),
        ("multipart-no-subtype", "multipart/; boundary=a", Malformed),
    ];
    let mut attacks: Vec<_> = table
        .into_iter()
        .map(|(name, media, content)| {
            Attack::post(name, Class::Multipart, media.to_owned(), SOUND)
                .content(content)
                .why(boundary)
        })
        .collect();
    let why = "Rack CVE-2026-26961: two readers that find different boundaries";
    attacks[11] = attacks[11].clone().why(why);
    attacks.push(
        body("multipart-two-types", SOUND, why)
            .header("Content-Type", "multipart/form-data; boundary=b")
            .content(Malformed),
    );
    attacks
}

fn framing() -> Vec<Attack> {
    let why = "RFC 2046, section 5.1.1: how a multipart body begins, goes on and ends";
    let disposition = "Content-Disposition: form-data; name=\"n\"";
    let malformed = |name, text: String| body(name, text, why).content(Content::Malformed);
    vec![
        malformed("multipart-empty", String::new()),
        malformed("multipart-no-delimiter", "x".to_owned()),
        malformed("multipart-no-end", format!("--a\r\n{disposition}\r\n\r\nx\r\n")),
        malformed("multipart-cut-in-delimiter", format!("--a\r\n{disposition}\r\n\r\nx\r\n--")),
        malformed("multipart-cut-in-end", format!("--a\r\n{disposition}\r\n\r\nx\r\n--a-")),
        malformed("multipart-cut-in-header", format!("--a\r\n{disposition}")),
        malformed("multipart-cut-behind-header", format!("--a\r\n{disposition}\r\n")),
        malformed("multipart-cut-behind-delimiter", "--a\r\n".to_owned()),
        malformed("multipart-delimiter-only", "--a".to_owned()),
        body("multipart-end-only", "--a--\r\n", why),
        body("multipart-no-last-line", SOUND.trim_end(), why),
        body("multipart-preamble", format!("preamble\r\n{SOUND}"), why),
        body("multipart-epilogue", format!("{SOUND}epilogue\r\n--a\r\n"), why),
        body("multipart-spaces-behind", SOUND.replace("--a", "--a \t"), why),
        body("multipart-bare-lf", SOUND.replace("\r\n", "\n"), "RFC 2046, section 4.1.1: lines end with CR LF").content(Content::Malformed),
        body("multipart-bare-cr", SOUND.replace("\r\n", "\r"), "RFC 2046, section 4.1.1: lines end with CR LF").content(Content::Malformed),
        body("multipart-prefix-boundary", SOUND.replace("\r\nx\r\n", "\r\nx\r\n--ab\r\ny\r\n"), "a line that only begins like the delimiter"),
        body("multipart-almost-boundary", SOUND.replace("x\r\n--a--", &("\r\n--\r\n-\r\n--b".repeat(1000) + "\r\n--a--")), "content that is nearly a delimiter"),
        body("multipart-bytes", &b"--a\r\nContent-Disposition: form-data; name=\"\xff\xfe\"\r\n\r\n\x00\xff\r\n--a--\r\n"[..], "bytes that are no text"),
    ]
}

fn parts() -> Vec<Attack> {
    let disposition = "RFC 7578, section 4.2: each part has a name";
    let file = "RFC 7578, section 4.2: a file name is advice, and no path";
    let split = "Rack CVE-2026-26962: CR LF in what becomes a header";
    let named = |text: &str| {
        format!(
            "Content-Disposition: form-data; name=\"f\"; filename={text}\r\nContent-Type: text/plain"
        )
    };
    let mut attacks = vec![
        part("part-no-headers", "", disposition).content(Content::Malformed),
        part("part-no-disposition", "Content-Type: text/plain", disposition)
            .content(Content::Malformed),
        part("part-no-name", "Content-Disposition: form-data", disposition)
            .content(Content::Malformed),
        part("part-attachment", "Content-Disposition: attachment; name=\"n\"", disposition),
        part("part-name-empty", "Content-Disposition: form-data; name=\"\"", disposition),
        part("part-name-unclosed", "Content-Disposition: form-data; name=\"n", disposition)
            .content(Content::Malformed),
        part(
            "part-name-doubled",
            "Content-Disposition: form-data; name=\"a\"; name=\"b\"",
            disposition,
        ),
        part(
            "part-disposition-doubled",
            "Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"",
            disposition,
        ),
        part(
            "part-name-line",
            "Content-Disposition: form-data; name=\"a\r\nX-Injected: 1\"",
            split,
        )
        .content(Content::Malformed),
        part(
            "part-name-line-encoded",
            "Content-Disposition: form-data; name=\"a%0D%0AX-Injected: 1\"",
            split,
        ),
        part(
            "part-name-markup",
            "Content-Disposition: form-data; name=\"<script>paste_attack()</script>\"",
            "a name in a page",
        ),
        part(
            "part-name-charset",
            "Content-Disposition: form-data; name*=evil''%ff%fe; name=\"n\"",
            disposition,
        ),
        part(
            "part-header-no-colon",
            "Content-Disposition",
            "RFC 5322, section 2.2: a header has a colon",
        )
        .content(Content::Malformed),
        part(
            "part-header-folded",
            "Content-Disposition: form-data;\r\n name=\"n\"",
            "RFC 5322, section 2.2.3: folded headers",
        ),
        part(
            "part-header-nul",
            "Content-Disposition: form-data; name=\"a\0b\"",
            "a NUL ends a C string",
        ),
        part(
            "part-type-charset",
            "Content-Disposition: form-data; name=\"n\"\r\nContent-Type: text/plain; charset=../../../etc/passwd",
            "a value that becomes a path",
        ),
        part(
            "part-type-utf-7",
            "Content-Disposition: form-data; name=\"n\"\r\nContent-Type: text/html; charset=utf-7",
            "a charset that no browser sends",
        ),
        part(
            "part-coding",
            "Content-Disposition: form-data; name=\"n\"\r\nContent-Transfer-Encoding: base64",
            "RFC 7578, section 4.7: no transfer encodings",
        ),
        part(
            "part-coding-unknown",
            "Content-Disposition: form-data; name=\"n\"\r\nContent-Transfer-Encoding: evil",
            "RFC 7578, section 4.7: no transfer encodings",
        ),
        part(
            "part-length",
            "Content-Disposition: form-data; name=\"n\"\r\nContent-Length: 99999999999999999999",
            "a length that nobody asked for",
        ),
        part(
            "part-content-range",
            "Content-Disposition: form-data; name=\"n\"; size=-1\r\nContent-Range: bytes 0-99999999999/*",
            "a length that nobody asked for",
        ),
        part(
            "part-charset-field",
            "Content-Disposition: form-data; name=\"_charset_\"",
            "RFC 7578, section 4.6: `_charset_` chooses no decoder",
        ),
        part(
            "part-nested",
            "Content-Disposition: form-data; name=\"n\"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: file; filename=\"x\"\r\n\r\ny\r\n--b--",
            "RFC 7578, section 4.3: nested parts are gone",
        ),
        part(
            "part-nested-same-boundary",
            "Content-Disposition: form-data; name=\"n\"\r\nContent-Type: multipart/mixed; boundary=a",
            "RFC 7578, section 4.3: nested parts are gone",
        ),
    ];
    for (name, text) in [
        ("file-climbs", "\"../../../../tmp/paste-attack\""),
        ("file-absolute", "\"/tmp/paste-attack\""),
        ("file-backslash", "\"..\\\\..\\\\paste-attack\""),
        ("file-drive", "\"C:\\\\paste-attack.txt\""),
        ("file-encoded", "\"..%2f..%2fpaste-attack\""),
        ("file-nul", "\"a.txt\0.html\""),
        ("file-device", "\"CON.txt \""),
        ("file-dots", "\"..\""),
        ("file-empty", "\"\""),
        ("file-hidden", "\".htaccess\""),
        ("file-extended", "\"a.txt\"; filename*=utf-8''..%2f..%2fpaste-attack"),
        ("file-extended-charset", "\"a.txt\"; filename*=evil'%'%zz%ff"),
        ("file-markup", "\"<img src=x onerror=paste_attack()>.svg\""),
        ("file-shell", "\";id|id $(id) `id`.txt\""),
    ] {
        attacks.push(part(name, &named(text), file));
    }
    attacks
}

fn excessive() -> Vec<Attack> {
    let r = str::repeat;
    let limit =
        "Werkzeug CVE-2023-46136, CVE-2024-49767; Rack CVE-2026-34829: bounds for the whole";
    let head = "Rack CVE-2025-61772: bounds for the headers of a part";
    let count = "Rack CVE-2026-34827: bounds for the number of parts";
    let excessive = |name, text: String, why| body(name, text, why).content(Content::Excessive);
    let within = |headers: &str| format!("--a\r\n{headers}\r\n\r\nx\r\n--a--\r\n");
    let named = "Content-Disposition: form-data; name=\"n\"";
    let many = (0..10_000)
        .map(|n| format!("--a\r\nContent-Disposition: form-data; name=\"n{n}\"\r\n\r\nx\r\n"))
        .collect::<Vec<_>>()
        .concat();
    let files = (0..10_000)
        .map(|n| {
            format!(
                "--a\r\nContent-Disposition: form-data; name=\"f\"; filename=\"{n}\"\r\n\r\nx\r\n"
            )
        })
        .collect::<Vec<_>>()
        .concat();
    vec![
        excessive("multipart-many-parts", many + "--a--\r\n", count),
        excessive("multipart-many-files", files + "--a--\r\n", count),
        excessive("multipart-many-empty", r("--a\r\n\r\n\r\n", 20_000) + "--a--\r\n", count),
        excessive("multipart-many-delimiters", r("--a\r\n", 100_000) + "--a--\r\n", count),
        excessive(
            "multipart-preamble-3m",
            format!("{}\r\n{SOUND}", r("x", 3 << 20)),
            "Rack CVE-2025-61770: a preamble without bound",
        ),
        excessive(
            "multipart-preamble-lines",
            format!("{}{SOUND}", r("\r\n", 1 << 20)),
            "Rack CVE-2025-61770: a preamble without bound",
        ),
        excessive("multipart-epilogue-3m", format!("{SOUND}{}", r("x", 3 << 20)), limit),
        excessive(
            "part-3m",
            format!("--a\r\n{named}\r\n\r\n{}\r\n--a--\r\n", r("x", 3 << 20)),
            "Rack CVE-2025-61771: a field is not a file",
        ),
        excessive("part-3m-no-end", format!("--a\r\n{named}\r\n\r\n{}", r("x", 3 << 20)), limit),
        excessive(
            "part-3m-line-ends",
            format!("--a\r\n{named}\r\n\r\n{}--a--\r\n", r("\r\n", 3 << 19)),
            "Werkzeug CVE-2023-46136: line ends took quadratic time",
        ),
        excessive(
            "part-3m-carriage-returns",
            format!("--a\r\n{named}\r\n\r\n{}\r\n--a--\r\n", r("\r", 3 << 20)),
            "Werkzeug CVE-2023-46136: line ends took quadratic time",
        ),
        excessive(
            "part-3m-near-delimiters",
            format!("--a\r\n{named}\r\n\r\n{}\r\n--a--\r\n", r("\r\n--", 3 << 18)),
            "Werkzeug CVE-2023-46136: line ends took quadratic time",
        ),
        excessive("part-many-headers", within(&format!("{named}{}", r("\r\nX: x", 10_000))), head),
        excessive("part-long-header", within(&format!("{named}\r\nX: {}", r("x", 1 << 20))), head),
        excessive("part-long-header-no-end", format!("--a\r\nX: {}", r("x", 3 << 20)), head),
        excessive(
            "part-long-name",
            within(&format!("Content-Disposition: form-data; name=\"{}\"", r("n", 1 << 20))),
            head,
        ),
        excessive(
            "part-long-backslashes",
            within(&format!("Content-Disposition: form-data; name=\"{}", r("\\", 100_000))),
            "Rack CVE-2025-49007: time spent on a header of a part",
        ),
        excessive(
            "part-long-semicolons",
            within(&format!("Content-Disposition: form-data{}; name=\"n\"", r(";", 100_000))),
            "Rack CVE-2025-49007: time spent on a header of a part",
        ),
        excessive(
            "part-nested-deep",
            format!(
                "--a\r\n{named}\r\n{}",
                r("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n", 10_000)
            ),
            "RFC 7578, section 4.3: nested parts are gone",
        ),
    ]
}
