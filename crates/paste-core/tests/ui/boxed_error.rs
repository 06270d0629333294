//! `?` on a boxed error, which no blanket conversion takes.

use paste_core::{Request, Result, response};

fn load() -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    Err("no".into())
}

async fn hello(_request: Request) -> Result {
    Ok(response::text(load()?))
}

fn main() {
    let _ = hello;
}
