//! One test per rule of `DataApp`.

use http::Method;
use paste_fixture::TestApp;
use paste_static::DataApp;

#[tokio::test]
async fn rule_1_the_path_does_not_count() {
    let app = TestApp::new(DataApp::new("a.json", "{}"));
    for target in ["/", "/x", "/x/y.txt"] {
        let answer = app.get(target).await;
        assert_eq!(
            (&*answer.text(), answer.header("content-type")),
            ("{}", Some("application/json"))
        );
    }
}

#[tokio::test]
async fn rule_2_bytes_are_sent_as_files_are() {
    let app = TestApp::new(DataApp::new("a.txt", "0123456789"));
    let whole = app.get("/").await;
    assert_eq!(whole.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(whole.header("last-modified"), None);
    let tag = whole.header("etag").unwrap();
    app.get("/").header("if-none-match", tag).expect(304).await;
    let part = app.get("/").header("range", "bytes=2-4").expect(206).await;
    assert_eq!((&*part.text(), part.header("content-range")), ("234", Some("bytes 2-4/10")));
    let parts = app.get("/").header("range", "bytes=0-0,-1").expect(206).await;
    assert!(parts.text().contains("bytes 9-9/10\r\n\r\n9\r\n--"));
    let head = app.request(Method::HEAD, "/").await;
    assert_eq!((head.header("content-length"), head.bytes().len()), (Some("10"), 0));
    let refused = app.post("/").expect(405).await;
    assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS"));
    app.request(Method::OPTIONS, "/").expect(204).await;
}

#[tokio::test]
async fn rule_3_new_data_show_at_once_in_all_clones() {
    let data = DataApp::new("a.txt", "old");
    let app = TestApp::new(data.clone());
    let old = app.get("/").await.header("etag").unwrap().to_owned();
    data.set("new");
    let new = app.get("/").header("if-none-match", &old).await;
    assert_eq!(new.text(), "new");
}
