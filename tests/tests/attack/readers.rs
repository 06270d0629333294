//! paste-core's readers of forms, JSON, cookies and headers under attack: what they read must be
//! refused where it is malformed or too much, and the others answer as right services do.

use paste_core::cookies::SafeCookie;
use paste_core::header::{AcceptCharset, AcceptEncoding, Forwarded};
use paste_core::{
    AllowedHosts, AppExt, HttpErrors, Link, ReadExt, Request, RequestExt, Result, TrustedProxies,
    escape, response,
};
use paste_fixture::attack::{self, Attack};

use super::passes;

/// Shows the form that was sent, as a page.
async fn form(mut request: Request) -> Result {
    let form = request.form().await?;
    let fields = form.fields().iter().map(|(name, value)| format!("{name}: {value}\n"));
    let files = form.files().iter().map(|(name, file)| format!("{name}: {:?}\n", file.file_name()));
    let shown: String = fields.chain(files).collect();
    Ok(response::html(format!("<!doctype html><title>form</title><pre>{}</pre>", escape(&shown))))
}

/// The same, part by part.
async fn stream(mut request: Request) -> Result {
    let mut parts = request.multipart()?;
    let mut shown = String::new();
    while let Some(mut part) = parts.next_part().await? {
        shown += part.name();
        while let Some(chunk) = part.chunk().await? {
            shown += &String::from_utf8_lossy(&chunk);
        }
    }
    Ok(response::text(shown))
}

/// Reads every header that paste-core reads, and shows some of it.
async fn headers(request: Request) -> Result {
    let languages = request.accept_language();
    let format = request.accept().best(["text/html", "application/json"]);
    let encoding = AcceptEncoding::from_headers(request.headers());
    let charset = AcceptCharset::from_headers(request.headers());
    let forwarded = Forwarded::from_headers(request.headers());
    let theme = SafeCookie::new("theme")?.of(&request);
    let shown = format!(
        "{format:?} {:?} {:?} {:?} {forwarded:?} {:?} {:?}",
        languages.best(["en", "de"]),
        encoding.best(["gzip", "br"]),
        charset.best(["utf-8"]),
        request.cookies().collect::<Vec<_>>(),
        request.query_pairs(),
    );
    let link = Link::here(&request).var("again", 1).a("again");
    let mut response =
        response::html(format!("<!doctype html><title>x</title><p>{}<p>{link}", escape(&shown)));
    theme.set(&mut response, theme.value().unwrap_or("light"))?;
    Ok(response)
}

#[tokio::test]
async fn forms_are_refused_where_they_are_broken_or_too_large() {
    let corpus: Vec<_> = attack::multipart().into_iter().map(Attack::read).collect();
    // What is of another type than it reads is a 415, which the corpus takes for a refusal, too.
    passes(&attack::run(&form.with(HttpErrors::new()), corpus.clone()).await, &corpus);
    passes(&attack::run(&stream.with(HttpErrors::new()), corpus.clone()).await, &corpus);
    let corpus = attack::forms();
    passes(&attack::run(&form.with(HttpErrors::new()), corpus.clone()).await, &corpus);
}

#[tokio::test]
async fn headers_and_cookies_break_nothing() {
    let networks = ["127.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap());
    let app = headers
        .with(AllowedHosts::new(["localhost", "127.0.0.1"]))
        .with(TrustedProxies::new(networks))
        .with(HttpErrors::new());
    for corpus in [attack::headers(), attack::cookies(), attack::paths(), attack::ranges()] {
        passes(&attack::run(&app, corpus.clone()).await, &corpus);
    }
}
