//! The lint as a configuration says it.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::{Level, UnknownRule};

/// Checks requests and responses against the rules of HTTP, and reports each breach by the id of
/// its rule. For development: crates/paste-fixture/RULES.md lists the rules.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lint {
    /// What becomes of a breach: `log` it, list its rule in the response `header` X-Lint, or `deny`
    /// it: a 500 that names the rule, where its level is `must`.
    #[serde(default)]
    mode: Mode,
    /// Levels of rules by id, where they differ from the list: `off`, `should` or `must`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Level>")]
    rules: BTreeMap<RuleId, Level>,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Log,
    Header,
    Deny,
}

/// The id of a rule that there is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct RuleId(&'static str);

impl<'de> Deserialize<'de> for RuleId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        UnknownRule::check(&id).map(|rule| Self(rule.id)).map_err(D::Error::custom)
    }
}

impl From<Lint> for super::Lint {
    fn from(Lint { mode, rules }: Lint) -> Self {
        let lint = super::Lint::new().name_rules();
        let mut lint = match mode {
            Mode::Log => lint.log(),
            Mode::Header => lint.header(),
            Mode::Deny => lint,
        };
        lint.levels = Arc::new(rules.into_iter().map(|(RuleId(id), level)| (id, level)).collect());
        lint
    }
}

impl JsonSchema for super::Lint {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Lint::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Lint::json_schema(generator)
    }
}
