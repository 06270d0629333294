//! One test per numbered rule.

use http_body::Body as _;

use super::*;
use crate::ReadExt;

const TYPE: &str = "multipart/form-data; boundary=b";

fn post(content_type: &str, body: impl Into<Body>) -> Request {
    http::Request::post("/").header("content-type", content_type).body(body.into()).unwrap()
}

/// A body of one part with these headers after its disposition.
fn one(disposition: &str, content: &str) -> String {
    format!("--b\r\nContent-Disposition: {disposition}\r\n\r\n{content}\r\n--b--\r\n")
}

async fn form(body: impl Into<Body>) -> Result<Form> {
    post(TYPE, body).form().await
}

fn refusal(error: &Error) -> (u16, String) {
    (error.status().as_u16(), error.public_detail().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_form_with_fields_and_files_is_read() {
    let body = concat!(
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.png\"\r\n",
        "Content-Type: image/png\r\n\r\n\u{89}PNG\r\n\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"empty\"; filename=\"\"\r\n",
        "Content-Type: application/octet-stream\r\n\r\n\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\né\r\n--b--\r\n",
    );
    let mut request = post(TYPE, body);
    let form = request.form().await.unwrap();
    assert!(request.body().is_end_stream());
    assert!(form.get_all("a").eq(["1", "é"]));
    let file = form.file("f").unwrap();
    assert_eq!((file.file_name(), file.content_type()), (Some("x.png"), Some("image/png")));
    assert_eq!(file.content().bytes(100).await.unwrap(), "\u{89}PNG\r\n");
    let empty = form.file("empty").unwrap();
    assert!(empty.file_name().is_none() && empty.content().is_empty());
    assert!(form.files().len() == 2 && form.file("a").is_none());
}

#[tokio::test]
async fn rule_1_each_part_has_one_name_and_the_body_its_end() {
    for disposition in [
        "form-data",
        "attachment; name=a",
        "form-data; name=a; name=b",
        "form-data; name=a\r\nContent-Disposition: form-data; name=b",
        "form-data; name=\"a",
    ] {
        assert_eq!(form(one(disposition, "x")).await.unwrap_err().status(), 400, "{disposition}");
    }
    let whole = one("form-data; name=a", "x");
    for cut in 1..whole.len() - 4 {
        assert_eq!(form(whole[..cut].to_owned()).await.unwrap_err().status(), 400, "{cut}");
    }
    assert!(form(whole[..whole.len() - 2].to_owned()).await.is_ok());
}

#[tokio::test]
async fn rule_2_there_is_one_sound_boundary() {
    let body = one("form-data; name=a", "x");
    for content_type in [
        "multipart/form-data; boundary=\"b\"",
        "Multipart/Form-Data;BOUNDARY=b",
        "multipart/form-data; charset=utf-8; boundary=b",
    ] {
        assert!(post(content_type, body.clone()).form().await.is_ok(), "{content_type}");
    }
    let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
    for (content_type, status) in [
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        ("multipart/form-data; boundary=\"\"", 400),
        ("multipart/form-data; boundary=\"b \"", 400),
        ("multipart/form-data; boundary=b!", 400),
        ("multipart/form-data; boundary=b; boundary=c", 400),
        ("multipart/form-data; boundary=b; boundary=b", 400),
        (&long, 400),
        ("multipart/mixed; boundary=b", 415),
        ("multipart/", 415),
    ] {
        let refused = post(content_type, body.clone()).form().await.unwrap_err();
        assert_eq!(refused.status(), status, "{content_type}");
    }
    let mut two = post(TYPE, body);
    two.headers_mut().append("content-type", "multipart/form-data; boundary=c".parse().unwrap());
    assert_eq!(two.form().await.unwrap_err().status(), 400);
}

#[tokio::test]
async fn rule_3_a_file_name_is_no_path() {
    for (sent, name) in [
        ("a.txt", Some("a.txt")),
        ("../../etc/passwd", Some("passwd")),
        (r"C:\\dir\\a.txt", Some("a.txt")),
        (r"C:\dir\a.txt", Some("a.txt")),
        ("a\u{85}b.txt", Some("ab.txt")),
        ("..", None),
        (".", None),
        ("dir/", None),
        ("", None),
        ("a%2fb", Some("a%2fb")),
    ] {
        let disposition = format!("form-data; name=f; filename=\"{sent}\"");
        let form = form(one(&disposition, "x")).await.unwrap();
        assert_eq!(form.file("f").unwrap().file_name(), name, "{sent}");
    }
}

#[tokio::test]
async fn rule_4_each_limit_is_named() {
    let two = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n".repeat(2) + "--b--";
    let file = one("form-data; name=f; filename=x", &"x".repeat(100));
    let head = one(&format!("form-data; name=a; x={}", "x".repeat(9000)), "x");
    let preamble = format!("{}\r\n{two}", "x".repeat(9000));
    let limits = FormLimits::new();
    for (limits, body, refused) in [
        (limits.total(two.len() as u64), &two, None),
        (limits.total(two.len() as u64 - 1), &two, Some((413, "body is larger than the limit"))),
        (limits.fields(1), &two, Some((413, "more than 1 fields"))),
        (limits.parts(1), &two, Some((413, "more than 1 parts"))),
        (limits.field_size(1), &two, Some((413, "larger than 1 bytes"))),
        (limits.fields(0).field_size(0), &file, None),
        (limits.total(150), &file, Some((413, "150 bytes"))),
        (limits.parts(0), &file, Some((413, "more than 0 parts"))),
        (limits.files(0), &file, Some((413, "more than 0 files"))),
        (limits.text(1), &two, Some((413, "larger than 1 bytes together"))),
        (limits.part_head(usize::MAX), &two, None),
        (limits, &head, Some((400, "larger than 8192 bytes"))),
        (limits.part_head(10_000), &head, None),
        (limits, &preamble, Some((400, "larger than 8192 bytes"))),
    ] {
        let read = post(TYPE, body.clone()).form_within(limits).await;
        let got = read.err().as_ref().map(refusal);
        let expected = refused.map(|(status, _)| status);
        assert_eq!(got.as_ref().map(|(status, _)| *status), expected, "{got:?}");
        let (_, detail) = got.unwrap_or_default();
        assert!(detail.contains(refused.map_or("", |(_, detail)| detail)), "{detail}");
    }
    let large = one("form-data; name=f; filename=x", &"x".repeat(3 << 20));
    assert_eq!(form(large.clone()).await.unwrap_err().status(), 413);
    let pieces = large.into_bytes().chunks(10_000).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let streamed = futures_util::stream::iter(pieces.into_iter().map(Ok::<_, Error>));
    let mut parts = post(TYPE, Body::from_stream(streamed)).multipart().unwrap();
    let mut part = parts.next_part().await.unwrap().unwrap();
    let refused = loop {
        match part.chunk().await {
            Ok(chunk) => assert!(chunk.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!(refused.status(), 413);
}

#[tokio::test]
async fn rule_5_what_is_not_read_is_passed_over() {
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n{}\r\n\
         --b\r\nContent-Disposition: form-data; name=c\r\n\r\nd\r\n--b--\r\nepilogue",
        "x".repeat(100_000)
    );
    let mut parts = post(TYPE, body.clone()).multipart().unwrap();
    assert_eq!(parts.next_part().await.unwrap().unwrap().name(), "a");
    let part = parts.next_part().await.unwrap().unwrap();
    assert_eq!(part.text().await.unwrap(), "d");
    assert!(parts.next_part().await.unwrap().is_none());
    let limits = FormLimits::new().total(body.len() as u64 - 1);
    let mut parts = post(TYPE, body).multipart_within(limits).unwrap();
    assert_eq!(parts.next_part().await.err().map(|error| error.status().as_u16()), Some(413));
}

#[tokio::test]
async fn rule_6_parts_are_not_nested_or_encoded() {
    let nested = "form-data; name=a\r\nContent-Type: multipart/mixed; boundary=c\r\nContent-Transfer-Encoding: base64\r\nContent-Length: 1";
    let content = "--c\r\n\r\neHg=\r\n--c--";
    let form = form(one(nested, content)).await.unwrap();
    assert_eq!(form.get("a"), Some(content));
}

#[tokio::test]
async fn text_has_the_charset_of_its_part() {
    for (content_type, content, expected) in [
        ("text/plain; charset=iso-8859-1", &b"\xFC"[..], "ü"),
        ("text/plain; charset=utf-8", b"\xC3\xBC", "ü"),
        ("text/plain; charset=../../etc/passwd", b"\xC3\xBC", "ü"),
        ("text/plain; charset=utf-7", b"+AGE-", "+AGE-"),
        ("text/plain", b"\xFF", "\u{FFFD}"),
    ] {
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: {content_type}\r\n\r\n"
        );
        let body = [head.as_bytes(), content, b"\r\n--b--"].concat();
        assert_eq!(form(body).await.unwrap().get("a"), Some(expected), "{content_type}");
    }
}

#[tokio::test]
async fn large_files_go_to_disk() {
    let body = one("form-data; name=f; filename=x", &"x".repeat(5000));
    for (memory, on_disk) in [(4999, true), (5000, false)] {
        let limits = FormLimits::new().memory(memory);
        let form = post(TYPE, body.clone()).form_within(limits).await.unwrap();
        let content = form.file("f").unwrap().content().clone();
        assert_eq!((content.is_on_disk(), content.size()), (on_disk, 5000));
    }
}

#[tokio::test]
async fn files_share_the_memory_of_a_form() {
    let part = |content: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n{content}\r\n")
    };
    let body = part(&"x".repeat(60)) + &part(&"x".repeat(50)) + &part(&"x".repeat(40)) + "--b--";
    let form = post(TYPE, body).form_within(FormLimits::new().memory(100)).await.unwrap();
    let on_disk: Vec<_> =
        form.files().iter().map(|(_, file)| file.content().is_on_disk()).collect();
    assert_eq!(on_disk, [false, true, false]);
}

#[tokio::test]
async fn a_body_that_breaks_keeps_its_error() {
    let pieces = [Ok("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1"), Err("gone")];
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    let error = form(body).await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "gone");
}
