//! Serves an app of the Paste web toolkit over HTTP/1 and HTTP/2, and stops without cutting an
//! answer.
//!
//! ```no_run
//! use paste_core::{Request, Result, response};
//! use paste_server::Server;
//!
//! async fn hello(_request: Request) -> Result {
//!     Ok(response::text("hello"))
//! }
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let server = Server::new().listen("127.0.0.1:8080").bind().await?;
//!     println!("listening on {}", server.urls().join(", "));
//!     server.serve(hello).await;
//!     Ok(())
//! }
//! ```
//!
//! What the server answers by itself, to requests that no app should see, stands in
//! `SEMANTICS.md`, section 7.

mod connection;
mod control;
mod edge;
mod http2;
mod io;
mod limits;
mod listen;
mod metrics;
mod notify;
mod panic;
mod request_body;
mod response_body;
mod server;
mod signals;
mod span;
mod tls;

pub use control::Handle;
pub use limits::Limits;
pub use metrics::Counters;
pub use server::{BoundServer, Server};
pub use signals::Signals;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
