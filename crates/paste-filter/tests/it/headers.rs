//! One test per rule of `Headers`.

use http::{HeaderMap, HeaderValue, header};
use paste_core::{AppExt, Error, Request, Result, response};
use paste_filter::Headers;
use paste_fixture::TestApp;

async fn headers_of(path: &str, filter: Headers) -> HeaderMap {
    async fn app(request: Request) -> Result {
        let server = (header::SERVER, HeaderValue::from_static("secret"));
        if request.uri().path() == "/error" {
            return Err(Error::not_found().header(server.0, server.1));
        }
        let mut response = response::text("hi");
        response.headers_mut().insert(server.0, server.1);
        Ok(response)
    }
    TestApp::new(app.with(filter)).get(path).expect_any().await.headers().clone()
}

#[tokio::test]
async fn rules_1_and_2_removes_then_sets_on_responses_and_errors() {
    let filter = Headers::new()
        .set(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"))
        .remove(header::SERVER)
        .remove(header::X_FRAME_OPTIONS);
    for path in ["/", "/error"] {
        let headers = headers_of(path, filter.clone()).await;
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert!(!headers.contains_key("server"), "{path}");
    }
    let replaced = Headers::new().set(header::SERVER, HeaderValue::from_static("x"));
    let headers = headers_of("/", replaced).await;
    assert!(headers.get_all("server").iter().eq(["x"]));
}

#[cfg(feature = "serde")]
#[tokio::test]
async fn reads_its_configuration() {
    let config = serde_json::json!({ "set": { "X-Frame-Options": "DENY" }, "remove": ["Server"] });
    let headers = headers_of("/", serde_json::from_value(config).unwrap()).await;
    assert_eq!(headers["x-frame-options"], "DENY");
    assert!(!headers.contains_key("server"));
    for (config, complaint) in [
        (serde_json::json!({ "remove": ["a b"] }), "`a b` is not a header name"),
        (serde_json::json!({ "set": { "a": "\n" } }), "the header `a` cannot have this value"),
        (serde_json::json!({ "set": { "a b": "c" } }), "`a b` is not a header name"),
        (serde_json::json!({ "set": { "X-A": "1", "x-a": "2" } }), "the header `x-a` stands twice"),
        (
            serde_json::json!({ "set": { "Content-Length": "3" } }),
            "`content-length` is the server's to set",
        ),
        (serde_json::json!({ "set": { "a": ["b"] } }), "expected a string"),
        (serde_json::json!({ "sett": {} }), "unknown field `sett`, expected `set` or `remove`"),
    ] {
        let error = serde_json::from_value::<Headers>(config).unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
    }
}
