//! An app whose future is not `Send`: it holds an `Rc` across an await.

use std::rc::Rc;

use paste_core::{AppExt, Request, Result, response};

async fn hello(_request: Request) -> Result {
    let name = Rc::new("world");
    std::future::ready(()).await;
    Ok(response::text(format!("hello {name}")))
}

fn main() {
    hello.boxed();
}
