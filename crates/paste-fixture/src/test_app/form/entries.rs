//! The entry list of a form (WHATWG HTML, 4.10.22.4).

use super::Form;
use super::controls::{Control, Kind};
use crate::test_app::encode::{Entries, Upload, Value};

impl Form {
    /// The entries that the form sends, if `submitter` was pressed.
    pub(super) fn entries(&self, submitter: Option<&Control>) -> Entries {
        let mut entries = Entries::new();
        for control in &self.controls {
            let is_submitter = submitter.is_some_and(|button| std::ptr::eq(button, control));
            if control.disabled
                || control.in_datalist
                || (control.kind.is_button() && !is_submitter)
            {
                continue;
            }
            append(control, &mut entries);
        }
        entries
    }
}

fn append(control: &Control, entries: &mut Entries) {
    let name = &control.name;
    let mut add =
        |name: &str, value: &str| entries.push((name.to_owned(), Value::Text(value.to_owned())));
    if matches!(control.kind, Kind::Image) {
        let prefix = if name.is_empty() { String::new() } else { format!("{name}.") };
        add(&format!("{prefix}x"), "0");
        add(&format!("{prefix}y"), "0");
        return;
    }
    if name.is_empty() {
        return;
    }
    match &control.kind {
        Kind::Select { options, .. } => {
            for option in options.iter().filter(|option| option.selected && !option.disabled) {
                add(name, &option.value);
            }
        }
        Kind::Checkbox { value, checked } | Kind::Radio { value, checked } => {
            if *checked {
                add(name, value);
            }
        }
        Kind::File { files, .. } if files.is_empty() => {
            entries.push((name.clone(), Value::File(Upload::new("", ""))));
        }
        Kind::File { files, .. } => {
            entries.extend(files.iter().map(|file| (name.clone(), Value::File(file.clone()))));
        }
        Kind::Hidden(_) if name.eq_ignore_ascii_case("_charset_") => add(name, "UTF-8"),
        Kind::Hidden(value) | Kind::Text { value, .. } | Kind::Textarea(value) => {
            add(name, value);
            if let Some(dirname) = &control.dirname {
                add(dirname, control.direction);
            }
        }
        Kind::Submit { value } => add(name, value.as_deref().unwrap_or_default()),
        Kind::Image | Kind::Button => {}
    }
}
