//! Section 7, the server: the spans of its connections and requests.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use paste_core::{Request, RequestExt, response};
use paste_tests::{TestServer, within};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// A span: its name, that of its parent, and its fields as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    name: String,
    parent: Option<String>,
    fields: BTreeMap<String, String>,
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}").trim_matches('"').to_owned();
        self.fields.insert(field.name().to_owned(), text);
    }
}

/// Keeps what each span was when it closed.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Seen>>>);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        let parent = span.parent().map(|parent| parent.name().to_owned());
        let mut seen = Seen { name: span.name().to_owned(), parent, fields: BTreeMap::new() };
        attributes.record(&mut seen);
        span.extensions_mut().insert(seen);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        values.record(span.extensions_mut().get_mut::<Seen>().unwrap());
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let span = context.span(&id).unwrap();
        self.0.lock().unwrap().push(span.extensions().get::<Seen>().unwrap().clone());
    }
}

#[tokio::test]
async fn semantics_7_27_spans_have_the_names_of_opentelemetry() {
    let recorder = Recorder::default();
    let subscriber = Registry::default().with(recorder.clone());
    let _recording = tracing::subscriber::set_default(subscriber);
    let app = |request: Request| async move {
        match &*request.path_info() {
            "/broken" => Err(paste_core::Error::boxed("broken")),
            "/cut" => {
                let pieces = futures_util::stream::iter([Ok("begun"), Err("cut")]);
                Ok(http::Response::new(paste_core::Body::from_stream(pieces)))
            }
            _ => Ok(response::text("hello")),
        }
    };
    let server = TestServer::new(app).await;
    let close = "Connection: close\r\n\r\n";
    let host = "Host: a.example:81\r\nUser-Agent: curl/8\r\n";
    server.raw(format!("GET /a?secret HTTP/1.1\r\n{host}{close}")).await;
    server.raw(format!("BREW /broken HTTP/1.1\r\nHost: [::1]\r\n{close}")).await;
    server.raw(format!("GET /cut HTTP/1.0\r\n{close}")).await;
    let io = TokioIo::new(server.connect().await);
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::get("http://b.example/b").body(Empty::<bytes::Bytes>::new());
    let answer = within("an answer", client.send_request(request.unwrap())).await.unwrap();
    answer.into_body().collect().await.unwrap();
    drop(client);
    within("the end", connection).await.unwrap().unwrap();
    within("the end", server.ended_now()).await;

    let seen = recorder.0.lock().unwrap();
    let (requests, connections): (Vec<&Seen>, Vec<&Seen>) =
        seen.iter().partition(|seen| seen.name == "request");
    let connections: Vec<_> =
        connections.into_iter().filter(|seen| seen.name == "connection").collect();
    assert_eq!((requests.len(), connections.len()), (4, 4));
    for connection in connections {
        let fields = &connection.fields;
        assert_eq!(fields["network.transport"], "tcp");
        assert_eq!(fields["network.peer.address"], "127.0.0.1");
        assert!(fields["network.peer.port"].parse::<u16>().is_ok());
    }
    for (seen, expected) in requests.iter().zip([
        &[
            ("http.request.method", "GET"),
            ("http.response.status_code", "200"),
            ("network.protocol.version", "1.1"),
            ("server.address", "a.example"),
            ("server.port", "81"),
            ("url.path", "/a"),
            ("user_agent.original", "curl/8"),
        ][..],
        &[
            ("error.type", "500"),
            ("http.request.method", "_OTHER"),
            ("http.request.method_original", "BREW"),
            ("http.response.status_code", "500"),
            ("network.protocol.version", "1.1"),
            ("server.address", "::1"),
            ("server.port", "80"),
            ("url.path", "/broken"),
        ],
        &[
            ("error.type", "incomplete_response"),
            ("http.request.method", "GET"),
            ("http.response.status_code", "200"),
            ("network.protocol.version", "1.0"),
            ("url.path", "/cut"),
        ],
        &[
            ("http.request.method", "GET"),
            ("http.response.status_code", "200"),
            ("network.protocol.version", "2"),
            ("server.address", "b.example"),
            ("server.port", "80"),
            ("url.path", "/b"),
        ],
    ]) {
        let common =
            [("client.address", "127.0.0.1"), ("otel.kind", "server"), ("url.scheme", "http")];
        let expected: BTreeMap<_, _> = expected
            .iter()
            .chain(&common)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(seen.fields, expected);
    }
    assert_eq!(requests[0].parent.as_deref(), Some("connection"));
    assert!(!format!("{seen:?}").contains("secret"), "a query may hold secrets");
}
