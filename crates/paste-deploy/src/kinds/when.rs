//! The kind `when`.

use http::Method;
use paste_dispatch::When;
use paste_filter::headers::HeaderPairs;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::{Context, Filter, Problem};

/// A filter for those requests only for which all conditions hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// The name of the filter, or its kind.
    #[schemars(with = "String")]
    filter: Spanned<String>,
    /// A path, from where the filter stands: it holds for itself and for what is below.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    path: Option<Spanned<String>>,
    /// Methods, one of which must be the request's.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    method: Vec<Spanned<String>>,
    /// Headers that the request must have, with these values.
    #[serde(default)]
    header: HeaderPairs,
}

pub(super) fn build(options: Options, context: &mut Context<'_>) -> Result<When<Filter>, Problem> {
    let filter = context.filter(&options.filter);
    let mut methods = Vec::new();
    for name in options.method {
        let method = Method::from_bytes(name.get_ref().as_bytes()).ok();
        // Methods are compared as they are, and are not written small.
        let is_small = |method: &Method| method.as_str().contains(|c: char| c.is_ascii_lowercase());
        if let Some(method) = method.filter(|method| !is_small(method)) {
            methods.push(method);
        } else {
            let wrong = format!("`{}` is not a method such as `GET`", name.get_ref());
            context.report(Problem::at(&name, wrong));
        }
    }
    let is_path = |path: &str| {
        let climbs = path.split('/').any(|segment| matches!(segment, "." | ".."));
        path.starts_with('/') && !climbs && !path.contains(['?', '#'])
    };
    if let Some(path) = options.path.as_ref().filter(|path| !is_path(path.get_ref())) {
        let wrong = "expected a path that begins with a slash, without `..`, `?` and `#`";
        return Err(Problem::at(path, wrong));
    }
    // Without the filter the file is refused, and why is told already.
    let when = When::new(filter.unwrap_or_else(Filter::none))
        .path(options.path.as_ref().map_or("/", |path| path.get_ref()));
    let headers = options.header.0.into_iter();
    Ok(headers.fold(when.method(methods), |when, (name, value)| when.header(name, value)))
}
