//! A page as a browser's parser reads it.
//!
//! 1. It is decoded as `charset.rs` says; the queries of its addresses are encoded in the same way.
//! 2. What is inside a `<template>` is inert, and no part of the page.
//! 3. The parser makes a form the owner of the controls that follow until the form's end, wherever
//!    in the tree they come to stand (WHATWG HTML, 13.2.6.1: the form element pointer).
//! 4. To go through it takes time in proportion to its size, however deep it is; to parse it does not:
//!    html5ever looks through all open elements at most start tags, so that depth counts twice.

use std::borrow::Cow;
use std::cell::{Ref, RefCell};
use std::collections::HashMap;

use ego_tree::NodeId;
use encoding_rs::{Encoding, UTF_8};
use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, ParseOpts, QualName, parse_document};
use http::HeaderValue;
use scraper::{ElementRef, Html, HtmlTreeSink};
use unicode_bidi::{BidiClass, bidi_class};
use url::Url;

use super::charset;

/// A page.
pub(super) struct Document {
    pub(super) html: Html,
    pub(super) encoding: &'static Encoding,
    /// The form that the parser made the owner of a control.
    owners: HashMap<NodeId, NodeId>,
}

/// An element, and what is around it.
pub(super) struct Placed<'a> {
    pub(super) element: ElementRef<'a>,
    pub(super) around: Around,
}

/// What the elements around an element make of it.
#[derive(Clone, Copy, Default)]
pub(super) struct Around {
    /// The form around it.
    form: Option<NodeId>,
    /// Whether it is within a disabled fieldset, and not in that one's first legend.
    pub(super) disabled: bool,
    pub(super) in_datalist: bool,
    pub(super) direction: Direction,
}

/// The direction of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Direction {
    #[default]
    Ltr,
    Rtl,
}

impl Document {
    pub(super) fn read(body: &[u8], content_type: Option<&HeaderValue>) -> Self {
        let encoding = charset::of_body(body, content_type);
        let (text, encoding, _) = encoding.decode(body);
        let sink =
            Sink { inner: HtmlTreeSink::new(Html::new_document()), owners: RefCell::default() };
        let (html, owners) = parse_document(sink, ParseOpts::default()).one(&*text);
        Self { html, encoding, owners }
    }

    /// All elements, in the order of the page.
    pub(super) fn elements(&self) -> impl Iterator<Item = Placed<'_>> {
        let root = Placed { element: self.html.root_element(), around: Around::default() };
        let mut left = vec![root];
        std::iter::from_fn(move || {
            let next = left.pop()?;
            left.extend(next.children());
            Some(next)
        })
    }

    /// The form that owns a control without an attribute `form`.
    pub(super) fn owner(&self, control: &Placed<'_>) -> Option<NodeId> {
        self.owners.get(&control.element.id()).copied().or(control.around.form)
    }

    /// What relative addresses are relative to.
    pub(super) fn base_url(&self, page: &Url) -> Url {
        let mut bases = self.elements().filter(|placed| placed.element.value().name() == "base");
        let href = bases.find_map(|base| base.element.attr("href"));
        href.and_then(|href| self.join(page, href).ok()).unwrap_or_else(|| page.clone())
    }

    /// An address of the page.
    pub(super) fn join(&self, base: &Url, href: &str) -> Result<Url, url::ParseError> {
        join(self.encoding, base, href)
    }
}

/// An address of a page of this encoding.
pub(super) fn join(
    encoding: &'static Encoding,
    base: &Url,
    href: &str,
) -> Result<Url, url::ParseError> {
    let options = Url::options().base_url(Some(base));
    if encoding.output_encoding() == UTF_8 {
        options.parse(href)
    } else {
        options.encoding_override(Some(&|query| encode_query(encoding, query).into())).parse(href)
    }
}

/// URL, "percent-encode after encoding": what the encoding lacks is a reference to it.
fn encode_query(encoding: &'static Encoding, query: &str) -> Vec<u8> {
    let mut encoded = Vec::new();
    for character in query.chars() {
        match encoding.encode(character.encode_utf8(&mut [0; 4])) {
            (bytes, _, false) => encoded.extend_from_slice(&bytes),
            _ => encoded.extend_from_slice(format!("%26%23{}%3B", u32::from(character)).as_bytes()),
        }
    }
    encoded
}

impl<'a> Placed<'a> {
    /// The elements in this one, the last first.
    fn children(&self) -> impl Iterator<Item = Placed<'a>> + use<'a> {
        let element = self.element;
        let name = element.value().name();
        let around = Around {
            form: if name == "form" { Some(element.id()) } else { self.around.form },
            in_datalist: self.around.in_datalist || name == "datalist",
            direction: self.direction(),
            ..self.around
        };
        let disables = name == "fieldset" && element.attr("disabled").is_some();
        let mut elements = element.children().filter_map(ElementRef::wrap);
        let spared = elements.find(|child| disables && child.value().name() == "legend");
        let children = element.children().rev().filter_map(ElementRef::wrap);
        children.map(move |child| {
            let disabled = around.disabled || (disables && Some(child) != spared);
            Placed { element: child, around: Around { disabled, ..around } }
        })
    }

    /// The direction of the text in this element (WHATWG HTML, 3.2.6.4).
    pub(super) fn direction(&self) -> Direction {
        let is_bdi = self.element.value().name() == "bdi";
        match self.element.attr("dir").map(str::to_ascii_lowercase).as_deref() {
            Some("ltr") => Direction::Ltr,
            Some("rtl") => Direction::Rtl,
            Some("auto") => self.direction_of_text(),
            None if is_bdi => self.direction_of_text(),
            _ => self.around.direction,
        }
    }

    /// That of the first strong character in it, but for elements that stand for themselves.
    fn direction_of_text(&self) -> Direction {
        let mut left: Vec<_> = self.element.children().rev().collect();
        while let Some(node) = left.pop() {
            if let Some(text) = node.value().as_text() {
                if let Some(direction) = Direction::of(text) {
                    return direction;
                }
            } else if let Some(element) = ElementRef::wrap(node) {
                let for_itself = ["bdi", "script", "style", "textarea"];
                if !for_itself.contains(&element.value().name()) && element.attr("dir").is_none() {
                    left.extend(element.children().rev());
                }
            }
        }
        Direction::Ltr
    }
}

impl Direction {
    /// The direction that the first strong character of `text` gives it.
    pub(super) fn of(text: &str) -> Option<Self> {
        text.chars().find_map(|character| match bidi_class(character) {
            BidiClass::L => Some(Self::Ltr),
            BidiClass::R | BidiClass::AL => Some(Self::Rtl),
            _ => None,
        })
    }
}

/// Builds the tree as scraper does, and keeps whose control is whose.
struct Sink {
    inner: HtmlTreeSink,
    owners: RefCell<HashMap<NodeId, NodeId>>,
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = (Html, HashMap<NodeId, NodeId>);
    type ElemName<'a> = Ref<'a, QualName>;

    fn associate_with_form(&self, target: &NodeId, form: &NodeId, _: (&NodeId, Option<&NodeId>)) {
        self.owners.borrow_mut().insert(*target, *form);
    }

    fn finish(self) -> Self::Output {
        (self.inner.finish(), self.owners.into_inner())
    }

    // All that follows is scraper's.

    fn parse_error(&self, message: Cow<'static, str>) {
        self.inner.parse_error(message);
    }

    fn get_document(&self) -> NodeId {
        self.inner.get_document()
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        self.inner.elem_name(target)
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        self.inner.create_element(name, attrs, flags)
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.inner.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        self.inner.create_pi(target, data)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.inner.append(parent, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &NodeId,
        before: &NodeId,
        child: NodeOrText<NodeId>,
    ) {
        self.inner.append_based_on_parent_node(element, before, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        self.inner.append_doctype_to_document(name, public, system);
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.inner.get_template_contents(target)
    }

    fn same_node(&self, one: &NodeId, other: &NodeId) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.inner.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &NodeId, new: NodeOrText<NodeId>) {
        self.inner.append_before_sibling(sibling, new);
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attrs: Vec<Attribute>) {
        self.inner.add_attrs_if_missing(target, attrs);
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.inner.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        self.inner.reparent_children(node, new_parent);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn read(page: &str) -> Document {
        Document::read(page.as_bytes(), Some(&HeaderValue::from_static("text/html")))
    }

    #[test]
    fn rule_1_queries_are_in_the_encoding_of_the_page() {
        let page =
            Document::read(b"<meta charset=latin1>", Some(&HeaderValue::from_static("text/html")));
        let base = Url::parse("http://a.example/b?c").unwrap();
        let join = |href| page.join(&base, href).unwrap().to_string();
        assert_eq!(
            join("/\u{e9}?\u{e9}\u{5d0}#\u{e9}"),
            "http://a.example/%C3%A9?%E9%26%231488%3B#%C3%A9"
        );
        assert_eq!(join(""), "http://a.example/b?c");
    }

    #[test]
    fn rule_2_templates_are_no_part_of_the_page() {
        let page = read("<div><template><a><b></a></template><p></div>");
        let names: Vec<_> = page.elements().map(|placed| placed.element.value().name()).collect();
        assert_eq!(names, ["html", "head", "body", "div", "template", "p"]);
    }

    #[test]
    fn rule_4_a_deep_page_is_gone_through_in_far_less_time_than_it_takes_to_parse_it() {
        let start = Instant::now();
        let page = read(&"<fieldset>".repeat(3000));
        let parsing = start.elapsed();
        let start = Instant::now();
        assert_eq!(page.elements().count(), 3003);
        assert!(start.elapsed() < parsing / 10, "{:?} and {parsing:?}", start.elapsed());
    }

    #[test]
    fn directions_come_from_the_elements_around_or_from_the_text() {
        for (page, expected) in [
            ("<p><i>", Direction::Ltr),
            ("<p dir=rtl><i>", Direction::Rtl),
            ("<p dir=rtl><i dir=LTR>", Direction::Ltr),
            ("<p dir=rtl><i dir=none>", Direction::Rtl),
            ("<p dir=auto>1 \u{5d0} a<i>", Direction::Rtl),
            ("<p dir=auto>1 <b dir=ltr>\u{5d0}</b><bdi>\u{5d0}</bdi> a<i>", Direction::Ltr),
            ("<p dir=auto><i>1", Direction::Ltr),
            ("<bdi>\u{627}<i>", Direction::Rtl),
        ] {
            let page = read(page);
            let found = page.elements().find(|placed| placed.element.value().name() == "i");
            assert_eq!(found.unwrap().direction(), expected);
        }
    }
}
