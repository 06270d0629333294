//! The kind `static`.

use paste_static::StaticDir;

use crate::{Context, Problem};

pub(super) fn build(files: StaticDir, context: &mut Context<'_>) -> Result<StaticDir, Problem> {
    if files.root().as_os_str().is_empty() {
        return Err(Problem::at_key("root", "empty; `.` is the directory of this file"));
    }
    let files = files.relative_to(context.dir());
    let root = files.root();
    match std::fs::read_dir(root) {
        Ok(_) => Ok(files),
        Err(error) => Err(Problem::at_key(
            "root",
            format!("cannot read the directory {}: {error}", root.display()),
        )),
    }
}
