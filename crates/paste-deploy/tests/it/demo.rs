//! The kind `demo`, as the example site mounts it.

use paste_fixture::TestApp;
use paste_fixture::test_app::Upload;
use serde_json::{Value, json};

use super::Fixture;

const TOML: &str = "[app.main]\nuse = \"urlmap\"\nmount = { \"/demo\" = \"demo\" }\n\
                    [app.demo]\nuse = \"demo\"\nstyle = \"/style.css\"";

fn app() -> TestApp {
    Fixture::new(TOML).app()
}

#[tokio::test]
async fn a_submitted_form_is_told_field_by_field() {
    let app = app();
    let page = app.get("/demo").follow().await;
    assert_eq!(page.select_attr("link[rel=stylesheet]", "href"), ["/style.css"]);
    let mut form = page.form();
    form.set("name", "<Ada>").set("color", "blue").set("message", "one\ntwo");
    form.upload("file", [Upload::new("a.txt", "hello").content_type("text/plain")]);
    let answer = form.press("Send").await;
    answer.must_contain("&lt;Ada&gt;").must_contain("blue").must_contain("one\r\ntwo");
    assert_eq!(answer.select("#files td"), ["a.txt", "text/plain", "5"]);
    assert_eq!(answer.click("Back to the form").await.url().path(), "/demo/");
}

#[tokio::test]
async fn clients_that_ask_for_json_get_it() {
    let app = app();
    let answer =
        app.post("/demo/").header("accept", "application/json").param("a", 1).param("a", 2).await;
    let expected = json!({ "fields": [["a", "1"], ["a", "2"]], "files": [] });
    assert_eq!(answer.json::<Value>(), expected);
    let echo = app.post("/demo/json").json(&json!({ "x": [1, 2] })).await;
    assert_eq!(echo.json::<Value>(), json!({ "x": [1, 2] }));
    app.post("/demo/json").header("content-type", "text/plain").body("{}").expect(415).await;
}

#[tokio::test]
async fn the_page_speaks_the_visitors_language() {
    let app = app();
    let german = app.get("/demo/").header("accept-language", "gsw, de-CH;q=0.8, en;q=0.5").await;
    german.must_contain("Ein Formular zum Probieren");
    assert_eq!(german.header("content-language"), Some("de"));
    app.get("/demo/").header("accept-language", "xx").await.must_contain("A form to try");
    let french = german.click("Français").follow().await;
    french.must_contain("Un formulaire à essayer");
    app.get("/demo/").header("accept-language", "de").await.must_contain("Un formulaire");
    app.get("/demo/language?to=xx").expect(400).await;
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let app = app();
    app.get("/demo/nothing").expect(404).await;
    let put = app.put("/demo/").expect(405).await;
    assert_eq!(put.header("allow"), Some("GET, HEAD, POST"));
    let plain = app.get("/demo/clock").expect(426).await;
    assert_eq!(plain.header("upgrade"), Some("websocket"));
    app.head("/demo/").await;
}
