//! A form of a page, filled in and submitted as in a browser.
//!
//! 1. What a control holds at first, and which controls are sent, follows the WHATWG form
//!    submission algorithm.
//! 2. A name that the form lacks, a value that a select or a radio group lacks, and a control that
//!    nobody could fill in, are errors that list what there is.
//!    Nothing is validated otherwise: `required`, `pattern` and `maxlength` hold nobody back, so that
//!    a test can send what a server must not trust.
//! 3. A submission by a button takes its name and value, and its `formaction`, `formmethod` and
//!    `formenctype`. One without a button takes the form's own.
//! 4. It goes out in the encoding that `accept-charset` names, else in that of the page. What that
//!    encoding lacks is sent as `&#NNN;`.

mod controls;
mod entries;
mod fill;
mod sanitize;

use std::fmt;

use bytes::Bytes;
use encoding_rs::Encoding;
use form_urlencoded::EncodingOverride;
use http::{HeaderValue, Method, header};
use url::Url;

use self::controls::Control;
use super::document::{Document, join};
use super::{TestApp, TestRequest, encode};
use crate::cut::cut;

/// A form of a page. See the [module](self) for the rules, and
/// [`TestResponse::form`](super::TestResponse::form) for how to get one.
#[derive(Clone, Debug)]
pub struct Form {
    app: TestApp,
    page: Url,
    base: Url,
    /// The encoding of the page, and so of its addresses.
    of_page: &'static Encoding,
    /// What the form is sent in.
    encoding: &'static Encoding,
    id: Option<String>,
    target: Target,
    controls: Vec<Control>,
}

/// Where a form goes, and how: attributes of the form, or of the button that was pressed.
#[derive(Clone, Debug, Default)]
struct Target {
    action: Option<String>,
    method: Option<String>,
    enctype: Option<String>,
}

/// Why a form cannot be filled in or submitted as the test wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError(String);

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FormError {}

impl Form {
    /// All forms of a page, in its order.
    pub(super) fn all(app: &TestApp, page: &Url, document: &Document) -> Vec<Self> {
        let base = document.base_url(page);
        let mut controls = controls::by_form(document);
        let elements = document.elements().map(|placed| placed.element);
        let forms = elements.filter(|element| element.value().name() == "form");
        forms
            .map(|form| {
                let attribute = |name| form.attr(name).map(str::to_owned);
                let accepted = form.attr("accept-charset").unwrap_or_default();
                // Commas are of HTML 4, and browsers still take them.
                let mut accepted = accepted.split([' ', '\t', '\n', '\x0C', '\r', ',']);
                let accepted = accepted.find_map(|label| Encoding::for_label(label.as_bytes()));
                Self {
                    app: app.clone(),
                    page: page.clone(),
                    base: base.clone(),
                    of_page: document.encoding,
                    encoding: accepted.unwrap_or(document.encoding).output_encoding(),
                    id: attribute("id"),
                    target: Target {
                        action: attribute("action"),
                        method: attribute("method"),
                        enctype: attribute("enctype"),
                    },
                    controls: controls.remove(&form.id()).unwrap_or_default(),
                }
            })
            .collect()
    }

    /// The form's id.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What the controls of that name would send now.
    pub fn values(&self, name: &str) -> Vec<String> {
        let texts = self.entries(None).into_iter().filter(|(entry, _)| entry == name);
        texts
            .map(|(_, value)| match value {
                encode::Value::Text(text) => text,
                encode::Value::File(file) => file.file_name,
            })
            .collect()
    }

    /// The request that the form makes when it is submitted without a button.
    #[track_caller]
    pub fn submit(&self) -> TestRequest {
        let request = self.request(None);
        or_panic(request)
    }

    /// The request that the form makes when this button is pressed, known by its name, its value,
    /// its id or its text.
    #[track_caller]
    pub fn press(&self, button: &str) -> TestRequest {
        let button = or_panic(self.button(button, None));
        or_panic(self.request(Some(button)))
    }

    /// The request that the form makes when the button number `index` (from 0) is pressed, of those
    /// that are known by the same name, value, id or text.
    #[track_caller]
    pub fn press_nth(&self, button: &str, index: usize) -> TestRequest {
        let button = or_panic(self.button(button, Some(index)));
        or_panic(self.request(Some(button)))
    }

    fn button(&self, wanted: &str, index: Option<usize>) -> Result<&Control, FormError> {
        let buttons: Vec<_> =
            self.controls.iter().filter(|control| control.kind.is_submitter()).collect();
        let by = |fits: fn(&Control, &str) -> bool| {
            let fit: Vec<_> = buttons.iter().filter(|button| fits(button, wanted)).collect();
            (!fit.is_empty()).then_some(fit)
        };
        let found = by(|button, wanted| button.name == wanted)
            .or_else(|| by(|button, wanted| button.kind.button_value() == Some(wanted)))
            .or_else(|| by(|button, wanted| button.id.as_deref() == Some(wanted)))
            .or_else(|| by(|button, wanted| button.label == wanted));
        let Some(found) = found else {
            let known: Vec<_> = buttons.iter().map(|button| button.label.as_str()).collect();
            return Err(no_such("button", wanted, self.id().unwrap_or("the form"), &known));
        };
        let button = match (&found[..], index) {
            ([button], None) => button,
            (_, None) => {
                let count = found.len();
                let message = format!("{count} buttons fit `{wanted}`: say which by `press_nth`");
                return Err(FormError(message));
            }
            (_, Some(index)) => found.get(index).ok_or_else(|| {
                let count = found.len();
                FormError(format!("{count} buttons fit `{wanted}`: there is no number {index}"))
            })?,
        };
        button.can_be_filled_in()?;
        Ok(button)
    }

    /// WHATWG HTML, 4.10.22.3, from step 10 on.
    #[track_caller]
    fn request(&self, submitter: Option<&Control>) -> Result<TestRequest, FormError> {
        let entries = self.entries(submitter);
        let encoding: EncodingOverride<'_> = Some(&|text| self.encoding.encode(text).0);
        let of_button = submitter.map(|button| &button.target);
        let attribute =
            |of: fn(&Target) -> Option<&String>| of_button.and_then(of).or(of(&self.target));
        let action = attribute(|target| target.action.as_ref()).map_or("", |action| action.trim());
        let mut url = if action.is_empty() {
            self.page.clone()
        } else {
            let parsed = join(self.of_page, &self.base, action);
            parsed.map_err(|error| {
                FormError(format!("the action `{action}` is not a URL: {error}"))
            })?
        };
        let method = attribute(|target| target.method.as_ref()).map_or("get", String::as_str);
        let mut request = match &*method.to_ascii_lowercase() {
            "post" => {
                let mut request = self.app.request(Method::POST, "");
                let enctype =
                    attribute(|target| target.enctype.as_ref()).map_or("", String::as_str);
                let (content_type, body) = match &*enctype.to_ascii_lowercase() {
                    "multipart/form-data" => encode::multipart(&entries, encoding),
                    "text/plain" => (
                        HeaderValue::from_static("text/plain"),
                        Bytes::from(encode::plain(&entries, encoding)),
                    ),
                    _ => {
                        let content_type =
                            HeaderValue::from_static("application/x-www-form-urlencoded");
                        (content_type, Bytes::from(encode::urlencoded(&entries, encoding)))
                    }
                };
                request.headers.insert(header::CONTENT_TYPE, content_type);
                request.body = body;
                request
            }
            "dialog" => return Err(FormError("the method `dialog` sends no request".to_owned())),
            _ => {
                url.set_query(Some(&encode::urlencoded(&entries, encoding)));
                self.app.request(Method::GET, "")
            }
        };
        url.set_fragment(None);
        request.target = Ok(url);
        request.initiator = Some(self.page.clone());
        Ok(request)
    }
}

fn no_such(what: &str, wanted: &str, owner: &str, known: &[&str]) -> FormError {
    let known = if known.is_empty() {
        "there are none".to_owned()
    } else {
        cut(&format!("there are `{}`", known.join("`, `")), 4 << 10).into_owned()
    };
    FormError(format!("there is no {what} `{wanted}` in {owner}; {known}"))
}

#[track_caller]
fn or_panic<T>(result: Result<T, FormError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}
