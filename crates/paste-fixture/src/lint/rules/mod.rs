//! The rules, each with its check and two examples, one group of them a file.
//!
//! A check looks at one side of an exchange and gives what is at fault, or nothing. Examples are
//! terse: a request head, an empty line, a response head, an empty line, a body. `examples.rs` says
//! how they are read, and runs all of them.

mod auth;
mod body;
mod cache;
mod cache_control;
mod content;
mod cookie_attributes;
mod cookies;
mod cors;
mod disposition;
mod fields;
mod framing;
mod obsolete;
mod ranges;
mod redirects;
mod request;
mod security;
mod status;
mod target;
mod validators;
mod vary;

use std::sync::LazyLock;

use http::{HeaderMap, HeaderName};
use paste_core::Request;

use super::exchange::{Ending, Exchange};
use super::rule::Rule;

/// A rule with its check and its proof.
pub(super) struct Entry {
    pub(super) rule: Rule,
    /// The headers without any of which the check finds nothing, and is not run; empty: always run.
    pub(super) on: &'static [&'static str],
    pub(super) check: Check,
    /// An exchange that breaks the rule.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests read it"))]
    pub(super) breaks: &'static str,
    /// An exchange close to that one that breaks no rule.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests read it"))]
    pub(super) sound: &'static str,
}

/// What a rule looks at. What it gives is the value at fault.
pub(super) enum Check {
    Request(fn(&Request) -> Option<String>),
    Response(fn(&Exchange<'_>) -> Option<String>),
    Ending(fn(&Ending) -> Option<String>),
}

/// Rules about one thing.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) entries: &'static [Entry],
}

/// All rules, in the order in which they are documented.
pub(super) static GROUPS: &[Group] = &[
    Group { title: "Requests: the head", entries: request::ENTRIES },
    Group { title: "Requests: target and environment", entries: target::ENTRIES },
    Group { title: "Header fields in general", entries: fields::ENTRIES },
    Group { title: "Framing and hop-by-hop headers", entries: framing::ENTRIES },
    Group { title: "The body", entries: body::ENTRIES },
    Group { title: "Status codes", entries: status::ENTRIES },
    Group { title: "Redirects and other addresses", entries: redirects::ENTRIES },
    Group { title: "Authentication", entries: auth::ENTRIES },
    Group { title: "Content: type, coding, language", entries: content::ENTRIES },
    Group { title: "Content: disposition", entries: disposition::ENTRIES },
    Group { title: "Dates and caches", entries: cache::ENTRIES },
    Group { title: "Cache-Control", entries: cache_control::ENTRIES },
    Group { title: "Validators and conditions", entries: validators::ENTRIES },
    Group { title: "Vary and negotiation", entries: vary::ENTRIES },
    Group { title: "Ranges", entries: ranges::ENTRIES },
    Group { title: "Cookies", entries: cookies::ENTRIES },
    Group { title: "Attributes of cookies", entries: cookie_attributes::ENTRIES },
    Group { title: "CORS", entries: cors::ENTRIES },
    Group { title: "Security headers", entries: security::ENTRIES },
    Group { title: "Obsolete headers", entries: obsolete::ENTRIES },
];

/// The checks of requests.
pub(super) static OF_REQUESTS: LazyLock<Index> =
    LazyLock::new(|| Index::of(|check| matches!(check, Check::Request(_))));

/// The checks of answers.
pub(super) static OF_RESPONSES: LazyLock<Index> =
    LazyLock::new(|| Index::of(|check| matches!(check, Check::Response(_))));

/// The checks of what becomes of a body.
pub(super) static OF_ENDINGS: LazyLock<Index> =
    LazyLock::new(|| Index::of(|check| matches!(check, Check::Ending(_))));

/// Checks of one kind, with the headers that they wait for: most exchanges have few headers, so that
/// few checks have to look.
pub(super) struct Index {
    /// The bit of each header that a check waits for.
    bits: HeaderMap<u128>,
    checks: Vec<(u128, &'static Entry)>,
}

/// The bit of checks that wait for no header.
const ALWAYS: u128 = 1 << 127;

impl Index {
    fn of(kind: fn(&Check) -> bool) -> Self {
        let mut index = Self { bits: HeaderMap::default(), checks: Vec::new() };
        let entries = GROUPS.iter().flat_map(|group| group.entries);
        for entry in entries.filter(|entry| kind(&entry.check)) {
            let bits = entry.on.iter().map(|name| index.bit_of(name)).fold(0, |all, bit| all | bit);
            index.checks.push((if entry.on.is_empty() { ALWAYS } else { bits }, entry));
        }
        index
    }

    fn bit_of(&mut self, name: &'static str) -> u128 {
        let next = 1 << self.bits.len();
        assert!(next < ALWAYS, "rules wait for fewer than 127 headers");
        *self.bits.entry(HeaderName::from_static(name)).or_insert(next)
    }

    /// The checks that may find something beside these headers, in the order of the rules.
    pub(super) fn checks(&self, headers: &HeaderMap) -> impl Iterator<Item = &'static Entry> {
        let present = headers.keys().filter_map(|name| self.bits.get(name));
        let present = present.fold(ALWAYS, |all, bit| all | bit);
        self.checks.iter().filter(move |(bits, _)| bits & present != 0).map(|(_, entry)| *entry)
    }
}
