//! Every mistake is told with its place, what was found, and what is near.

use std::fmt::Write;

use super::Fixture;

/// What is wrong with a file, without the path before each line.
pub(crate) fn problems(toml: &str) -> Vec<String> {
    let site = Fixture::new(toml);
    let error = site.load().expect_err("a faulty file").to_string();
    let prefix = site.path().display().to_string();
    error
        .lines()
        .map(|line| line.strip_prefix(&prefix).unwrap().replace(&prefix, "").clone())
        .collect()
}

const TEXT: &str = "app.t = { use = \"text\", body = \"\" }\n";

#[test]
fn each_mistake_has_its_place_and_its_message() {
    for (toml, expected) in [
        ("", ":1:1: there is no [app.main] to serve; there are none"),
        ("[app.main", ":1:10: unclosed table, expected `]`"),
        (
            "[app.main]\nuse = \"text\"\nbody = ",
            ":3:8: string values must be quoted, expected literal string",
        ),
        ("[app.main]\nbody = \"\"", ":1:6: [app.main] lacks `use = \"KIND\"`"),
        ("[app.main]\nuse = \"txt\"", ":2:7: there is no kind of app `txt`; did you mean `text`?"),
        (
            "[app.main]\nuse = \"gopher\"",
            ":2:7: there is no kind of app `gopher`; expected one of `archive`, `cascade`, `counter`, `demo`, `dump`, `file`, `file-tree`, `redirect`, `static`, `text`, `urlmap`, `urlparser`",
        ),
        ("[app.main]\nuse = 3", ":2:7: expected the name of a kind, as a string; found integer"),
        ("[app.main]\nuse = \"text\"", ":1:6: kind `text`: missing key `body`"),
        (
            "[app.main]\nuse = \"text\"\nbody = 3",
            ":3:8: kind `text`: found integer `3`, expected a string",
        ),
        (
            "[app.main]\nuse = \"text\"\nbody = \"\"\nboddy = 1",
            ":4:1: kind `text` has no key `boddy`; did you mean `body`?",
        ),
        (
            "[app.main]\nuse = \"text\"\nbody = \"\"\nstatus = 99",
            ":4:10: status 99 cannot be had here: expected 200 to 999",
        ),
        (
            "[app.main]\nuse = \"text\"\nbody = \"x\"\nstatus = 204",
            ":3:8: an answer with status 204 No Content has no body",
        ),
        (
            "[app.main]\nuse = \"redirect\"\nto = \"/\"\nstatus = 200",
            ":4:10: status 200 cannot be had here: expected 300 to 308",
        ),
        (
            "[app.main]\nuse = \"redirect\"\nto = \"/\"\nstatus = 304",
            ":4:10: status 304 Not Modified is not a redirect",
        ),
        (
            "[app.main]\nuse = \"urlmap\"\nmount = { \"/\" = \"x\" }",
            ":3:17: there is no [app.x]; expected one of `main`",
        ),
        (
            "[app.main]\nuse = \"urlmap\"\nmount = { \"/\" = \"main\" }",
            ":3:17: apps name each other in a circle: main -> main",
        ),
        (
            "[app.main]\nuse = \"urlmap\"\nmount = { \"/a\" = \"t\", \"/a/\" = \"t\" }\n[app.t]\nuse = \"dump\"",
            ":3:23: `/a/` is mounted twice",
        ),
        (
            "[app.main]\nuse = \"urlmap\"\nmount = { \"//a b/\" = \"t\" }\n[app.t]\nuse = \"dump\"",
            ":3:11: `//a b/` does not name a host: expected `host`, `host:port` or `*.host` between `//` and the path",
        ),
        (
            "[app.main]\nuse = \"urlmap\"\nmount = {}\ndefault = \"x\"",
            ":4:11: there is no [app.x]; expected one of `main`",
        ),
        (
            "[server]\napp = \"tt\"\n[app.t]\nuse = \"dump\"",
            ":2:7: there is no [app.tt] to serve; did you mean `t`?",
        ),
        ("[app]\nt = 3", ":2:5: expected a table, [app.t]; found integer"),
        ("app = 3", ":1:7: expected a table, [app.NAME]; found integer"),
        (
            "[app.main]\nuse = \"text\"\nbody = 1979-05-27",
            ":3:8: kind `text`: found a date, expected a string",
        ),
        (
            "[app.main]\nuse = \"text\"\nbody = \"\"\ncontent_type = \"foo\"",
            ":4:16: `foo` is not a media type such as `text/html; charset=utf-8`",
        ),
        (
            "[app.main]\nuse = \"redirect\"\nto = \"\"",
            ":3:6: \"\" is neither a URL of http or https nor a path on this site",
        ),
        (
            "[app.main]\nuse = \"redirect\"\nto = \"http://exa mple/\"",
            ":3:6: \"http://exa mple/\" is neither a URL of http or https nor a path on this site",
        ),
        (
            "[app.main]\nuse = \"redirect\"\nto = \"javascript:alert(1)\"",
            ":3:6: \"javascript:alert(1)\" is neither a URL of http or https nor a path on this site",
        ),
        (
            "[app.main]\nuse = \"redirect\"\nto = \"/a\\r\\nX: y\"",
            ":3:6: \"/a\\r\\nX: y\" is neither a URL of http or https nor a path on this site",
        ),
        (
            "[app.main]\nuse = \"static\"\nroot = \".\"\nindex = [\"index.html\", \"../x\"]",
            ":4:9: `../x` is not the name of a file that may be served",
        ),
        ("[apps.main]\nuse = \"dump\"", ":1:2: unknown section `apps`; did you mean `app`?"),
    ] {
        let found = problems(toml);
        assert!(found.contains(&expected.to_owned()), "{toml}\n-> {found:#?}\nlacks {expected}");
    }
}

#[test]
fn each_mistake_of_the_server_is_told() {
    for (server, expected) in [
        ("lisen = \"x\"", ":1:12: [server] has no key `lisen`; did you mean `listen`?"),
        (
            "listen = 80",
            ":1:21: [server]: found integer `80`, expected an address such as \"127.0.0.1:8080\", or a list of them",
        ),
        (
            "listen = \"80\"",
            ":1:21: [server]: `80` is not an address: expected HOST:PORT, unix:PATH or fd",
        ),
        (
            "listen = \"fd:3\"",
            ":1:21: [server]: `fd:3` is not an address: expected HOST:PORT, unix:PATH or fd; `fd` alone stands for all sockets that the service manager hands over",
        ),
        (
            "listen = []",
            ":1:21: [server]: invalid length 0, expected an address such as \"127.0.0.1:8080\", or a list of them",
        ),
        (
            "listen = [\":80\"]",
            ":1:21: [server]: `:80` is not an address: expected HOST:PORT, unix:PATH or fd",
        ),
        (
            "listen = \"unix:\"",
            ":1:21: [server]: `unix:` is not an address: expected HOST:PORT, unix:PATH or fd",
        ),
        (
            "listen = [\"127.0.0.1:81\", \"127.0.0.1:081\"]",
            ":1:21: [server]: `127.0.0.1:081` stands twice",
        ),
        (
            "listen = [\"127.0.0.1:81\", \"[::]:81\", \"0.0.0.0:81\"]",
            ":1:21: [server]: `0.0.0.0:81` overlaps another address of the list",
        ),
        ("listen = [\"fd\", \"fd\"]", ":1:21: [server]: `fd` stands twice"),
        ("workers = -1", ":1:22: [server]: found integer `-1`, expected a whole number from 0"),
        ("workers = 2000", ":1:22: [server]: 2000 threads are more than 1024"),
        ("tls = { cert = \"x\" }", ":1:18: [server]: missing key `key`"),
        ("unix_mode = \"999\"", ":1:24: [server]: `999` is not a mode such as `660`"),
        ("health = \"up\"", ":1:21: [server]: `up` is not a path that begins with a slash"),
        (
            "redirect_to_https = \"127.0.0.1:80\"",
            ":1:32: [server]: `redirect_to_https` needs `tls`",
        ),
        ("limits = { idle_timeout = 5 }", ":1:38: [server]: found integer `5`, expected a string"),
        (
            "limits = { idle_timeout = \"5\" }",
            ":1:38: [server]: `5` is not a duration such as `30s`",
        ),
        (
            "limits = { max_header_size = \"1KiB\" }",
            ":1:41: [server]: expected a size from `8KiB` to `16MiB`",
        ),
        ("limits = { max_headers = 0 }", ":1:37: [server]: 0 would refuse every request"),
        ("limits = { http2_streams = 0 }", ":1:39: [server]: 0 would refuse every request"),
        (
            "limits = { max_conections = 5 }",
            ":1:23: [server]: unknown field `max_conections`, expected one of",
        ),
    ] {
        let toml = format!("server = {{ {server} }}\n{TEXT}app.main = {{ use = \"dump\" }}");
        let found = problems(&toml);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{toml}: {found:?}");
    }
    let unresolved =
        problems("server.listen = \"no.such.name.invalid:80\"\napp.main.use = \"dump\"");
    assert!(unresolved[0].contains("cannot resolve `no.such.name.invalid:80`"), "{unresolved:?}");
    let unread =
        problems("server.tls = { cert = \"c.pem\", key = \"k.pem\" }\napp.main.use = \"dump\"");
    assert_eq!(unread.len(), 2);
    assert!(unread[0].contains("c.pem: No such file"), "{unread:?}");
}

#[test]
fn a_unix_socket_that_cannot_be_made_is_told() {
    let long = format!("unix:{}", "x".repeat(120));
    for (address, expected) in [
        ("unix:/nonexist/x.sock", "cannot read the directory /nonexist: No such file"),
        ("unix:site.toml/x.sock", "is not a directory"),
        ("unix:public", "there is a file of this name, which is not a socket"),
        (&long, "path must be shorter than"),
    ] {
        let toml = format!("app.main.use = \"dump\"\n[server]\nlisten = \"{address}\"");
        let found = problems(&toml);
        let begin = format!(":3:10: [server]: cannot listen on {address}: ");
        assert!(found.len() == 1 && found[0].starts_with(&begin), "{address}: {found:?}");
        assert!(found[0].contains(expected), "{address}: {found:?}");
    }
    Fixture::new("app.main.use = \"dump\"\nserver.listen = \"unix:x.sock\"").load().unwrap();
}

#[cfg(feature = "tls")]
#[test]
fn a_key_of_another_certificate_is_told() {
    let site = |tls: &str| {
        let site = Fixture::new(&format!("app.main.use = \"dump\"\n[server]\ntls = {tls}"));
        for name in ["a", "b"] {
            let made = rcgen::generate_simple_self_signed([format!("{name}.example")]).unwrap();
            site.0.write(format!("{name}.crt"), made.cert.pem()).unwrap();
            site.0.write(format!("{name}.key"), made.signing_key.serialize_pem()).unwrap();
        }
        site.load().map(drop).map_err(|error| error.to_string())
    };
    let (a, b) = ("{ cert = \"a.crt\", key = \"a.key\" }", "{ cert = \"b.crt\", key = \"b.key\" }");
    let mixed = "{ cert = \"a.crt\", key = \"b.key\" }";
    site(&format!("[{a}, {b}]")).unwrap();
    for tls in [mixed.to_owned(), format!("[{a}, {mixed}]"), format!("[{mixed}, {b}]")] {
        let error = site(&tls).unwrap_err();
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains(":3:7: [server]: ") && error.contains("b.key: "), "{error}");
    }
    let error = site("{ cert = \"a.key\", key = \"a.crt\" }").unwrap_err();
    assert!(error.contains(":3:7: [server]: ") && error.contains("a.key: "), "{error}");
}

#[test]
fn each_mistake_of_a_filter_is_told() {
    let site = |filters: &str, section: &str| {
        problems(&format!("app.main = {{ use = \"dump\", filters = {filters} }}\n{section}"))
    };
    assert_eq!(
        site("[\"http-error\"]", ""),
        [
            ":1:39: there is no [filter.http-error], nor a kind of filter `http-error`; did you mean `http-errors`?"
        ]
    );
    assert_eq!(
        site("[3]", ""),
        [":1:39: expected the name of a filter, as a string; found integer"]
    );
    assert_eq!(site("\"headers\"", ""), [":1:38: expected a list of filter names; found string"]);
    assert_eq!(
        site("[\"h\"]", "[filter.h]\nuse = \"headers\"\nsett = {}"),
        [":4:1: kind `headers` has no key `sett`; did you mean `set`?"]
    );
    assert_eq!(
        site("[]", "[filter.h]\nuse = \"headers\"\nset = { a = \"\\n\" }"),
        [":4:7: kind `headers`: the header `a` cannot have this value"]
    );
    assert_eq!(
        site("[]", "[filter.h]\nuse = \"headers\"\nfilters = []"),
        [":4:1: kind `headers` has no key `filters`; expected one of `remove`, `set`"]
    );
}

#[test]
fn a_filter_that_would_do_nothing_or_harm_is_told() {
    for (keys, expected) in [
        ("use = \"timeout\"\nafter = \"0s\"", ":4:9: no answer begins in no time"),
        (
            "use = \"compress\"\ntypes = []",
            ":2:9: kind `compress`: `types` is empty: nothing would be compressed",
        ),
        (
            "use = \"decompress\"\nalgorithms = []",
            ":2:9: kind `decompress`: `algorithms` is empty: nothing would be decompressed",
        ),
        (
            "use = \"error-document\"\npages = { 404 = \"//x/y\" }",
            ":4:17: expected a path that begins with one slash",
        ),
        (
            "use = \"request-id\"\nheader = \"Content-Length\"",
            ":4:10: kind `request-id`: the header `content-length` is the server's to set",
        ),
        (
            "use = \"request-id\"\nheader = \"host\"",
            ":4:10: kind `request-id`: the header `host` is the server's to set",
        ),
        (
            "use = \"headers\"\nremove = [\"connection\"]",
            ":4:10: kind `headers`: the header `connection` is the server's to set",
        ),
    ] {
        assert_eq!(problems(&format!("app.main.use = \"dump\"\n[filter.f]\n{keys}")), [expected]);
    }
}

#[test]
fn the_environment_is_replaced_and_what_is_not_set_is_told() {
    let path = std::env::var("PATH").unwrap();
    let site = Fixture::new("[app.main]\nuse = \"text\"\nbody = \"${PATH} $${PATH}\"");
    let answer = site.paster(&["request", "site.toml", "GET", "/"]).run().stdout();
    assert!(answer.ends_with(&format!("{path} ${{PATH}}")), "{answer}");
    let found = problems("[app.main]\nuse = \"text\"\nbody = \"${PASTE_IS_NOT_SET}\"");
    assert_eq!(
        found,
        [":3:8: the environment variable `PASTE_IS_NOT_SET` is not set, or is not UTF-8"]
    );
}

#[test]
fn a_root_that_cannot_be_read_is_told() {
    let found = problems("[app.main]\nuse = \"static\"\nroot = \"nope\"");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with(":3:8: cannot read the directory ")
            && found[0].ends_with("(os error 2)"),
        "{found:?}"
    );
}

#[test]
fn a_file_that_is_not_utf_8_is_told_with_its_place() {
    let site = Fixture::new("");
    std::fs::write(site.path(), b"# one\n# tw\xFFo").unwrap();
    let error = site.load().unwrap_err().to_string();
    assert!(error.ends_with("site.toml:2:5: the text is not UTF-8 from here on"), "{error}");
}

#[test]
fn a_faulty_app_is_not_called_missing() {
    assert_eq!(problems("[app.main]\nbody = \"\""), [":1:6: [app.main] lacks `use = \"KIND\"`"]);
    assert_eq!(problems("[[app.main]]\nuse = \"dump\"").len(), 1);
}

#[test]
fn all_mistakes_are_told_at_once_in_their_order() {
    let found =
        problems("[app.main]\nuse = \"x\"\n[app.a]\nuse = \"text\"\n[filter.f]\nuse = \"y\"\n[z]");
    let places: Vec<_> = found.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, [":2:7", ":3:6", ":6:7", ":7:2"]);
}

#[test]
fn all_wrong_values_of_a_section_are_told() {
    assert_eq!(
        problems("app.main.use = \"dump\"\n[server]\nworkers = \"x\"\nlisten = 5"),
        [
            ":3:11: [server]: found string \"x\", expected a whole number from 0",
            ":4:10: [server]: found integer `5`, expected an address such as \"127.0.0.1:8080\", or a list of them",
        ]
    );
    assert_eq!(
        problems("[app.main]\nuse = \"redirect\"\nto = 1\nstatus = \"x\""),
        [
            ":3:6: kind `redirect`: found integer `1`, expected a string",
            ":4:10: kind `redirect`: found string \"x\", expected a whole number from 0 to 65535",
        ]
    );
}

#[test]
fn a_name_is_told_once_and_nothing_twice() {
    let found = problems(
        "app.main = { use = \"dump\", filters = [\"h\"] }\nfilter.http-errors.use = \"http-errors\"",
    );
    assert!(found[0].matches("`http-errors`").count() == 1, "{found:?}");
    assert_eq!(problems("app = 3"), [":1:7: expected a table, [app.NAME]; found integer"]);
}

#[test]
fn an_access_log_is_a_file_and_has_a_format() {
    let log =
        |keys: &str| format!("app.main.use = \"dump\"\n[filter.l]\nuse = \"access-log\"\n{keys}");
    for (keys, expected) in [
        ("file = \"\"", ":4:8: empty: expected a file, or `-` for standard error"),
        ("format = \"\"", ":4:10: empty: every line would be"),
    ] {
        assert_eq!(problems(&log(keys)), [expected]);
    }
    let site = Fixture::new(&log("file = \"pipe\""));
    let pipe = site.path().with_file_name("pipe");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    let told = site.paster(&["check", "site.toml"]).expect_code(1).expect_stderr().run().stderr();
    assert!(told.starts_with("site.toml:4:8: "), "{told}");
    assert!(
        told.trim_end().ends_with("pipe: it is neither a file nor a character device"),
        "{told}"
    );
    Fixture::new(&log("file = \"/dev/null\"")).load().unwrap();
}

#[test]
fn index_names_are_names() {
    for name in ["../x", "a/b", "", "..", ".hidden"] {
        let toml = format!("[app.main]\nuse = \"static\"\nroot = \"public\"\nindex = [\"{name}\"]");
        assert_eq!(problems(&toml).len(), 1, "{name}");
    }
}

#[test]
fn apps_name_each_other_at_most_100_deep() {
    let nested = |count: usize| {
        let mut toml =
            String::from("app.main = { use = \"urlmap\", mount = { \"/\" = \"a0\" } }\n");
        for number in 0..count {
            let next = number + 1;
            let app = format!("{{ use = \"urlmap\", mount = {{ \"/\" = \"a{next}\" }} }}");
            writeln!(toml, "app.a{number} = {app}").unwrap();
        }
        toml + &format!("app.a{count} = {{ use = \"dump\" }}\n")
    };
    Fixture::new(&nested(90)).load().unwrap();
    let found = problems(&nested(8000));
    assert!(found[0].ends_with("more than 100 apps name each other in a row, down to here"));
    assert!(!found[0].starts_with(":1:1:"), "{}", found[0]);
}

#[test]
fn check_exits_with_1_and_says_where_or_with_0() {
    let check = |site: &Fixture, file: &str, code| {
        let command = site.paster(&["check", file]).expect_code(code).expect_stderr();
        let result = command.run();
        result.assert_no_files_touched();
        (result.stdout(), result.stderr())
    };
    let faulty = Fixture::new("[app.main]\nuse = \"x\"");
    assert!(check(&faulty, "site.toml", 1).1.starts_with("site.toml:2:7: "));
    let sound = Fixture::new("[app.main]\nuse = \"static\"\nroot = \"public\"");
    assert_eq!(check(&sound, "site.toml", 0), ("site.toml: ok\n".to_owned(), String::new()));
    for unreadable in ["nowhere.toml", "/"] {
        assert!(check(&sound, unreadable, 1).1.starts_with(unreadable));
    }
}
