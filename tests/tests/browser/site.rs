//! The example site looks right: no element is wider than a phone, nothing comes from elsewhere,
//! and both color schemes show.

use paste_tests::Paster;

use super::driver::Browser;

#[tokio::test]
async fn the_example_site_fits_a_phone_and_both_color_schemes() {
    let site = Paster::start(["serve", "examples/site.toml", "--listen", "127.0.0.1:0"]).await;
    let browser = Browser::start().await;
    let mut backgrounds = Vec::new();
    for scheme in ["light", "dark"] {
        browser.prefer(scheme).await;
        for (page, width) in [("/", 360), ("/files/", 360), ("/", 1280)] {
            browser.set_width(width).await;
            browser.goto(&format!("{}{page}", site.url)).await;
            let overflow =
                browser.run("return document.documentElement.scrollWidth - innerWidth").await;
            assert!(overflow.as_i64().unwrap() <= 0, "{page} at {width}: {overflow} too wide");
        }
        backgrounds.push(browser.run("return getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).backgroundColor").await);
    }
    assert_ne!(backgrounds[0], backgrounds[1]);
    let loaded = browser
        .run("return performance.getEntriesByType('resource').map(entry => entry.name)")
        .await;
    let loaded = loaded.as_array().unwrap();
    assert!(!loaded.is_empty(), "the style sheet at least");
    for resource in loaded {
        assert!(resource.as_str().unwrap().starts_with(&site.url), "{resource}");
    }
}
