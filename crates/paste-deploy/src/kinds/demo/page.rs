//! The pages of the demo.

use std::fmt::Write as _;

use paste_core::{Link, escape};

use super::Submitted;

/// The languages that the pages speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Language {
    #[default]
    English,
    German,
    French,
}

/// The words of a page.
struct Words {
    name: &'static str,
    title: &'static str,
    your_name: &'static str,
    color: &'static str,
    colors: [&'static str; 3],
    spam: &'static str,
    message: &'static str,
    files: &'static str,
    send: &'static str,
    json: &'static str,
    clock: &'static str,
    received: &'static str,
    back: &'static str,
}

impl Language {
    const ALL: [Self; 3] = [Self::English, Self::German, Self::French];
    pub(super) const TAGS: [&'static str; 3] = ["en", "de", "fr"];

    pub(super) fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    pub(super) fn tag(self) -> &'static str {
        Self::TAGS[self as usize]
    }

    fn words(self) -> Words {
        match self {
            Self::English => Words {
                name: "English",
                title: "A form to try",
                your_name: "Your name",
                color: "A color",
                colors: ["red", "green", "blue"],
                spam: "Send me nothing",
                message: "A few words",
                files: "Files, as large as you like",
                send: "Send",
                json: "Send as JSON",
                clock: "The server's clock",
                received: "This has arrived",
                back: "Back to the form",
            },
            Self::German => Words {
                name: "Deutsch",
                title: "Ein Formular zum Probieren",
                your_name: "Dein Name",
                color: "Eine Farbe",
                colors: ["rot", "grün", "blau"],
                spam: "Bitte nichts schicken",
                message: "Ein paar Worte",
                files: "Dateien, so groß du willst",
                send: "Abschicken",
                json: "Als JSON abschicken",
                clock: "Die Uhr des Servers",
                received: "Das ist angekommen",
                back: "Zurück zum Formular",
            },
            Self::French => Words {
                name: "Français",
                title: "Un formulaire à essayer",
                your_name: "Votre nom",
                color: "Une couleur",
                colors: ["rouge", "vert", "bleu"],
                spam: "Ne rien m’envoyer",
                message: "Quelques mots",
                files: "Des fichiers, de toute taille",
                send: "Envoyer",
                json: "Envoyer en JSON",
                clock: "L’horloge du serveur",
                received: "Voici ce qui est arrivé",
                back: "Retour au formulaire",
            },
        }
    }
}

/// The page with the form. Its links are relative, so that it works wherever it is mounted.
pub(super) fn form(language: Language, style: Option<&str>) -> String {
    let words = language.words();
    let languages = Language::ALL.map(|other| {
        let link = Link::new("language").var("to", other.tag()).a(other.words().name);
        let link = link.attr("lang", other.tag()).attr("hreflang", other.tag());
        if other == language { link.attr("aria-current", "true") } else { link }.to_string()
    });
    let colors = ["red", "green", "blue"].into_iter().zip(words.colors);
    let colors = colors.fold(String::new(), |options, (value, text)| {
        options + "<option value=\"" + value + "\">" + text + "</option>"
    });
    let Words { your_name, color, spam, message, files, send, json, clock, .. } = &words;
    let body = format!(
        "<nav class=\"languages\"><p>{}</p></nav>\n\
         <form method=\"post\" action=\"./\" enctype=\"multipart/form-data\">\n\
         <p><label>{your_name} <input name=\"name\" autocomplete=\"name\"></label></p>\n\
         <p><label>{color} <select name=\"color\">{colors}</select></label></p>\n\
         <p><label><input type=\"checkbox\" name=\"no-spam\" value=\"yes\" checked> {spam}</label></p>\n\
         <p><label>{message}<br><textarea name=\"message\" rows=\"3\" cols=\"30\"></textarea></label></p>\n\
         <p><label>{files} <input type=\"file\" name=\"file\" multiple></label></p>\n\
         <p><button name=\"by\" value=\"form\">{send}</button> <button type=\"button\" id=\"json\">{json}</button></p>\n\
         </form>\n<pre id=\"answer\" aria-live=\"polite\"></pre>\n\
         <p>{clock}: <time id=\"clock\">-</time></p>\n\
         <script src=\"script.js\" defer></script>\n",
        languages.join(" "),
    );
    page(language, style, words.title, &body)
}

/// The page that tells what arrived.
pub(super) fn submitted(language: Language, style: Option<&str>, submitted: &Submitted) -> String {
    let words = language.words();
    let mut body = String::from("<table id=\"fields\">\n");
    for (name, value) in &submitted.fields {
        let _ = writeln!(body, "<tr><th>{}</th><td>{}</td></tr>", escape(name), escape(value));
    }
    body += "</table>\n<table id=\"files\">\n";
    for file in &submitted.files {
        let _ = writeln!(
            body,
            "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&file.name),
            escape(file.file_name.as_deref().unwrap_or("-")),
            escape(file.content_type.as_deref().unwrap_or("-")),
            file.size,
        );
    }
    let _ = writeln!(body, "</table>\n<p>{}</p>", Link::new("./").a(words.back));
    page(language, style, words.received, &body)
}

fn page(language: Language, style: Option<&str>, title: &str, body: &str) -> String {
    let style = style.map_or_else(String::new, |style| {
        format!("<link rel=\"stylesheet\" href=\"{}\">\n", escape(style))
    });
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n{style}\
         </head>\n<body>\n<main class=\"demo\">\n<h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n",
        language.tag(),
    )
}
