//! The controls of a form, as the page has them (WHATWG HTML, 4.10).
//!
//! 1. A control belongs to the form named by its `form` attribute, else to the form around it.
//! 2. It is disabled by its own attribute, or by a disabled fieldset around it, except within the
//!    fieldset's first legend.
//! 3. At first it holds what its attributes say, sanitized by its type. Of a radio group the last
//!    checked button holds; of a select the last selected option, or the first that is not
//!    disabled where one must be.

use std::fmt;

use scraper::{ElementRef, Html};
use url::Url;

use super::sanitize::{Range, sanitize};
use super::{FormError, Target, no_such};
use crate::test_app::encode::Upload;

/// One control of a form.
#[derive(Clone, Debug)]
pub(super) struct Control {
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) kind: Kind,
    pub(super) disabled: bool,
    pub(super) read_only: bool,
    pub(super) in_datalist: bool,
    /// The name under which the direction of the text is sent, if it is.
    pub(super) dirname: Option<String>,
    pub(super) direction: &'static str,
    /// What is written on a button.
    pub(super) label: String,
    /// Where a button sends the form.
    pub(super) target: Target,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// An input with a text; its type says how the text is sanitized.
    Text {
        value: String,
        input_type: String,
        range: Range,
    },
    Hidden(String),
    Textarea(String),
    Checkbox {
        value: String,
        checked: bool,
    },
    Radio {
        value: String,
        checked: bool,
    },
    Select {
        multiple: bool,
        options: Vec<Choice>,
    },
    File {
        multiple: bool,
        files: Vec<Upload>,
    },
    Submit {
        value: Option<String>,
    },
    Image,
    /// A button that sends nothing.
    Button,
}

/// An option of a select.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) selected: bool,
    pub(super) disabled: bool,
}

impl Kind {
    pub(super) fn is_submitter(&self) -> bool {
        matches!(self, Self::Submit { .. } | Self::Image)
    }

    pub(super) fn is_button(&self) -> bool {
        self.is_submitter() || matches!(self, Self::Button)
    }

    pub(super) fn button_value(&self) -> Option<&str> {
        match self {
            Self::Submit { value } => value.as_deref(),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text { .. } => "a text field",
            Self::Hidden(_) => "a hidden field",
            Self::Textarea(_) => "a textarea",
            Self::Checkbox { .. } => "a checkbox (use `check`)",
            Self::Radio { .. } => "a radio button",
            Self::Select { .. } => "a select",
            Self::File { .. } => "a file field (use `upload`)",
            Self::Submit { .. } | Self::Image | Self::Button => "a button (use `press`)",
        })
    }
}

impl Control {
    pub(super) fn can_be_filled_in(&self) -> Result<(), FormError> {
        let why = match self {
            Self { disabled: true, .. } => "disabled",
            Self { read_only: true, .. } => "read-only",
            _ => return Ok(()),
        };
        let name = if self.name.is_empty() { &self.label } else { &self.name };
        Err(FormError(format!("`{name}` is {why}: nobody could fill it in")))
    }

    /// Chooses just these options of a select, by value.
    pub(super) fn choose(&mut self, values: &[&str]) -> Result<(), FormError> {
        let Kind::Select { multiple, options } = &mut self.kind else {
            return Err(FormError(format!("`{}` is {}: it has no options", self.name, self.kind)));
        };
        if !*multiple && values.len() != 1 {
            return Err(FormError(format!(
                "`{}` takes one option, not {}",
                self.name,
                values.len()
            )));
        }
        for value in values {
            match options.iter().find(|option| option.value == *value) {
                Some(option) if option.disabled => {
                    return Err(FormError(format!(
                        "the option `{value}` of `{}` is disabled",
                        self.name
                    )));
                }
                Some(_) => {}
                None => {
                    let known: Vec<_> =
                        options.iter().map(|option| option.value.as_str()).collect();
                    return Err(no_such("option", value, &self.name, &known));
                }
            }
        }
        let mut left: Vec<_> = values.to_vec();
        for option in options.iter_mut() {
            let place = left.iter().position(|value| *value == option.value);
            option.selected = place.map(|place| left.remove(place)).is_some();
        }
        Ok(())
    }
}

/// The controls of `form`, in the order of the page.
pub(super) fn of_form(html: &Html, form: ElementRef<'_>) -> Vec<Control> {
    let own = elements(html).filter(|element| is_owned_by(html, *element, form));
    let mut controls: Vec<_> = own.filter_map(control).collect();
    keep_last_radio(&mut controls);
    controls
}

/// All elements of a page, but for what is inert in templates.
pub(in crate::test_app) fn elements(html: &Html) -> impl Iterator<Item = ElementRef<'_>> {
    let all = html.root_element().descendants().filter_map(ElementRef::wrap);
    all.filter(|element| {
        let mut around = element.ancestors().filter_map(ElementRef::wrap);
        !around.any(|ancestor| ancestor.value().name() == "template")
    })
}

/// What relative addresses of a page are relative to.
pub(in crate::test_app) fn base_url(html: &Html, page: &Url) -> Url {
    let mut bases = elements(html).filter(|element| element.value().name() == "base");
    let href = bases.find_map(|base| base.attr("href"));
    href.and_then(|href| page.join(href).ok()).unwrap_or_else(|| page.clone())
}

fn is_owned_by(html: &Html, element: ElementRef<'_>, form: ElementRef<'_>) -> bool {
    if !matches!(element.value().name(), "input" | "button" | "select" | "textarea") {
        return false;
    }
    if let Some(id) = element.attr("form") {
        let mut named = elements(html).filter(|element| element.attr("id") == Some(id));
        return !id.is_empty() && named.next() == Some(form);
    }
    let mut around = element.ancestors().filter_map(ElementRef::wrap);
    let around = around.find(|ancestor| ancestor.value().name() == "form");
    around.or_else(|| form_in_table(html, element)) == Some(form)
}

/// A form between the parts of a table is empty in the tree, though the parser makes it the owner of
/// the controls that follow in that table (WHATWG HTML, 13.2.6.4.9).
fn form_in_table<'h>(html: &'h Html, element: ElementRef<'h>) -> Option<ElementRef<'h>> {
    let is_part = |node: &ElementRef<'_>| {
        matches!(node.value().name(), "table" | "thead" | "tbody" | "tfoot" | "tr")
    };
    let before = elements(html).take_while(|other| *other != element);
    let forms = before.filter(|other| other.value().name() == "form");
    let candidates = forms.filter(|form| {
        let parent = form.parent().and_then(ElementRef::wrap).filter(is_part);
        parent
            .is_some_and(|parent| element.ancestors().any(|ancestor| ancestor.id() == parent.id()))
    });
    candidates.last()
}

fn control(element: ElementRef<'_>) -> Option<Control> {
    let attribute = |name: &str| element.attr(name).map(str::to_owned);
    let value = || element.attr("value").unwrap_or_default().to_owned();
    let has = |name: &str| element.attr(name).is_some();
    let button_type = element.attr("type").unwrap_or_default().to_ascii_lowercase();
    let kind = match (element.value().name(), button_type.as_str()) {
        ("select", _) => select(element),
        ("textarea", _) => Kind::Textarea(textarea_text(element)),
        ("button" | "input", "button" | "reset") => Kind::Button,
        ("button", _) | ("input", "submit") => Kind::Submit { value: attribute("value") },
        ("input", "image") => Kind::Image,
        ("input", "hidden") => Kind::Hidden(value()),
        ("input", "checkbox" | "radio") => {
            let value = element.attr("value").unwrap_or("on").to_owned();
            let checked = has("checked");
            if button_type == "radio" {
                Kind::Radio { value, checked }
            } else {
                Kind::Checkbox { value, checked }
            }
        }
        ("input", "file") => Kind::File { multiple: has("multiple"), files: Vec::new() },
        ("input", _) => {
            Kind::Text { value: value(), input_type: button_type, range: Range::default() }
        }
        _ => return None,
    };
    let text = element.text().collect::<String>();
    let label = match kind {
        Kind::Submit { .. } | Kind::Button if element.value().name() == "input" => {
            element.attr("value").unwrap_or("Submit").to_owned()
        }
        Kind::Image => element.attr("alt").unwrap_or("Submit").to_owned(),
        _ => collapse(&text),
    };
    let read_only_counts = matches!(kind, Kind::Text { .. } | Kind::Textarea(_));
    let mut control = Control {
        name: attribute("name").unwrap_or_default(),
        id: attribute("id"),
        disabled: is_disabled(element),
        read_only: read_only_counts && has("readonly"),
        in_datalist: element
            .ancestors()
            .filter_map(ElementRef::wrap)
            .any(|a| a.value().name() == "datalist"),
        dirname: attribute("dirname").filter(|name| !name.is_empty()),
        direction: direction(element),
        label,
        target: Target {
            action: attribute("formaction"),
            method: attribute("formmethod"),
            enctype: attribute("formenctype"),
        },
        kind,
    };
    if let Kind::Text { range, .. } = &mut control.kind {
        *range = Range::of(element);
    }
    sanitize(&mut control);
    Some(control)
}

fn is_disabled(element: ElementRef<'_>) -> bool {
    if element.attr("disabled").is_some() {
        return true;
    }
    let mut below = element;
    for ancestor in element.ancestors().filter_map(ElementRef::wrap) {
        if ancestor.value().name() == "fieldset" && ancestor.attr("disabled").is_some() {
            let mut children = ancestor.children().filter_map(ElementRef::wrap);
            let first_legend = children.find(|child| child.value().name() == "legend");
            if first_legend != Some(below) {
                return true;
            }
        }
        below = ancestor;
    }
    false
}

fn select(element: ElementRef<'_>) -> Kind {
    let multiple = element.attr("multiple").is_some();
    let options = element.descendants().filter_map(ElementRef::wrap);
    let options = options.filter(|option| option.value().name() == "option");
    let mut options: Vec<_> = options
        .map(|option| {
            let group = option.parent().and_then(ElementRef::wrap);
            let in_disabled_group = group.is_some_and(|group| {
                group.value().name() == "optgroup" && group.attr("disabled").is_some()
            });
            let text = || collapse(&option.text().collect::<String>());
            Choice {
                value: option.attr("value").map_or_else(text, str::to_owned),
                selected: option.attr("selected").is_some(),
                disabled: option.attr("disabled").is_some() || in_disabled_group,
            }
        })
        .collect();
    if !multiple {
        let last = options.iter().rposition(|option| option.selected);
        let size: u32 = element.attr("size").and_then(|size| size.trim().parse().ok()).unwrap_or(0);
        let shown = || options.iter().position(|option| !option.disabled).filter(|_| size <= 1);
        let chosen = last.or_else(shown);
        for (place, option) in options.iter_mut().enumerate() {
            option.selected = Some(place) == chosen;
        }
    }
    Kind::Select { multiple, options }
}

/// The text of a textarea: the parser has dropped a first line end, and line ends are LF here.
fn textarea_text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().replace("\r\n", "\n").replace('\r', "\n")
}

fn keep_last_radio(controls: &mut [Control]) {
    for place in 0..controls.len() {
        let (before, rest) = controls.split_at_mut(place);
        if let Kind::Radio { checked: true, .. } = rest[0].kind {
            for earlier in before.iter_mut().filter(|earlier| earlier.name == rest[0].name) {
                if let Kind::Radio { checked, .. } = &mut earlier.kind {
                    *checked = rest[0].name.is_empty() && *checked;
                }
            }
        }
    }
}

fn direction(element: ElementRef<'_>) -> &'static str {
    let around = std::iter::once(element).chain(element.ancestors().filter_map(ElementRef::wrap));
    let mut stated = around.filter_map(|element| element.attr("dir"));
    let rtl = stated.find(|dir| matches!(&*dir.to_ascii_lowercase(), "rtl" | "ltr"));
    if rtl.is_some_and(|dir| dir.eq_ignore_ascii_case("rtl")) { "rtl" } else { "ltr" }
}

fn collapse(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}
