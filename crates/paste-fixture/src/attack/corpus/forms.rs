//! Bodies of forms, and JSON.

use bytes::Bytes;

use super::super::{Allowed, Attack, Class, Content};

/// Forms that are broken, deep, or large, JSON of the same kind, and a compressed body that unfolds.
/// They are posted to `/`; [`Attack::at`] aims them elsewhere, and for a service that reads forms
/// [`Attack::read`] says what it must refuse.
pub fn forms() -> Vec<Attack> {
    let small = SMALL.iter().map(|&(name, body, why)| form(name, body, why));
    let typed = TYPES
        .iter()
        .map(|&(name, media, why)| Attack::post(name, Class::Forms, media, "a=b").why(why));
    small.chain(typed).chain(large()).chain(json()).chain(others()).collect()
}

const FORM: &str = "application/x-www-form-urlencoded";

fn form(name: &'static str, body: impl Into<Bytes>, why: &'static str) -> Attack {
    Attack::post(name, Class::Forms, FORM, body).why(why)
}

const PERCENT: &str = "URL Standard, section 5.1: a `%` without two digits stands for itself";
const PAIRS: &str = "URL Standard, section 5.1: pairs";
const NESTED: &str = "names that contradict each other";

const SMALL: &[(&str, &str, &str)] = &[
    ("form-empty", "", PAIRS),
    ("form-equals", "=", PAIRS),
    ("form-ampersands", "&&&=&=&&", PAIRS),
    ("form-semicolons", "a=b;c=d;", PAIRS),
    ("form-nameless", "=a&=b", PAIRS),
    ("form-equals-many", "a=b=c==d", PAIRS),
    ("form-doubled", "a=1&a=2&A=3&%61=4", "one name several times"),
    ("form-percent", "%=%&%zz=%2&%a", PERCENT),
    ("form-percent-cut", "a=%e2%8", PERCENT),
    ("form-percent-u", "a=%u0041", PERCENT),
    ("form-nul", "a%00b=c%00d", "a NUL ends a C string"),
    (
        "form-lines",
        "a=%0d%0aX-Injected:%201&subject=%0d%0aBcc:%20x@evil.example",
        "CR LF in what becomes a header",
    ),
    ("form-bytes", "a=%ff%fe&%c3=%ed%a0%80", "values that are not UTF-8"),
    ("form-plus", "+++=+++&a+b=%2b", "a plus is a space"),
    (
        "form-markup",
        "a=%3Cscript%3Epaste_attack()%3C/script%3E&name=%22%3E%3Cscript%3Epaste_attack()%3C/script%3E&q=%3Cscript%3Epaste_attack()%3C/script%3E",
        "a value in a page",
    ),
    ("form-markup-name", "%3Cscript%3Epaste_attack()%3C/script%3E=a", "a name in a page"),
    (
        "form-charset",
        "_charset_=utf-7&a=+ADw-script+AD4-",
        "HTML Standard: `_charset_` chooses no decoder",
    ),
    (
        "form-method",
        "_method=CONNECT&_method=%3Cscript%3Epaste_attack()%3C/script%3E",
        "a method from a form",
    ),
    (
        "form-redirect",
        "next=//evil.example&url=http://evil.example&return_to=/%5cevil.example&came_from=//evil.example",
        "a target from a form",
    ),
    (
        "form-login",
        "username=admin&username=other&password=&password=x&login=1",
        "one name several times",
    ),
    (
        "form-prototype",
        "__proto__[x]=1&constructor[prototype][x]=1",
        "names that mean something to a language",
    ),
    ("form-brackets", "a[b][c][]=1&a[b]=2&a=3&a[=4&a]=5&[]=6&a[][][]=7", NESTED),
    (
        "form-index-large",
        "a[4294967295]=1&a[99999999999999999999]=2&a[-1]=3",
        "an index is no length",
    ),
    ("form-dots", "a.b.c=1&a.b=2&a=3&.=4&..=5", NESTED),
    (
        "form-formencode",
        "a-1.b=1&a-99999999999999999999.b=2&a--repetitions=99999999999",
        "FormEncode: indexes in names",
    ),
    ("form-raw-bytes", "a=\u{e9}\u{1f980}&\u{202e}=b", "characters that are not encoded"),
    ("form-is-json", "{\"a\":\"b\"}", "a body of another type"),
    (
        "form-is-multipart",
        "--a\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--a--\r\n",
        "a body of another type",
    ),
];

const TYPE: &str = "RFC 9110, section 8.3: media types, and what is none";
const TYPES: &[(&str, &str, &str)] = &[
    ("form-type-empty", "", TYPE),
    ("form-type-none", ";;;", TYPE),
    ("form-type-case", "APPLICATION/X-WWW-FORM-URLENCODED", TYPE),
    (
        "form-type-charset",
        "application/x-www-form-urlencoded; charset=utf-7",
        "a charset that no browser sends",
    ),
    (
        "form-type-charset-none",
        "application/x-www-form-urlencoded; charset=../../../etc/passwd",
        "a value that becomes a path",
    ),
    ("form-type-charset-unclosed", "application/x-www-form-urlencoded; charset=\"utf-8", TYPE),
    ("form-type-two", "application/x-www-form-urlencoded, multipart/form-data; boundary=a", TYPE),
    ("form-type-unknown", "application/x-evil", "RFC 9110, section 15.5.16: 415, or ignored"),
];

fn large() -> Vec<Attack> {
    let bounded = "Rack CVE-2025-46727, CVE-2025-59830: bounds for parameters";
    let large = |name, body: String| form(name, body, bounded).content(Content::Excessive);
    let r = str::repeat;
    vec![
        large(
            "form-many-fields",
            (0..10_000).map(|n| format!("f{n}=1&")).collect::<Vec<_>>().concat(),
        ),
        large("form-many-equal", r("a=1&", 100_000)),
        large("form-many-empty", r("&", 1_000_000)).content(Content::Sound),
        large("form-many-brackets", r("a[]=1&", 100_000)),
        large("form-deep", format!("a{}=1", r("[a]", 100_000))),
        large("form-deep-unclosed", format!("a{}=1", r("[", 100_000))),
        large("form-deep-dots", format!("a{}=1", r(".a", 100_000))),
        large("form-value-3m", format!("a={}", r("x", 3 << 20))),
        large("form-name-3m", format!("{}=x", r("a", 3 << 20))),
        large("form-encoded-3m", format!("a={}", r("%41", 1 << 20))),
        large("form-percents", format!("a={}", r("%", 1_000_000))).content(Content::Sound),
        large(
            "form-colliding",
            (0..5000).map(|n| format!("{}=1&", collide(n))).collect::<Vec<_>>().concat(),
        )
        .why("28C3, oCERT-2011-003: names with one hash value"),
    ]
}

/// Names that have one value under the hash `31 * hash + character`: `Aa` and `BB` are alike.
fn collide(number: u32) -> String {
    (0..13).map(|bit| if number >> bit & 1 == 0 { "Aa" } else { "BB" }).collect()
}

fn json() -> Vec<Attack> {
    let json = |name, body: Bytes, content| {
        Attack::post(name, Class::Forms, "application/json", body)
            .content(content)
            .why("RFC 8259: a value, and nothing else")
    };
    let r = str::repeat;
    let deep = |open: &str, close: &str| Bytes::from(r(open, 100_000) + &r(close, 100_000));
    vec![
        json("json-empty", Bytes::new(), Content::Malformed),
        json("json-deep-arrays", deep("[", "]"), Content::Excessive),
        json("json-deep-objects", deep("{\"a\":", "}"), Content::Malformed),
        json("json-deep-unclosed", deep("[", ""), Content::Malformed),
        json("json-cut", "{\"a\":".into(), Content::Malformed),
        json("json-number-long", r("9", 1_000_000).into(), Content::Sound),
        json("json-number-exponent", "1e999999999999".into(), Content::Sound),
        json("json-nan", "[NaN, Infinity]".into(), Content::Malformed),
        json("json-doubled", "{\"a\":1,\"a\":2,\"__proto__\":{\"x\":1}}".into(), Content::Sound),
        json("json-surrogate", "\"\\ud800\\udc\"".into(), Content::Malformed),
        json("json-bytes", Bytes::from_static(b"\"\xff\xfe\""), Content::Malformed),
        json("json-long", format!("\"{}\"", r("x", 3 << 20)).into(), Content::Excessive),
    ]
}

fn others() -> Vec<Attack> {
    vec![
        form("form-get-with-body", "a=b", "RFC 9110, section 9.3.1: a body without meaning")
            .method("GET"),
        form("form-head-with-body", "a=b", "RFC 9110, section 9.3.2: a body without meaning")
            .method("HEAD"),
        form("form-delete-with-body", "a=b", "RFC 9110, section 9.3.5: a body without meaning")
            .method("DELETE"),
        form("form-two-types", "a=b", "two headers where one may be")
            .header("Content-Type", "application/json"),
        form("form-body-bytes", &b"\xff=\xfe&\0=\0&\x80"[..], "bytes that are no text"),
        form("form-coding-unknown", "a=b", "RFC 9110, section 8.4: a coding nobody knows is a 415")
            .header("Content-Encoding", "evil"),
        form("form-coding-none", "a=b", "a body that is not what it says")
            .header("Content-Encoding", "gzip")
            .content(Content::Malformed),
        form("form-codings-many", "a=b", "RFC 9110, section 8.4: a stack of codings")
            .header("Content-Encoding", "gzip, ".repeat(1000)),
        form(
            "form-bomb",
            bomb(64 << 20),
            "axum-core RUSTSEC-2022-0055, aiohttp CVE-2025-69223: the limit holds after decoding",
        )
        .header("Content-Encoding", "gzip")
        .content(Content::Excessive)
        .allow(Allowed::answered().at_most(4 << 20)),
    ]
}

/// A body in gzip (RFC 1952) that unfolds to at least `size` letters: one letter, then copies of
/// what was before, 258 at a time, 13 bits each.
fn bomb(size: usize) -> Vec<u8> {
    let mut bits = Bits(b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec(), 0);
    bits.put(0b1, 1); // the last block
    bits.put(0b01, 2); // with the fixed codes of RFC 1951, section 3.2.6
    bits.put_code(0x30 + u16::from(b'a'), 8);
    for _ in 0..size.div_ceil(258) {
        bits.put_code(0b1100_0101, 8); // the length 258
        bits.put_code(0, 5); // the distance 1
    }
    bits.put_code(0, 7); // the end of the block
    let mut bytes = bits.0;
    bytes.extend_from_slice(&[0; 8]); // no right checksum: nobody should come to the end
    bytes
}

/// Bytes that are filled bit by bit, the lowest first; and how many bits the last one has.
struct Bits(Vec<u8>, u8);

impl Bits {
    fn put(&mut self, value: u16, count: u8) {
        for place in 0..count {
            if self.1 == 0 {
                self.0.push(0);
            }
            if let Some(last) = self.0.last_mut()
                && value >> place & 1 == 1
            {
                *last |= 1 << self.1;
            }
            self.1 = (self.1 + 1) % 8;
        }
    }

    /// Huffman codes begin with their highest bit.
    fn put_code(&mut self, code: u16, count: u8) {
        for place in (0..count).rev() {
            self.put(code >> place & 1, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_collide() {
        let hash = |name: &str| {
            name.bytes().fold(0_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()))
        };
        assert_eq!(hash(&collide(0)), hash(&collide(4999)));
        assert_ne!(collide(0), collide(4999));
    }

    /// zlib makes 517 letters `a` of these bytes.
    #[test]
    fn the_bomb_is_deflated() {
        let bytes = bomb(516);
        assert_eq!(bytes[10..bytes.len() - 8], [0x4b, 0x1c, 0x05, 0xa3, 0x00, 0x00]);
        assert!(bomb(64 << 20).len() < 500_000);
    }
}
