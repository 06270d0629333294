//! `paster lint`: one exchange with any server, held against the rules of HTTP.

use http::Method;
use paste_core::BoxError;
use paste_fixture::TestApp;
use paste_fixture::lint::Level;

/// What to fetch.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The URL, which begins with http://
    url: String,
    /// The method
    #[arg(long, default_value = "GET")]
    method: Method,
    /// A header, as `Name: value`; may be given again
    #[arg(short = 'H', long = "header", value_name = "HEADER", value_parser = super::request::parse_header)]
    headers: Vec<(http::HeaderName, http::HeaderValue)>,
}

/// Prints what breaks a rule, a line each. Fails if that is a MUST, or if there is no answer. Of the
/// framing no more is looked at than whether the body comes to its end: the client has taken it off,
/// and leaves bytes behind the answer unread. `paster attack` finds those.
pub(super) fn run(options: Options) -> Result<(), BoxError> {
    if !url_of_http(&options.url) {
        return Err(
            format!("`{}` is not a URL that begins with http:// and a host", options.url).into()
        );
    }
    let app = TestApp::at(&options.url);
    let app = options.headers.into_iter().fold(app, |app, (name, value)| app.header(name, value));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let request = app.request(options.method, "").expect_any().allow_findings();
    let answer = runtime.block_on(request.send()).map_err(|error| error.why().to_owned())?;
    println!("{} {}", answer.status(), answer.url());
    let findings = answer.findings();
    for finding in findings {
        println!("{} {finding}", if finding.level == Level::Must { "must  " } else { "should" });
    }
    let broken = findings.iter().filter(|finding| finding.level == Level::Must).count();
    println!("findings: {}, of which {broken} break a MUST", findings.len());
    if broken > 0 {
        Err(format!("{} breaks the rules of HTTP", options.url).into())
    } else {
        Ok(())
    }
}

fn url_of_http(url: &str) -> bool {
    let uri: Result<http::Uri, _> = url.parse();
    uri.is_ok_and(|uri| {
        uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty())
    })
}
