//! A response read as an HTML page: elements, links to click, forms to fill in.

use http::{Method, header};
use scraper::{ElementRef, Selector};

use super::document::Document;
use super::{Form, TestRequest, TestResponse};
use crate::cut::cut;

/// A link of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its text, white space collapsed.
    pub text: String,
    /// Its address, as the page has it.
    pub href: String,
    /// Its id.
    pub id: Option<String>,
}

/// What a page has, for responses that are HTML. (Feature `html`, on by default.)
impl TestResponse {
    /// The text, white space collapsed, of all elements that a CSS selector finds, in the order of
    /// the page. Panics on what is no selector.
    #[track_caller]
    pub fn select(&self, selector: &str) -> Vec<String> {
        let Ok(selector) = Selector::parse(selector) else {
            panic!("`{selector}` is not a CSS selector")
        };
        self.document().html.select(&selector).map(|element| text_of(element)).collect()
    }

    /// The values of an attribute of all elements that a CSS selector finds and that have it.
    #[track_caller]
    pub fn select_attr(&self, selector: &str, attribute: &str) -> Vec<String> {
        let Ok(selector) = Selector::parse(selector) else {
            panic!("`{selector}` is not a CSS selector")
        };
        let page = self.document();
        page.html
            .select(&selector)
            .filter_map(|element| element.attr(attribute))
            .map(str::to_owned)
            .collect()
    }

    /// All links of the page, in its order.
    pub fn links(&self) -> Vec<Link> {
        let page = self.document();
        let elements = page.elements().map(|placed| placed.element);
        let links = elements.filter(|element| matches!(element.value().name(), "a" | "area"));
        links
            .filter_map(|element| {
                let href = element.attr("href")?.to_owned();
                Some(Link {
                    text: text_of(element),
                    href,
                    id: element.attr("id").map(str::to_owned),
                })
            })
            .collect()
    }

    /// The request of the one link with this text, address or id. Panics where there is none or
    /// more than one, and lists what there is.
    #[track_caller]
    pub fn click(&self, wanted: &str) -> TestRequest {
        let links = self.links();
        let exact = |link: &&Link| {
            link.text == wanted || link.href == wanted || link.id.as_deref() == Some(wanted)
        };
        let mut found: Vec<_> = links.iter().filter(exact).collect();
        if found.is_empty() {
            found = links.iter().filter(|link| link.text.contains(wanted)).collect();
        }
        found.dedup_by_key(|link| &link.href);
        match found[..] {
            [link] => self.goto(&link.href),
            [] => panic!(
                "there is no link `{wanted}`; there are {}\n{}",
                listed(&links),
                self.story()
            ),
            _ => panic!(
                "{} links fit `{wanted}`; there are {}\n{}",
                found.len(),
                listed(&links),
                self.story()
            ),
        }
    }

    /// The request of the link number `index`, from 0. Panics where there is none.
    #[track_caller]
    pub fn click_nth(&self, index: usize) -> TestRequest {
        let links = self.links();
        match links.get(index) {
            Some(link) => self.goto(&link.href),
            None => panic!(
                "there is no link number {index}; there are {}\n{}",
                listed(&links),
                self.story()
            ),
        }
    }

    /// A GET of an address relative to this page.
    #[track_caller]
    pub fn goto(&self, href: &str) -> TestRequest {
        let mut request = self.request.app.request(Method::GET, "");
        let page = self.document();
        let target = page.join(&page.base_url(self.url()), href);
        request.target = target.map_err(|error| format!("`{href}` is not a URL: {error}"));
        request.initiator = Some(self.url().clone());
        request
    }

    /// The one form of the page. Panics where there is none or more than one.
    #[track_caller]
    pub fn form(&self) -> Form {
        let mut forms = self.forms();
        match forms.len() {
            1 => forms.remove(0),
            count => panic!("the page has {count} forms, not one\n{}", self.story()),
        }
    }

    /// The form of this id. Panics where there is none, and lists what there is.
    #[track_caller]
    pub fn form_by_id(&self, id: &str) -> Form {
        let forms = self.forms();
        let known: Vec<_> = forms.iter().map(|form| form.id().unwrap_or("(no id)")).collect();
        match forms.iter().find(|form| form.id() == Some(id)) {
            Some(form) => form.clone(),
            None => panic!("there is no form `{id}`; there are {known:?}\n{}", self.story()),
        }
    }

    /// All forms of the page, in its order.
    pub fn forms(&self) -> Vec<Form> {
        Form::all(&self.request.app, self.url(), &self.document())
    }

    fn document(&self) -> Document {
        Document::read(self.bytes(), self.headers().get(header::CONTENT_TYPE))
    }
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn listed(links: &[Link]) -> String {
    let listed: Vec<_> =
        links.iter().map(|link| format!("`{}` ({})", link.text, link.href)).collect();
    if listed.is_empty() {
        "none".to_owned()
    } else {
        cut(&listed.join(", "), 4 << 10).into_owned()
    }
}
