//! The kinds of apps and filters that every registry begins with. One file each, or the builder of
//! the crate that has it.

#![allow(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "factories have one shape, whatever they need of it"
)]

mod access_log;
mod allowed_hosts;
mod archive;
mod body_limit;
mod cascade;
mod cors;
mod counter;
#[cfg(feature = "demo")]
mod demo;
mod dump;
mod error_document;
mod file;
mod file_tree;
mod http_errors;
mod https_redirect;
mod rate_limit;
mod recursive;
mod redirect;
mod request_id;
mod session;
mod static_dir;
mod text;
mod timeout;
mod upload_progress;
mod url_map;
mod when;

use std::ops::RangeInclusive;

use http::StatusCode;
use paste_filter::{Compress, Decompress, Etag, Headers};
use paste_fixture::Lint;

use crate::{Context, Problem, Registry};

/// Adds all kinds.
pub(crate) fn register(registry: Registry) -> Registry {
    #[cfg(feature = "demo")]
    let registry = registry.app("demo", demo::build);
    registry
        .app("archive", archive::build)
        .app("cascade", cascade::build)
        .app("counter", counter::build)
        .app("dump", dump::build)
        .app("file", file::build)
        .app("file-tree", file_tree::build)
        .app("redirect", redirect::build)
        .app("static", static_dir::build)
        .app("text", text::build)
        .app("urlmap", url_map::build)
        .app("urlparser", file_tree::build)
        .filter("access-log", access_log::build)
        .filter("allowed-hosts", allowed_hosts::build)
        .filter("body-limit", body_limit::build)
        .filter("compress", |compress: Compress, _: &mut Context<'_>| Ok(compress))
        .filter("cors", cors::build)
        .filter("decompress", |decompress: Decompress, _: &mut Context<'_>| Ok(decompress))
        .filter("error-document", error_document::build)
        .filter("etag", |etag: Etag, _: &mut Context<'_>| Ok(etag))
        .filter("headers", |headers: Headers, _: &mut Context<'_>| Ok(headers))
        .filter("http-errors", http_errors::build)
        .filter("https-redirect", https_redirect::build)
        .filter("lint", |lint: Lint, _: &mut Context<'_>| Ok(lint))
        .filter("rate-limit", rate_limit::build)
        .filter("recursive", recursive::build)
        .filter("request-id", request_id::build)
        .filter("session", session::build)
        .filter("timeout", timeout::build)
        .filter("upload-progress", upload_progress::build)
        .filter("when", when::build)
}

/// The status of a key `status`, which must be in `range`.
fn status(code: u16, range: RangeInclusive<u16>) -> Result<StatusCode, Problem> {
    status_at("status", code, range)
}

/// The same for another key.
fn status_at(
    key: &'static str,
    code: u16,
    range: RangeInclusive<u16>,
) -> Result<StatusCode, Problem> {
    let problem = || {
        let (low, high) = (range.start(), range.end());
        Problem::at_key(key, format!("status {code} cannot be had here: expected {low} to {high}"))
    };
    if range.contains(&code) {
        StatusCode::from_u16(code).map_err(|_| problem())
    } else {
        Err(problem())
    }
}
