//! What the commands print. `serve` is tested with real clients, in the repository's `tests/`.

use serde_json::Value;

use super::{Fixture, paster};

fn stdout(args: &[&str]) -> String {
    let output = paster(args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn request_prints_one_answer() {
    let site = Fixture::new("app.main.use = \"dump\"");
    let path = site.path();
    let request = |more: &[&str]| stdout(&[&["request", path.to_str().unwrap()], more].concat());

    let printed = request(&["GET", "/x?a=1", "-H", "X-A: b", "-H", "Host: a.example"]);
    assert!(
        printed.starts_with("HTTP/1.1 200 OK\ncontent-type: application/json\n\n{"),
        "{printed}"
    );
    for part in [r#""host":"a.example""#, r#"["x-a","b"]"#, r#""client_addr":"127.0.0.1""#] {
        assert!(printed.contains(part), "{printed}");
    }
    let answer: Value =
        serde_json::from_str(&request(&["POST", "http://b.example/y", "-d", "12345", "--json"]))
            .unwrap();
    assert_eq!(answer["status"], 200);
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&body["method"], &body["host"], &body["body_length"]),
        (&"POST".into(), &"b.example".into(), &5.into())
    );
    assert!(request(&["HEAD", "/"]).ends_with("application/json\n\n"));
}

#[test]
fn request_refuses_what_is_no_request() {
    let site = Fixture::new("app.main.use = \"dump\"");
    let path = site.path();
    for (arguments, complaint) in [
        (&["GET", "x"][..], "neither a path"),
        (&["G T", "/"], "invalid value 'G T'"),
        (&["GET", "/", "-H", "a"], "expected `Name: value`"),
        (&["GET", "/", "-H", "a b: c"], "invalid HTTP header name"),
    ] {
        let output = paster(&[&["request", path.to_str().unwrap()], arguments].concat());
        assert!(!output.status.success());
        let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(complaints.contains(complaint), "{complaints}");
    }
}

#[test]
fn kinds_lists_every_kind_at_the_start_of_a_line() {
    let text = stdout(&["kinds"]);
    for kind in ["dump", "redirect", "static", "text", "urlmap", "headers", "http-errors"] {
        let line = text
            .lines()
            .find(|line| line.split_whitespace().next() == Some(kind) && !line.starts_with(' '));
        assert!(line.is_some_and(|line| line.ends_with('.')), "{kind}: {text}");
    }
    let root = "    root           The directory whose files are served. (string, required)";
    assert!(text.lines().any(|line| line == root), "{text}");
    assert!(text.contains(r#"(list of strings, default ["index.html"])"#), "{text}");
}

#[test]
fn kinds_gives_a_json_schema_that_knows_every_key() {
    let schema: Value = serde_json::from_str(&stdout(&["kinds", "--schema"])).unwrap();
    let apps = schema["properties"]["app"]["additionalProperties"]["oneOf"].as_array().unwrap();
    let files = apps.iter().find(|kind| kind["properties"]["use"]["const"] == "static").unwrap();
    assert_eq!(files["additionalProperties"], false);
    for key in ["root", "index", "use", "filters"] {
        assert!(files["properties"].get(key).is_some(), "{key}: {files:#}");
    }
    assert_eq!(schema["properties"]["server"]["properties"]["app"]["default"], "main");
}

#[test]
fn what_is_not_built_yet_is_refused() {
    let site = Fixture::new("app.main.use = \"dump\"");
    let output = paster(&["serve", site.path().to_str().unwrap(), "--reload"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--reload"));
}

#[test]
fn an_address_that_cannot_be_had_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let site = Fixture::new("app.main.use = \"dump\"");
    let output = paster(&["serve", site.path().to_str().unwrap(), "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains(&format!("cannot listen on {address}")), "{told}");
    let output = paster(&["static", "/nowhere"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read the directory /nowhere"));
}
