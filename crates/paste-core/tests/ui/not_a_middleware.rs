//! A tower layer used as a middleware, without `.into_middleware()`.

use paste_core::{AppExt, Request, Result, response};
use tower_http::set_header::SetResponseHeaderLayer;

async fn hello(_request: Request) -> Result {
    Ok(response::text("hello"))
}

fn main() {
    let frames = http::HeaderValue::from_static("DENY");
    hello.with(SetResponseHeaderLayer::overriding(http::header::X_FRAME_OPTIONS, frames));
}
