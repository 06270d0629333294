//! An axum router used as an app, without `.into_app()`.

use paste_core::BoxApp;

fn main() {
    BoxApp::new(axum::Router::<()>::new());
}
