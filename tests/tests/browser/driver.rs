//! Chromium, driven through chromedriver by the protocol of the W3C.

use std::process::Stdio;
use std::time::{Duration, Instant};

use paste_fixture::TestApp;
use paste_tests::within;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A browser with one window. It ends when this is dropped.
pub(crate) struct Browser {
    driver: TestApp,
    session: String,
    chromedriver: Child,
}

impl Browser {
    pub(crate) async fn start() -> Self {
        let mut chromedriver = Command::new("chromedriver");
        chromedriver
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let mut chromedriver = chromedriver.spawn().unwrap_or_else(|error| {
            panic!("chromedriver: {error}; `cargo xtask test browser` installs it")
        });
        let mut lines = BufReader::new(chromedriver.stdout.take().unwrap()).lines();
        let port = within("chromedriver to listen", async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, port)) = line.split_once("successfully on port ") {
                    return port.trim_end_matches('.').to_owned();
                }
            }
            panic!("chromedriver ended");
        })
        .await;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let driver = TestApp::at(&format!("http://127.0.0.1:{port}/"));
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
        ];
        // Certificates of tests are signed by nobody.
        let wanted =
            json!({ "acceptInsecureCerts": true, "goog:chromeOptions": { "args": arguments } });
        let wanted = json!({ "capabilities": { "alwaysMatch": wanted } });
        let session = driver.post("session").json(&wanted).await.json::<Value>();
        let session = session["value"]["sessionId"].as_str().unwrap().to_owned();
        Self { driver, session, chromedriver }
    }

    /// Goes to a page, and waits until it is loaded.
    pub(crate) async fn goto(&self, url: &str) {
        self.command("url", &json!({ "url": url })).await;
    }

    /// Runs a script as the body of a function; gives what it returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.command("execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// Types into the element that a CSS selector finds: for a file field, the path of a file.
    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        let found =
            self.command("element", &json!({ "using": "css selector", "value": selector })).await;
        let element =
            found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
        self.command(&format!("element/{element}/value"), &json!({ "text": text })).await;
    }

    /// Makes the page this wide, in CSS pixels, as on a phone.
    pub(crate) async fn set_width(&self, width: u32) {
        let metrics =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": true });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics });
        self.command("goog/cdp/execute", &command).await;
    }

    /// Tells the page which colors the user prefers: `light` or `dark`.
    pub(crate) async fn prefer(&self, scheme: &str) {
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        let command = json!({ "cmd": "Emulation.setEmulatedMedia", "params": feature });
        self.command("goog/cdp/execute", &command).await;
    }

    async fn command(&self, path: &str, body: &Value) -> Value {
        let request = self.driver.post(&format!("session/{}/{path}", self.session)).json(body);
        within(path, request.into_future()).await.json::<Value>()["value"].take()
    }
}

/// Asks chromedriver to end, so that it ends its browser: killed, it would leave it behind.
impl Drop for Browser {
    fn drop(&mut self) {
        let id = self.chromedriver.id().map(|id| id.to_string());
        let asked = id.is_some_and(|id| {
            std::process::Command::new("kill").arg(id).status().is_ok_and(|status| status.success())
        });
        let until = Instant::now() + Duration::from_secs(10);
        while asked && Instant::now() < until && matches!(self.chromedriver.try_wait(), Ok(None)) {
            std::thread::yield_now();
        }
    }
}
