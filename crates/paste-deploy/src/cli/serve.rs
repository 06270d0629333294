//! `paster serve` and `paster static`: an app on the network.
//!
//! 1. `listening on URL` is printed for each address, once connections are accepted.
//! 2. At SIGHUP the file is read anew: its apps, filters and limits hold for requests from then on.
//!    If something is wrong with it, that is logged, and everything stays as it was. Where to
//!    listen, threads, which files certificates are in, and health need a restart.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use paste_core::{App, BoxApp, BoxError, Request};
use paste_server::{Handle, Server, Signals};
use tracing_subscriber::EnvFilter;

use crate::{Registry, ServerOptions, Site};

/// Serves `app` until SIGTERM or SIGINT. Logs go to standard error; `RUST_LOG` says how much.
pub(super) fn run(
    app: impl App,
    options: ServerOptions,
    reload: impl Fn(&Handle) + Send + Sync,
) -> Result<(), BoxError> {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing_subscriber::filter::LevelFilter::INFO.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter.from_env_lossy())
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();

    let threads = match options.workers {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        threads => threads,
    };
    let mut runtime = if options.per_core {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    runtime.worker_threads(threads).enable_all().build()?.block_on(async {
        let server = server(options, threads).bind().await?;
        let signals = Signals::take()?;
        for url in server.urls() {
            eprintln!("listening on {url}");
        }
        let handle = server.handle();
        server.serve_by(app, signals, || reload(&handle)).await;
        Ok(())
    })
}

/// The server that the section `[server]` describes.
fn server(options: ServerOptions, threads: usize) -> Server {
    let mut server = Server::new()
        .limits(options.limits.limits())
        .graceful_timeout(options.limits.graceful_timeout)
        .proxy_protocol(options.proxy_protocol)
        .per_core(if options.per_core { threads } else { 1 });
    server = options.listen.into_iter().fold(server, Server::listen);
    server = options.redirect_to_https.into_iter().fold(server, Server::redirect_to_https);
    server = options.tls.into_iter().fold(server, |server, pair| server.tls(pair.cert, pair.key));
    if let Some(mode) = options.unix_mode {
        server = server.unix_mode(mode);
    }
    match options.health {
        Some(path) => server.health(path),
        None => server,
    }
}

/// An app in whose place another may be put while it serves.
#[derive(Clone, Debug)]
pub(super) struct Reloadable(Arc<RwLock<BoxApp>>);

impl Reloadable {
    pub(super) fn new(app: BoxApp) -> Self {
        Self(Arc::new(RwLock::new(app)))
    }
}

impl App for Reloadable {
    async fn call(&self, request: Request) -> paste_core::Result {
        let app = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        app.call(request).await
    }
}

/// What SIGHUP does.
pub(super) struct Reload {
    pub(super) file: PathBuf,
    pub(super) registry: Registry,
    /// What the file said at the start.
    pub(super) options: ServerOptions,
}

impl Reload {
    pub(super) fn run(&self, app: &Reloadable, server: &Handle) {
        let site = match Site::load(&self.file, &self.registry) {
            Ok(site) => site,
            Err(error) => {
                tracing::error!("the configuration stays as it was:\n{error}");
                return;
            }
        };
        let new = site.server();
        if !new.differs_only_in_limits(&self.options) {
            tracing::warn!("[server] has changed: but for `limits`, that needs a restart");
        }
        server.set_limits(new.limits.limits());
        *app.0.write().unwrap_or_else(PoisonError::into_inner) = site.app();
        tracing::info!("the configuration is read anew");
    }
}
