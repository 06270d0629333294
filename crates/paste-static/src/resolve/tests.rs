//! The rules of the resolver, with and without the kernel's help.

use std::os::unix::fs::symlink;

use proptest::prelude::{any, prop_assert, proptest};

use super::*;

fn find(root: &Path, relative: &Path, policy: Policy, patience: Patience) -> io::Result<Found> {
    match Root::open(root, policy, patience) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
        root => root?.find(relative),
    }
}

const DEFAULT: Policy = Policy { symlinks: Symlinks::Inside, dotfiles: false };

#[test]
fn rule_1_a_path_that_could_leave_the_root_names_nothing() {
    for path in [
        "/..",
        "/../x",
        "/a/../b",
        "/%2e%2e/x",
        "/%2E%2E",
        "/.",
        "/a/%2e/b",
        "/..%2fx",
        "/a%2Fb",
        "/a%5Cb",
        "/a%00",
        "/%00",
        "/.git/config",
        "/a/.env",
        "/...",
        "/a/..%5c..%5cb",
    ] {
        assert_eq!(DEFAULT.relative_path(path), None, "{path}");
    }
    let open = Policy { dotfiles: true, ..DEFAULT };
    assert_eq!(open.relative_path("/.git/config"), Some(PathBuf::from(".git/config")));
    for path in ["/..", "/.", "/%2e%2E/x", "/a%2Fb"] {
        assert_eq!(open.relative_path(path), None, "{path}");
    }
}

#[test]
fn rule_1_segments_are_decoded_once() {
    for (path, expected) in [
        ("/", ""),
        ("//a///b/", "a/b"),
        ("/%61%20b", "a b"),
        ("/%252e%252e/x", "%2e%2e/x"),
        ("/.well-known/acme", ".well-known/acme"),
        ("/c:/x", "c:/x"),
    ] {
        assert_eq!(DEFAULT.relative_path(path), Some(PathBuf::from(expected)), "{path}");
    }
    let latin = PathBuf::from(OsStr::from_bytes(b"\xE9"));
    assert_eq!(DEFAULT.relative_path("/%E9"), Some(latin));
}

/// A root with links of all kinds beside a directory that is none of its business.
fn grounds() -> (tempfile::TempDir, PathBuf) {
    let base = tempfile::tempdir().unwrap();
    let root = base.path().join("served");
    fs::create_dir_all(root.join("sub/deep")).unwrap();
    fs::create_dir(base.path().join("servedsecret")).unwrap();
    fs::write(base.path().join("servedsecret/x"), "secret").unwrap();
    fs::write(root.join("a"), "a").unwrap();
    fs::write(root.join("sub/b"), "b").unwrap();
    fs::write(root.join(".env"), "secret").unwrap();
    let absolute = fs::canonicalize(&root).unwrap();
    for (link, target) in [
        ("in", PathBuf::from("sub/b")),
        ("sub/up", "../a".into()),
        ("sub/deep/top", "../..".into()),
        ("dir", "sub".into()),
        ("chain", "dir/up".into()),
        ("absolute", absolute.join("sub/b")),
        ("out", "../servedsecret/x".into()),
        ("outdir", "../servedsecret".into()),
        ("away", "/etc/passwd".into()),
        ("back", "../served/a".into()),
        ("hidden", ".env".into()),
        ("loop", "loop".into()),
        ("dangling", "nothing".into()),
    ] {
        symlink(target, root.join(link)).unwrap();
    }
    (base, root)
}

fn content(found: &Found) -> Option<String> {
    match found {
        Found::File(open) => Some(io::read_to_string(&open.file).unwrap()),
        Found::Directory => Some("/".to_owned()),
        Found::Nothing => None,
    }
}

/// What `walk` alone gives: what a kernel without `openat2` leaves.
fn walked(root: &Path, relative: &str, policy: Policy) -> Option<String> {
    let root = Root::open(root, policy, Patience::Any).unwrap();
    let opened = root.walk(Path::new(relative), READ).ok()?;
    content(&what_is(opened).unwrap())
}

#[test]
fn rule_2_links_are_followed_by_policy_with_and_without_openat2() {
    let (_base, root) = grounds();
    for (path, inside, follow) in [
        ("a", Some("a"), Some("a")),
        ("sub/b", Some("b"), Some("b")),
        ("sub", Some("/"), Some("/")),
        ("in", Some("b"), Some("b")),
        ("sub/up", Some("a"), Some("a")),
        ("sub/deep/top", Some("/"), Some("/")),
        ("sub/deep/top/a", Some("a"), Some("a")),
        ("dir/b", Some("b"), Some("b")),
        ("chain", Some("a"), Some("a")),
        ("absolute", Some("b"), Some("b")),
        ("out", None, Some("secret")),
        ("outdir/x", None, Some("secret")),
        ("outdir", None, Some("/")),
        ("back", None, Some("a")),
        ("hidden", None, Some("secret")),
        ("loop", None, None),
        ("dangling", None, None),
        ("missing", None, None),
        ("a/x", None, None),
    ] {
        let has_link = !matches!(path, "a" | "sub/b" | "sub");
        for (symlinks, expected) in [
            (Symlinks::Inside, inside),
            (Symlinks::Follow, follow),
            (Symlinks::Deny, inside.filter(|_| !has_link)),
        ] {
            let policy = Policy { symlinks, dotfiles: false };
            let found = find(&root, Path::new(path), policy, Patience::Any).unwrap();
            assert_eq!(content(&found).as_deref(), expected, "{path} {symlinks:?}");
            if symlinks != Symlinks::Follow {
                assert_eq!(walked(&root, path, policy).as_deref(), expected, "{path} {symlinks:?}");
            }
        }
    }
    let away = find(&root, Path::new("away"), DEFAULT, Patience::Any).unwrap();
    assert!(matches!(away, Found::Nothing));
    let root_itself = find(&root, Path::new(""), DEFAULT, Patience::Any).unwrap();
    assert!(matches!(root_itself, Found::Directory));
}

#[test]
fn rule_2_an_empty_root_is_not_the_working_directory() {
    let found = find(Path::new(""), Path::new("Cargo.toml"), DEFAULT, Patience::Any).unwrap();
    assert!(matches!(found, Found::Nothing));
}

#[test]
fn rule_2_a_directory_swapped_for_a_link_under_load_leads_nowhere_else() {
    let (base, root) = grounds();
    fs::create_dir(root.join("swap")).unwrap();
    fs::write(root.join("swap/x"), "good").unwrap();
    symlink(base.path().join("servedsecret"), root.join("evil")).unwrap();
    let (swap, evil, aside) = (root.join("swap"), root.join("evil"), root.join("aside"));
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                fs::rename(&swap, &aside).unwrap();
                fs::rename(&evil, &swap).unwrap();
                fs::rename(&swap, &evil).unwrap();
                fs::rename(&aside, &swap).unwrap();
            }
        });
        let mut served = 0;
        for _ in 0..3000 {
            for found in [
                content(&find(&root, Path::new("swap/x"), DEFAULT, Patience::Any).unwrap()),
                walked(&root, "swap/x", DEFAULT),
            ] {
                assert!(matches!(found.as_deref(), None | Some("good")), "{found:?}");
                served += usize::from(found.is_some());
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(served > 0);
    });
}

#[test]
fn rule_2_a_directory_that_is_gone_is_not_found_whatever_stands_there_now() {
    let (_base, root) = grounds();
    let root = Root::open(&root, DEFAULT, Patience::Any).unwrap();
    for name in ["outdir", "loop", "dangling", "a", "missing"] {
        let error = root.directory(Path::new(name)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound, "{name}");
    }
}

#[test]
fn rule_3_pipes_sockets_and_devices_name_nothing_and_nothing_waits() {
    let (_base, root) = grounds();
    let made = std::process::Command::new("mkfifo").arg(root.join("pipe")).status().unwrap();
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    for policy in [DEFAULT, Policy { symlinks: Symlinks::Follow, dotfiles: true }] {
        for (root, name) in [(&*root, "pipe"), (&*root, "socket"), (Path::new("/dev"), "null")] {
            let found = find(root, Path::new(name), policy, Patience::Any).unwrap();
            assert!(matches!(found, Found::Nothing), "{name}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn rule_3_without_patience_links_would_block() {
    let (_base, root) = grounds();
    let error = find(&root, Path::new("in"), DEFAULT, Patience::None).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    match find(&root, Path::new("a"), DEFAULT, Patience::None) {
        Ok(found) => assert_eq!(content(&found).as_deref(), Some("a")),
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock), // an old kernel
    }
}

proptest! {
    #[test]
    fn whatever_is_asked_for_stays_below_the_root(path in "(/|%2e|%2f|%5c|%00|\\.|a|b|sub|in|out|dir|up|~|:|\\PC){0,24}", dotfiles in any::<bool>()) {
        let policy = Policy { symlinks: Symlinks::Inside, dotfiles };
        if let Some(relative) = policy.relative_path(&path) {
            prop_assert!(relative.components().all(|part| matches!(part, Component::Normal(_))));
            let root = Path::new("/srv");
            prop_assert!(root.join(relative).starts_with(root));
        }
    }
}
