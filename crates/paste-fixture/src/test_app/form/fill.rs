//! Filling in a form: what a user could do to its controls, and nothing else.

use std::collections::HashSet;

use super::controls::{Control, Kind};
use super::sanitize::sanitize;
use super::{Form, FormError, no_such, or_panic};
use crate::test_app::encode::Upload;

/// Fills in controls, which are known by name; those that share one, by their number from 0 among
/// the controls of that name, too. All of it panics where a user could not do it.
impl Form {
    /// Fills in the control of that name: a text, the value of an option or a radio button. Panics
    /// where [`try_set`](Self::try_set) fails.
    #[track_caller]
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        or_panic(self.try_set(name, value));
        self
    }

    /// Fills in the control of that name.
    pub fn try_set(&mut self, name: &str, value: &str) -> Result<(), FormError> {
        self.try_set_nth(name, None, value)
    }

    /// Fills in the control number `index` of that name.
    #[track_caller]
    pub fn set_nth(&mut self, name: &str, index: usize, value: &str) -> &mut Self {
        or_panic(self.try_set_nth(name, Some(index), value));
        self
    }

    /// Chooses just these options of a select that takes several.
    #[track_caller]
    pub fn set_all(&mut self, name: &str, values: &[&str]) -> &mut Self {
        or_panic(self.one(name, None, "set_all_nth").and_then(|control| control.choose(values)));
        self
    }

    /// Chooses just these options of the select number `index` of that name.
    #[track_caller]
    pub fn set_all_nth(&mut self, name: &str, index: usize, values: &[&str]) -> &mut Self {
        let control = self.one(name, Some(index), "set_all_nth");
        or_panic(control.and_then(|control| control.choose(values)));
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

    /// Checks or unchecks the checkbox of that name and value: the first, if they share both.
    #[track_caller]
    pub fn check_value(&mut self, name: &str, value: &str, checked: bool) -> &mut Self {
        or_panic(self.try_check(name, Some(value), checked));
        self
    }

    /// Checks or unchecks the checkbox number `index` of that name.
    #[track_caller]
    pub fn check_nth(&mut self, name: &str, index: usize, checked: bool) -> &mut Self {
        let control = self.one(name, Some(index), "check_nth");
        or_panic(control.and_then(|control| control.check(checked)));
        self
    }

    /// Chooses files for the file control of that name.
    #[track_caller]
    pub fn upload(&mut self, name: &str, files: impl IntoIterator<Item = Upload>) -> &mut Self {
        let control = self.one(name, None, "upload_nth");
        or_panic(control.and_then(|control| control.upload(files.into_iter().collect())));
        self
    }

    /// Chooses files for the file control number `index` of that name.
    #[track_caller]
    pub fn upload_nth(
        &mut self,
        name: &str,
        index: usize,
        files: impl IntoIterator<Item = Upload>,
    ) -> &mut Self {
        let control = self.one(name, Some(index), "upload_nth");
        or_panic(control.and_then(|control| control.upload(files.into_iter().collect())));
        self
    }

    /// The names of all controls, in the order of the page, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let names = self.controls.iter().map(|control| control.name.as_str());
        names.filter(|name| !name.is_empty() && seen.insert(*name)).collect()
    }

    fn try_set_nth(
        &mut self,
        name: &str,
        index: Option<usize>,
        value: &str,
    ) -> Result<(), FormError> {
        let first = &self.controls[self.places(name)?[0]];
        let by = match first.kind {
            Kind::Radio { .. } => return self.choose_radio(name, value),
            Kind::Checkbox { .. } => "check_value",
            _ => "set_nth",
        };
        let control = self.one(name, index, by)?;
        match &mut control.kind {
            Kind::Text { value: text, .. }
            | Kind::Textarea { value: text, .. }
            | Kind::Hidden(text) => value.clone_into(text),
            Kind::Select { .. } => return control.choose(&[value]),
            other => return Err(FormError(format!("`{name}` is {other}: it takes no text"))),
        }
        sanitize(control);
        Ok(())
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
        let mut known = Vec::new();
        let mut fit = Vec::new();
        for place in self.places(name)? {
            if let Kind::Checkbox { value, .. } = &self.controls[place].kind {
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
        self.controls[place].check(on)
    }

    /// The control of that name, or number `index` of them, if a user could fill it in. Where there
    /// are several and no number, `by` says how to give one.
    fn one(
        &mut self,
        name: &str,
        index: Option<usize>,
        by: &str,
    ) -> Result<&mut Control, FormError> {
        let places = self.places(name)?;
        let count = places.len();
        if index.is_none() && count > 1 {
            return Err(FormError(format!(
                "{count} controls are named `{name}`: say which by `{by}`"
            )));
        }
        let index = index.unwrap_or_default();
        let Some(&place) = places.get(index) else {
            let message =
                format!("{count} controls are named `{name}`: there is no number {index}");
            return Err(FormError(message));
        };
        self.controls[place].can_be_filled_in()?;
        Ok(&mut self.controls[place])
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
}

/// What a user does to one control.
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

    fn check(&mut self, on: bool) -> Result<(), FormError> {
        match &mut self.kind {
            Kind::Checkbox { checked, .. } => *checked = on,
            other => return Err(FormError(format!("`{}` is {other}: no checkbox", self.name))),
        }
        Ok(())
    }

    fn upload(&mut self, chosen: Vec<Upload>) -> Result<(), FormError> {
        let name = &self.name;
        match &mut self.kind {
            Kind::File { multiple: false, .. } if chosen.len() > 1 => {
                return Err(FormError(format!("`{name}` takes one file, not {}", chosen.len())));
            }
            Kind::File { files, .. } => *files = chosen,
            other => return Err(FormError(format!("`{name}` is {other}: it takes no file"))),
        }
        Ok(())
    }

    /// Chooses just these options of a select, by value.
    fn choose(&mut self, values: &[&str]) -> Result<(), FormError> {
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
