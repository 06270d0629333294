//! Files with canaries, for services that serve a directory.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// What stands in files that no attack may get: an answer that has it fails. Plant it wherever a
/// service of yours keeps what it must not show.
pub const CANARY: &str = "paste-attack-canary-6c1f";

/// Lays out files in the empty directory `base`, and gives the root below it that a service may
/// serve: an index of 64 KiB, `sub/index.html`, and a trap, `trap.txt`, which no attack names
/// rightly. Beside the root and hidden in it stand canaries: `secret.txt`, a directory whose name
/// begins with the root's, dotfiles; and, where the system can have them, symbolic links that lead
/// out, and a directory `listing` of files with markup in their names.
///
/// ```
/// use paste_fixture::attack;
///
/// let base = tempfile::tempdir()?;
/// let root = attack::plant(base.path())?;
/// assert!(std::fs::read_to_string(base.path().join("secret.txt"))?.contains(attack::CANARY));
/// assert!(root.join("index.html").is_file());
/// # std::io::Result::Ok(())
/// ```
pub fn plant(base: &Path) -> io::Result<PathBuf> {
    let root = base.join("root");
    let index = format!("<!doctype html><title>x</title><p>{}", "0123456789abcdef".repeat(4094));
    write(&root.join("index.html"), &index)?;
    write(&root.join("sub/index.html"), "<!doctype html><title>sub</title><p>sub")?;
    for hidden in [
        "secret.txt",
        "rootsecret/secret.txt",
        "root/trap.txt",
        "root/sub/trap.txt",
        "root/.env",
        "root/sub/.env",
        "root/.htpasswd",
        "root/.git/config",
        "root/.ssh/id_rsa",
    ] {
        write(&base.join(hidden), CANARY)?;
    }
    for empty in ["evil.example", "listing"] {
        fs::create_dir_all(root.join(empty))?;
    }
    plant_where_possible(&root)?;
    Ok(root)
}

#[cfg(unix)]
fn plant_where_possible(root: &Path) -> io::Result<()> {
    let backslash = ["\\", "evil.example"].concat();
    fs::create_dir(root.join(backslash))?;
    for name in [
        "\"><img src=x onerror=paste_attack()>.txt",
        "'onmouseover=paste_attack() x='.txt",
        "javascript:paste_attack()",
        "<script>paste_attack()</script>",
    ] {
        // A slash ends a name.
        write(&root.join("listing").join(name.replace('/', "\u{2215}")), "x")?;
    }
    std::os::unix::fs::symlink("../secret.txt", root.join("out"))?;
    std::os::unix::fs::symlink("../rootsecret", root.join("outdir"))
}

#[cfg(not(unix))]
fn plant_where_possible(_: &Path) -> io::Result<()> {
    Ok(())
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, content)
}
