//! `paster attack`: attacks on a server of this machine.

use paste_core::BoxError;
use paste_fixture::attack::{self, Class};

/// What to attack, and how.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// The URL of a server on this machine, which begins with http://; its path goes before every
    /// target
    url: String,
    /// Make only the attacks of this corpus: paths, ranges, headers, cookies, forms, multipart or
    /// raw; may be given again [default: all of them]
    #[arg(long = "corpus", value_name = "CORPUS")]
    corpora: Vec<Class>,
}

/// Prints one line for each attack that the server does not withstand, and the numbers. Fails if
/// there is one.
pub(super) fn run(options: Options) -> Result<(), BoxError> {
    let classes = if options.corpora.is_empty() { Class::ALL.to_vec() } else { options.corpora };
    let corpus = classes.into_iter().flat_map(Class::corpus);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(attack::run_at(&options.url, corpus))?;
    println!("{report}");
    if report.failures().is_empty() {
        Ok(())
    } else {
        Err(format!("{} does not withstand all attacks", options.url).into())
    }
}
