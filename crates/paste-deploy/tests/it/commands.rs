//! What the commands print. `serve` is tested with real clients, in the repository's `tests/`.

use serde_json::Value;

use super::Fixture;

const DUMP: &str = "app.main.use = \"dump\"";

#[test]
fn request_prints_one_answer_and_touches_nothing() {
    let site = Fixture::new(DUMP);
    let request = |more: &[&str]| {
        let result = site.paster(&[&["request", "site.toml"], more].concat()).run();
        result.assert_no_files_touched().stdout()
    };
    let printed = request(&["GET", "/x?a=1", "-H", "X-A: b", "-H", "Host: a.example"]);
    assert!(
        printed.starts_with("HTTP/1.1 200 OK\ncontent-type: application/json\n\n{"),
        "{printed}"
    );
    for part in [r#""host":"a.example""#, r#"["x-a","b"]"#, r#""client_addr":"127.0.0.1""#] {
        assert!(printed.contains(part), "{printed}");
    }
    let answer = request(&["POST", "http://b.example/y", "-d", "12345", "--json"]);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["status"], 200);
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["method"], &body["host"]), (&"POST".into(), &"b.example".into()));
    assert_eq!(body["body_length"], 5);
    assert!(request(&["HEAD", "/"]).ends_with("application/json\n\n"));
    let head: Value = serde_json::from_str(&request(&["HEAD", "/", "--json"])).unwrap();
    assert_eq!(head["body"], "");
}

#[test]
fn request_refuses_what_is_no_request() {
    let site = Fixture::new(DUMP);
    for (code, arguments, complaint) in [
        (1, &["GET", "x"][..], "neither a path"),
        (1, &["GET", "http://user@x/"], "neither a path"),
        (1, &["GET", "ftp://x/"], "neither a path"),
        (2, &["G T", "/"], "invalid value 'G T'"),
        (2, &["GET", "/", "-H", "a"], "expected `Name: value`"),
        (2, &["GET", "/", "-H", "a b: c"], "invalid HTTP header name"),
    ] {
        let command = site.paster(&[&["request", "site.toml"], arguments].concat());
        let complaints = command.expect_code(code).expect_stderr().run().stderr();
        assert!(complaints.contains(complaint), "{complaints}");
    }
}

#[test]
fn kinds_lists_every_kind_at_the_start_of_a_line() {
    let text = Fixture::new("").paster(&["kinds"]).run().stdout();
    for kind in ["dump", "redirect", "static", "text", "urlmap", "headers", "http-errors"] {
        let is_of_kind =
            |line: &&str| !line.starts_with(' ') && line.split_whitespace().next() == Some(kind);
        let line = text.lines().find(is_of_kind);
        assert!(line.is_some_and(|line| line.ends_with('.')), "{kind}: {text}");
    }
    let root = "    root           The directory whose files are served. (string, required)";
    assert!(text.lines().any(|line| line == root), "{text}");
    assert!(text.contains(r#"(list of strings, default ["index.html"])"#), "{text}");
}

#[test]
fn kinds_gives_a_json_schema_that_knows_every_key() {
    let schema = Fixture::new("").paster(&["kinds", "--schema"]).run().stdout();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let apps = schema["properties"]["app"]["additionalProperties"]["oneOf"].as_array().unwrap();
    let files = apps.iter().find(|kind| kind["properties"]["use"]["const"] == "static").unwrap();
    assert_eq!(files["additionalProperties"], false);
    for key in ["root", "index", "use", "filters"] {
        assert!(files["properties"].get(key).is_some(), "{key}: {files:#}");
    }
    assert_eq!(schema["properties"]["server"]["properties"]["app"]["default"], "main");
}

#[test]
fn what_is_generated_from_the_kinds_is_fresh() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (file, form) in [("kinds.md", "--markdown"), ("paster.schema.json", "--schema")] {
        let printed = Fixture::new("").paster(&["kinds", form]).run().stdout();
        let stored = std::fs::read_to_string(docs.join(file)).unwrap();
        assert!(stored == printed, "docs/{file} is not up to date: run `cargo xtask doc`");
    }
}

#[test]
fn what_is_not_built_yet_is_refused() {
    let site = Fixture::new(DUMP);
    let refused =
        site.paster(&["serve", "site.toml", "--reload"]).expect_code(1).expect_stderr().run();
    refused.assert_stderr("this version has no --reload\n");
}

#[test]
fn an_address_that_cannot_be_had_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let site = Fixture::new(DUMP);
    let serve = ["serve", "site.toml", "--listen", &address];
    let told = site.paster(&serve).expect_code(1).expect_stderr().run().stderr();
    assert!(told.contains(&format!("cannot listen on {address}")), "{told}");
    let told = site.paster(&["static", "/nowhere"]).expect_code(1).expect_stderr().run().stderr();
    assert!(told.contains("cannot read the directory /nowhere"), "{told}");
}

#[test]
fn attack_tells_what_a_server_does_not_withstand() {
    let site = Fixture::new("");
    let told = |code, args: &[&str]| {
        let command = site.paster(&[&["attack"], args].concat());
        let result = command.expect_code(code).expect_stderr().run();
        result.stdout() + &result.stderr()
    };
    let url = sends("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
    let text = told(1, &[&url, "--corpus", "ranges", "--corpus", "cookies"]);
    assert!(text.contains("ranges: range-first: status 500; allowed: status 200 to 499"), "{text}");
    assert!(text.contains("cookies: fixation: status 500"), "{text}");
    assert!(text.contains("attacks: 0 passed, "), "{text}");
    assert!(text.ends_with("does not withstand all attacks\n"), "{text}");

    for (code, args, complaint) in [
        (1, &["http://192.0.2.1/"][..], "only servers on this machine are attacked"),
        (1, &["https://localhost/"], "begins with http://"),
        (2, &[&url, "--corpus", "pathes"], "there are paths, ranges, headers"),
    ] {
        let text = told(code, args);
        assert!(text.contains(complaint), "{args:?}: {text}");
    }
}

/// A server that sends these bytes to whoever asks, and closes; its URL.
fn sends(answer: &'static str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
            let _ = std::io::Write::write_all(&mut stream, answer.as_bytes());
        }
    });
    url
}

#[test]
fn lint_names_the_rule_by_which_a_body_is_cut() {
    let site = Fixture::new("");
    let told = |answer| {
        let url = sends(answer);
        let result = site.paster(&["lint", &url]).expect_code(1).expect_stderr().run();
        result.stdout() + &result.stderr()
    };
    let text = told("HTTP/1.1 203 X\r\nContent-Type: text/css\r\nContent-Length: 9\r\n\r\nhello");
    assert!(text.starts_with("203 Non Authoritative Information http://127.0.0.1:"), "{text}");
    assert!(
        text.contains("must   body-complete: ") && text.contains("ended after 5 bytes of 9"),
        "{text}"
    );
    let text = told(
        "HTTP/1.1 200 X\r\nContent-Type: text/css\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n",
    );
    assert!(
        text.contains("must   body-complete: ") && text.contains("ended after 5 bytes"),
        "{text}"
    );
    let text = told("no HTTP");
    assert!(text.contains("there is no answer: asking http://127.0.0.1:"), "{text}");
    assert!(!text.contains(".rs:"), "{text}");
}

#[test]
fn the_example_site_is_sound_and_its_page_shows_the_lines_that_made_it() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let site = examples.join("site.toml");
    Fixture::new("").paster(&["check", site.to_str().unwrap()]).run();

    let toml: toml::Table = std::fs::read_to_string(site).unwrap().parse().unwrap();
    let page = std::fs::read_to_string(examples.join("public/index.html")).unwrap();
    let blocks = page.split("<pre class=\"toml\">").skip(1);
    let mut shown = 0;
    for block in blocks {
        let block = block.split("</pre>").next().unwrap();
        let text: String = block
            .split('<')
            .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
            .collect();
        let text = text.replace("&quot;", "\"").replace("&lt;", "<").replace("&amp;", "&");
        let part: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error} in {text}"));
        assert!(contains(&toml, &part), "the page shows what the file does not say: {text}");
        shown += 1;
    }
    assert!(shown > 5, "{shown} blocks");
}

/// Whether all of `part` is in `whole`.
fn contains(whole: &toml::Table, part: &toml::Table) -> bool {
    part.iter().all(|(key, value)| match (whole.get(key), value) {
        (Some(toml::Value::Table(whole)), toml::Value::Table(part)) => contains(whole, part),
        (found, value) => found == Some(value),
    })
}
