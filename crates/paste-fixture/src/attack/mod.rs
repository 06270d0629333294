//! Attacks that a service must withstand: paths, ranges, headers, cookies, forms, multipart bodies,
//! and bytes that are not even requests.
//!
//! 1. A corpus is a list of [`Attack`]s. Each has a name, says [why](Attack::why) it is there, and
//!    what a right service may answer: [`Allowed`]. `400` to one of them is as right as `404`; what
//!    no right service does is to fail, to hang, or to give away what it must not.
//! 2. No answer, whatever its status, has the text of a [canary](CANARY) or of a system file, sends
//!    the browser to a host that the attack named (its `Host` header among what names one), has markup or headers of the attacker's, adopts a session of the
//!    attacker's, or claims a length that it has not.
//! 3. [`run`] calls an app in process; a panic is a failure, and so is an answer that does not come
//!    in time. Attacks that no [`http::Request`] can express are skipped.
//! 4. `run_at` sends all of them, byte for byte, to a server on this machine. It refuses any
//!    other.
//! 5. [`plant`] lays out files with canaries, for services that serve a directory.
//!
//! ```
//! use paste_core::{Request, Result, response};
//! use paste_fixture::attack;
//!
//! async fn hello(_request: Request) -> Result { Ok(response::text("hi")) }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let report = attack::run(&hello, attack::paths()).await;
//! assert!(report.passed() > 100);
//! report.assert_passed();
//! # });
//! ```
//!
//! Pages are read as browsers read them by the feature `html`; without it less is found in them. A
//! server is attacked by the feature `live`. Both are on by default.
//!
//! A tower service, such as an axum router, becomes an app by
//! [`into_app`](paste_core::tower::IntoApp::into_app).

mod allowed;
mod corpus;
mod grounds;
mod in_process;
mod judge;
#[cfg(feature = "live")]
mod live;
mod markup;
mod message;
mod report;

use std::fmt;
use std::str::FromStr;

use paste_core::App;

pub use self::allowed::Allowed;
pub use self::corpus::{all, cookies, forms, headers, multipart, paths, ranges, raw};
pub use self::grounds::{CANARY, plant};
pub use self::message::{Attack, Content};
pub use self::report::{Failure, Report};

/// Makes every attack of `corpus` on `app`, in process, one after the other.
///
/// The app is called as a server would call it, as `http://localhost/`; what it reads from files
/// or sockets needs the runtime that it always needs.
pub async fn run(app: &impl App, corpus: impl IntoIterator<Item = Attack>) -> Report {
    let mut report = Report::default();
    for attack in corpus {
        match in_process::call(app, &attack).await {
            Some(outcome) => {
                report.note(&attack, judge::judge(&attack, outcome, in_process::HOST));
            }
            None => report.skip(),
        }
    }
    report
}

/// Makes every attack of `corpus` on the server at `url`, one after the other, each on a connection
/// of its own. The path of `url` is put before every target.
///
/// `url` begins with `http://` and names a loopback address, or a host all of whose addresses are:
/// anything else is an error, and so is a server that cannot be reached. Needs a tokio runtime
/// with I/O and time.
#[cfg(feature = "live")]
pub async fn run_at(
    url: &str,
    corpus: impl IntoIterator<Item = Attack>,
) -> std::io::Result<Report> {
    let server = live::Server::find(url).await?;
    let mut report = Report::default();
    for attack in corpus {
        let attack = attack.below(server.prefix());
        let outcome = server.send(&attack).await?;
        report.note(&attack, judge::judge(&attack, outcome, server.host()));
    }
    Ok(report)
}

/// What an attack tries: one class for each corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Paths that climb, hide, redirect, inject, or are large: [`paths`].
    Paths,
    /// Ranges that overlap, overflow, or are many: [`ranges`].
    Ranges,
    /// Values of request headers: [`headers`].
    Headers,
    /// Cookies: [`cookies`].
    Cookies,
    /// Bodies of forms: [`forms`].
    Forms,
    /// Multipart bodies: [`multipart`].
    Multipart,
    /// Bytes that no [`http::Request`] can express, for servers: [`raw`].
    Raw,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 7] = [
        Self::Paths,
        Self::Ranges,
        Self::Headers,
        Self::Cookies,
        Self::Forms,
        Self::Multipart,
        Self::Raw,
    ];

    /// The name of the class, which is the name of its corpus.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paths => "paths",
            Self::Ranges => "ranges",
            Self::Headers => "headers",
            Self::Cookies => "cookies",
            Self::Forms => "forms",
            Self::Multipart => "multipart",
            Self::Raw => "raw",
        }
    }

    /// The attacks of the class.
    pub fn corpus(self) -> Vec<Attack> {
        match self {
            Self::Paths => paths(),
            Self::Ranges => ranges(),
            Self::Headers => headers(),
            Self::Cookies => cookies(),
            Self::Forms => forms(),
            Self::Multipart => multipart(),
            Self::Raw => raw(),
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A class from its name.
impl FromStr for Class {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|class| class.name() == name);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("no corpus has the name `{name}`: there are {names}")
        })
    }
}
