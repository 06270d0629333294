//! The checkout as the commands see it: its root, its files, and what cargo knows of its packages.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// What commands return: an error is a text for the terminal that says how to go on.
pub(crate) type Result<T = ()> = std::result::Result<T, String>;

/// The files and packages of the checkout. Paths are relative to its root, with `/`.
#[derive(Debug, Default)]
pub(crate) struct Repo {
    /// The text files that git tracks or would track, in order of path.
    pub(crate) files: Vec<File>,
    /// The members of the workspace.
    pub(crate) packages: Vec<Package>,
}

#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A member of the workspace, from `cargo metadata`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// The folder of its manifest: `crates/paste-core`.
    pub(crate) dir: String,
    pub(crate) description: String,
    /// `modules` of `[package.metadata.paste]`: what it has from Paste.
    pub(crate) modules: Option<String>,
    /// `first` of `[package.metadata.paste]`: the first file to open, relative to `dir`.
    pub(crate) first: Option<String>,
    /// Every feature but `default`.
    pub(crate) features: Vec<String>,
    /// What the feature `default` names.
    pub(crate) default_features: Vec<String>,
    pub(crate) dependencies: Vec<Dependency>,
    /// The root file of each target.
    pub(crate) targets: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) dev: bool,
}

impl Repo {
    pub(crate) fn load() -> Result<Self> {
        Ok(Self { files: files(&root())?, packages: packages()? })
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// A manifest that does not parse counts as none: cargo reports it better than we could.
    pub(crate) fn manifest(&self, path: &str) -> Option<toml::Table> {
        self.text(path)?.parse().ok()
    }

    pub(crate) fn rust_files(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.extension() == "rs")
    }

    /// The published crates: one row each in the tables of README and ARCHITECTURE.
    pub(crate) fn crates(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_published())
    }
}

impl File {
    pub(crate) fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Material of tests, which may be as odd as the test needs: fixtures, and trybuild's cases.
    pub(crate) fn is_fixture(&self) -> bool {
        self.path.split('/').any(|folder| folder == "data" || folder == "ui")
    }
}

impl Package {
    pub(crate) fn is_published(&self) -> bool {
        self.dir.starts_with("crates/")
    }

    pub(crate) fn manifest_path(&self) -> String {
        format!("{}/Cargo.toml", self.dir)
    }
}

pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask is a folder of the checkout").to_path_buf()
}

/// The cargo that runs us, started at the root of the checkout.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// What `cargo metadata --no-deps` says, with `arguments` added. It builds nothing and asks no registry.
pub(crate) fn metadata(arguments: &[&str]) -> Result<Value> {
    let mut command = cargo();
    command.args(["metadata", "--no-deps", "--format-version", "1"]).args(arguments);
    serde_json::from_str(&stdout(&mut command)?)
        .map_err(|error| format!("cargo metadata printed no JSON: {error}"))
}

pub(crate) fn packages() -> Result<Vec<Package>> {
    let metadata = metadata(&[])?;
    let root = format!("{}/", string(&metadata["workspace_root"]));
    Ok(array(&metadata["packages"]).iter().map(|value| package(value, &root)).collect())
}

/// The standard output of a command. Its standard error goes through to the terminal.
pub(crate) fn stdout(command: &mut Command) -> Result<String> {
    let text = command_line(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot start {text}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{text} failed: {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{text} printed something not UTF-8"))
}

/// The command as one would type it in a shell.
pub(crate) fn command_line(command: &Command) -> String {
    // The program may be a long path of this machine's toolchain; its name is what one types.
    let program = Path::new(command.get_program());
    let program = program.file_stem().unwrap_or(command.get_program()).to_string_lossy();
    let mut words: Vec<String> = command
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)))
        .map(|(name, value)| format!("{}={:?}", name.to_string_lossy(), value.to_string_lossy()))
        .collect();
    words.push(program.into_owned());
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        let plain = !argument.is_empty() && !argument.contains(char::is_whitespace);
        words.push(if plain { argument.into_owned() } else { format!("{argument:?}") });
    }
    words.join(" ")
}

fn files(root: &Path) -> Result<Vec<File>> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let list = stdout(&mut git)?;
    let mut paths: Vec<&str> = list.split('\0').filter(|path| !path.is_empty()).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut files = Vec::new();
    for path in paths {
        // Git also lists what was deleted a moment ago, and folders that are checkouts of their own.
        let Ok(bytes) = fs::read(root.join(path)) else { continue };
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(File { path: path.to_owned(), text });
        }
    }
    Ok(files)
}

fn package(value: &Value, root: &str) -> Package {
    let relative = |path: &Value| string(path).replace('\\', "/").replacen(root, "", 1);
    let manifest = relative(&value["manifest_path"]);
    let features = value["features"].as_object();
    let paste = &value["metadata"]["paste"];
    Package {
        name: string(&value["name"]),
        dir: manifest.trim_end_matches("/Cargo.toml").to_owned(),
        description: string(&value["description"]),
        modules: paste["modules"].as_str().map(str::to_owned),
        first: paste["first"].as_str().map(str::to_owned),
        features: features
            .map(|map| map.keys().filter(|name| *name != "default").cloned().collect())
            .unwrap_or_default(),
        default_features: array(&value["features"]["default"]).iter().map(string).collect(),
        dependencies: array(&value["dependencies"])
            .iter()
            .map(|value| Dependency { name: string(&value["name"]), dev: value["kind"] == "dev" })
            .collect(),
        targets: array(&value["targets"])
            .iter()
            .map(|value| relative(&value["src_path"]))
            .collect(),
    }
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_package_is_read_from_metadata_with_relative_paths() {
        let value = json!({
            "name": "paste-x",
            "manifest_path": "/checkout/crates/paste-x/Cargo.toml",
            "description": null,
            "metadata": { "paste": { "modules": "paste.x", "first": "src/x.rs" } },
            "features": { "default": ["a"], "a": [], "b": [] },
            "dependencies": [{ "name": "http", "kind": null }, { "name": "y", "kind": "dev" }],
            "targets": [{ "src_path": "/checkout/crates/paste-x/src/lib.rs" }],
        });
        let package = package(&value, "/checkout/");
        assert_eq!(package.dir, "crates/paste-x");
        assert!(package.is_published());
        assert_eq!(package.description, "");
        assert_eq!(package.modules.as_deref(), Some("paste.x"));
        assert_eq!(package.first.as_deref(), Some("src/x.rs"));
        assert_eq!(package.features, ["a", "b"]);
        assert_eq!(package.default_features, ["a"]);
        assert_eq!(package.targets, ["crates/paste-x/src/lib.rs"]);
        let dev: Vec<bool> = package.dependencies.iter().map(|d| d.dev).collect();
        assert_eq!(dev, [false, true]);
    }

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/long/path/cargo");
        command.args(["doc", "a b"]).env("RUSTDOCFLAGS", "-D warnings").env_remove("RUSTFLAGS");
        assert_eq!(command_line(&command), r#"RUSTDOCFLAGS="-D warnings" cargo doc "a b""#);
    }

    #[test]
    fn fixtures_are_known_by_their_folder() {
        let is_fixture =
            |path: &str| File { path: path.to_owned(), text: String::new() }.is_fixture();
        assert!(is_fixture("tests/data/site/a.html"));
        assert!(is_fixture("crates/paste-core/tests/ui/no_app.rs"));
        assert!(!is_fixture("crates/paste-static/src/database.rs"));
    }
}
