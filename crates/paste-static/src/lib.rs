//! Static files for the Paste web toolkit.
//!
//! [`StaticDir`] serves the files below a directory, [`FileApp`] one file, [`DataApp`] bytes in memory.
//! [`FileTree`] finds a file by its URL and has the handler of its extension answer.
//! [`Delivery`] says how: headers, caching, active content.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `archive` | no | `Archive`: files in a zip archive, never extracted |
//! | `embed` | no | `Embedded`: files compiled into the program, with rust-embed |
//! | `listing` | no | [`StaticDir`] lists directories, as HTML and JSON |
//! | `serde` | no | the choices among options deserialize from configuration, and describe themselves |

#[cfg(feature = "archive")]
pub mod archive;
mod conditional;
pub mod data_app;
pub mod delivery;
#[cfg(feature = "embed")]
pub mod embedded;
mod entity;
pub mod file_app;
mod file_body;
pub mod file_tree;
#[cfg(feature = "listing")]
mod listing;
#[cfg(any(feature = "archive", feature = "embed"))]
mod packed;
mod precompressed;
pub mod range;
mod resolve;
pub mod static_dir;
mod windows;

#[cfg(feature = "archive")]
pub use archive::{Archive, ArchiveError};
pub use data_app::DataApp;
pub use delivery::{ActiveContent, Delivery, GlobError};
#[cfg(feature = "embed")]
pub use embedded::Embedded;
pub use file_app::FileApp;
pub use file_tree::{FileTree, FoundFile};
pub use resolve::Symlinks;
pub use static_dir::StaticDir;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
