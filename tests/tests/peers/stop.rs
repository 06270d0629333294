//! SIGTERM while clients download: no answer that has begun is cut, and the exit code is 0.

use std::fs;

use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use paste_tests::{Paster, within};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::print;

async fn serve(dir: &tempfile::TempDir) -> Paster {
    Paster::start(["static", dir.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]).await
}

#[tokio::test]
async fn curl_gets_the_whole_file() {
    let dir = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..30_000_000_u32).map(|byte| (byte % 251) as u8).collect();
    fs::write(dir.path().join("file"), &content).unwrap();
    let site = serve(&dir).await;
    let copy = dir.path().join("copy");
    let url = format!("{}/file", site.url);
    let download = tokio::spawn({
        let copy = copy.to_str().unwrap().to_owned();
        async move { print("curl", &["-sSf", "--limit-rate", "20M", "-o", &copy, &url]).await }
    });
    within("the first bytes", async {
        while fs::metadata(&copy).map_or(0, |copy| copy.len()) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    site.signal("TERM").await;
    assert!(fs::metadata(&copy).unwrap().len() < content.len() as u64, "the download still runs");
    download.await.unwrap();
    assert!(fs::read(&copy).unwrap() == content);
    assert_eq!(site.ended().await.0, Some(0));
}

/// Downloads again and again on one connection, and tells of each whole answer, until the server
/// closes between two answers.
async fn download_until_closed(address: String, told: mpsc::Sender<()>) {
    let stream = TcpStream::connect(&address).await.unwrap();
    let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    loop {
        let request =
            http::Request::get("/file").header("host", "x").body(Empty::<bytes::Bytes>::new());
        let Ok(answer) = client.send_request(request.unwrap()).await else { return };
        assert_eq!(answer.status(), 200);
        let body = answer.into_body().collect().await.expect("an answer that has begun ends");
        assert_eq!(body.to_bytes().len(), 1_000_000);
        told.send(()).await.unwrap();
    }
}

#[tokio::test]
async fn a_stop_under_load_cuts_no_answer_that_has_begun() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), vec![b'x'; 1_000_000]).unwrap();
    let site = serve(&dir).await;
    let address = site.url.strip_prefix("http://").unwrap().to_owned();
    let (tell, mut told) = mpsc::channel(1000);
    let clients: Vec<_> = (0..20)
        .map(|_| tokio::spawn(download_until_closed(address.clone(), tell.clone())))
        .collect();
    for _ in 0..100 {
        within("answers", told.recv()).await.unwrap();
    }
    site.signal("TERM").await;
    for client in clients {
        within("the server to close the connection", client).await.unwrap();
    }
    assert_eq!(site.ended().await.0, Some(0));
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
}
