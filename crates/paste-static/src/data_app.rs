//! Serves bytes that are in memory: `paste.fileapp.DataApp`.
//!
//! 1. The path of the request does not count: whoever mounts the app decides where the bytes are.
//! 2. They are sent as files are: with a content type, a strong `ETag` of their content, conditions and
//!    ranges; with `Last-Modified`, if a time was told.
//! 3. [`set`](DataApp::set) replaces them, for all clones at once; who reads the old ones reads on.
//!
//! ```
//! use paste_static::DataApp;
//!
//! let logo = DataApp::new("logo.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
//! logo.set("<svg xmlns='http://www.w3.org/2000/svg' width='1'/>");
//! ```

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use bytes::Bytes;
use paste_core::{App, Request, Result};

use crate::Delivery;
use crate::conditional::EntityTag;
use crate::entity::{self, Content, Entity};

/// An app that serves bytes that are in memory. See the [module](self) for the rules.
#[derive(Clone, Debug)]
pub struct DataApp {
    name: PathBuf,
    delivery: Delivery,
    data: Arc<RwLock<Data>>,
}

#[derive(Clone, Debug)]
struct Data {
    bytes: Bytes,
    tag: EntityTag,
    modified: Option<SystemTime>,
}

impl Data {
    fn of(bytes: Bytes) -> Self {
        let tag = EntityTag::of_identity(&bytes, bytes.len() as u64);
        Self { bytes, tag, modified: None }
    }
}

impl DataApp {
    /// Serves `data` as a file of that name, which gives the content type.
    pub fn new(name: impl Into<PathBuf>, data: impl Into<Bytes>) -> Self {
        let data = Arc::new(RwLock::new(Data::of(data.into())));
        Self { name: name.into(), delivery: Delivery::new(), data }
    }

    /// How the data are sent. Default: [`Delivery::new`].
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Serves `data` from now on, without a time of change.
    pub fn set(&self, data: impl Into<Bytes>) {
        self.replace(Data::of(data.into()));
    }

    /// Serves `data`, which were last changed at `modified`, from now on.
    pub fn set_modified(&self, data: impl Into<Bytes>, modified: SystemTime) {
        self.replace(Data { modified: Some(modified), ..Data::of(data.into()) });
    }

    fn replace(&self, data: Data) {
        *self.data.write().unwrap_or_else(PoisonError::into_inner) = data;
    }
}

impl App for DataApp {
    async fn call(&self, request: Request) -> Result {
        if let Some(answer) = entity::refuse(request.method()) {
            return answer;
        }
        let data = self.data.read().unwrap_or_else(PoisonError::into_inner).clone();
        let entity = Entity {
            content: Content::Bytes(data.bytes),
            tag: Some(data.tag),
            modified: data.modified,
            headers: self.delivery.headers_for(&self.name),
        };
        entity::answer(&request, entity, self.delivery.range_limit())
    }
}
