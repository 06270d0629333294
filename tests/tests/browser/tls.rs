//! Chromium over TLS, by HTTP/2.

use paste_tests::Paster;

use super::driver::Browser;

#[tokio::test]
async fn chromium_speaks_tls_and_http_2() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(dir.path().join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(dir.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let file = dir.path().join("site.toml");
    let server = "listen = \"127.0.0.1:0\"\ntls = { cert = \"cert.pem\", key = \"key.pem\" }";
    let site = format!("[server]\n{server}\n[app.main]\nuse = \"text\"\nbody = \"by TLS\"\n");
    std::fs::write(&file, site).unwrap();
    let site = Paster::start(["serve", file.to_str().unwrap()]).await;
    let url = site.url.replace("127.0.0.1", "localhost");

    let browser = Browser::start().await;
    browser.goto(&format!("{url}/")).await;
    assert_eq!(browser.run("return document.body.textContent").await, "by TLS");
    assert_eq!(browser.run("return isSecureContext").await, true);
    let protocol = "return performance.getEntriesByType('navigation')[0].nextHopProtocol";
    assert_eq!(browser.run(protocol).await, "h2");
}
