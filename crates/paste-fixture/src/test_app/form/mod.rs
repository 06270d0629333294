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

mod controls;
mod entries;
mod sanitize;

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use scraper::{ElementRef, Html};
use url::Url;

use self::controls::{Control, Kind};
pub(super) use self::controls::{base_url, elements};
use super::encode::{self, Upload};
use super::{TestApp, TestRequest};
use crate::cut::cut;

/// A form of a page. See the [module](self) for the rules, and
/// [`TestResponse::form`](super::TestResponse::form) for how to get one.
#[derive(Clone, Debug)]
pub struct Form {
    app: TestApp,
    page: Url,
    base: Url,
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
    pub(super) fn all(app: &TestApp, page: &Url, html: &Html) -> Vec<Self> {
        let base = base_url(html, page);
        let forms = elements(html).filter(|element| element.value().name() == "form");
        let attribute = |form: ElementRef<'_>, name| form.attr(name).map(str::to_owned);
        forms
            .map(|form| Self {
                app: app.clone(),
                page: page.clone(),
                base: base.clone(),
                id: attribute(form, "id"),
                target: Target {
                    action: attribute(form, "action"),
                    method: attribute(form, "method"),
                    enctype: attribute(form, "enctype"),
                },
                controls: controls::of_form(html, form),
            })
            .collect()
    }

    /// The form's id.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The names of all controls, in the order of the page, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for control in self.controls.iter().filter(|control| !control.name.is_empty()) {
            if !names.contains(&control.name.as_str()) {
                names.push(&control.name);
            }
        }
        names
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

    /// Fills in the control of that name: a text, the value of an option or a radio button. Panics
    /// where [`try_set`](Self::try_set) fails.
    #[track_caller]
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        or_panic(self.try_set(name, value));
        self
    }

    /// Fills in the control of that name.
    pub fn try_set(&mut self, name: &str, value: &str) -> Result<(), FormError> {
        self.try_set_nth(name, 0, value, true)
    }

    /// Fills in the control number `index` (from 0) of those that share a name.
    #[track_caller]
    pub fn set_nth(&mut self, name: &str, index: usize, value: &str) -> &mut Self {
        or_panic(self.try_set_nth(name, index, value, false));
        self
    }

    /// Chooses just these options of a select that takes several.
    #[track_caller]
    pub fn set_all(&mut self, name: &str, values: &[&str]) -> &mut Self {
        or_panic(self.try_set_all(name, values));
        self
    }

    /// Checks a checkbox. Where several share the name, `check_value` says which.
    #[track_caller]
    pub fn check(&mut self, name: &str) -> &mut Self {
        or_panic(self.try_check(name, None, true));
        self
    }

    /// Unchecks a checkbox.
    #[track_caller]
    pub fn uncheck(&mut self, name: &str) -> &mut Self {
        or_panic(self.try_check(name, None, false));
        self
    }

    /// Checks or unchecks the checkbox of that name and value.
    #[track_caller]
    pub fn check_value(&mut self, name: &str, value: &str, checked: bool) -> &mut Self {
        or_panic(self.try_check(name, Some(value), checked));
        self
    }

    /// Chooses files for the file control of that name.
    #[track_caller]
    pub fn upload(&mut self, name: &str, files: impl IntoIterator<Item = Upload>) -> &mut Self {
        or_panic(self.try_upload(name, files.into_iter().collect()));
        self
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
        let button = or_panic(self.button(button));
        or_panic(self.request(Some(button)))
    }

    fn try_set_nth(
        &mut self,
        name: &str,
        index: usize,
        value: &str,
        only: bool,
    ) -> Result<(), FormError> {
        let places = self.places(name)?;
        let first = &self.controls[places[0]];
        if matches!(first.kind, Kind::Radio { .. }) {
            return self.choose_radio(name, value);
        }
        if only && places.len() > 1 {
            let by =
                if matches!(first.kind, Kind::Checkbox { .. }) { "check_value" } else { "set_nth" };
            let message =
                format!("{} controls are named `{name}`: say which by `{by}`", places.len());
            return Err(FormError(message));
        }
        let Some(&place) = places.get(index) else {
            return Err(FormError(format!(
                "{} controls are named `{name}`: there is no number {index}",
                places.len()
            )));
        };
        let control = &mut self.controls[place];
        control.can_be_filled_in()?;
        match &mut control.kind {
            Kind::Text { value: text, .. } | Kind::Textarea(text) | Kind::Hidden(text) => {
                value.clone_into(text);
            }
            Kind::Select { .. } => return control.choose(&[value]),
            other => return Err(FormError(format!("`{name}` is {other}: it takes no text"))),
        }
        sanitize::sanitize(control);
        Ok(())
    }

    fn try_set_all(&mut self, name: &str, values: &[&str]) -> Result<(), FormError> {
        let place = self.places(name)?[0];
        let control = &mut self.controls[place];
        control.can_be_filled_in()?;
        control.choose(values)
    }

    fn choose_radio(&mut self, name: &str, value: &str) -> Result<(), FormError> {
        let mut known = Vec::new();
        let mut chosen = None;
        for (place, control) in
            self.controls.iter().enumerate().filter(|(_, control)| control.name == name)
        {
            if let Kind::Radio { value: own, .. } = &control.kind {
                if own == value {
                    control.can_be_filled_in()?;
                    chosen = Some(place);
                }
                known.push(own.as_str());
            }
        }
        let Some(chosen) = chosen else {
            return Err(no_such("radio button", value, name, &known));
        };
        for (place, control) in self.controls.iter_mut().enumerate() {
            if let Kind::Radio { checked, .. } = &mut control.kind
                && control.name == name
            {
                *checked = place == chosen;
            }
        }
        Ok(())
    }

    fn try_check(&mut self, name: &str, wanted: Option<&str>, on: bool) -> Result<(), FormError> {
        self.places(name)?;
        let mut known = Vec::new();
        let mut fit = Vec::new();
        for (place, control) in
            self.controls.iter().enumerate().filter(|(_, control)| control.name == name)
        {
            if let Kind::Checkbox { value, .. } = &control.kind {
                known.push(value.as_str());
                if wanted.is_none_or(|wanted| wanted == value) {
                    fit.push(place);
                }
            }
        }
        let place = match (&fit[..], wanted) {
            ([place], _) | ([place, ..], Some(_)) => *place,
            ([], wanted) => return Err(no_such("checkbox", wanted.unwrap_or("on"), name, &known)),
            (_, None) => {
                return Err(FormError(format!(
                    "{} checkboxes are named `{name}`: say which by `check_value`",
                    fit.len()
                )));
            }
        };
        self.controls[place].can_be_filled_in()?;
        if let Kind::Checkbox { checked, .. } = &mut self.controls[place].kind {
            *checked = on;
        }
        Ok(())
    }

    fn try_upload(&mut self, name: &str, chosen: Vec<Upload>) -> Result<(), FormError> {
        let place = self.places(name)?[0];
        let control = &mut self.controls[place];
        control.can_be_filled_in()?;
        match &mut control.kind {
            Kind::File { multiple: false, .. } if chosen.len() > 1 => {
                Err(FormError(format!("`{name}` takes one file, not {}", chosen.len())))
            }
            Kind::File { files, .. } => {
                *files = chosen;
                Ok(())
            }
            other => Err(FormError(format!("`{name}` is {other}: it takes no file"))),
        }
    }

    /// Where the controls of that name are; at least one.
    fn places(&self, name: &str) -> Result<Vec<usize>, FormError> {
        let named =
            |(_, control): &(usize, &Control)| control.name == name && !control.kind.is_button();
        let places: Vec<_> =
            self.controls.iter().enumerate().filter(named).map(|(place, _)| place).collect();
        if places.is_empty() {
            return Err(no_such("control", name, self.id().unwrap_or("the form"), &self.names()));
        }
        Ok(places)
    }

    fn button(&self, wanted: &str) -> Result<&Control, FormError> {
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
        let [button] = found[..] else {
            return Err(FormError(format!("{} buttons fit `{wanted}`", found.len())));
        };
        button.can_be_filled_in()?;
        Ok(button)
    }

    /// WHATWG HTML, 4.10.22.3, from step 10 on.
    #[track_caller]
    fn request(&self, submitter: Option<&Control>) -> Result<TestRequest, FormError> {
        let entries = self.entries(submitter);
        let of_button = submitter.map(|button| &button.target);
        let attribute =
            |of: fn(&Target) -> Option<&String>| of_button.and_then(of).or(of(&self.target));
        let action = attribute(|target| target.action.as_ref()).map_or("", |action| action.trim());
        let mut url = if action.is_empty() {
            self.page.clone()
        } else {
            let parsed = self.base.join(action);
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
                    "multipart/form-data" => encode::multipart(&entries),
                    "text/plain" => (
                        HeaderValue::from_static("text/plain"),
                        Bytes::from(encode::plain(&entries)),
                    ),
                    _ => {
                        let content_type =
                            HeaderValue::from_static("application/x-www-form-urlencoded");
                        (content_type, Bytes::from(encode::urlencoded(&entries)))
                    }
                };
                request.headers = HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]);
                request.body = body;
                request
            }
            "dialog" => return Err(FormError("the method `dialog` sends no request".to_owned())),
            _ => {
                url.set_query(Some(&encode::urlencoded(&entries)));
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
