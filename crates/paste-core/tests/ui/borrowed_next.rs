//! A middleware function that borrows `next`; it is owned.

use paste_core::{Next, Request, from_fn};

fn main() {
    from_fn(|request: Request, next: &Next| async move { next.call(request).await });
}
