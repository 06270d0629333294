//! The controls of a form, as the page has them (WHATWG HTML, 4.10).
//!
//! 1. A control belongs to the form named by its `form` attribute, else to the form that the parser
//!    made its owner, else to the form around it.
//! 2. It is disabled by its own attribute, or by a disabled fieldset around it, except within the
//!    fieldset's first legend.
//! 3. At first it holds what its attributes say, sanitized by its type. Of a radio group the last
//!    checked button holds; of a select the last selected option, or the first that is not
//!    disabled where one must be.

use std::collections::HashMap;
use std::fmt;

use ego_tree::NodeId;
use scraper::ElementRef;

use super::Target;
use super::sanitize::{InputType, sanitize};
use crate::test_app::document::{Direction, Document, Placed};
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
    /// That direction; `None`: what is written there says it.
    pub(super) direction: Option<Direction>,
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
        input_type: InputType,
    },
    Hidden(String),
    Textarea {
        value: String,
        /// After how many characters its lines are broken, if they are.
        wrap: Option<usize>,
    },
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

    /// What is written there.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text { value, .. } | Self::Textarea { value, .. } | Self::Hidden(value) => value,
            other => other.button_value().unwrap_or_default(),
        }
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
            Self::Textarea { .. } => "a textarea",
            Self::Checkbox { .. } => "a checkbox (use `check`)",
            Self::Radio { .. } => "a radio button",
            Self::Select { .. } => "a select",
            Self::File { .. } => "a file field (use `upload`)",
            Self::Submit { .. } | Self::Image | Self::Button => "a button (use `press`)",
        })
    }
}

/// The controls of each form, in the order of the page.
pub(super) fn by_form(document: &Document) -> HashMap<NodeId, Vec<Control>> {
    let mut ids = HashMap::new();
    for element in document.elements().map(|placed| placed.element) {
        if let Some(id) = element.attr("id") {
            let is_form = element.value().name() == "form";
            ids.entry(id).or_insert_with(|| is_form.then(|| element.id()));
        }
    }
    let mut forms: HashMap<_, Vec<_>> = HashMap::new();
    for placed in document.elements() {
        let owner = match placed.element.attr("form") {
            Some(id) => ids.get(id).copied().flatten(),
            None => document.owner(&placed),
        };
        if let Some(owner) = owner
            && let Some(control) = control(&placed)
        {
            forms.entry(owner).or_default().push(control);
        }
    }
    for controls in forms.values_mut() {
        keep_last_radio(controls);
    }
    forms
}

fn control(placed: &Placed<'_>) -> Option<Control> {
    let element = placed.element;
    let attribute = |name: &str| element.attr(name).map(str::to_owned);
    let value = || element.attr("value").unwrap_or_default().to_owned();
    let has = |name: &str| element.attr(name).is_some();
    let button_type = element.attr("type").unwrap_or_default().to_ascii_lowercase();
    let kind = match (element.value().name(), button_type.as_str()) {
        ("select", _) => select(element),
        ("textarea", _) => Kind::Textarea { value: textarea_text(element), wrap: wrap(element) },
        ("button" | "input", "button" | "reset") => Kind::Button,
        ("button", _) => Kind::Submit { value: attribute("value") },
        // Without a value, browsers send what they write on it.
        ("input", "submit") => Kind::Submit { value: attribute("value").or(Some("Submit".into())) },
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
        ("input", _) => Kind::Text { value: value(), input_type: InputType::of(element) },
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
    let dir = element.attr("dir").unwrap_or_default().to_ascii_lowercase();
    let is_auto = dir == "auto";
    // A telephone number goes from left to right, whatever is around it.
    let is_number = button_type == "tel" && !matches!(&*dir, "ltr" | "rtl");
    let direction = if is_number { Direction::Ltr } else { placed.direction() };
    let read_only_counts = matches!(kind, Kind::Text { .. } | Kind::Textarea { .. });
    let mut control = Control {
        name: attribute("name").unwrap_or_default(),
        id: attribute("id"),
        disabled: has("disabled") || placed.around.disabled,
        read_only: read_only_counts && has("readonly"),
        in_datalist: placed.around.in_datalist,
        dirname: attribute("dirname").filter(|name| !name.is_empty() && has_direction(element)),
        direction: if is_auto { None } else { Some(direction) },
        label,
        target: Target {
            action: attribute("formaction"),
            method: attribute("formmethod"),
            enctype: attribute("formenctype"),
        },
        kind,
    };
    sanitize(&mut control);
    Some(control)
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
    let mut last = HashMap::new();
    for place in 0..controls.len() {
        if !matches!(controls[place].kind, Kind::Radio { checked: true, .. })
            || controls[place].name.is_empty()
        {
            continue;
        }
        if let Some(earlier) = last.insert(controls[place].name.clone(), place)
            && let Kind::Radio { checked, .. } = &mut controls[earlier].kind
        {
            *checked = false;
        }
    }
}

/// Whether the direction of the text of an element may be sent (WHATWG HTML, 3.2.6.4: the
/// auto-directionality form-associated elements).
fn has_direction(element: ElementRef<'_>) -> bool {
    let input_type = element.attr("type").unwrap_or_default().to_ascii_lowercase();
    match element.value().name() {
        "textarea" => true,
        "input" => !matches!(
            &*input_type,
            "checkbox"
                | "color"
                | "date"
                | "datetime-local"
                | "file"
                | "image"
                | "month"
                | "number"
                | "radio"
                | "range"
                | "time"
                | "week"
        ),
        _ => false,
    }
}

/// The line length of a textarea with `wrap=hard`.
fn wrap(element: ElementRef<'_>) -> Option<usize> {
    element.attr("wrap").filter(|wrap| wrap.eq_ignore_ascii_case("hard"))?;
    let cols = element.attr("cols").and_then(|cols| cols.trim().parse().ok());
    Some(cols.filter(|cols| *cols > 0).unwrap_or(20))
}

fn collapse(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}
