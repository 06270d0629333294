//! The kinds of paste-dispatch.

use super::Fixture;

#[tokio::test]
async fn a_cascade_asks_one_app_after_the_other() {
    let site = Fixture::new(
        "[app.main]\nuse = \"cascade\"\napps = [\"files\", \"text\"]\n\
         [app.files]\nuse = \"static\"\nroot = \"public\"\n[app.text]\nuse = \"text\"\nbody = \"second\"",
    );
    let app = site.app();
    assert_eq!(app.get("/a.txt").await.text(), "alpha");
    assert_eq!(app.get("/other").await.text(), "second");
    app.post("/a.txt").expect(405).await;
    let site = Fixture::new(
        "[app.main]\nuse = \"cascade\"\napps = [\"gone\", \"text\"]\ncatch = [405, 410]\n\
         [app.gone]\nuse = \"text\"\nbody = \"x\"\nstatus = 410\n[app.text]\nuse = \"text\"\nbody = \"second\"",
    );
    assert_eq!(site.app().get("/").await.text(), "second");
}

#[tokio::test]
async fn an_error_document_keeps_the_status() {
    let site = Fixture::new(
        "[app.main]\nuse = \"static\"\nroot = \"public\"\nfilters = [\"recursive\", \"pages\"]\n\
         [filter.pages]\nuse = \"error-document\"\npages = { \"404\" = \"/a.txt\" }",
    );
    assert_eq!(site.app().get("/missing").expect(404).await.text(), "alpha");
}

#[tokio::test]
async fn when_puts_a_filter_around_some_requests() {
    let site = Fixture::new(
        "[app.main]\nuse = \"text\"\nbody = \"x\"\nfilters = [\"admin\"]\n\
         [filter.admin]\nuse = \"when\"\nfilter = \"mark\"\npath = \"/admin/\"\nmethod = [\"GET\"]\n\
         header = { X-A = \"b\" }\n[filter.mark]\nuse = \"headers\"\nset = { X-Mark = \"1\" }",
    );
    let app = site.app();
    for (target, value, mark) in
        [("/admin/x", "b", Some("1")), ("/admin", "c", None), ("/x", "b", None)]
    {
        let answer = app.get(target).header("x-a", value).await;
        assert_eq!(answer.header("x-mark"), mark, "{target}");
    }
}

#[tokio::test]
async fn a_mount_may_have_a_name_and_a_map_tells_its_mounts_in_debug() {
    let site = Fixture::new(
        "[app.main]\nuse = \"urlmap\"\ndebug = true\n\
         mount = { \"/d\" = { app = \"dump\", name = \"docs\" }, \"/t\" = \"dump\" }\n\
         [app.dump]\nuse = \"dump\"",
    );
    let app = site.app();
    app.get("/d/x").await.must_contain("\"script_name\":\"/d\"");
    app.get("/x").expect(404).await.must_contain("Mounted here: /d, /t.");
}

#[test]
fn what_is_wrong_is_told() {
    for (toml, told) in [
        ("use = \"cascade\"\napps = []", "empty: there is no app to ask"),
        ("use = \"cascade\"\napps = [\"nobody\"]", "there is no [app.nobody]"),
        ("use = \"cascade\"\napps = [\"main\"]", "in a circle: main -> main"),
        ("use = \"cascade\"\napps = [\"t\"]\ncatch = [99]", ":4:9: status 99 cannot be had here"),
        ("use = \"urlmap\"\nmount = { \"/\" = 3 }", "the name of an app, or { app, name }"),
        ("use = \"urlmap\"\nmount = { \"/\" = { app = \"t\" } }", "missing key `name`"),
        (
            "use = \"urlmap\"\nmount = { \"/\" = { app = \"t\", name = \"a/b\" } }",
            "`a/b` cannot be the name of a mount",
        ),
        (
            "use = \"text\"\nbody = \"\"\nfilters = [\"f\"]\n[filter.f]\nuse = \"error-document\"\npages = { \"4o4\" = \"/x\", \"404\" = \"x\" }",
            "`4o4` is not a status that has a page",
        ),
        (
            "use = \"text\"\nbody = \"\"\nfilters = [\"f\"]\n[filter.f]\nuse = \"when\"\nfilter = \"lnit\"",
            "there is no [filter.lnit], nor a kind of filter `lnit`; did you mean `lint`?",
        ),
        (
            "use = \"text\"\nbody = \"\"\nfilters = [\"f\"]\n[filter.f]\nuse = \"when\"\nfilter = \"f\"",
            "the filter `f` is named by itself",
        ),
        (
            "use = \"text\"\nbody = \"\"\nfilters = [\"f\"]\n[filter.f]\nuse = \"when\"\nfilter = \"lint\"\nmethod = [\"G T\"]",
            "`G T` is not a method",
        ),
        (
            "use = \"text\"\nbody = \"\"\nfilters = [\"f\"]\n[filter.f]\nuse = \"when\"\nfilter = \"lint\"\nmethod = [\"get\"]\npath = \"/a/../b\"",
            "`get` is not a method such as `GET`",
        ),
        (
            "use = \"text\"\nbody = \"\"\nfilters = [\"f\"]\n[filter.f]\nuse = \"when\"\nfilter = \"lint\"\npath = \"/a/../b?x\"",
            "without `..`, `?` and `#`",
        ),
        ("use = \"cascade\"\napps = [\"t\"]\ncatch = []", "only the first app would be asked"),
        (
            "use = \"text\"\nbody = \"\"\nfilters = [\"f\"]\n[filter.f]\nuse = \"recursive\"\nmax_steps = 0",
            "0 would refuse every forward",
        ),
    ] {
        let text = format!("[app.main]\n{toml}\n[app.t]\nuse = \"text\"\nbody = \"t\"");
        let error = Fixture::new(&text).load().unwrap_err().to_string();
        assert!(error.contains(told), "{toml}\n-> {error}\nlacks {told}");
    }
}
