//! A file as sections: what `[server]`, `[app.NAME]` and `[filter.NAME]` hold, not yet built.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Problems, environment, near_misses};

/// The sections of a file.
#[derive(Debug, Default)]
pub(crate) struct File<'t> {
    pub(crate) server: Option<Section<'t>>,
    pub(crate) apps: BTreeMap<String, Section<'t>>,
    pub(crate) filters: BTreeMap<String, Section<'t>>,
    /// The apps and filters that are there, but of which is told already what is wrong.
    pub(crate) faulty_apps: Vec<String>,
    pub(crate) faulty_filters: Vec<String>,
    /// `app` is there, and no table.
    pub(crate) has_no_apps: bool,
}

/// One section: its kind, the filters around it, and its other keys as options.
#[derive(Debug)]
pub(crate) struct Section<'t> {
    /// Where its name stands.
    pub(crate) span: Range<usize>,
    /// What `use` says; empty for the server, which has no kinds.
    pub(crate) kind: Spanned<String>,
    pub(crate) filters: Vec<Spanned<String>>,
    pub(crate) options: DeTable<'t>,
}

impl<'t> File<'t> {
    /// Sorts the text of a file into sections. `None`: it is not TOML.
    pub(crate) fn parse(text: &'t str, problems: &mut Problems) -> Option<Self> {
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            for error in errors {
                problems.add(error.span().unwrap_or_default(), error.message());
            }
            return None;
        }
        let mut table = table.into_inner();
        environment::substitute(&mut table, &|name| std::env::var(name).ok(), problems);
        Some(Reader(problems).file(table))
    }
}

/// Takes a table apart, and tells what is not as expected.
struct Reader<'p>(&'p mut Problems);

impl Reader<'_> {
    fn file<'t>(&mut self, table: DeTable<'t>) -> File<'t> {
        let mut file = File::default();
        for (name, value) in table {
            match name.get_ref().as_ref() {
                "server" => file.server = self.server(name.span(), value),
                "app" => {
                    file.has_no_apps = !matches!(value.get_ref(), DeValue::Table(_));
                    (file.apps, file.faulty_apps) = self.named_sections(value, "app");
                }
                "filter" => {
                    (file.filters, file.faulty_filters) = self.named_sections(value, "filter");
                }
                unknown => {
                    let near = near_misses(unknown, ["server", "app", "filter"]);
                    self.0.add(name.span(), format!("unknown section `{unknown}`{near}"));
                }
            }
        }
        file
    }

    fn server<'t>(
        &mut self,
        span: Range<usize>,
        value: Spanned<DeValue<'t>>,
    ) -> Option<Section<'t>> {
        let options = self.table(value, "[server]")?;
        Some(Section {
            kind: Spanned::new(span.clone(), String::new()),
            span,
            filters: Vec::new(),
            options,
        })
    }

    fn named_sections<'t>(
        &mut self,
        value: Spanned<DeValue<'t>>,
        of: &str,
    ) -> (BTreeMap<String, Section<'t>>, Vec<String>) {
        let mut sections = BTreeMap::new();
        let mut faulty = Vec::new();
        for (name, value) in self.table(value, &format!("[{of}.NAME]")).unwrap_or_default() {
            let title = format!("[{of}.{}]", name.get_ref());
            let (span, name) = (name.span(), name.into_inner().into_owned());
            let options = self.table(value, &title);
            match options.and_then(|options| self.section(&title, span, options, of == "app")) {
                Some(section) => drop(sections.insert(name, section)),
                None => faulty.push(name),
            }
        }
        (sections, faulty)
    }

    fn section<'t>(
        &mut self,
        title: &str,
        span: Range<usize>,
        mut options: DeTable<'t>,
        may_have_filters: bool,
    ) -> Option<Section<'t>> {
        let filters = if may_have_filters { options.remove("filters") } else { None };
        let filters = filters.map_or_else(Vec::new, |value| self.strings(value));
        let Some(kind) = options.remove("use") else {
            self.0.add(span, format!("{title} lacks `use = \"KIND\"`"));
            return None;
        };
        let kind = self.string(kind, "the name of a kind")?;
        Some(Section { span, kind, filters, options })
    }

    fn table<'t>(&mut self, value: Spanned<DeValue<'t>>, what: &str) -> Option<DeTable<'t>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Some(table),
            other => self.unexpected(span, &format!("a table, {what}"), &other),
        }
    }

    fn string(&mut self, value: Spanned<DeValue<'_>>, what: &str) -> Option<Spanned<String>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::String(text) => Some(Spanned::new(span, text.into_owned())),
            other => self.unexpected(span, &format!("{what}, as a string"), &other),
        }
    }

    fn strings(&mut self, value: Spanned<DeValue<'_>>) -> Vec<Spanned<String>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(values) => values
                .into_iter()
                .filter_map(|value| self.string(value, "the name of a filter"))
                .collect(),
            other => self.unexpected(span, "a list of filter names", &other).unwrap_or_default(),
        }
    }

    fn unexpected<T>(
        &mut self,
        span: Range<usize>,
        expected: &str,
        found: &DeValue<'_>,
    ) -> Option<T> {
        self.0.add(span, format!("expected {expected}; found {}", found.type_str()));
        None
    }
}
