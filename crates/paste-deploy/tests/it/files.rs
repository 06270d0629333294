//! The kinds that send files.

use std::fs;
use std::io::Write as _;

use super::Fixture;

/// A site of one app, beside a few files.
fn site(options: &str) -> Fixture {
    let site = Fixture::new(&format!("[app.main]\n{options}\n[app.seen]\nuse = \"dump\""));
    let public = site.path().with_file_name("public");
    for (path, content) in [
        ("app.js", "plain"),
        ("app.js.gz", "gzip"),
        ("about.html", "<p>about"),
        ("style.3f2a9c1b.css", "p{}"),
        ("page.seen", "x"),
        (".env", "secret"),
        ("a.svg", "<svg/>"),
    ] {
        fs::write(public.join(path), content).unwrap();
    }
    std::os::unix::fs::symlink("a.txt", public.join("link")).unwrap();
    fs::create_dir(public.join("list")).unwrap();
    fs::write(public.join("list/x"), "x").unwrap();
    site
}

#[tokio::test]
async fn static_has_a_key_for_everything() {
    let site_of_defaults = site("use = \"static\"\nroot = \"public\"");
    let bare = site_of_defaults.app();
    for target in ["/list/", "/about", "/.env", "/nowhere"] {
        bare.get(target).header("accept", "text/html").expect(404).await;
    }
    bare.get("/link").expect(200).await;
    let coded = bare.get("/app.js").header("accept-encoding", "gzip").await;
    assert_eq!(coded.header("content-encoding"), Some("gzip"));
    let site = site(
        "use = \"static\"\nroot = \"public\"\nlisting = true\nprecompressed = false\nsymlinks = \"deny\"\n\
         dotfiles = true\nhtml_extension = true\nspa = \"about.html\"\nheaders = { X-A = \"b\" }\n\
         cache = { \"*.js\" = \"no-cache\" }\nimmutable = true\nactive = \"sandbox\"",
    );
    let full = site.app();
    full.get("/list/").await.must_contain("href=\"./x\"");
    assert_eq!(full.get("/about").await.text(), "<p>about");
    assert_eq!(full.get("/nowhere").header("accept", "text/html").await.text(), "<p>about");
    full.get("/link").expect(404).await;
    full.get("/.env").expect(200).await;
    let plain = full.get("/app.js").header("accept-encoding", "gzip").await;
    assert_eq!((&*plain.text(), plain.header("cache-control")), ("plain", Some("no-cache")));
    assert_eq!(plain.header("x-a"), Some("b"));
    let hashed = full.get("/style.3f2a9c1b.css").await;
    assert_eq!(hashed.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(full.get("/a.svg").await.header("content-security-policy"), Some("sandbox"));
}

#[tokio::test]
async fn file_serves_one_file_for_every_path() {
    let site = site("use = \"file\"\npath = \"public/app.js\"\ncache = { \"*\" = \"no-cache\" }");
    let app = site.app();
    for target in ["/", "/x/y"] {
        let answer = app.get(target).await;
        assert_eq!((&*answer.text(), answer.header("cache-control")), ("plain", Some("no-cache")));
    }
}

#[tokio::test]
async fn archive_serves_what_is_in_a_zip() {
    let site = site("use = \"archive\"\npath = \"public/a.zip\"");
    // One stored entry, `a.txt`, with `hi` in it.
    let (crc, name) = (0xD893_2AAC_u32.to_le_bytes(), b"a.txt");
    let common = [&[10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..], &crc, &[2, 0, 0, 0, 2, 0, 0, 0, 5, 0]];
    let common = common.concat();
    let local = [b"PK\x03\x04", &*common, &[0, 0], name, b"hi"].concat();
    let central = [b"PK\x01\x02", &[10, 0][..], &*common, &[0; 16], name].concat();
    let sizes = [u32::try_from(central.len()).unwrap(), u32::try_from(local.len()).unwrap()];
    let sizes = sizes.map(u32::to_le_bytes).concat();
    let end = [b"PK\x05\x06", &[0, 0, 0, 0, 1, 0, 1, 0][..], &sizes, &[0, 0]].concat();
    let mut zip = fs::File::create(site.path().with_file_name("public").join("a.zip")).unwrap();
    zip.write_all(&[local, central, end].concat()).unwrap();
    assert_eq!(site.app().get("/a.txt").await.text(), "hi");
}

#[tokio::test]
async fn file_tree_hands_files_to_apps_by_extension() {
    for kind in ["file-tree", "urlparser"] {
        let site = site(&format!(
            "use = \"{kind}\"\nroot = \"public\"\nindex = [\"about\"]\n\
             handlers = {{ \".seen\" = \"seen\" }}\nhide = [\".svg\"]\nignore = [\".js\"]\n\
             not_found = {{ \"list\" = \"seen\" }}"
        ));
        let app = site.app();
        assert_eq!(app.get("/").await.text(), "<p>about");
        let seen = app.get("/page/rest").await.json::<serde_json::Value>();
        assert_eq!((&seen["script_name"], &seen["path_info"]), (&"/page".into(), &"/rest".into()));
        let hooked = app.get("/list/nope").await.json::<serde_json::Value>();
        assert_eq!(hooked["path_info"], "/list/nope");
        for target in ["/a.svg", "/app", "/.env"] {
            app.get(target).expect(404).await;
        }
        assert_eq!(app.get("/a").await.text(), "alpha");
    }
}

#[test]
fn what_cannot_be_served_is_told_with_its_place() {
    for (options, expected) in [
        ("use = \"static\"\nroot = \"\"", "empty; `.` is the directory of this file"),
        ("use = \"static\"\nroot = \"public\"\nsymlinks = \"some\"", "unknown variant `some`"),
        ("use = \"static\"\nroot = \"public\"\ncache = { \"a[\" = \"x\" }", "the pattern `a[`"),
        (
            "use = \"static\"\nroot = \"public\"\ncache = { \"a\" = \"x\\n\" }",
            "a header cannot have",
        ),
        ("use = \"file\"\npath = \"nope\"", "cannot read "),
        ("use = \"file\"\npath = \"public\"", "not a file"),
        ("use = \"archive\"\npath = \"public/a.txt\"", "cannot serve "),
        ("use = \"file-tree\"\nroot = \"nope\"", "cannot read the directory"),
        (
            "use = \"static\"\nroot = \"public\"\nspa = \"../site.toml\"",
            ":4:7: expected a path below",
        ),
        (
            "use = \"static\"\nroot = \"public\"\nspa = \"/about.html\"",
            ":4:7: expected a path below",
        ),
        ("use = \"static\"\nroot = \"public\"\nspa = \"\"", ":4:7: expected a path below"),
        (
            "use = \"static\"\nroot = \"public\"\nspa = \"nope.html\"",
            ":4:7: there is no file nope.html",
        ),
        (
            "use = \"static\"\nroot = \"public\"\nheaders = { ETag = \"x\" }",
            ":4:11: the header `etag` is",
        ),
        (
            "use = \"file\"\npath = \"public/a.txt\"\nheaders = { Content-Type = \"a/b\" }",
            ":4:11: the header `content-type` is",
        ),
        ("use = \"file-tree\"\nroot = \"public\"\nhide = [\"\"]", ":4:8: an empty ending"),
        (
            "use = \"file-tree\"\nroot = \"public\"\nignore = [\"xml\"]",
            ":4:10: `xml` does not begin",
        ),
        (
            "use = \"file-tree\"\nroot = \"public\"\nnot_found = { \"../x\" = \"seen\" }",
            ":4:15: there is no such directory below the root",
        ),
        (
            "use = \"file-tree\"\nroot = \"public\"\nhandlers = { \"x\" = \"seen\" }",
            "begins with a dot",
        ),
        (
            "use = \"file-tree\"\nroot = \"public\"\nhandlers = { \".x\" = \"nope\" }",
            "there is no [app.nope]",
        ),
    ] {
        let told =
            site(options).paster(&["check", "site.toml"]).expect_code(1).expect_stderr().run();
        let told = told.stderr();
        assert!(told.contains(expected), "{options}: {told}");
        assert!(told.starts_with("site.toml:"), "{told}");
    }
}
