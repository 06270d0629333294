//! Static files for the Paste web toolkit.
//!
//! [`StaticDir`] serves the files below a directory, [`FileApp`] one file, [`DataApp`] bytes in memory.
//! [`Delivery`] says how: headers, caching, active content.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `listing` | no | [`StaticDir`] lists directories, as HTML and JSON |
//! | `serde` | no | the choices among options deserialize from configuration, and describe themselves |

mod conditional;
pub mod data_app;
pub mod delivery;
mod entity;
pub mod file_app;
mod file_body;
#[cfg(feature = "listing")]
mod listing;
mod precompressed;
pub mod range;
mod resolve;
pub mod static_dir;
mod windows;

pub use data_app::DataApp;
pub use delivery::{ActiveContent, Delivery, GlobError};
pub use file_app::FileApp;
pub use resolve::Symlinks;
pub use static_dir::StaticDir;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
