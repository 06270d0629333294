//! `paster request`: one request in process, and its answer in print.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Method, Uri, header};
use paste_core::{App, Body, BoxError, ClientAddr, ErrorRenderer, Request, Response};
use serde_json::json;

use crate::{Registry, Site};

/// What may be asked.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The TOML file
    file: PathBuf,
    /// The method, such as GET
    method: Method,
    /// The path with its query, or a whole URL, whose host the request then names
    path: Uri,
    /// A header, as `Name: value`; may be given again
    #[arg(short = 'H', long = "header", value_name = "HEADER", value_parser = parse_header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The body
    #[arg(short, long)]
    data: Option<String>,
    /// Print a JSON object of status, headers and body (as text)
    #[arg(long)]
    json: bool,
}

pub(super) fn parse_header(text: &str) -> Result<(HeaderName, HeaderValue), BoxError> {
    let (name, value) = text.split_once(':').ok_or("expected `Name: value`")?;
    Ok((name.trim().parse()?, value.trim().parse()?))
}

pub(super) fn run(options: &Options, registry: &Registry) -> Result<(), BoxError> {
    let request = build(options)?;
    let app = Site::load(&options.file, registry)?.app();
    let renderer = ErrorRenderer::for_request(&request);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let answer = app.call(request).await.unwrap_or_else(|mut error| {
            if error.status().is_server_error() {
                eprintln!("{error:?}");
            }
            renderer.render(&mut error)
        });
        if options.json { print_json(answer, options).await } else { print(answer, options).await }
    })
}

/// The request as the server would hand it to the app, from this machine.
fn build(options: &Options) -> Result<Request, BoxError> {
    let path = options.path.path_and_query().cloned();
    let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
    let is_url = matches!(options.path.scheme_str(), Some("http" | "https"))
        && options.path.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    let is_path = options.path.authority().is_none();
    if !(is_url || is_path) || !path.as_str().starts_with('/') {
        return Err(format!(
            "`{}` is neither a path that begins with a slash nor a URL",
            options.path
        )
        .into());
    }
    let host = options.path.authority().map_or("localhost", |authority| authority.as_str());
    let body = options.data.clone().map(Body::from).unwrap_or_default();
    let mut request = Request::new(body);
    *request.method_mut() = options.method.clone();
    *request.uri_mut() = Uri::from(path);
    request.headers_mut().insert(header::HOST, host.parse()?);
    if let Some(data) = &options.data {
        request.headers_mut().insert(header::CONTENT_LENGTH, data.len().into());
    }
    let mut given: Vec<&HeaderName> = Vec::new();
    for (name, value) in &options.headers {
        if !given.contains(&name) {
            request.headers_mut().remove(name);
        }
        request.headers_mut().append(name, value.clone());
        given.push(name);
    }
    request.extensions_mut().insert(ClientAddr(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
    Ok(request)
}

async fn print(answer: Response, options: &Options) -> Result<(), BoxError> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "HTTP/1.1 {}", answer.status())?;
    for (name, value) in answer.headers() {
        write!(out, "{name}: ")?;
        out.write_all(value.as_bytes())?;
        writeln!(out)?;
    }
    writeln!(out)?;
    let mut body = answer.into_body();
    while options.method != Method::HEAD
        && let Some(chunk) = body.chunk().await?
    {
        out.write_all(&chunk)?;
    }
    Ok(out.flush()?)
}

async fn print_json(answer: Response, options: &Options) -> Result<(), BoxError> {
    let (head, body) = answer.into_parts();
    let body = if options.method == Method::HEAD { body.without_content() } else { body };
    let body = body.collect(usize::MAX).await?;
    let headers = head.headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let text = String::from_utf8_lossy(&body);
    println!("{:#}", json!({ "status": head.status.as_u16(), "headers": headers, "body": text }));
    Ok(())
}
