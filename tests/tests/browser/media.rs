//! A media element that seeks: Chromium asks for ranges, and gets the right ones. The file is a sound as long
//! as a film, which needs no codec; for ranges it is the same to a video element.

use std::fs;
use std::io::Write;
use std::path::Path;

use paste_tests::{Paster, within};

use super::driver::Browser;

const SECONDS: u32 = 600;
const BYTES_PER_SECOND: u32 = 44_100 * 2 * 2;

/// Uncompressed stereo sound of ten minutes: 106 MB, all silence but for a byte here and there.
fn write_sound(path: &Path) {
    let length = SECONDS * BYTES_PER_SECOND;
    let mut head = Vec::new();
    head.extend_from_slice(b"RIFF");
    head.extend_from_slice(&(length + 36).to_le_bytes());
    head.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    head.extend_from_slice(&44_100_u32.to_le_bytes());
    head.extend_from_slice(&BYTES_PER_SECOND.to_le_bytes());
    head.extend_from_slice(b"\x04\0\x10\0data");
    head.extend_from_slice(&length.to_le_bytes());
    let mut file = fs::File::create(path).unwrap();
    file.write_all(&head).unwrap();
    file.set_len(u64::from(length) + 44).unwrap(); // sparse
}

#[tokio::test]
async fn chromium_seeks_in_a_long_file() {
    let base = tempfile::tempdir().unwrap();
    let root = base.path().join("root");
    fs::create_dir(&root).unwrap();
    write_sound(&root.join("long.wav"));
    let page =
        "<!doctype html><title>media</title><video src=long.wav muted preload=metadata></video>";
    fs::write(root.join("index.html"), page).unwrap();
    let toml = "[app.main]\nuse = \"static\"\nroot = \"root\"\nfilters = [\"log\"]\n\
                [filter.log]\nuse = \"access-log\"\nformat = \"%U %>s %{Range}i\"\nfile = \"log\"\n";
    let file = base.path().join("site.toml");
    fs::write(&file, toml).unwrap();
    let site = Paster::start(["serve", file.to_str().unwrap(), "--listen", "127.0.0.1:0"]).await;
    let browser = Browser::start().await;
    browser.goto(&format!("{}/", site.url)).await;
    let until = async |condition: &str| {
        let script = format!("const video = document.querySelector('video'); return {condition}");
        within(condition, async { while browser.run(&script).await != true {} }).await;
    };
    until("video.readyState >= 1 && Math.round(video.duration) == 600").await;
    browser.run("document.querySelector('video').currentTime = 500").await;
    until("!video.seeking && video.readyState >= 3 && video.currentTime >= 500").await;
    browser.run("document.querySelector('video').play()").await;
    until("video.currentTime > 500.2").await;
    browser.run("document.querySelector('video').currentTime = 100").await;
    until("!video.seeking && video.currentTime >= 100 && video.currentTime < 110").await;
    assert_eq!(
        browser.run("return document.querySelector('video').error").await,
        serde_json::Value::Null
    );
    browser.goto("about:blank").await; // so that it keeps no download open
    drop(browser);
    site.signal("TERM").await;
    site.ended().await;

    let log = fs::read_to_string(base.path().join("log")).unwrap();
    let begins = log.lines().filter_map(|line| {
        line.strip_prefix("/long.wav 206 bytes=")?.split_once('-')?.0.parse::<u32>().ok()
    });
    let far = begins.filter(|begin| *begin > 400 * BYTES_PER_SECOND).count();
    assert!(far > 0, "no range from behind the first 400 seconds: {log}");
}
