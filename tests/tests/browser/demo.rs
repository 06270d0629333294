//! The form page of the example site, by Chromium: fields, a file, JSON, languages, the clock.

use std::time::{Duration, Instant};

use paste_tests::{Paster, within};
use serde_json::json;

use super::driver::Browser;

async fn text_of(browser: &Browser, selector: &str) -> String {
    let script = format!("return document.querySelector({selector:?})?.textContent ?? ''");
    browser.run(&script).await.as_str().unwrap().to_owned()
}

/// Asks again and again, until the text is one that is `wanted`.
async fn wait_for(browser: &Browser, selector: &str, wanted: impl Fn(&str) -> bool) -> String {
    let until = Instant::now() + Duration::from_secs(15);
    loop {
        let text = text_of(browser, selector).await;
        if wanted(&text) {
            return text;
        }
        assert!(Instant::now() < until, "waited too long for {selector}, which says {text:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn chromium_fills_the_form_of_the_example_site() {
    let site = Paster::start(["serve", "examples/site.toml", "--listen", "127.0.0.1:0"]).await;
    let browser = Browser::start().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("übung.bin");
    std::fs::write(&file, vec![b'x'; 3_000_000]).unwrap();

    browser.set_width(360).await;
    browser.goto(&format!("{}/demo", site.url)).await;
    let clock = wait_for(&browser, "#clock", |text| text != "-").await;
    wait_for(&browser, "#clock", |text| text != clock).await;
    let overflow = browser.run("return document.documentElement.scrollWidth - innerWidth").await;
    assert!(overflow.as_i64().unwrap() <= 0, "{overflow} too wide");

    browser.type_into("[name=name]", "Ada <b>").await;
    browser.type_into("[name=message]", "one\ntwo").await;
    browser.run("document.getElementById('json').click()").await;
    let answer = wait_for(&browser, "#answer", |text| !text.is_empty()).await;
    let expected =
        json!({ "name": "Ada <b>", "color": "red", "no-spam": "yes", "message": "one\ntwo" });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&answer).unwrap(), expected);

    browser.type_into("[name=file]", file.to_str().unwrap()).await;
    within("the click", browser.run("document.querySelector('[name=by]').click()")).await;
    let fields = wait_for(&browser, "#fields", |text| !text.is_empty()).await;
    assert!(fields.contains("Ada <b>") && fields.contains("one\ntwo"), "{fields:?}");
    let files = text_of(&browser, "#files").await;
    assert!(files.contains("übung.bin") && files.contains("3000000"), "{files:?}");

    browser.goto(&format!("{}/demo/language?to=de", site.url)).await;
    wait_for(&browser, "h1", |text| text == "Ein Formular zum Probieren").await;
    assert_eq!(browser.run("return document.cookie").await, "", "the cookie is HttpOnly");
}
