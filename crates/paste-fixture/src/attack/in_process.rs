//! One attack on an app in process, with its panics caught and its time bounded.

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use http::{StatusCode, header};
use paste_core::{App, ClientAddr, ErrorRenderer};

use super::Attack;
use super::judge::{Answer, Outcome};
use crate::caught::caught;

/// The host as which an app in process is attacked.
pub(super) const HOST: &str = "localhost";

/// What becomes of `attack`; `None` where no request expresses it.
pub(super) async fn call(app: &impl App, attack: &Attack) -> Option<Outcome> {
    let mut request = attack.to_request(HOST)?;
    request.extensions_mut().insert(ClientAddr(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
    let renderer = ErrorRenderer::for_request(&request);
    let answering = async {
        let response = app.call(request).await;
        let response = response.unwrap_or_else(|mut error| renderer.render(&mut error));
        let (head, body) = response.into_parts();
        let body = if attack.is_head() { body.without_content() } else { body };
        (head, body.collect(attack.allowed.size).await)
    };
    Some(match within(attack.allowed.time, answering).await {
        Ended::Well((head, Ok(body))) => {
            let length = head.headers.get(header::CONTENT_LENGTH);
            let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
            let has_content = !attack.is_head() && head.status != StatusCode::NOT_MODIFIED;
            let whole = !has_content || length.is_none_or(|length| length == body.len());
            let (status, headers) = (head.status.as_u16(), head.headers);
            Outcome::Answered {
                answer: Answer { status, headers, body, whole },
                more: 0,
                closed: true,
            }
        }
        Ended::Well((_, Err(error))) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Outcome::Endless
        }
        Ended::Well((_, Err(error))) => Outcome::Broken(format!("the body broke: {error}")),
        Ended::Late => Outcome::Late,
        Ended::Panicked(text) => Outcome::Broken(text),
    })
}

enum Ended<T> {
    Well(T),
    Late,
    Panicked(String),
}

/// Polls `future` for `limit` at most, on whatever runtime this is: a thread rouses it at the end.
/// A future that does not let go of its thread is found late once it does.
async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Ended<T> {
    let deadline = Instant::now() + limit;
    let sleeper = Arc::new(Mutex::new(None::<Waker>));
    let (done, is_done) = channel::<()>();
    let rouse = Arc::clone(&sleeper);
    thread::spawn(move || {
        if is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout)
            && let Some(waker) = rouse.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            waker.wake();
        }
    });
    let mut future = pin!(future);
    let timed = poll_fn(|context| {
        *sleeper.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        let polled = future.as_mut().poll(context);
        if Instant::now() >= deadline { Poll::Ready(None) } else { polled.map(Some) }
    });
    let ended = caught(timed).await;
    drop(done);
    match ended {
        Ok(Some(output)) => Ended::Well(output),
        Ok(None) => Ended::Late,
        Err(panic) => Ended::Panicked(panic),
    }
}
