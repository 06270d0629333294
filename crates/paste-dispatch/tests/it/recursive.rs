//! One test per rule of `Recursive`.

use http::{HeaderValue, Method, header};
use paste_core::{
    App, AppExt, Body, Error, Forward, HttpErrors, Request, RequestExt, Response, Result, response,
};
use paste_dispatch::{Include, Previous, Recursive, UrlMap};
use paste_fixture::TestApp;

/// Forwards and includes by path; anything else is shown.
async fn site(mut request: Request) -> Result {
    let previous: Vec<_> =
        request.extensions().get::<Previous>().map_or_else(Vec::new, |previous| {
            previous.steps().iter().map(|step| format!("{} {}", step.method, step.target)).collect()
        });
    let forward = |forward: Forward| Err(Error::from(forward));
    match &*request.path_info() {
        "/to-show" => forward(Forward::to("/show")),
        "/to-query" => forward(Forward::to("/show?x=1")),
        "/to-get" => {
            forward(Forward::to("/show").edit(|request| *request.method_mut() = Method::GET))
        }
        "/to-header" => {
            forward(Forward::to("/show").header(header::ACCEPT, HeaderValue::from_static("a/b")))
        }
        "/to-body" => {
            forward(Forward::to("/show").edit(|request| *request.body_mut() = "new".into()))
        }
        "/to-itself" => forward(Forward::to("/to-itself")),
        "/circle-1" => forward(Forward::to("/circle-2")),
        "/circle-2" => forward(Forward::to("/circle-1")),
        "/count" => {
            let n: u32 = request.uri().query().map_or(0, |query| query.parse().unwrap());
            forward(Forward::to(format!("/count?{}", n + 1)))
        }
        "/read-then-forward" => {
            while request.body_mut().chunk().await?.is_some() {}
            forward(Forward::to("/show"))
        }
        "/include" => {
            let included = request.include("/show?i=1").await?;
            let status = included.status();
            let body = included.into_body().collect(10_000).await?;
            Ok(response::text([status.as_str().as_bytes(), b" ", &body].concat()))
        }
        "/include-forward" => request.include("/to-show").await,
        "/include-itself" => request.include("/include-itself").await,
        "/include-missing" => {
            let missing = request.include("/nothing").await;
            Ok(response::text(missing.unwrap_err().status().to_string()))
        }
        "/include-edited" => {
            let edit = |request: &mut Request| {
                *request.method_mut() = Method::PUT;
                *request.body_mut() = "edited".into();
            };
            request.include_edited("/show", edit).await
        }
        "/nothing" => Err(Error::not_found()),
        "/stream" => {
            Ok(Response::new(Body::from_stream(futures_util::stream::repeat_with(|| {
                Ok::<_, Error>("x")
            }))))
        }
        _ => {
            let body = std::mem::take(request.body_mut()).collect(10_000_000).await?;
            let accept =
                request.headers().get("accept").map_or("", |accept| accept.to_str().unwrap());
            let size = if body.len() > 100 {
                body.len().to_string()
            } else {
                String::from_utf8_lossy(&body).into_owned()
            };
            Ok(response::text(format!(
                "{} {}|{}|{}|{accept}|{size}|{}|{}",
                request.method(),
                request.script_name(),
                request.path_info(),
                request.uri().query().unwrap_or("-"),
                request.original_uri(),
                previous.join(","),
            )))
        }
    }
}

fn app() -> TestApp {
    let recursive = site.with(Recursive::new());
    TestApp::new(UrlMap::new().mount("/app", recursive).unwrap().with(HttpErrors::new()))
}

#[tokio::test]
async fn rule_1_a_forward_starts_the_request_again() {
    let app = app();
    for (method, target, expected) in [
        (
            Method::GET,
            "/app/to-show?q=1",
            "GET /app|/show|q=1|||/app/to-show?q=1|GET /app/to-show?q=1",
        ),
        (
            Method::GET,
            "/app/to-query?q=1",
            "GET /app|/show|x=1|||/app/to-query?q=1|GET /app/to-query?q=1",
        ),
        (Method::POST, "/app/to-show", "POST /app|/show|-||body|/app/to-show|POST /app/to-show"),
        (Method::POST, "/app/to-get", "GET /app|/show|-|||/app/to-get|POST /app/to-get"),
        (Method::POST, "/app/to-body", "POST /app|/show|-||new|/app/to-body|POST /app/to-body"),
        (Method::GET, "/app/to-header", "GET /app|/show|-|a/b||/app/to-header|GET /app/to-header"),
    ] {
        let has_body = method == Method::POST;
        let request = app.request(method, target);
        let request = if has_body { request.body("body") } else { request };
        assert_eq!(request.allow_findings().await.text(), expected, "{target}");
    }
}

#[tokio::test]
async fn rule_1_a_forward_keeps_ranges_and_conditions() {
    let shows = async |request: Request| {
        if request.path_info() == "/fwd" {
            return Err(Forward::to("/show")
                .header(header::IF_RANGE, HeaderValue::from_static("\"y\""))
                .into());
        }
        let header =
            |name| request.headers().get(name).map_or("-", |value| value.to_str().unwrap());
        Ok(response::text(format!(
            "{} {} {}",
            header("range"),
            header("if-none-match"),
            header("if-range")
        )))
    };
    let app = TestApp::new(shows.with(Recursive::new()));
    let request = app.get("/fwd").header("range", "bytes=0-3").header("if-none-match", "\"x\"");
    assert_eq!(request.allow_findings().await.text(), "bytes=0-3 \"x\" \"y\"");
}

#[tokio::test]
async fn rule_2_an_include_gives_an_answer_as_a_value() {
    let app = app();
    let request = app.post("/app/include?q=1").body("body").header("accept", "a/b");
    let answer = request.header("range", "bytes=0-1").header("content-type", "text/plain");
    assert_eq!(
        answer.allow_findings().await.text(),
        "200 OK GET /app|/show|i=1|a/b||/app/include?q=1|POST /app/include?q=1"
            .replace("200 OK ", "200 ")
    );
    let forwarded = app.get("/app/include-forward").await.text();
    assert!(forwarded.ends_with("GET /app/include-forward,GET /app/to-show"), "{forwarded}");
    assert_eq!(app.get("/app/include-missing").await.text(), "404 Not Found");
    let edited = app.get("/app/include-edited").await.text();
    assert!(edited.starts_with("PUT /app|/show|-||edited|"), "{edited}");
}

#[tokio::test]
async fn rule_2_an_included_body_streams() {
    let including = async |request: Request| {
        if request.path_info() == "/" {
            request.include("/stream").await
        } else {
            site(request).await
        }
    };
    let app = including.with(Recursive::new());
    let mut body = app.call(Request::new(Body::empty())).await.unwrap().into_body();
    for _ in 0..100 {
        assert_eq!(body.chunk().await.unwrap().unwrap(), "x");
    }
}

#[tokio::test]
async fn rule_3_paths_begin_with_a_slash_below_the_mount() {
    let wrong = async |_: Request| Err::<Response, _>(Forward::to("show").into());
    let error = wrong.with(Recursive::new()).call(Request::new(Body::empty())).await.unwrap_err();
    assert_eq!(error.status(), 500);
    let climbing = async |request: Request| {
        if request.path_info() == "/" {
            return Err(Forward::to("/../x").into());
        }
        Ok(response::text(request.path_info().into_owned()))
    };
    let app = TestApp::new(climbing.with(Recursive::new()));
    assert_eq!(app.get("/").await.text(), "/../x"); // for the app to judge, as from a client
}

#[tokio::test]
async fn rule_4_circles_and_long_ways_are_told() {
    let way = async |target: &'static str| {
        let app = UrlMap::new().mount("/app", site.with(Recursive::new())).unwrap();
        let request = http::Request::get(target).body(Body::empty()).unwrap();
        let error = app.call(request).await.unwrap_err();
        assert_eq!(error.status(), 500);
        error.source().unwrap().to_string()
    };
    for (target, expected) in [
        ("/app/to-itself", "forwards go in a circle: /app/to-itself -> /app/to-itself"),
        (
            "/app/circle-1",
            "forwards go in a circle: /app/circle-1 -> /app/circle-2 -> /app/circle-1",
        ),
        (
            "/app/include-itself",
            "forwards go in a circle: /app/include-itself -> /app/include-itself",
        ),
    ] {
        assert_eq!(way(target).await, expected);
    }
    let long = way("/app/count").await;
    assert!(
        long.starts_with("forwards are too many: /app/count -> ") && long.contains("count?10"),
        "{long}"
    );
    let short = site.with(Recursive::new().max_steps(0));
    let request = http::Request::get("/to-show").body(Body::empty()).unwrap();
    assert_eq!(short.call(request).await.unwrap_err().status(), 500);
}

#[tokio::test]
async fn rule_6_a_body_that_was_read_is_there_again() {
    for size in [50, 3_000_000] {
        let answer =
            app().post("/app/read-then-forward").body("x".repeat(size)).allow_findings().await;
        let expected = if size > 100 { size.to_string() } else { "x".repeat(size) };
        assert!(answer.text().contains(&format!("||{expected}|")), "{}", answer.text());
    }
}

#[tokio::test]
async fn without_a_recursive_nothing_is_forwarded_or_included() {
    let request = http::Request::get("/include").body(Body::empty()).unwrap();
    assert_eq!(site(request).await.unwrap_err().status(), 500);
    let request = http::Request::get("/to-show").body(Body::empty()).unwrap();
    assert!(site(request).await.unwrap_err().has_payload());
}
