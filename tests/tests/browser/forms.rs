//! Form pages, each submitted by Chromium and by TestApp: the app gets the same request.

use std::sync::{Arc, Mutex};

use paste_core::{App, Request, Result, response};
use paste_fixture::TestApp;
use paste_fixture::test_app::{Form, Upload};
use paste_tests::{TestServer, within};
use tokio::sync::mpsc;

use super::driver::Browser;

/// What is done to a page before its button `go` is pressed.
enum Action {
    /// Fills in the control of that name.
    Set(&'static str, &'static str),
    /// Checks the checkbox of that name and value.
    Check(&'static str, &'static str),
    /// Chooses just these options of a select.
    Choose(&'static str, &'static [&'static str]),
    /// Chooses a file `a.txt` with this content.
    Upload(&'static str, &'static str),
}
use Action::{Check, Choose, Set, Upload as File};

const GO: &str = "<button id=go>Go</button>";

/// The pages: what is inside the body, and what is done to it.
fn pages() -> Vec<(String, Vec<Action>)> {
    let get = |controls: &str| format!("<form action=/sent novalidate>{controls}{GO}</form>");
    let post = |attributes: &str, controls: &str| {
        format!("<form action=/sent method=post {attributes}>{controls}{GO}</form>")
    };
    vec![
        (get("<input name=a value='1 & 2=é'><input name=b><input value=nameless>"), vec![]),
        (get("<input name=a><input type=password name=p><textarea name=t>\n\nx</textarea>"), vec![Set("a", "x  y"), Set("p", "+%"), Set("t", "one\ntwo\r\nthree")]),
        (get("<input type=checkbox name=c checked><input type=checkbox name=c value=2><input type=checkbox name=d value=3>"), vec![Check("c", "2")]),
        (get("<input type=radio name=r value=1 checked><input type=radio name=r value=2 checked><input type=radio name=q value=3>"), vec![]),
        (get("<input type=radio name=r value=1 checked><input type=radio name=r value=2>"), vec![Set("r", "2")]),
        (get("<select name=s><option disabled>1<option> two  words <option value=3>x</select><select name=u size=3><option>1</select>"), vec![]),
        (get("<select name=s><option>1<option selected>2<option selected>3</select><select name=m multiple><option selected>1<option>2<option selected disabled>3</select>"), vec![Choose("m", &["1", "2"])]),
        (get("<select name=m multiple><optgroup disabled><option selected>1</optgroup><option selected>2</select>"), vec![]),
        (get("<input type=email name=e value=' a@b.c '><input type=url name=u value=' http://x/ '><input type=search name=s value='a\nb'>"), vec![]),
        (get("<input type=number name=n value=1e2><input type=number name=m value=x><input type=range name=r><input type=color name=c><input type=color name=d value=#ABCDEF>"), vec![]),
        (get("<input type=date name=a value=2026-11-22><input type=date name=b value=x><input type=time name=c value=10:00><input type=month name=d value=2026-11><input type=week name=e value=2026-W47><input type=datetime-local name=f value=2026-11-22T10:00>"), vec![]),
        (get("<input name=a value=1 disabled><fieldset disabled><legend><input name=b value=2></legend><input name=c value=3></fieldset><input name=d value=4 readonly>"), vec![]),
        (get("<input type=hidden name=h value='a\nb'><input type=hidden name=_charset_><input name=a dirname=a.dir value=x>"), vec![]),
        ("<input form=f name=a value=1><form id=f action=/sent><input name=b value=2><input form=none name=c value=3></form><button form=f id=go name=g value=4>Go</button>".to_owned(), vec![]),
        ("<form action=/wrong method=post><input name=a value=1><button id=go formaction=/sent?old formmethod=get name=b value=2>Go</button><button name=c>No</button></form>".to_owned(), vec![]),
        (post("", "<input name='a b' value='1&2'><input name=c value='x\u{e9}\u{1F600}'><textarea name=t>a\nb</textarea>"), vec![]),
        (post("enctype=text/plain", "<input name=a value='1 2'><textarea name=t>x\ny</textarea>"), vec![]),
        (post("enctype=multipart/form-data", "<input name='q\"uote' value=1><input type=file name=f><input type=file name=g multiple><textarea name=t>x\ny</textarea>"), vec![File("g", "alpha\nbeta")]),
        (post("", "<input type=file name=f><input name=a value=1>"), vec![File("f", "alpha")]),
        ("<form action=/sent method=post><input name=a value=1><input type=submit id=go name=s value='Send it' formenctype=multipart/form-data></form>".to_owned(), vec![]),
        // Controls belong to the form that the parser has open, wherever they come to stand.
        ("<div><form action=/sent></div><input name=q value=1><input type=submit id=go name=b value=go></form>".to_owned(), vec![]),
        ("<table><form action=/sent><tr><td><input name=x value=1><button id=go>Go</button></td></tr></form><tr><td><input name=stray value=2></td></tr></table>".to_owned(), vec![]),
        ("<form action=/sent><div></form><input name=a value=1><button id=go>Go</button></div><input name=b value=2>".to_owned(), vec![]),
        ("<form action=/sent><input name=a value=1><form action=/wrong><input name=b value=2><button id=go>Go</button></form><input name=c value=3>".to_owned(), vec![]),
        ("<table><tr><form action=/sent><td><input name=a value=1><table><tr><td><input name=b value=2></table><input type=hidden name=c value=3><button id=go>Go</button></form><td><input name=d value=4></table>".to_owned(), vec![]),
        ("<p><form action=/sent><template><input name=a value=1></template><b><input name=b value=2></p><input name=c value=3></b><button id=go>Go</button>".to_owned(), vec![]),
        ("<form action=/sent><input type=submit id=go name=s></form>".to_owned(), vec![]),
        // Sanitized values.
        (get("<input type=range name=a min=0 max=10 value=7.5><input type=range name=b min=0 max=5><input type=range name=c min=0 max=10 step=3 value=10><input type=range name=d min=1 max=10 step=.1 value=1.27><input type=range name=e step=any value=7.50><input type=range name=f min=-2.5 max=2.5><input type=range name=g min=5 max=1><input type=range name=h value=7.5>"), vec![]),
        (get("<input type=range name=a min=0 max=10 step=4><input type=range name=b>"), vec![Set("a", "6"), Set("b", "1e1")]),
        (get("<input type=email multiple name=e value=' a@b , c@d '><input type=email name=f value=' a@b , c@d '><input type=email multiple name=g value=' , '>"), vec![]),
        (get("<input type=week name=a value=2023-W53><input type=week name=b value=2020-W53><input type=week name=c value=2026-W53><input type=week name=d value=2015-W53><input type=week name=e value=2000-W53>"), vec![]),
        (get("<input type=datetime-local name=a value=2024-01-01T10:00:00.000><input type=datetime-local name=b value=2024-01-01T10:00:30.500><input type=datetime-local name=c value='2024-01-01 10:00:30'><input type=datetime-local name=d value=2024-01-01T10:00:30.050><input type=time name=e value=10:00:00><input type=time name=f value=10:00:30.500>"), vec![]),
        (get("<input type=color name=a value=red><input type=color name=b value='#fa0'><input type=color name=c value=RebeccaPurple><input type=color name=c value=' red'><input type=color name=d value=nonsense><input type=color name=e value='#11223344'>"), vec![]),
        (get("<textarea name=t wrap=hard cols=5>aaa bbb cccccccc d\n\neee  fff</textarea><textarea name=u wrap=hard>short</textarea><textarea name=v cols=5>not wrapped at all</textarea>"), vec![]),
        // The direction of texts.
        (get("<input name=a dirname=a.dir value=x><input type=number name=b dirname=b.dir value=1><input type=date name=c dirname=c.dir><input type=color name=d dirname=d.dir><input type=hidden name=e dirname=e.dir value=x><input type=password name=f dirname=f.dir><input type=email name=g dirname=g.dir><input type=url name=h dirname=h.dir><input type=search name=i dirname=i.dir><input type=range name=j dirname=j.dir><input type=checkbox checked name=k dirname=k.dir>"), vec![]),
        ("<form action=/sent dir=rtl><input type=submit id=go name=s dirname=s.dir value='\u{5d0}'><input type=tel name=t dirname=t.dir value=1><input name=a dirname=a.dir></form>".to_owned(), vec![]),
        (get("<input name=a dirname=a.dir dir=auto value='1 \u{5d0}b\u{e7}'><textarea name=b dirname=b.dir dir=auto>1 a \u{5d0}</textarea><input name=c dirname=c.dir dir=auto><div dir=auto>\u{627}<p><input name=d dirname=d.dir value=x></div><div dir=auto><bdi>\u{627}</bdi>x<input name=e dirname=e.dir></div><input name=f dirname=f.dir dir=auto value='\u{5d0}'><div dir=rtl><input dir=none name=g dirname=g.dir><input type=tel dir=auto name=h dirname=h.dir value='\u{5d0}'></div>"), vec![Set("f", "x")]),
        (get("<div dir=rtl><textarea name=b dirname=b.dir>2</textarea><input dirname=c.dir><select name=s dirname=s.dir><option>1</select></div>"), vec![]),
    ]
}

/// Pages that are not in UTF-8, or do not send it: the content type, and the page in that encoding.
fn encoded_pages() -> Vec<(&'static str, Vec<u8>, Vec<Action>)> {
    let text = "value='\u{e9}\u{20ac} \u{5d0} &amp;\u{1F600}'";
    let get = format!(
        "<form action='/sent?\u{e9}\u{5d0}'><input name='n\u{e9}' {text}><input type=hidden name=_charset_>{GO}</form>"
    );
    let post = |attributes: &str| {
        format!(
            "<form action='/sent?\u{e9}\u{5d0}' method=post {attributes}><input name='n\u{e9}\u{5d0}' {text}><textarea name=t>\u{e9}\n</textarea><input type=hidden name=_charset_>{GO}</form>"
        )
    };
    let page = |head: &str, form: &str| format!("<!doctype html>{head}<title>x</title>{form}");
    // What ISO 8859-1 lacks stands in the page as a reference.
    let latin1 = |text: String| {
        let bytes = text.chars().map(|c| {
            u8::try_from(c)
                .map_or_else(|_| format!("&#{};", u32::from(c)).into_bytes(), |byte| vec![byte])
        });
        bytes.flatten().collect::<Vec<_>>()
    };
    let utf16 = |text: String| {
        text.encode_utf16().chain([0x20]).fold(vec![0xFF, 0xFE], |mut bytes, unit| {
            bytes.extend(unit.to_le_bytes());
            bytes
        })
    };
    let multipart = post("enctype=multipart/form-data");
    vec![
        ("text/html; charset=iso-8859-1", latin1(page("", &get)), vec![]),
        (
            "text/html",
            latin1(page("<meta charset=latin1>", &post(""))),
            vec![Set("t", "x\u{e9}\u{3b1}")],
        ),
        (
            "text/html",
            latin1(page(
                "<meta http-equiv=content-type content='text/html; charset=windows-1252'>",
                &multipart,
            )),
            vec![],
        ),
        (
            "text/html; charset=koi8-r",
            page("", &post("enctype=text/plain")).replace(|c: char| !c.is_ascii(), "").into_bytes(),
            vec![Set("t", "\u{43f}\u{e9}")],
        ),
        ("text/html; charset=iso-8859-1", utf16(page("<meta charset=latin1>", &post(""))), vec![]),
        (
            "text/html; charset=utf-8",
            page("", &post("accept-charset='nonsense iso-8859-2, windows-1251'")).into_bytes(),
            vec![],
        ),
        (
            "text/html; charset=utf-8",
            page("", &post("accept-charset='nonsense windows-1251 gbk'")).into_bytes(),
            vec![],
        ),
        (
            "text/html; charset=utf-8",
            page("", &post("accept-charset=utf-16 enctype=multipart/form-data")).into_bytes(),
            vec![],
        ),
        (
            "text/html; charset=shift_jis",
            page("", &get).replace(|c: char| !c.is_ascii(), "").into_bytes(),
            vec![Set("n", "\u{3042}\u{e9}")],
        ),
    ]
}

/// A request as the app got it; the boundary of a multipart body is made one.
type Sent = (String, String, String, String);

/// A page: its content type, and its content.
type Page = (&'static str, Vec<u8>);

/// Shows the page that is set, and tells of every request to `/sent`.
fn recorder(page: Arc<Mutex<Page>>, told: mpsc::UnboundedSender<Sent>) -> impl App {
    move |mut request: Request| {
        let (page, told) = (page.lock().unwrap().clone(), told.clone());
        async move {
            if request.uri().path() != "/sent" {
                let mut response = http::Response::new(page.1.into());
                response.headers_mut().insert("content-type", page.0.parse()?);
                return Ok(response);
            }
            let body = std::mem::take(request.body_mut()).collect(1 << 20).await?;
            let content_type = request
                .headers()
                .get("content-type")
                .map_or("", |value| value.to_str().unwrap_or("?"));
            let (content_type, boundary) =
                content_type.split_once("; boundary=").unwrap_or((content_type, "\0"));
            let body = body.escape_ascii().to_string().replace(boundary, "BOUNDARY");
            let sent = (
                request.method().to_string(),
                request.uri().to_string(),
                content_type.to_owned(),
                body,
            );
            told.send(sent).map_err(|_| paste_core::Error::forbidden())?;
            Ok(response::text("thank you"))
        }
    }
}

#[tokio::test]
async fn chromium_and_testapp_send_the_same() -> Result<(), Box<dyn std::error::Error>> {
    let page = Arc::new(Mutex::new(Page::default()));
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = TestServer::new(recorder(Arc::clone(&page), tell)).await;
    let url = format!("http://{}/", server.addr);
    let browser = Browser::start().await;
    let app = TestApp::at(&url);
    let dir = tempfile::tempdir()?;
    let mut differences = Vec::new();
    let of_utf8 = |(body, actions): (String, Vec<Action>)| {
        let page = format!("<!doctype html><meta charset=utf-8><title>x</title>{body}");
        ("text/html; charset=utf-8", page.into_bytes(), actions)
    };
    for (content_type, content, actions) in pages().into_iter().map(of_utf8).chain(encoded_pages())
    {
        *page.lock().unwrap() = (content_type, content.clone());

        browser.goto(&url).await;
        for action in &actions {
            act_in_browser(&browser, action, dir.path()).await;
        }
        browser.run("document.getElementById('go').click()").await;
        let shown = String::from_utf8_lossy(&content);
        let wait = format!("Chromium's request by {shown}");
        let by_chromium = within(&wait, told.recv()).await.unwrap();

        let mut form = app.get("/").allow_findings().await.forms().remove(0);
        for action in &actions {
            act(&mut form, action);
        }
        form.press("go").await;
        let by_us = within("our request", told.recv()).await.unwrap();
        if by_us != by_chromium {
            differences.push(format!(
                "{content_type}: {shown}\n  by us {by_us:?}\n  by it {by_chromium:?}"
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    Ok(())
}

fn act(form: &mut Form, action: &Action) {
    match action {
        Set(name, value) => form.set(name, value),
        Check(name, value) => form.check_value(name, value, true),
        Choose(name, values) => form.set_all(name, values),
        File(name, content) => {
            form.upload(name, [Upload::new("a.txt", *content).content_type("text/plain")])
        }
    };
}

async fn act_in_browser(browser: &Browser, action: &Action, dir: &std::path::Path) {
    let text = |text: &str| serde_json::to_string(text).unwrap();
    match action {
        Set(name, value) => {
            let (name, value) = (text(name), text(value));
            let script = format!(
                "for (const control of document.getElementsByName({name}))
                   if (control.type != 'radio') control.value = {value};
                   else if (control.value == {value}) control.checked = true;"
            );
            browser.run(&script).await;
        }
        Check(name, value) => {
            let (name, value) = (text(name), text(value));
            let script = format!(
                "for (const c of document.getElementsByName({name})) if (c.value == {value}) c.checked = true;"
            );
            browser.run(&script).await;
        }
        Choose(name, values) => {
            let (name, values) = (text(name), serde_json::to_string(values).unwrap());
            let script = format!(
                "for (const option of document.getElementsByName({name})[0].options)
                   option.selected = {values}.includes(option.value);"
            );
            browser.run(&script).await;
        }
        File(name, content) => {
            let path = dir.join("a.txt");
            std::fs::write(&path, content).unwrap();
            browser.type_into(&format!("[name={name}]"), path.to_str().unwrap()).await;
        }
    }
}
