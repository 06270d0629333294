//! Files sent by curl and by Python's requests to the form of the example site.

use std::path::{Path, PathBuf};

use paste_tests::Paster;
use serde_json::{Value, json};

use super::print;

const SIZE: u64 = 50_000_000;

async fn example_site() -> Paster {
    Paster::start(["serve", "examples/site.toml", "--listen", "127.0.0.1:0"]).await
}

/// A file with nothing in it but its length.
fn large_file(dir: &Path) -> PathBuf {
    let path = dir.join("large.bin");
    std::fs::File::create(&path).unwrap().set_len(SIZE).unwrap();
    path
}

fn expected(content_type: &Value) -> Value {
    let file = json!({ "name": "f", "file_name": "large.bin", "content_type": content_type, "size": SIZE });
    json!({ "fields": [["a", "é"]], "files": [file] })
}

#[tokio::test]
async fn curl_uploads_a_large_file() {
    let (site, dir) = (example_site().await, tempfile::tempdir().unwrap());
    let (url, file) = (format!("{}/demo/", site.url), large_file(dir.path()));
    let file = format!("f=@{}", file.display());
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let accept = "Accept: application/json";
        let args = ["-sSf", version, "-H", accept, "-F", "a=é", "-F", &file, &url];
        let answer: Value = serde_json::from_str(&print("curl", &args).await).unwrap();
        assert_eq!(answer, expected(&json!("application/octet-stream")), "{version}");
    }
}

#[tokio::test]
async fn python_requests_uploads_a_large_file() {
    let (site, dir) = (example_site().await, tempfile::tempdir().unwrap());
    let (url, file) = (format!("{}/demo/", site.url), large_file(dir.path()));
    let script = "import sys, requests\n\
        answer = requests.post(sys.argv[1], data={'a': 'é'}, files={'f': open(sys.argv[2], 'rb')},\n\
        headers={'Accept': 'application/json'})\n\
        answer.raise_for_status()\n\
        print(answer.text)";
    // Debian's own Python: the package python3-requests is for it.
    let answer = print("/usr/bin/python3", &["-c", script, &url, file.to_str().unwrap()]).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer, expected(&Value::Null));
}
