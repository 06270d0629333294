//! The kind `access-log`.

use std::fs::{self, FileType, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use paste_filter::AccessLog;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::{Context, Problem};

/// Logs each request in one line, once its answer has been sent: with the bytes and the time that it really
/// took.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// `combined`, `common`, `json`, or a pattern of Apache's directives, such as `%h %>s %B %D`.
    #[serde(default = "combined")]
    #[schemars(with = "String", default = "combined_text")]
    format: Spanned<String>,
    /// The file (or character device) to append to, which may be rotated; `-` for standard error. Without it the lines are among
    /// the other messages.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    file: Option<Spanned<String>>,
}

fn combined() -> Spanned<String> {
    Spanned::new(0..0, combined_text())
}

fn combined_text() -> String {
    "combined".to_owned()
}

pub(super) fn build(options: Options, context: &mut Context<'_>) -> Result<AccessLog, Problem> {
    if options.format.get_ref().is_empty() {
        return Err(Problem::at(&options.format, "empty: every line would be"));
    }
    let format = options.format.get_ref().parse();
    let format = format.map_err(|error: paste_filter::access_log::PatternError| {
        Problem::at(&options.format, error.to_string())
    })?;
    let log = AccessLog::new().format(format);
    match options.file {
        None => Ok(log),
        Some(file) if file.get_ref() == "-" => Ok(log.stderr()),
        Some(file) if file.get_ref().is_empty() => {
            Err(Problem::at(&file, "empty: expected a file, or `-` for standard error"))
        }
        Some(file) => {
            let path = context.dir().join(file.get_ref());
            check(&path).map_err(|wrong| Problem::at(&file, wrong))?;
            Ok(log.file(path))
        }
    }
}

/// Whether lines can be appended, without making the file.
fn check(path: &Path) -> Result<(), String> {
    let cannot = |error| format!("cannot append to {}: {error}", path.display());
    // A pipe would wait for its reader.
    let takes_lines = |kind: FileType| kind.is_file() || kind.is_char_device();
    if fs::metadata(path).is_ok_and(|there| !takes_lines(there.file_type())) {
        let path = path.display();
        return Err(format!(
            "cannot append to {path}: it is neither a file nor a character device"
        ));
    }
    match OpenOptions::new().append(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            if folder.is_dir() { Ok(()) } else { Err(cannot(error)) }
        }
        Err(error) => Err(cannot(error)),
    }
}
