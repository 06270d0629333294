//! Requests for files, and how the answers of nginx and Apache differ from ours. `@E` is the server's own tag
//! of `/a.txt`.

use Peer::{Differs, Same};

/// How a peer answers.
#[derive(Debug)]
pub(super) enum Peer {
    /// As we do.
    Same,
    /// In another way, for this reason.
    Differs(&'static str),
}

/// One request, and the answers.
#[derive(Debug)]
pub(super) struct Row {
    /// Arguments of curl.
    pub(super) args: &'static [&'static str],
    pub(super) path: &'static str,
    /// Our status.
    pub(super) status: u16,
    pub(super) nginx: Peer,
    pub(super) apache: Peer,
}

const fn row(
    args: &'static [&'static str],
    path: &'static str,
    status: u16,
    nginx: Peer,
    apache: Peer,
) -> Row {
    Row { args, path, status, nginx, apache }
}

const METHODS: Peer = Differs("files have GET, HEAD and OPTIONS only");
const OPTIONS: Peer = Differs("OPTIONS tells what is allowed, with 204 as it has no content");
const RANGES_OF_GET: Peer = Differs("ranges are for GET: RFC 9110, section 14.2");
const MALFORMED: Peer = Differs("a malformed range is ignored: RFC 9110, section 14.2");
const OVERLAP: Peer = Differs("what overlaps becomes one part");
const DATES: Peer = Differs("RFC 9110 compares dates; nginx wants the same");
const NO_RANGE_IN_416: Peer = Differs("a 416 tells the length; Apache leaves it out");
const DOTS: Peer = Differs("what climbs is no file of ours, and no malformed request either");
const NO_DOTS: Peer =
    Differs("segments that are dots are not resolved: who sends them escapes nothing");
const HIDDEN: Peer = Differs("dot files are not served");
const LINKS: Peer = Differs("a link that leads out of the root is not followed");
const NOTHING: Peer = Differs("a directory without index is not there, rather than forbidden");
const NOT_TEXT: Peer = Differs("a name that is no file is not found");
const SIBLING: Peer = Differs("siblings are chosen by Accept-Encoding; Apache needs rules for it");
const RANGES_OF_SIBLINGS: Peer = Differs("a compressed form has ranges, too; nginx sends it whole");
const SLASHES: Peer = Differs("a redirect is to the path as it was asked");

pub(super) const TABLE: &[Row] = &[
    row(&[], "/a.txt", 200, Same, Same),
    row(&["-I"], "/a.txt", 200, Same, Same),
    row(&["-X", "OPTIONS"], "/a.txt", 204, OPTIONS, OPTIONS),
    row(&["-X", "OPTIONS", "--request-target", "*"], "/", 204, OPTIONS, OPTIONS),
    row(&["-X", "POST"], "/a.txt", 405, Same, METHODS),
    row(&["-X", "PUT"], "/a.txt", 405, Same, Same),
    row(&["-X", "TRACE"], "/a.txt", 405, Same, METHODS),
    row(&["-X", "BREW"], "/a.txt", 405, Same, METHODS),
    // Ranges.
    row(&["-r", "0-9"], "/a.txt", 206, Same, Same),
    row(&["-r", "-5"], "/a.txt", 206, Same, Same),
    row(&["-r", "995-"], "/a.txt", 206, Same, Same),
    row(&["-r", "-5000"], "/a.txt", 206, Same, Same),
    row(&["-r", "5000-"], "/a.txt", 416, Same, NO_RANGE_IN_416),
    row(&["-r", "0-0,10-12"], "/a.txt", 206, Same, Same),
    row(&["-r", "0-99,50-149"], "/a.txt", 206, OVERLAP, Same),
    row(&["-H", "Range: bytes=9-0"], "/a.txt", 200, MALFORMED, Same),
    row(&["-H", "Range: bytes=abc"], "/a.txt", 200, MALFORMED, Same),
    row(&["-H", "Range: lines=0-1"], "/a.txt", 200, Same, Same),
    row(&["-r", "0-1"], "/empty.txt", 200, Same, Same),
    row(&["-I", "-r", "0-9"], "/a.txt", 200, RANGES_OF_GET, RANGES_OF_GET),
    row(
        &[
            "-r",
            "0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30,32-32,34-34,36-36,38-38",
        ],
        "/a.txt",
        206,
        Same,
        Same,
    ),
    row(&["-r", "0-9", "-H", "If-Range: @E"], "/a.txt", 206, Same, Same),
    row(&["-r", "0-9", "-H", "If-Range: W/@E"], "/a.txt", 200, Same, Same),
    row(&["-r", "0-9", "-H", "If-Range: \"x\""], "/a.txt", 200, Same, Same),
    row(&["-r", "0-9", "-H", "If-Range: Tue, 14 Nov 2023 22:13:20 GMT"], "/a.txt", 206, Same, Same),
    // Conditions.
    row(&["-H", "If-None-Match: *"], "/a.txt", 304, Same, Same),
    row(&["-H", "If-None-Match: @E"], "/a.txt", 304, Same, Same),
    row(&["-H", "If-None-Match: W/@E"], "/a.txt", 304, Same, Same),
    row(&["-H", "If-None-Match: \"x\", @E"], "/a.txt", 304, Same, Same),
    row(
        &["-H", "If-None-Match: \"x\"", "-H", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT"],
        "/a.txt",
        200,
        Same,
        Same,
    ),
    row(&["-H", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT"], "/a.txt", 304, Same, Same),
    row(&["-H", "If-Modified-Since: Wed, 15 Nov 2023 22:13:20 GMT"], "/a.txt", 304, DATES, Same),
    row(&["-H", "If-Modified-Since: Tue Nov 14 22:13:20 2023"], "/a.txt", 304, Same, Same),
    row(&["-H", "If-Modified-Since: garbage"], "/a.txt", 200, Same, Same),
    row(&["-H", "If-Match: \"x\""], "/a.txt", 412, Same, Same),
    row(&["-H", "If-Match: *"], "/a.txt", 200, Same, Same),
    row(&["-H", "If-Match: @E"], "/a.txt", 200, Same, Same),
    row(&["-H", "If-Match: W/@E"], "/a.txt", 412, Same, Same),
    row(&["-H", "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:20 GMT"], "/a.txt", 200, Same, Same),
    row(&["-H", "If-Unmodified-Since: Mon, 13 Nov 2023 22:13:20 GMT"], "/a.txt", 412, Same, Same),
    // Compressed siblings.
    row(&["-H", "Accept-Encoding: gzip"], "/a.txt", 200, Same, SIBLING),
    row(&["-H", "Accept-Encoding: gzip;q=0"], "/a.txt", 200, Same, Same),
    row(&["-H", "Accept-Encoding: gzip", "-r", "0-9"], "/a.txt", 206, RANGES_OF_SIBLINGS, SIBLING),
    row(&[], "/a.txt.gz", 200, Same, Same),
    // Directories.
    row(&[], "/dir", 301, Same, Same),
    row(&[], "/dir?x=1", 301, Same, Same),
    row(&[], "/dir/", 200, Same, Same),
    row(&[], "/noindex/", 404, NOTHING, Same),
    row(&[], "/a.txt/", 404, Same, Same),
    // Names.
    row(&[], "/.hidden", 404, HIDDEN, HIDDEN),
    row(&[], "/../outside.txt", 404, DOTS, DOTS),
    row(&[], "/%2e%2e/outside.txt", 404, DOTS, DOTS),
    row(&[], "/dir/..%2f..%2foutside.txt", 404, DOTS, Same),
    row(&[], "/dir/%2e%2e/a.txt", 404, NO_DOTS, NO_DOTS),
    row(&[], "//a.txt", 200, Same, Same),
    row(&[], "//example.net/%2e%2e/dir", 404, SLASHES, SLASHES),
    row(&[], "/a.txt%00", 404, NOT_TEXT, Same),
    row(&[], "/a.txt%00.html", 404, NOT_TEXT, Same),
    row(&[], "/%zz", 404, NOT_TEXT, NOT_TEXT),
    row(&[], "/dir%5c..%5ca.txt", 404, Same, Same),
    row(&[], "/link", 404, LINKS, LINKS),
    row(&[], "/sp%20ace.txt", 200, Same, Same),
    row(&[], "/%C3%A9.txt", 200, Same, Same),
    row(&[], "/é.txt", 200, Same, Same),
    row(&[], "/%E9.txt", 404, Same, Same),
    row(&[], "/A.TXT", 404, Same, Same),
    row(&[], "/missing", 404, Same, Same),
    // Targets and hosts.
    row(&["--request-target", "http://localhost/a.txt"], "/", 200, Same, Same),
    row(&["-H", "Host:"], "/a.txt", 400, Same, Same),
    row(&["--http1.0", "-H", "Host:"], "/a.txt", 200, Same, Same),
];
