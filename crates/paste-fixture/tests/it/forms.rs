//! Forms by the WHATWG form submission algorithm. The same rules meet a real browser in the
//! repository's `tests/`.

use paste_core::{Request, Result, response};
use paste_fixture::TestApp;
use paste_fixture::test_app::{Form, TestRequest, Upload};

/// A form of a page at `/dir/page?q`.
async fn form_of(page: &str) -> Form {
    let page = format!("<!doctype html><title>x</title>{page}");
    let app = TestApp::new(move |request: Request| {
        let page = page.clone();
        let is_page = request.method() == "GET" && request.uri() == "/dir/page?q";
        async move { if is_page { Ok(response::html(page)) } else { sent(request).await } }
    });
    app.get("/dir/page?q").await.forms().remove(0)
}

async fn sent(mut request: Request) -> Result {
    let body = std::mem::take(request.body_mut()).collect(1 << 20).await?;
    let kind = request.headers().get("content-type").map_or("", |value| value.to_str().unwrap());
    let text = String::from_utf8_lossy(&body).into_owned();
    Ok(response::text(format!("{} {} {kind}\n{text}", request.method(), request.uri())))
}

async fn text(request: TestRequest) -> String {
    request.await.text()
}

/// What the form of these controls sends, by GET and without a button.
async fn query(controls: &str) -> String {
    let text = text(form_of(&format!("<form action=/s>{controls}</form>")).await.submit()).await;
    text.trim().strip_prefix("GET /s?").unwrap().to_owned()
}

#[tokio::test]
async fn controls_hold_at_first_what_the_page_says() {
    for (controls, expected) in [
        ("<input name=a value=1><input name=b>", "a=1&b="),
        (
            "<input name=a type=password value=p><input type=search name=s value=q><input type=odd name=o value=x>",
            "a=p&s=q&o=x",
        ),
        ("<input value=nameless><input name='' value=1>", ""),
        (
            "<input name=h type=hidden value=1><input type=hidden name=_charset_>",
            "h=1&_charset_=UTF-8",
        ),
        (
            "<input type=checkbox name=c checked><input type=checkbox name=c value=2 checked><input type=checkbox name=c value=3>",
            "c=on&c=2",
        ),
        (
            "<input type=radio name=r value=1 checked><input type=radio name=r value=2 checked><input type=radio name=r value=3>",
            "r=2",
        ),
        ("<input type=radio name=r value=1>", ""),
        (
            "<select name=s><option>One  two</option><option value=2>x</option></select>",
            "s=One+two",
        ),
        ("<select name=s><option disabled>1<option>2<option>3</select>", "s=2"),
        ("<select name=s><option selected>1<option selected>2<option>3</select>", "s=2"),
        ("<select name=s size=3><option>1<option>2</select>", ""),
        (
            "<select name=s multiple><option selected>1<option>2<option selected>3</select>",
            "s=1&s=3",
        ),
        (
            "<select name=s multiple><optgroup disabled><option selected>1</optgroup><option selected disabled>2<option selected>3</select>",
            "s=3",
        ),
        ("<textarea name=t>\nfirst\nsecond</textarea>", "t=first%0D%0Asecond"),
        ("<input name=f type=file>", "f="),
        (
            "<input name=e type=email value=' a@b '><input name=u type=url value=' http://x '>",
            "e=a%40b&u=http%3A%2F%2Fx",
        ),
        (
            "<input name=n type=number value=x><input name=m type=number value=1e2><input name=r type=range>",
            "n=&m=1e2&r=50",
        ),
        (
            "<input name=k type=color><input name=l type=color value=#ABCDEF>",
            "k=%23000000&l=%23abcdef",
        ),
        (
            "<input name=d type=date value=2026-11-22><input name=e type=date value=x><input name=t type=time value=10:00>",
            "d=2026-11-22&e=&t=10%3A00",
        ),
        (
            "<input name=a dirname=a.dir value=1><div dir=rtl><textarea name=b dirname=b.dir>2</textarea></div>",
            "a=1&a.dir=ltr&b=2&b.dir=rtl",
        ),
        ("<input name=a value=1 disabled><input name=b value=2 readonly>", "b=2"),
        (
            "<fieldset disabled><legend><input name=a value=1></legend><legend><input name=b value=2></legend><input name=c value=3></fieldset>",
            "a=1",
        ),
        (
            "<table><tr><td><input name=a value=1></td></tr></table><template><input name=b value=2></template>",
            "a=1",
        ),
        (
            "<input type=range name=r min=0 max=5><input type=range name=q min=0 max=10 value=7.5><input type=datetime-local name=d value='2024-01-01 10:00'>",
            "r=3&q=8&d=2024-01-01T10%3A00",
        ),
        ("<datalist><input name=a value=1></datalist><input name=b value=2>", "b=2"),
        (
            "<button name=b value=1>x</button><input type=submit name=c value=2><input type=reset name=d value=3>",
            "",
        ),
        ("<input name='a b' value='1&2=é'>", "a+b=1%262%3D%C3%A9"),
        (
            "<input type=email multiple name=e value=' a@b , c@d '><input type=color name=c value=red><input type=week name=w value=2023-W53>",
            "e=a%40b%2Cc%40d&c=%23ff0000&w=",
        ),
        (
            "<textarea name=t wrap=hard cols=5>aaa bbb cccccccc\nd</textarea><textarea name=u cols=1>a b</textarea>",
            "t=aaa+%0D%0Abbb+%0D%0Accccc%0D%0Accc%0D%0Ad&u=a+b",
        ),
        (
            "<input type=number name=n dirname=n.dir><input type=date name=d dirname=d.dir><input type=hidden name=h dirname=h.dir><input name=a dirname=a.dir dir=auto value='1 א a'>",
            "n=&d=&h=&h.dir=ltr&a=1+%D7%90+a&a.dir=rtl",
        ),
    ] {
        assert_eq!(query(controls).await, expected, "{controls}");
    }
}

#[tokio::test]
async fn a_control_belongs_to_the_form_that_it_names_or_that_is_around_it() {
    let form = form_of(
        "<input form=f name=a value=1><form id=f action=/s><input name=b value=2><input form=g name=c value=3>\
         <input form=none name=x></form><form id=g></form><input name=d value=4><input form=f name=e value=5>",
    );
    assert_eq!(text(form.await.submit()).await, "GET /s?a=1&b=2&e=5 \n");
}

#[tokio::test]
async fn the_target_is_the_forms_or_the_pressed_buttons() {
    let page = "<base href=/base/><form method=post action=here#frag><input name=a value=1>\
        <button name=b value=x>Send</button><button formaction=/there formmethod=GET id=get>Get</button>\
        <button formenctype=text/plain>Plain</button><input type=image name=i alt=Pic><input type=submit value=Plain2>\
        <button type=button name=n>Nothing</button><button disabled>Off</button></form>";
    let form = form_of(page).await;
    let urlencoded = "application/x-www-form-urlencoded";
    for (request, expected) in [
        (form.submit(), format!("POST /base/here {urlencoded}\na=1")),
        (form.press("b"), format!("POST /base/here {urlencoded}\na=1&b=x")),
        (form.press("x"), format!("POST /base/here {urlencoded}\na=1&b=x")),
        (form.press("Send"), format!("POST /base/here {urlencoded}\na=1&b=x")),
        (form.press("get"), "GET /there?a=1 \n".to_owned()),
        (form.press("Plain"), "POST /base/here text/plain\na=1\r\n".to_owned()),
        (form.press("Pic"), format!("POST /base/here {urlencoded}\na=1&i.x=0&i.y=0")),
        (form.press("Plain2"), format!("POST /base/here {urlencoded}\na=1")),
    ] {
        assert_eq!(text(request).await, expected);
    }
}

#[tokio::test]
async fn a_form_owns_the_controls_that_the_parser_met_before_its_end() {
    for (page, expected) in [
        (
            "<table><form action=/s><tr><td><input name=x value=1></td></tr></form>\
             <tr><td><input name=stray value=2></td></tr></table>",
            "GET /s?x=1 \n",
        ),
        (
            "<div><form action=/s></div><input name=q value=1><input type=submit name=b value=go></form>\
             <input name=c value=2>",
            "GET /s?q=1&b=go \n",
        ),
        (
            "<form action=/s><div></form><input name=a value=1></div><input name=b value=2>",
            "GET /s?a=1 \n",
        ),
        (
            "<form action=/s><input name=a value=1><form action=/t><input name=b value=2></form>\
             <input name=c value=3>",
            "GET /s?a=1&b=2 \n",
        ),
    ] {
        let form = form_of(page).await;
        let request = if page.contains("type=submit") { form.press("go") } else { form.submit() };
        assert_eq!(text(request).await, expected, "{page}");
    }
}

#[tokio::test]
async fn a_page_is_read_and_its_form_sent_in_the_encoding_of_the_page() {
    let cyrillic = |accept: &str| {
        let page = format!(
            "<title>x</title><p>\u{ff}</p><a href='/s?\u{ff}'>x</a><form action=/s {accept}><input name=a value='\u{ff}&euro;'></form>"
        );
        let page: Vec<_> = page.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        TestApp::new(move |request: Request| {
            let page = page.clone();
            async move {
                if request.uri().path() == "/s" {
                    return sent(request).await;
                }
                let mut response = http::Response::new(page.into());
                let content_type = http::HeaderValue::from_static("text/html; charset=koi8-r");
                response.headers_mut().insert("content-type", content_type);
                Ok(response)
            }
        })
    };
    let page = cyrillic("").get("/").await;
    page.must_contain("Ъ");
    assert_eq!(page.select("p"), ["Ъ"]);
    assert_eq!(text(page.form().submit()).await, "GET /s?a=%FF%26%238364%3B \n");
    assert_eq!(text(page.click("x")).await, "GET /s?%FF \n");
    let mut form = cyrillic("accept-charset='none windows-1251' method=post").get("/").await.form();
    form.set("a", "é\u{416}");
    let urlencoded = "application/x-www-form-urlencoded";
    assert_eq!(text(form.submit()).await, format!("POST /s {urlencoded}\na=%26%23233%3B%C6"));
}

#[tokio::test]
async fn controls_and_buttons_that_share_a_name_are_known_by_number() {
    let mut form = form_of(
        "<form action=/s><input type=file name=f><input type=file name=f>\
         <select name=s><option>1<option>2</select><select name=s><option>1<option>2</select>\
         <input type=checkbox name=c><input type=checkbox name=c>\
         <button formaction=/a>Go</button><button formaction=/b>Go</button></form>",
    )
    .await;
    form.upload_nth("f", 0, [Upload::new("1", "")]).upload_nth("f", 1, [Upload::new("2", "")]);
    form.set_all_nth("s", 1, &["2"]).check_nth("c", 1, true);
    assert_eq!(form.values("f"), ["1", "2"]);
    assert_eq!(form.values("s"), ["1", "2"]);
    assert_eq!(form.values("c"), ["on"]);
    assert_eq!(text(form.press_nth("Go", 1)).await, "GET /b?f=1&f=2&s=1&s=2&c=on \n");
    let told = |fails: &dyn Fn(&mut Form)| {
        let mut form = form.clone();
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fails(&mut form)));
        *panic.unwrap_err().downcast::<String>().unwrap()
    };
    let which = "2 controls are named `f`: say which by `upload_nth`";
    assert_eq!(
        told(&|form| {
            form.upload("f", []);
        }),
        which
    );
    let which = "2 controls are named `s`: say which by `set_all_nth`";
    assert_eq!(
        told(&|form| {
            form.set_all("s", &["1"]);
        }),
        which
    );
    let none = "2 controls are named `f`: there is no number 2";
    assert_eq!(
        told(&|form| {
            form.upload_nth("f", 2, []);
        }),
        none
    );
    let none = "`s` is a select: no checkbox";
    assert_eq!(
        told(&|form| {
            form.check_nth("s", 0, true);
        }),
        none
    );
    assert_eq!(
        told(&|form| drop(form.press("Go"))),
        "2 buttons fit `Go`: say which by `press_nth`"
    );
    let none = "2 buttons fit `Go`: there is no number 2";
    assert_eq!(told(&|form| drop(form.press_nth("Go", 2))), none);
}

#[tokio::test]
async fn headers_of_the_app_go_with_a_form_too() {
    let app = TestApp::new(async |request: Request| {
        let told = request.headers().get("x").map_or("none", |value| value.to_str().unwrap());
        Ok(response::html(format!(
            "<!doctype html><title>x</title><p>{told}</p><form method=post></form>"
        )))
    });
    let app = app.header(http::HeaderName::from_static("x"), http::HeaderValue::from_static("1"));
    assert_eq!(app.get("/").await.form().submit().await.select("p"), ["1"]);
}

#[tokio::test]
async fn what_leads_to_no_page_and_what_is_ambiguous_is_told() {
    let page = "<form action='javascript:x'><input type=checkbox name=c><input type=checkbox name=c value=2>\
        <button name=do>A</button><button name=do>B</button></form>";
    let mut form = form_of(page).await;
    let error = form.submit().send().await.unwrap_err().to_string();
    assert!(error.contains("of the scheme javascript") && error.contains("forms.rs:"), "{error}");
    let error = form.try_set("c", "2").unwrap_err().to_string();
    assert_eq!(error, "2 controls are named `c`: say which by `check_value`");
    let pressed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| form.press("do")));
    assert!(pressed.is_err());
}

#[tokio::test]
async fn without_an_action_a_form_goes_to_its_page() {
    let get = form_of("<form><input name=a value=1></form>").await;
    assert_eq!(text(get.submit()).await, "GET /dir/page?a=1 \n");
    let post = form_of("<form method=POST action='  '></form>").await;
    assert_eq!(text(post.submit()).await, "POST /dir/page?q application/x-www-form-urlencoded\n");
    let dialog = form_of("<form method=dialog></form><form method=x action=/s></form>").await;
    assert!(dialog.names().is_empty());
}

#[tokio::test]
async fn controls_are_filled_in() {
    let mut form = form_of(
        "<form action=/s><input name=t><textarea name=a></textarea><input type=hidden name=h value=0>\
         <input type=checkbox name=c><input type=checkbox name=m value=1><input type=checkbox name=m value=2>\
         <input type=radio name=r value=1 checked><input type=radio name=r value=2>\
         <select name=s><option>x<option>y</select><select name=z multiple><option>1<option>2<option>3</select>\
         <input name=d value=1><input name=d value=2></form>",
    )
    .await;
    form.set("t", "one\nline")
        .set("a", "two\nlines")
        .set("h", "9")
        .check("c")
        .check_value("m", "2", true);
    form.set("r", "2").set("s", "y").set_all("z", &["3", "1"]).set_nth("d", 1, "5");
    assert_eq!(form.values("d"), ["1", "5"]);
    assert_eq!(form.names(), ["t", "a", "h", "c", "m", "r", "s", "z", "d"]);
    assert_eq!(
        text(form.submit()).await,
        "GET /s?t=oneline&a=two%0D%0Alines&h=9&c=on&m=2&r=2&s=y&z=1&z=3&d=1&d=5 \n"
    );
    form.uncheck("c").check_value("m", "2", false);
    assert!(form.values("c").is_empty() && form.values("m").is_empty());
}

#[tokio::test]
async fn files_are_uploaded() {
    let page = "<form method=post enctype=multipart/form-data action=/s><input name=a value=1>\
        <input type=file name=f><input type=file name=g multiple></form>";
    let mut form = form_of(page).await;
    form.upload(
        "g",
        [Upload::new("1.txt", "one"), Upload::new("2.txt", "two").content_type("text/plain")],
    );
    let text = text(form.submit()).await;
    let parts: Vec<_> = text.split("\r\n").filter(|line| line.starts_with("Content-")).collect();
    assert_eq!(
        parts,
        [
            "Content-Disposition: form-data; name=\"a\"",
            "Content-Disposition: form-data; name=\"f\"; filename=\"\"",
            "Content-Type: application/octet-stream",
            "Content-Disposition: form-data; name=\"g\"; filename=\"1.txt\"",
            "Content-Type: application/octet-stream",
            "Content-Disposition: form-data; name=\"g\"; filename=\"2.txt\"",
            "Content-Type: text/plain",
        ]
    );
}

#[tokio::test]
async fn what_nobody_could_fill_in_is_an_error_that_lists_what_there_is() {
    let mut form = form_of(
        "<form id=f><input name=a><select name=s><option>x<option disabled>y</select><input type=radio name=r value=1>\
         <input name=off disabled><input name=ro readonly><input name=d><input name=d><input type=file name=up></form>",
    )
    .await;
    for (name, value, complaint) in [
        ("b", "1", "there is no control `b` in f; there are `a`, `s`, `r`, `off`, `ro`, `d`, `up`"),
        ("s", "z", "there is no option `z` in s; there are `x`, `y`"),
        ("s", "y", "the option `y` of `s` is disabled"),
        ("r", "2", "there is no radio button `2` in r; there are `1`"),
        ("off", "1", "`off` is disabled: nobody could fill it in"),
        ("ro", "1", "`ro` is read-only: nobody could fill it in"),
        ("d", "1", "2 controls are named `d`: say which by `set_nth`"),
        ("up", "1", "`up` is a file field (use `upload`): it takes no text"),
    ] {
        assert_eq!(form.try_set(name, value).unwrap_err().to_string(), complaint);
    }
}
