//! The entry list of a form (WHATWG HTML, 4.10.22.4).

use super::Form;
use super::controls::{Control, Kind};
use crate::test_app::document::Direction;
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
            if is_submitter {
                // Chromium's order, of which the standard has the other way round.
                append_direction(control, &mut entries);
            }
            append(control, self.encoding.name(), &mut entries);
            if !is_submitter {
                append_direction(control, &mut entries);
            }
        }
        entries
    }
}

fn append(control: &Control, encoding: &str, entries: &mut Entries) {
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
        Kind::Hidden(_) if name.eq_ignore_ascii_case("_charset_") => add(name, encoding),
        Kind::Textarea { value, wrap: Some(columns) } => add(name, &wrapped(value, *columns)),
        Kind::Hidden(value) | Kind::Text { value, .. } | Kind::Textarea { value, .. } => {
            add(name, value);
        }
        Kind::Submit { value } => add(name, value.as_deref().unwrap_or_default()),
        Kind::Image | Kind::Button => {}
    }
}

/// The entry that tells the direction of a text, where that is asked for.
fn append_direction(control: &Control, entries: &mut Entries) {
    if let Some(dirname) = &control.dirname
        && !control.name.is_empty()
    {
        let of_text = || Direction::of(control.kind.text()).unwrap_or_default();
        let direction = control.direction.unwrap_or_else(of_text);
        let direction = if direction == Direction::Rtl { "rtl" } else { "ltr" };
        entries.push((dirname.clone(), Value::Text(direction.to_owned())));
    }
}

/// A text with its lines broken behind spaces, or within a word that is longer than a line.
fn wrapped(text: &str, columns: usize) -> String {
    let mut lines = Vec::new();
    for mut line in text.split('\n') {
        while let Some(end) = line_end(line, columns) {
            lines.push(&line[..end]);
            line = &line[end..];
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// Where the first line of a text that is longer than one ends. Spaces may hang over its edge.
fn line_end(text: &str, columns: usize) -> Option<usize> {
    let (edge, _) = text.char_indices().nth(columns)?;
    let hanging = edge + text[edge..].bytes().take_while(|byte| *byte == b' ').count();
    let end = if hanging > edge || text[..edge].ends_with(' ') {
        hanging
    } else {
        text[..edge].rfind(' ').map_or(edge, |space| space + 1)
    };
    (end < text.len()).then_some(end)
}
