//! What both sides of an in-process bench have in common: the command line, the loop that takes the
//! time, the request, and the headers to set.
//!
//! Our side declares this file as a module; the peers, a workspace of their own, take the same file
//! by its path. So neither side can do another amount of work around its calls.

use std::env;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use http::{HeaderName, HeaderValue, Request, header};
use tokio::runtime::{Builder, Runtime};

/// The calls are timed in as many chunks, and the median of them is printed: an interruption spoils
/// one chunk, not the number.
const CHUNKS: u32 = 7;

/// A name for the command line, and what it runs: nanoseconds per call come out.
pub(crate) type Case<'a> = (&'static str, &'a dyn Fn(&Timer) -> f64);

/// Runs `PROGRAM CASE N`: N calls of that case. Prints one line, `CASE<TAB>NANOSECONDS`.
pub(crate) fn run(cases: &[Case<'_>]) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match select(cases, &arguments) {
        Ok(((name, run), timer)) => {
            println!("{name}\t{:.2}", run(&timer));
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn select<'a>(cases: &[Case<'a>], arguments: &[String]) -> Result<(Case<'a>, Timer), String> {
    let names = || cases.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let [name, calls] = arguments else {
        return Err(format!("two arguments are needed: CASE N. The cases: {}", names()));
    };
    let case = cases.iter().find(|(known, _)| known == name);
    let case = case.ok_or_else(|| format!("there is no case `{name}`, only {}", names()))?;
    let calls = calls.parse().ok().filter(|&calls: &u32| calls >= CHUNKS);
    let calls = calls.ok_or_else(|| format!("N must be a whole number, at least {CHUNKS}"))?;
    let runtime = Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(|error| format!("cannot start a runtime: {error}"))?;
    Ok((*case, Timer { runtime, calls }))
}

/// Times calls, one after the other on this thread.
#[derive(Debug)]
pub(crate) struct Timer {
    runtime: Runtime,
    calls: u32,
}

impl Timer {
    /// Waits for what is done before the calls.
    #[allow(dead_code, reason = "not every program prepares something")]
    pub(crate) fn wait<F: Future>(&self, preparing: F) -> F::Output {
        self.runtime.block_on(preparing)
    }

    /// The median nanoseconds of one `call`, whose outcome the optimizer must take for used.
    pub(crate) fn time<T>(&self, mut call: impl AsyncFnMut() -> T) -> f64 {
        let chunk = self.calls / CHUNKS;
        let chunks = async {
            let mut times = [0.0; CHUNKS as usize];
            for time in &mut times {
                let start = Instant::now();
                for _ in 0..chunk {
                    black_box(call().await);
                }
                *time = start.elapsed().as_secs_f64() * 1e9 / f64::from(chunk);
            }
            times
        };
        // Without tokio's budget, which under a server is a new one for each request and here would
        // be spent after 128: from then on timers would not be set any more.
        let mut times = self.runtime.block_on(tokio::task::unconstrained(chunks));
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }
}

/// The request of every case. Three headers, as the plainest of clients sends.
pub(crate) fn request<B>(body: B) -> Request<B> {
    Request::get("/hello")
        .header(header::HOST, "localhost")
        .header(header::ACCEPT_ENCODING, "gzip")
        .header(header::USER_AGENT, "bench")
        .body(body)
        .expect("its parts are constant and valid")
}

/// The text of every answer.
pub(crate) const HELLO: &str = "Hello, world!";

/// So many prefixes, the last of which is that of the request.
pub(crate) fn mounts(count: usize) -> impl Iterator<Item = String> {
    (1..count).map(|n| format!("/mount/number/{n}")).chain(["/hello".to_owned()])
}

/// One for each of the five middlewares.
///
/// An `http::HeaderMap` has room for six before it moves to a larger allocation. The apps set none
/// themselves and axum adds `content-length`, so both sides stay below that step. With one more axum
/// alone would pay for it, with two both.
pub(crate) fn headers() -> [(HeaderName, HeaderValue); 5] {
    let value = HeaderValue::from_static;
    [
        (header::X_FRAME_OPTIONS, value("DENY")),
        (header::X_CONTENT_TYPE_OPTIONS, value("nosniff")),
        (header::REFERRER_POLICY, value("no-referrer")),
        (header::STRICT_TRANSPORT_SECURITY, value("max-age=31536000")),
        (header::CONTENT_SECURITY_POLICY, value("default-src 'self'")),
    ]
}
