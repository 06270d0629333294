//! What a response costs of memory while it is compressed.

use futures_util::{StreamExt, stream};
use paste_core::{App, AppExt, Body, Error, Request, response};
use paste_filter::{Coding, Compress};

#[tokio::test]
async fn no_level_takes_much_memory_for_a_response() {
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let before = peak();
    for level in [19, 22] {
        for size in [3000, 300_000] {
            let app = (move |_: Request| {
                let pieces = stream::iter([vec![b'x'; size], vec![b'y'; size]]);
                let body = Body::from_stream(pieces.map(Ok::<_, Error>));
                std::future::ready(Ok(response::typed("text/plain".parse().unwrap(), body)))
            })
            .with(Compress::new().algorithms([Coding::Zstd]).level(level));
            let mut request = Request::default();
            request.headers_mut().insert("accept-encoding", "zstd".parse().unwrap());
            let answer = app.call(request).await.unwrap();
            assert_eq!(answer.headers()["content-encoding"], "zstd");
            assert!(!answer.into_body().collect(size).await.unwrap().is_empty());
        }
    }
    let taken = (peak() - before) / 1024;
    assert!(taken < 200, "{taken} MiB at once, with what other tests take");
}
