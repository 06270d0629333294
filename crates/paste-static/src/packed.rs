//! What files that are not in a directory have in common: names with slashes, found as paths are.

use http::Request;
use paste_core::RequestExt;

use crate::resolve::Policy;

/// What a request names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Located {
    /// The file of that name.
    File(String),
    /// A directory without the slash that it needs.
    WithoutSlash,
    Nothing,
}

/// Finds the name that a request means, where `has_file` and `has_directory` know the names, and a
/// directory is answered by the first of its `index` files.
pub(crate) fn locate<B>(
    request: &Request<B>,
    index: &[String],
    has_file: impl Fn(&str) -> bool,
    has_directory: impl Fn(&str) -> bool,
) -> Located {
    let relative = Policy::default().relative_path(request.uri().path());
    let Some(name) = relative.and_then(|path| path.into_os_string().into_string().ok()) else {
        return Located::Nothing;
    };
    let is_directory = request.path_info().ends_with('/');
    if name.is_empty() || has_directory(&name) {
        if !is_directory {
            return Located::WithoutSlash;
        }
        let slash = if name.is_empty() { "" } else { "/" };
        let mut names = index.iter().map(|own| format!("{name}{slash}{own}"));
        return names.find(|name| has_file(name)).map_or(Located::Nothing, Located::File);
    }
    if !is_directory && has_file(&name) { Located::File(name) } else { Located::Nothing }
}

/// Whether a name is one that a path can mean.
#[cfg(feature = "archive")]
pub(crate) fn is_servable(name: &str) -> bool {
    name.split('/').all(|part| Policy::default().may_name(part.as_bytes()))
}
