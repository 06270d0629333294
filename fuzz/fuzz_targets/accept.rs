//! The headers of content negotiation: no panic, and what is printed means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paste_core::header::{Accept, AcceptCharset, AcceptEncoding, AcceptLanguage};

fuzz_target!(|text: &str| {
    let accept = Accept::parse(text);
    let offers = ["text/html", "text/plain;format=flowed", "application/json", "image/*", ""];
    assert_eq!(accept.best(offers), Accept::parse(&accept.to_string()).best(offers));
    let languages = AcceptLanguage::parse(text);
    assert_eq!(AcceptLanguage::parse(&languages.to_string()), languages);
    languages.best(["en", "de-CH", ""]);
    AcceptEncoding::parse(text).best(["gzip", "br"]);
    AcceptCharset::parse(text).best(["utf-8"]);
});
