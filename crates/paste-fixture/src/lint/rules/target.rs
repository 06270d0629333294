//! What servers and outer middlewares keep of a request's target and of its environment.

use http::Method;
use paste_core::{OriginalUri, RemoteUser, Request, RequestExt, Scheme, path};

use super::super::rule::{Level, Rule};
use super::{Check, Entry};

pub(super) static ENTRIES: &[Entry] = &[
    Entry {
        rule: Rule {
            id: "path-info-slash",
            level: Level::Must,
            clause: "RFC 3875, 4.1.5; RFC 9112, 3.2.1",
            text: "the path that an app sees begins with a slash, or is `*`",
        },
        on: &[],
        check: Check::Request(path_info_slash),
        breaks: "GET example.org:80",
        sound: "GET /",
    },
    Entry {
        rule: Rule {
            id: "path-info-asterisk",
            level: Level::Must,
            clause: "RFC 9112, 3.2.4; SEMANTICS.md, 7.3",
            text: "the target `*` comes with OPTIONS alone",
        },
        on: &[],
        check: Check::Request(path_info_asterisk),
        breaks: "GET *",
        sound: "OPTIONS *",
    },
    Entry {
        rule: Rule {
            id: "script-name-original",
            level: Level::Must,
            clause: "SEMANTICS.md, 4.5",
            text: "who moves a part of the path to the script name keeps the original target",
        },
        on: &[],
        check: Check::Request(script_name_original),
        breaks: "GET /b\n:script-name /a",
        sound: "GET /b\n:script-name /a\n:original /a/b",
    },
    Entry {
        rule: Rule {
            id: "script-name-rebuilds",
            level: Level::Should,
            clause: "SEMANTICS.md, 4.2; RFC 3875, 4.1.13",
            text: "script_name followed by path_info is the path that the client sent",
        },
        on: &[],
        check: Check::Request(script_name_rebuilds),
        breaks: "GET /c\n:script-name /a\n:original /a/b",
        sound: "GET /b%20c/\n:script-name /%61\n:original //a/b%20c/",
    },
    Entry {
        rule: Rule {
            id: "script-name-query",
            level: Level::Should,
            clause: "SEMANTICS.md, 4.1; RFC 3875, 4.1.7",
            text: "who consumes a part of the path leaves the query as it was",
        },
        on: &[],
        check: Check::Request(script_name_query),
        breaks: "GET /b\n:script-name /a\n:original /a/b?c",
        sound: "GET /b?c\n:script-name /a\n:original /a/b?c",
    },
    Entry {
        rule: Rule {
            id: "scheme-known",
            level: Level::Must,
            clause: "RFC 9110, 4.2; SEMANTICS.md, 4",
            text: "the scheme of the environment is `http` or `https`",
        },
        on: &[],
        check: Check::Request(scheme_known),
        breaks: "GET /\n:scheme HTTPS",
        sound: "GET /\n:scheme https",
    },
    Entry {
        rule: Rule {
            id: "remote-user-empty",
            level: Level::Must,
            clause: "RFC 3875, 4.1.11",
            text: "a user who was authenticated has a name; without one there is no user",
        },
        on: &[],
        check: Check::Request(remote_user_empty),
        breaks: "GET /\n:user",
        sound: "GET /\n:user ann",
    },
];

fn path_info_slash(request: &Request) -> Option<String> {
    let wanted = request.uri().path().starts_with('/')
        || request.uri().path() == "*"
        || *request.method() == Method::CONNECT;
    (!wanted).then(|| format!("{} {}", request.method(), request.uri()))
}

fn path_info_asterisk(request: &Request) -> Option<String> {
    let wrong = request.uri().path() == "*" && *request.method() != Method::OPTIONS;
    wrong.then(|| format!("{} *", request.method()))
}

fn script_name_original(request: &Request) -> Option<String> {
    let consumed = request.script_name();
    let wrong = !consumed.is_empty() && request.extensions().get::<OriginalUri>().is_none();
    wrong.then(|| format!("script_name {consumed}, without original_uri"))
}

/// Script name, path and original path, where something was consumed.
fn mounted(request: &Request) -> Option<(&str, &http::Uri, &http::Uri)> {
    let script_name = request.script_name();
    let original = request.extensions().get::<OriginalUri>()?;
    (!script_name.is_empty()).then_some((script_name, request.uri(), &original.0))
}

fn script_name_rebuilds(request: &Request) -> Option<String> {
    let (script_name, uri, original) = mounted(request)?;
    let seen = path::segments(script_name).chain(path::segments(uri.path())).map(path::decode);
    let sent = path::segments(original.path()).map(path::decode);
    let wrong = !seen.eq(sent);
    wrong.then(|| format!("script_name {script_name}, path {}, of {original}", uri.path()))
}

fn script_name_query(request: &Request) -> Option<String> {
    let (script_name, uri, original) = mounted(request)?;
    let wrong = uri.query() != original.query();
    wrong.then(|| format!("script_name {script_name}, {uri} of {original}"))
}

fn scheme_known(request: &Request) -> Option<String> {
    let scheme = request.extensions().get::<Scheme>()?.0;
    (!matches!(scheme, "http" | "https")).then(|| format!("scheme {scheme:?}"))
}

fn remote_user_empty(request: &Request) -> Option<String> {
    let user = request.extensions().get::<RemoteUser>()?;
    user.name().is_empty().then(|| "remote_user \"\"".to_owned())
}
