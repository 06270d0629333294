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
        if let Ok(method) = Method::from_bytes(name.get_ref().as_bytes()) {
            methods.push(method);
        } else {
            let wrong = format!("`{}` is not a method", name.get_ref());
            context.report(Problem::at(&name, wrong));
        }
    }
    if let Some(path) = options.path.as_ref().filter(|path| !path.get_ref().starts_with('/')) {
        return Err(Problem::at(path, "expected a path that begins with a slash"));
    }
    // Without the filter the file is refused, and why is told already.
    let when = When::new(filter.unwrap_or_else(Filter::none))
        .path(options.path.as_ref().map_or("/", |path| path.get_ref()));
    let headers = options.header.0.into_iter();
    Ok(headers.fold(when.method(methods), |when, (name, value)| when.header(name, value)))
}
