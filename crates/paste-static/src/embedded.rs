//! Serves files that are compiled into the program: `paste.urlparser.PkgResourcesParser`.
//!
//! 1. The files are those of a type that derives [`rust_embed::Embed`]: part of the program in release
//!    builds, read from the disk in development, so that changes show at once.
//! 2. Paths are found as those of a [`StaticDir`](crate::StaticDir) are: the same names are refused, a
//!    directory redirects to its slash and is answered by its index.
//! 3. Files are sent as a `StaticDir` sends them; the `ETag` is that of the content.
//!
//! ```
//! use paste_static::Embedded;
//!
//! #[derive(rust_embed::Embed)]
//! #[folder = "tests/data/embedded"]
//! struct Assets;
//!
//! let assets = Embedded::<Assets>::new();
//! ```

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use paste_core::{App, Error, Request, Result, ResultExt};
use rust_embed::RustEmbed;

use crate::Delivery;
use crate::conditional::EntityTag;
use crate::entity::{self, Content, Entity};
use crate::packed::{Located, locate};
use crate::static_dir::redirect_to_slash;

/// An app that serves files that are compiled in. See the [module](self) for the rules.
pub struct Embedded<E> {
    index: Vec<String>,
    delivery: Delivery,
    files: PhantomData<fn() -> E>,
}

impl<E> Clone for Embedded<E> {
    fn clone(&self) -> Self {
        let (index, delivery) = (self.index.clone(), self.delivery.clone());
        Self { index, delivery, files: PhantomData }
    }
}

impl<E> fmt::Debug for Embedded<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("index", &self.index).finish_non_exhaustive()
    }
}

impl<E> Default for Embedded<E> {
    fn default() -> Self {
        let index = vec!["index.html".to_owned()];
        Self { index, delivery: Delivery::new(), files: PhantomData }
    }
}

impl<E: RustEmbed> Embedded<E> {
    /// Serves the files of `E`.
    pub fn new() -> Self {
        Self::default()
    }

    /// The names of the files that answer for a directory, in order of preference. Default:
    /// `index.html`.
    #[must_use]
    pub fn index<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.index = names.into_iter().map(Into::into).collect();
        self
    }

    /// How the files are sent. Default: [`Delivery::new`].
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }
}

impl<E: RustEmbed + 'static> App for Embedded<E> {
    async fn call(&self, request: Request) -> Result {
        let refused = entity::refuse(request.method());
        if let Some(Err(error)) = refused {
            return Err(error);
        }
        let has_directory = |name: &str| {
            E::iter().any(|file| file.strip_prefix(name).is_some_and(|rest| rest.starts_with('/')))
        };
        let located = locate(&request, &self.index, |name| E::get(name).is_some(), has_directory);
        if let (Some(Ok(options)), false) = (refused, located == Located::Nothing) {
            return Ok(options);
        }
        let name = match located {
            Located::File(name) => name,
            Located::WithoutSlash => return Ok(redirect_to_slash(&request)),
            Located::Nothing => return Err(Error::not_found()),
        };
        let file = E::get(&name).not_found()?;
        let bytes = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        let seconds = file.metadata.last_modified();
        let entity = Entity {
            tag: Some(EntityTag::of_identity(&file.metadata.sha256_hash(), bytes.len() as u64)),
            modified: seconds.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds)),
            headers: self.delivery.headers_for(Path::new(&name)),
            content: Content::Bytes(bytes),
        };
        entity::answer(&request, entity, self.delivery.range_limit())
    }
}
