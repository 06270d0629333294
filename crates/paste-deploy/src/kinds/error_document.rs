//! The kind `error-document`.

use std::collections::BTreeMap;

use paste_dispatch::ErrorDocument;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::{Context, Problem};

/// Shows pages of the site in place of error responses; the status stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// The path of the page by status, such as `{ "404" = "/errors/404.html" }`.
    #[schemars(with = "BTreeMap<String, String>")]
    pages: BTreeMap<Spanned<String>, Spanned<String>>,
}

pub(super) fn build(options: Options, context: &mut Context<'_>) -> Result<ErrorDocument, Problem> {
    let mut documents = ErrorDocument::new();
    for (code, path) in options.pages {
        let status = code.get_ref().parse().ok().filter(|code| (300..=599).contains(code));
        let status = status.and_then(|code| http::StatusCode::from_u16(code).ok());
        let Some(status) = status.filter(|status| *status != http::StatusCode::NOT_MODIFIED) else {
            let wrong = format!(
                "`{}` is not a status that has a page: expected 300 to 599",
                code.get_ref()
            );
            context.report(Problem::at(&code, wrong));
            continue;
        };
        if !path.get_ref().starts_with('/') || path.get_ref().starts_with("//") {
            context.report(Problem::at(&path, "expected a path that begins with one slash"));
            continue;
        }
        documents = documents.page(status, path.into_inner());
    }
    Ok(documents)
}
