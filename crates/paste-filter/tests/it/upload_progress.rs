//! One test per rule of `UploadProgress`.

use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use paste_core::{
    App, AppExt, Body, BodySender, BoxApp, Clock, RemoteUser, Request, RequestExt, Response,
    Result, response,
};
use paste_filter::UploadProgress;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

async fn length(request: Request) -> Result {
    if request.path_info() == "/unread" {
        return Ok(response::text("0"));
    }
    let mut body = request.into_body();
    let mut length = 0;
    while let Some(chunk) = body.chunk().await? {
        length += chunk.len();
    }
    Ok(response::text(length.to_string()))
}

fn app(progress: UploadProgress) -> BoxApp {
    length.with(progress).boxed()
}

/// An upload whose body has not ended.
fn upload(
    app: &BoxApp,
    target: &str,
    id: &str,
    user: Option<&str>,
) -> (BodySender, JoinHandle<Result>) {
    let (sender, body) = Body::channel(1);
    let mut request = http::Request::post(target).header("X-Progress-ID", id);
    if let Some(user) = user {
        request = request.extension(RemoteUser::new(user));
    }
    let request = request.body(body.with_length(10)).unwrap();
    let app = app.clone();
    (sender, tokio::spawn(async move { app.call(request).await }))
}

/// The report at `target`, or its status.
async fn report(app: &BoxApp, target: &str, user: Option<&str>) -> Result<Value, u16> {
    let mut request = http::Request::get(target);
    if let Some(user) = user {
        request = request.extension(RemoteUser::new(user));
    }
    let response = app.call(request.body(Body::empty()).unwrap()).await;
    let response: Response = response.map_err(|error| error.status().as_u16())?;
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/json");
    Ok(serde_json::from_slice(&response.into_body().collect(1 << 20).await.unwrap()).unwrap())
}

/// Waits until the upload has come so far.
async fn received(app: &BoxApp, target: &str, count: u64) -> Value {
    loop {
        tokio::task::yield_now().await;
        if let Ok(report) = report(app, target, None).await
            && report["received"] == count
            && (count < 10 || report["finished"].is_string())
        {
            return report;
        }
    }
}

#[tokio::test]
async fn rules_1_and_2_an_upload_is_reported_while_it_comes() {
    let clock = Clock::manual(SystemTime::UNIX_EPOCH);
    let app = app(UploadProgress::new().clock(clock.clone()));
    let (sender, answer) = upload(&app, "/up", "a-1_Z", None);
    sender.send(Bytes::from_static(b"1234")).await.unwrap();
    let now = received(&app, "/upload-progress?id=a-1_Z", 4).await;
    let started = "1970-01-01T00:00:00.000Z";
    assert_eq!(
        now,
        json!({ "id": "a-1_Z", "path": "/up", "state": "uploading", "received": 4, "size": 10,
                "started": started, "finished": null })
    );
    clock.advance(Duration::from_secs(60));
    sender.send(Bytes::from_static(b"567890")).await.unwrap();
    sender.end().await.unwrap();
    let body = answer.await.unwrap().unwrap().into_body();
    assert_eq!(body.collect(10).await.unwrap(), "10");
    let end = received(&app, "/upload-progress?id=a-1_Z", 10).await;
    assert_eq!(
        end,
        json!({ "id": "a-1_Z", "path": "/up", "state": "done", "received": 10, "size": 10,
                "started": started, "finished": "1970-01-01T00:01:00.000Z" })
    );
    assert_eq!(report(&app, "/upload-progress?id=other", None).await, Err(404));
}

#[tokio::test]
async fn rule_1_an_id_may_stand_in_the_query_and_is_plain() {
    let app = app(UploadProgress::new().path("/how-far"));
    let put = async |target: &str| {
        let request = http::Request::post(target).body(Body::from("1234567890")).unwrap();
        app.call(request).await.unwrap().into_body().collect(10).await.unwrap()
    };
    assert_eq!(put("/?x=1&X-Progress-ID=by-form").await, "10");
    assert!(report(&app, "/how-far?id=by-form", None).await.is_ok());
    for id in ["", "a%20b", "%3Cb%3E", &"x".repeat(65)] {
        assert_eq!(put(&format!("/?X-Progress-ID={id}")).await, "10");
        assert_eq!(report(&app, &format!("/how-far?id={id}"), None).await, Err(404), "{id}");
    }
    let longest = "x".repeat(64);
    put(&format!("/?X-Progress-ID={longest}")).await;
    assert!(report(&app, &format!("/how-far?id={longest}"), None).await.is_ok());
    let request = http::Request::post("/how-far").body(Body::empty()).unwrap();
    assert_eq!(app.call(request).await.unwrap_err().headers()["allow"], "GET, HEAD");
}

#[tokio::test]
async fn rules_3_and_4_uploads_of_a_user_are_the_users() {
    let app = app(UploadProgress::new());
    let (sender, _first) = upload(&app, "/1", "one", Some("ann"));
    let (other, _second) = upload(&app, "/2", "two", Some("bob"));
    while report(&app, "/upload-progress?id=two", Some("bob")).await.is_err()
        || report(&app, "/upload-progress?id=one", Some("ann")).await.is_err()
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(report(&app, "/upload-progress?id=one", Some("bob")).await, Err(404));
    assert_eq!(report(&app, "/upload-progress?id=one", None).await, Err(404));
    let own = report(&app, "/upload-progress", Some("ann")).await.unwrap();
    let ids: Vec<_> = own.as_array().unwrap().iter().map(|upload| &upload["id"]).collect();
    assert_eq!(ids, ["one"]);
    assert_eq!(report(&app, "/upload-progress", Some("eve")).await, Ok(json!([])));
    assert_eq!(report(&app, "/upload-progress", None).await, Err(404));
    drop((sender, other));
}

#[tokio::test]
async fn rule_5_an_upload_that_comes_cannot_be_taken_over() {
    let app = app(UploadProgress::new());
    let (sender, _answer) = upload(&app, "/first", "same", None);
    sender.send(Bytes::from_static(b"1")).await.unwrap();
    received(&app, "/upload-progress?id=same", 1).await;
    let (second, other) = upload(&app, "/second", "same", None);
    drop(second);
    assert!(other.await.unwrap().is_err(), "a cut body is an error for who reads it");
    let now = report(&app, "/upload-progress?id=same", None).await.unwrap();
    assert_eq!((&now["path"], &now["received"]), (&json!("/first"), &json!(1)));
}

#[tokio::test]
async fn rule_6_few_are_remembered_and_not_for_long() {
    let clock = Clock::manual(SystemTime::UNIX_EPOCH);
    let two = NonZeroUsize::MIN.saturating_add(1);
    let progress = UploadProgress::new().max_uploads(two).clock(clock.clone());
    let app = app(progress.keep(Duration::from_secs(60)));
    for id in ["a", "b", "c"] {
        let request = http::Request::put("/").header("X-Progress-ID", id);
        app.call(request.body(Body::from("1")).unwrap()).await.unwrap();
    }
    assert_eq!(report(&app, "/upload-progress?id=a", None).await, Err(404));
    clock.advance(Duration::from_secs(59));
    assert!(report(&app, "/upload-progress?id=c", None).await.is_ok());
    clock.advance(Duration::from_secs(1));
    assert_eq!(report(&app, "/upload-progress?id=c", None).await, Err(404));
}

#[tokio::test]
async fn rule_7_what_is_not_read_has_failed() {
    let app = app(UploadProgress::new());
    let request = http::Request::post("/unread").header("X-Progress-ID", "x");
    app.call(request.body(Body::from("1234")).unwrap()).await.unwrap();
    let end = report(&app, "/upload-progress?id=x", None).await.unwrap();
    assert_eq!((&end["state"], &end["received"]), (&json!("failed"), &json!(0)));
}
