//! What a rule is, what a finding is, and where findings are kept.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::rules::GROUPS;

/// One rule of HTTP that the lint knows.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The stable name: lower-case words with hyphens. It begins with the header or the part that
    /// it is about, and with `request-` where a response has the same part.
    pub id: &'static str,
    /// How grave a breach is, as long as nobody overrides it.
    pub level: Level,
    /// Where it is written: an RFC and its section, another specification, or `SEMANTICS.md`.
    pub clause: &'static str,
    /// What the clause says, in one line.
    pub text: &'static str,
}

/// How grave the breach of a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Level {
    /// The rule is not looked at.
    Off,
    /// A recommendation, or a matter in which a careful program may know better: reported.
    Should,
    /// A requirement: reported, and denied where the lint [denies](super::Lint::new).
    Must,
}

/// The level's name, as in a configuration: `off`, `should`, `must`.
impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Should => "should",
            Self::Must => "must",
        })
    }
}

/// All rules, grouped by what they are about.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    GROUPS.iter().flat_map(|group| group.entries).map(|entry| &entry.rule)
}

/// A breach of a rule.
///
/// It displays as `etag-quotes: an ETag is a quoted string (RFC 9110, 8.8.3): etag: abc`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// How grave that is: the rule's level, or what overrides it.
    pub level: Level,
    /// The value at fault with the name of its header, or in a few words what was seen. Control
    /// characters are escaped; it has at most 200 characters.
    pub value: String,
}

/// The longest value that a finding shows, in characters.
const LONGEST_VALUE: usize = 200;

impl Finding {
    pub(super) fn new(rule: &'static Rule, level: Level, value: &str) -> Self {
        let escaped = value.chars().flat_map(|character| {
            let control = character.is_control().then(|| character.escape_default());
            control.into_iter().flatten().chain((!character.is_control()).then_some(character))
        });
        let mut shown: String = escaped.take(LONGEST_VALUE + 1).collect();
        if let Some((last, _)) = shown.char_indices().nth(LONGEST_VALUE - 1)
            && shown.chars().count() > LONGEST_VALUE
        {
            shown.truncate(last);
            shown.push('…');
        }
        Self { rule, level, value: shown }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule { id, clause, text, .. } = self.rule;
        write!(f, "{id}: {text} ({clause}): {}", self.value)
    }
}

/// Findings of any number of exchanges, shared by its clones. At most 1000 are kept until they are
/// taken.
///
/// ```
/// use paste_core::{App, AppExt, Body, Request, Result, response};
/// use paste_fixture::lint::{Findings, Lint};
///
/// async fn careless(_request: Request) -> Result {
///     let mut response = response::text("hi");
///     response.headers_mut().insert("etag", "abc".parse()?);
///     Ok(response)
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let findings = Findings::new();
/// let app = careless.with(Lint::new().collect_into(findings.clone()));
/// let request = http::Request::get("/").header("host", "localhost").body(Body::empty())?;
/// app.call(request).await?.into_body().collect(100).await?;
/// assert_eq!(
///     findings.take()[0].to_string(),
///     "etag-quotes: an ETag is a quoted string, after `W/` if it is weak (RFC 9110, 8.8.3): etag: abc"
/// );
/// assert!(findings.is_empty());
/// # Ok::<(), paste_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Findings(Arc<Mutex<Vec<Finding>>>);

/// The most findings that are kept.
const MOST_FINDINGS: usize = 1000;

impl Findings {
    /// No findings yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes all findings so far out, in the order in which they were found.
    pub fn take(&self) -> Vec<Finding> {
        std::mem::take(&mut *self.lock())
    }

    /// Whether nothing was found since the last [take](Self::take).
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    pub(super) fn extend(&self, findings: Vec<Finding>) {
        if findings.is_empty() {
            return;
        }
        let mut kept = self.lock();
        let room = MOST_FINDINGS.saturating_sub(kept.len());
        kept.extend(findings.into_iter().take(room));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Finding>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a lint that denies gives as the source of its error: everything that it found by then.
#[derive(Debug)]
pub struct LintError {
    pub(super) findings: Vec<Finding>,
    /// The error that was on its way out, if the lint found fault with one.
    pub(super) source: Option<paste_core::BoxError>,
}

impl LintError {
    /// What was found: at least one finding is a [`Level::Must`].
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

/// The findings, separated by semicolons.
impl fmt::Display for LintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lint denies this exchange: ")?;
        for (index, finding) in self.findings.iter().enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            write!(f, "{separator}{finding}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LintError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

/// No rule has this id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRule {
    id: String,
}

impl UnknownRule {
    /// The rule of this id, or the error that there is none.
    pub(super) fn check(id: &str) -> Result<&'static Rule, Self> {
        rules().find(|rule| rule.id == id).ok_or_else(|| Self { id: id.to_owned() })
    }

    /// The id that was asked for.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Names the ids that are near; the list of all is in `RULES.md`.
impl fmt::Display for UnknownRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the lint has no rule `{}`", self.id)?;
        let mut near: Vec<_> =
            rules().map(|rule| (strsim::osa_distance(&self.id, rule.id), rule.id)).collect();
        near.retain(|(distance, id)| *distance <= 1 + id.len().min(self.id.len()) / 4);
        near.sort_unstable();
        if near.is_empty() {
            let topic = self.id.split('-').next().unwrap_or_default();
            let same_topic = |rule: &&Rule| !topic.is_empty() && rule.id.starts_with(topic);
            near = rules().filter(same_topic).map(|rule| (0, rule.id)).collect();
        }
        for (index, (_, id)) in near.iter().take(3).enumerate() {
            f.write_str(if index == 0 { "; did you mean " } else { " or " })?;
            write!(f, "`{id}`")?;
        }
        f.write_str(if near.is_empty() { "; crates/paste-fixture/RULES.md lists all" } else { "?" })
    }
}

impl std::error::Error for UnknownRule {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_bounded_and_its_control_characters_escaped() {
        let rule = rules().next().unwrap();
        let finding = Finding::new(rule, Level::Must, "a\r\n\u{1b}é");
        assert_eq!(finding.value, "a\\r\\n\\u{1b}é");
        for (character, ends) in [("é", "é…"), ("\r", "\\…")] {
            let long = Finding::new(rule, Level::Must, &character.repeat(1000)).value;
            assert_eq!(long.chars().count(), LONGEST_VALUE);
            assert!(long.ends_with(ends), "{long}");
        }
        let fits = "é".repeat(LONGEST_VALUE);
        assert_eq!(Finding::new(rule, Level::Must, &fits).value, fits);
    }

    #[test]
    fn an_unknown_rule_names_its_near_misses() {
        for (id, expected) in [
            ("etag-quote", "the lint has no rule `etag-quote`; did you mean `etag-quotes`?"),
            ("xyz", "the lint has no rule `xyz`; crates/paste-fixture/RULES.md lists all"),
        ] {
            assert_eq!(UnknownRule::check(id).unwrap_err().to_string(), expected);
        }
        let error = UnknownRule::check("etag-something-else").unwrap_err().to_string();
        assert!(error.contains("did you mean `etag-"), "{error}");
    }

    #[test]
    fn findings_are_bounded() {
        let findings = Findings::new();
        let finding = Finding::new(rules().next().unwrap(), Level::Must, "x");
        for _ in 0..3 {
            findings.extend(vec![finding.clone(); 600]);
        }
        assert_eq!(findings.take().len(), MOST_FINDINGS);
    }
}
