//! Twenty form pages, each submitted by Chromium and by TestApp: the app gets the same request.

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
    let get = |controls: &str| format!("<form action=/sent>{controls}{GO}</form>");
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
    ]
}

/// A request as the app got it; the boundary of a multipart body is made one.
type Sent = (String, String, String, String);

/// Shows the page that is set, and tells of every request to `/sent`.
fn recorder(page: Arc<Mutex<String>>, told: mpsc::UnboundedSender<Sent>) -> impl App {
    move |mut request: Request| {
        let (page, told) = (page.lock().unwrap().clone(), told.clone());
        async move {
            if request.uri().path() != "/sent" {
                return Ok(response::html(format!(
                    "<!doctype html><meta charset=utf-8><title>x</title>{page}"
                )));
            }
            let body = std::mem::take(request.body_mut()).collect(1 << 20).await?;
            let content_type = request
                .headers()
                .get("content-type")
                .map_or("", |value| value.to_str().unwrap_or("?"));
            let (content_type, boundary) =
                content_type.split_once("; boundary=").unwrap_or((content_type, "\0"));
            let body = String::from_utf8_lossy(&body).replace(boundary, "BOUNDARY");
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
    let page = Arc::new(Mutex::new(String::new()));
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = TestServer::new(recorder(Arc::clone(&page), tell)).await;
    let url = format!("http://{}/", server.addr);
    let browser = Browser::start().await;
    let app = TestApp::at(&url);
    let dir = tempfile::tempdir()?;
    for (body, actions) in pages() {
        page.lock().unwrap().clone_from(&body);

        browser.goto(&url).await;
        for action in &actions {
            act_in_browser(&browser, action, dir.path()).await;
        }
        browser.run("document.getElementById('go').click()").await;
        let by_chromium = within("Chromium's request", told.recv()).await.unwrap();

        let mut form = app.get("/").await.forms().remove(0);
        for action in &actions {
            act(&mut form, action);
        }
        form.press("go").await;
        let by_us = within("our request", told.recv()).await.unwrap();
        assert_eq!(by_us, by_chromium, "{body}");
    }
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
