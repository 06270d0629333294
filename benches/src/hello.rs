//! `Hello, world!` over HTTP by paste-server, for clients that count what it costs: see README.md.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::process::ExitCode;

use paste_core::{Request, Result, response};
use paste_server::{Limits, Server};

async fn hello(_: Request) -> Result {
    Ok(response::text("Hello, world!"))
}

/// Serves in one thread until it is told to stop, and prints the address.
fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let served = runtime.and_then(|runtime| {
        runtime.block_on(async {
            let limits = Limits::new().max_connections(0);
            let server = Server::new().listen("127.0.0.1:0").limits(limits).bind().await?;
            println!("{}", server.local_addrs()[0]);
            server.serve(hello).await;
            Ok(())
        })
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
