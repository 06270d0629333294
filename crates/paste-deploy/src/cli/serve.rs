//! `paster serve` and `paster static`: an app on the network.

use std::io::IsTerminal;

use paste_core::{App, BoxError};
use paste_server::{Server, Signals};
use tracing_subscriber::EnvFilter;

use crate::ServerOptions;

/// Serves `app` until SIGTERM or SIGINT. Logs go to standard error; `RUST_LOG` says how much.
pub(super) fn run(app: impl App, options: ServerOptions) -> Result<(), BoxError> {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing_subscriber::filter::LevelFilter::INFO.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter.from_env_lossy())
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();

    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if options.workers > 0 {
        runtime.worker_threads(options.workers);
    }
    runtime.enable_all().build()?.block_on(async {
        let server = options.listen.into_iter().fold(Server::new(), Server::listen).bind().await?;
        let signals = Signals::take()?;
        for url in server.urls() {
            eprintln!("listening on {url}");
        }
        server.serve_by(app, signals, || {}).await;
        Ok(())
    })
}
