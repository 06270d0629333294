//! What the tests share: a server in process, a raw connection to it, the program `paster`, and a
//! log that can be read.

mod log;
mod paster;
mod server;

pub use log::Log;
pub use paster::{Paster, root};
pub use server::{TestServer, within};
