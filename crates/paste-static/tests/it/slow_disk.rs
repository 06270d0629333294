//! A slow disk: who asks for what is in memory does not wait for those who ask for what is not.

use std::fs::File;
use std::os::unix::fs::FileExt;

use futures_util::FutureExt;
use paste_core::{App, Body, Request};
use paste_static::StaticDir;

fn get(target: &str) -> Request {
    http::Request::get(target).body(Body::empty()).unwrap()
}

/// Takes the pages of a file out of memory, where the file system has it on a disk.
fn evict(file: &File) {
    file.sync_all().unwrap();
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
}

/// Whether files here are on a disk, and the file system can tell what of them is in memory.
fn can_be_slow(file: &File) -> bool {
    const TMPFS: u64 = 0x0102_1994;
    let is_tmpfs = u64::try_from(rustix::fs::fstatfs(file).unwrap().f_type) == Ok(TMPFS);
    let mut byte = [0];
    let mut buffers = [std::io::IoSliceMut::new(&mut byte)];
    let read = rustix::io::preadv2(file, &mut buffers, 0, rustix::io::ReadWriteFlags::NOWAIT);
    !is_tmpfs && read.is_ok()
}

#[test]
fn who_asks_for_what_is_in_memory_does_not_wait() {
    // On a disk: what is in memory anyway cannot be slow.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for name in ["cold", "hot"] {
        let file = File::create(folder.path().join(name)).unwrap();
        file.write_all_at(&vec![b'x'; 50_000], 0).unwrap();
    }
    let hot = File::open(folder.path().join("hot")).unwrap();
    if !can_be_slow(&hot) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
    runtime.unwrap().block_on(async {
        let files = StaticDir::new(folder.path());
        for name in ["/cold", "/hot"] {
            let response = files.call(get(name)).await.unwrap(); // opened once: the names are in memory
            assert_eq!(response.into_body().collect(50_000).await.unwrap().len(), 50_000);
        }
        let cold = File::open(folder.path().join("cold")).unwrap();
        evict(&cold);

        // The disk hangs: the one thread that may wait for it does.
        let (release, hang) = std::sync::mpsc::channel::<()>();
        let hanging = tokio::task::spawn_blocking(move || hang.recv());
        let mut waiting = files.call(get("/cold")).await.unwrap().into_body();
        assert!(waiting.chunk().now_or_never().is_none(), "its pages are not in memory");
        for _ in 0..100 {
            let hot = files.call(get("/hot")).now_or_never().expect("no wait").unwrap();
            let body = hot.into_body().collect(50_000).now_or_never().expect("no wait").unwrap();
            assert_eq!(body.len(), 50_000);
        }
        release.send(()).unwrap();
        hanging.await.unwrap().unwrap();
        let mut length = 0;
        while let Some(chunk) = waiting.chunk().await.unwrap() {
            assert!(chunk.iter().all(|byte| *byte == b'x'));
            length += chunk.len();
        }
        assert_eq!(length, 50_000);
    });
}
