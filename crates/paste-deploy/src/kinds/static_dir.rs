//! The kind `static`.

use paste_static::StaticDir;

use crate::{Context, Problem};

pub(super) fn build(files: StaticDir, context: &mut Context<'_>) -> Result<StaticDir, Problem> {
    if files.root().as_os_str().is_empty() {
        return Err(Problem::at_key("root", "empty; `.` is the directory of this file"));
    }
    for name in files.index_names() {
        // Looked up as it stands: below a directory that is served, and by a name, not by a path.
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            let message = format!("`{name}` is not the name of a file that may be served");
            return Err(Problem::at_key("index", message));
        }
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
