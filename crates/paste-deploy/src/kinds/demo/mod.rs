//! The kind `demo`: what paste-core does for forms, files, JSON, languages and WebSockets, to try out.

mod clock;
mod page;

use http::{HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use paste_core::cookies::SafeCookie;
use paste_core::form::FormLimits;
use paste_core::{
    App, Error, Link, ReadExt, Request, RequestExt, Response, Result, ResultExt, response,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::page::Language;
use crate::{Context, Problem};

/// A page with a form, for trying things out. It tells what was submitted (fields, files of any
/// size, JSON), speaks the visitor's language, and shows a clock that comes over a WebSocket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// The address of a style sheet for the page.
    #[serde(default)]
    style: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Demo {
    style: Option<String>,
    language: SafeCookie,
}

pub(crate) fn build(options: Options, _: &mut Context<'_>) -> Result<Demo, Problem> {
    let language = SafeCookie::new("language").map_err(|error| Problem::new(error.to_string()))?;
    Ok(Demo { style: options.style, language })
}

/// Files are counted and thrown away, so they may be large.
const LIMITS: FormLimits = FormLimits::DEFAULT.total(16 << 30);

impl App for Demo {
    async fn call(&self, mut request: Request) -> Result {
        let method = request.method().clone();
        let path = request.path_info().into_owned();
        match (&*path, &method) {
            ("", &Method::GET | &Method::HEAD) => {
                let page = Link::to(&request).segment("").to_string();
                Ok(response::redirect(StatusCode::MOVED_PERMANENTLY, &page))
            }
            ("/", &Method::GET | &Method::HEAD) => {
                let page = page::form(self.language(&request), self.style.as_deref());
                Ok(self.localized(&request, response::html(page)))
            }
            ("/", &Method::POST) => {
                let submitted = Submitted::read(&mut request).await?;
                self.show(&request, &submitted)
            }
            ("/json", &Method::POST) => {
                let value: serde_json::Value = request.json().await?;
                response::json(&value)
            }
            ("/language", &Method::GET | &Method::HEAD) => self.choose_language(&request),
            ("/script.js", &Method::GET | &Method::HEAD) => {
                let script = include_str!("script.js").into();
                let kind = HeaderValue::from_static("text/javascript; charset=utf-8");
                Ok(response::typed(kind, script))
            }
            ("/clock", &Method::GET) => clock::open(request),
            ("" | "/", _) => {
                Err(Error::method_not_allowed(&[Method::GET, Method::HEAD, Method::POST]))
            }
            ("/json", _) => Err(Error::method_not_allowed(&[Method::POST])),
            ("/language" | "/script.js" | "/clock", _) => {
                Err(Error::method_not_allowed(&[Method::GET, Method::HEAD]))
            }
            _ => Err(Error::not_found()),
        }
    }
}

impl Demo {
    /// What the visitor chose, or else what the browser asks for.
    fn language(&self, request: &Request) -> Language {
        let chosen = self.language.of(request);
        let chosen = chosen.value().and_then(Language::of_tag);
        let asked = || Language::of_tag(request.accept_language().best(Language::TAGS)?);
        chosen.or_else(asked).unwrap_or_default()
    }

    fn localized(&self, request: &Request, mut response: Response) -> Response {
        let language = HeaderValue::from_static(self.language(request).tag());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LANGUAGE, language);
        headers.insert(header::VARY, HeaderValue::from_static("accept, accept-language, cookie"));
        response
    }

    fn choose_language(&self, request: &Request) -> Result {
        let pairs = request.query_pairs();
        let to = pairs.iter().find(|(name, _)| name == "to").map(|(_, value)| &**value);
        let language = to.and_then(Language::of_tag).status(StatusCode::BAD_REQUEST)?;
        let page = Link::to(request).segment("").to_string();
        let mut response = response::redirect(StatusCode::SEE_OTHER, &page);
        self.language.of(request).set(&mut response, language.tag())?;
        Ok(response)
    }

    fn show(&self, request: &Request, submitted: &Submitted) -> Result {
        let form = ["text/html", "application/json"];
        let answer = if request.accept().best(form) == Some("application/json") {
            response::json(submitted)?
        } else {
            let language = self.language(request);
            response::html(page::submitted(language, self.style.as_deref(), submitted))
        };
        Ok(self.localized(request, answer))
    }
}

/// What a form brought.
#[derive(Debug, Default, Serialize)]
struct Submitted {
    fields: Vec<(String, String)>,
    files: Vec<Upload>,
}

#[derive(Debug, Serialize)]
struct Upload {
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
    size: u64,
}

impl Submitted {
    async fn read(request: &mut Request) -> Result<Self> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let is_multipart = content_type.is_some_and(|value| {
            value
                .as_bytes()
                .get(..10)
                .is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"))
        });
        if !is_multipart || request.body().is_end_stream() {
            let form = request.form().await?;
            return Ok(Self { fields: form.fields().to_vec(), files: Vec::new() });
        }
        let mut submitted = Self::default();
        let mut parts = request.multipart_within(LIMITS)?;
        while let Some(mut part) = parts.next_part().await? {
            let name = part.name().to_owned();
            if !part.is_file() {
                submitted.fields.push((name, part.text().await?));
                continue;
            }
            let file_name = part.file_name().map(str::to_owned);
            let content_type = part.content_type().map(str::to_owned);
            let mut size = 0;
            while let Some(chunk) = part.chunk().await? {
                size += chunk.len() as u64;
            }
            submitted.files.push(Upload { name, file_name, content_type, size });
        }
        Ok(submitted)
    }
}
