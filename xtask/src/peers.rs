//! The real programs that tests meet, and how a missing one is installed.
//!
//! A missing peer is installed, never skipped: a test that silently did not run looks like one that
//! passed. All peers so far are Debian packages; one from pip or npm would get a table of its own.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::repo::{self, Result};
use crate::steps::Steps;

/// A program looked for in `PATH`, and the Debian package that brings it.
#[derive(Debug)]
pub(crate) struct Peer {
    program: &'static str,
    package: &'static str,
}

/// For `cargo xtask test integration`.
pub(crate) const INTEGRATION: &[Peer] = &[
    Peer { program: "apache2", package: "apache2-bin" },
    Peer { program: "brotli", package: "brotli" },
    Peer { program: "curl", package: "curl" },
    Peer { program: "goaccess", package: "goaccess" },
    Peer { program: "gzip", package: "gzip" },
    Peer { program: "logrotate", package: "logrotate" },
    Peer { program: "nginx", package: "nginx-light" },
    Peer { program: "wget", package: "wget" },
    Peer { program: "nghttp", package: "nghttp2-client" },
    Peer { program: "h2load", package: "nghttp2-client" },
    Peer { program: PYTHON_PASTE, package: "python3-paste" },
    Peer { program: PYTHON_REQUESTS, package: "python3-requests" },
    Peer { program: "openssl", package: "openssl" },
    Peer { program: "redis-server", package: "redis-server" },
    Peer { program: POSTGRES, package: "postgresql" },
    Peer { program: "siege", package: "siege" },
    Peer { program: "slowhttptest", package: "slowhttptest" },
    Peer { program: "systemd-socket-activate", package: "systemd" },
    Peer { program: "wrk", package: "wrk" },
    Peer { program: "zstd", package: "zstd" },
];

/// A library is looked for by its path, as a program by its name.
const PYTHON_PASTE: &str = "/usr/lib/python3/dist-packages/paste/urlmap.py";
const PYTHON_REQUESTS: &str = "/usr/lib/python3/dist-packages/requests/__init__.py";

/// Debian keeps the server's programs out of `PATH`, each version in a folder of its own.
const POSTGRES: &str = "/usr/lib/postgresql/*/bin/postgres";

/// For `cargo xtask test browser`.
pub(crate) const BROWSER: &[Peer] = &[
    Peer { program: "chromium", package: "chromium" },
    Peer { program: "chromedriver", package: "chromium-driver" },
];

/// Installs what is missing.
pub(crate) fn install(peers: &[Peer], steps: &mut Steps) -> Result {
    let packages = missing_packages(peers, in_path);
    if packages.is_empty() {
        return Ok(());
    }
    if !in_path("apt-get") || !is_root() {
        return Err(by_hand(&packages));
    }
    steps.command("install peers", apt_get().arg("update"))?;
    let mut install = apt_get();
    install.args(["install", "-y", "--no-install-recommends"]).args(&packages);
    steps.command("install peers", &mut install)?;
    match missing_packages(peers, in_path).as_slice() {
        [] => Ok(()),
        still => Err(format!(
            "{} installed without error, but the program is not in PATH; correct the table in \
             xtask/src/peers.rs",
            still.join(" ")
        )),
    }
}

/// Each package once, in the order of the table.
fn missing_packages(peers: &[Peer], is_there: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut packages: Vec<&'static str> = Vec::new();
    for peer in peers.iter().filter(|peer| !is_there(peer.program)) {
        if !packages.contains(&peer.package) {
            packages.push(peer.package);
        }
    }
    packages
}

fn by_hand(packages: &[&str]) -> String {
    let packages = packages.join(" ");
    format!(
        "programs that the tests need are missing, and installing them takes root and apt-get.\n       \
         Run by hand: sudo apt-get update && sudo apt-get install -y --no-install-recommends {packages}\n       \
         (these are Debian's names; on another system install what brings the same programs)"
    )
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

pub(crate) fn in_path(program: &str) -> bool {
    if let Some((folder, rest)) = program.split_once("/*/") {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        return entries.map(|entry| entry.path().join(rest)).any(|path| is_file(&path));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder: std::path::PathBuf| is_file(&folder.join(program)))
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}

/// The standard library does not tell the user's id.
fn is_root() -> bool {
    repo::stdout(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_of_two_missing_programs_is_installed_once() {
        let packages = missing_packages(INTEGRATION, |program| program == "curl");
        assert!(!packages.contains(&"curl") && packages.contains(&"wget"), "{packages:?}");
        assert_eq!(packages.iter().filter(|package| **package == "nghttp2-client").count(), 1);
        assert!(missing_packages(INTEGRATION, |_| true).is_empty());
    }

    #[test]
    fn without_root_the_exact_command_is_told() {
        let message = by_hand(&["wget", "nghttp2-client"]);
        let command = "sudo apt-get install -y --no-install-recommends wget nghttp2-client\n";
        assert!(message.contains(command), "{message}");
    }

    #[test]
    fn programs_are_found_in_path() {
        assert!(in_path("git"));
        assert!(!in_path("no-such-program-anywhere"));
    }
}
