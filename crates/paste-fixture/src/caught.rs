//! Panics of an app in process, and where they were.

use std::cell::RefCell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Once;
use std::task::Poll;

/// Polls `future`; a panic in it becomes a text that says where it was.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> Result<T, String> {
    remember_places();
    let mut future = pin!(future);
    poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))).map_or_else(
            |panic| {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                let place = PLACE.take().unwrap_or_default();
                Poll::Ready(Err(format!("panic{place}: {}", text.unwrap_or_default())))
            },
            |poll| poll.map(Ok),
        )
    })
    .await
}

thread_local! {
    /// Where the last panic of this thread was.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Puts a hook before the process's own, which still prints as before.
fn remember_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PLACE.set(info.location().map(|place| format!(" at {place}")));
            before(info);
        }));
    });
}
