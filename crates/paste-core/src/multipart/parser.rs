//! From the bytes of a multipart body to its parts (RFC 2046, section 5.1; RFC 7578): pure, fed with
//! pieces of any size, linear in their sum, and never holding more than a head and what may be the
//! beginning of a delimiter.

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use memchr::memmem;

/// At most so many headers has a part.
const MOST_HEADERS: usize = 32;

/// Reads a body as it comes: [`push`](Self::push) what there is, and ask for the
/// [`next`](Self::next) event until there is none.
#[derive(Debug)]
pub(crate) struct Parser {
    /// CR LF, two hyphens, and the boundary.
    delimiter: Vec<u8>,
    buffer: BytesMut,
    state: State,
    /// Nothing more will be pushed.
    finished: bool,
    /// How long a head may be, and what comes before the first part.
    limit: usize,
}

#[derive(Debug)]
enum State {
    /// Before the first delimiter; so many bytes were passed over.
    Preamble(usize),
    Head,
    /// Behind a head, whose last line end is still there: it may belong to a delimiter.
    Start,
    Content,
    Epilogue,
}

/// What a body says next.
#[derive(Debug, PartialEq)]
pub(crate) enum Event {
    /// A part begins.
    Head(HeaderMap),
    /// It goes on.
    Content(Bytes),
    /// It has ended.
    PartEnd,
    /// So has the body.
    End,
}

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It ends before its last delimiter.
    Cut,
    /// A head is no list of headers, or has too many.
    Head,
    /// A head, or what comes before the first part, is larger than the limit.
    HeadTooLarge,
}

/// What comes behind a delimiter.
enum Follows {
    /// A part, behind so many bytes.
    Part(usize),
    /// The end.
    End,
    /// Content: it only looked like a delimiter.
    Content,
    /// Too little to say.
    Unknown,
}

impl Parser {
    /// `boundary` as the content type names it; `limit` in bytes.
    pub(crate) fn new(boundary: &str, limit: usize) -> Self {
        Self {
            delimiter: [b"\r\n--", boundary.as_bytes()].concat(),
            // The first delimiter may stand at the very beginning.
            buffer: BytesMut::from(&b"\r\n"[..]),
            state: State::Preamble(0),
            finished: false,
            limit,
        }
    }

    pub(crate) fn push(&mut self, data: &[u8]) {
        self.buffer.extend_from_slice(data);
    }

    /// Says that nothing more will be pushed.
    pub(crate) fn finish(&mut self) {
        self.finished = true;
    }

    /// The next event; `None` if more must be pushed first.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Fault> {
        loop {
            match self.state {
                State::Preamble(passed) => match self.until_delimiter() {
                    Some(Event::Content(data)) => {
                        let passed = passed + data.len();
                        if passed > self.limit {
                            return Err(Fault::HeadTooLarge);
                        }
                        self.state = State::Preamble(passed);
                    }
                    Some(_) => {}
                    None => return self.wanting(),
                },
                State::Head => return self.head(),
                State::Start => {
                    if self.buffer.len() < self.delimiter.len()
                        && self.delimiter.starts_with(&self.buffer)
                        && !self.finished
                    {
                        return Ok(None);
                    }
                    let is_empty = self.buffer.starts_with(&self.delimiter);
                    let follows = if is_empty {
                        self.follows(self.delimiter.len())
                    } else {
                        Follows::Content
                    };
                    match follows {
                        Follows::Unknown => return self.wanting(),
                        Follows::Content => self.buffer.advance(2),
                        Follows::Part(_) | Follows::End => {}
                    }
                    self.state = State::Content;
                }
                State::Content => {
                    let event = self.until_delimiter();
                    return if event.is_some() { Ok(event) } else { self.wanting() };
                }
                State::Epilogue => {
                    self.buffer.clear();
                    return Ok(self.finished.then_some(Event::End));
                }
            }
        }
    }

    fn wanting(&self) -> Result<Option<Event>, Fault> {
        if self.finished { Err(Fault::Cut) } else { Ok(None) }
    }

    /// What stands before the next delimiter, as far as it is there; at the delimiter, the end of the
    /// part.
    fn until_delimiter(&mut self) -> Option<Event> {
        let length = self.delimiter.len();
        let Some(at) = memmem::find(&self.buffer, &self.delimiter) else {
            let content = self.buffer.len() - self.possible_delimiter();
            return self.content(content);
        };
        match self.follows(at + length) {
            Follows::Content => self.content(at + length),
            _ if at > 0 => self.content(at),
            Follows::Unknown => None,
            Follows::Part(behind) => {
                self.buffer.advance(length + behind);
                self.state = State::Head;
                Some(Event::PartEnd)
            }
            Follows::End => {
                self.state = State::Epilogue;
                Some(Event::PartEnd)
            }
        }
    }

    fn content(&mut self, length: usize) -> Option<Event> {
        (length > 0).then(|| Event::Content(self.buffer.split_to(length).freeze()))
    }

    /// How many bytes at the end of the buffer may be the beginning of a delimiter.
    fn possible_delimiter(&self) -> usize {
        let tail = &self.buffer[self.buffer.len().saturating_sub(self.delimiter.len() - 1)..];
        let starts = tail.iter().enumerate().filter(|&(_, &byte)| byte == b'\r');
        let mut starts = starts.map(|(start, _)| &tail[start..]);
        starts.find(|end| self.delimiter.starts_with(end)).map_or(0, <[u8]>::len)
    }

    /// Behind a delimiter come spaces and the end of the line, or two hyphens and the same.
    fn follows(&self, at: usize) -> Follows {
        let behind = &self.buffer[at..];
        let (hyphens, rest) = match behind {
            [b'-', b'-', rest @ ..] => (true, rest),
            [b'-'] | [] if !self.finished => return Follows::Unknown,
            rest => (false, rest),
        };
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
        let spaces = rest.iter().take_while(|byte| is_space(byte)).count();
        match &rest[spaces..] {
            _ if spaces > self.limit => Follows::Content,
            [] if self.finished && hyphens => Follows::End,
            [] | [b'\r'] if !self.finished => Follows::Unknown,
            [b'\r', b'\n', ..] if hyphens => Follows::End,
            [b'\r', b'\n', ..] => Follows::Part(spaces + 2),
            _ => Follows::Content,
        }
    }

    fn head(&mut self) -> Result<Option<Event>, Fault> {
        let within = &self.buffer[..self.buffer.len().min(self.limit.saturating_add(4))];
        let end = if within.starts_with(b"\r\n") {
            Some(2)
        } else {
            memmem::find(within, b"\r\n\r\n").map(|at| at + 4)
        };
        let Some(end) = end else {
            return if within.len() > self.limit.saturating_add(3) {
                Err(Fault::HeadTooLarge)
            } else {
                self.wanting()
            };
        };
        let headers = headers(&self.buffer[..end])?;
        self.buffer.advance(end - 2);
        self.state = State::Start;
        Ok(Some(Event::Head(headers)))
    }
}

fn headers(head: &[u8]) -> Result<HeaderMap, Fault> {
    let mut lines = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let parsed = httparse::parse_headers(head, &mut lines).map_err(|_| Fault::Head)?;
    let httparse::Status::Complete((_, lines)) = parsed else { return Err(Fault::Head) };
    let pairs = lines.iter().map(|line| {
        let name = HeaderName::from_bytes(line.name.as_bytes()).map_err(|_| Fault::Head)?;
        Ok((name, HeaderValue::from_bytes(line.value).map_err(|_| Fault::Head)?))
    });
    let mut headers = HeaderMap::new();
    for pair in pairs {
        let (name, value) = pair?;
        headers.append(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Heads (as the value of `x`) and contents of the parts of `body`, pushed in pieces of `size`.
    fn parts(body: &[u8], size: usize) -> Result<Vec<(String, Vec<u8>)>, Fault> {
        let mut parser = Parser::new("b", 64);
        let mut parts = Vec::new();
        let mut open = false;
        let mut pieces = body.chunks(size);
        loop {
            match parser.next()? {
                Some(Event::Head(headers)) => {
                    assert!(!std::mem::replace(&mut open, true));
                    let x = headers.get("x").map_or("", |x| x.to_str().unwrap());
                    parts.push((x.to_owned(), Vec::new()));
                }
                Some(Event::Content(data)) => {
                    assert!(open && !data.is_empty());
                    parts.last_mut().unwrap().1.extend_from_slice(&data);
                }
                Some(Event::PartEnd) => assert!(std::mem::replace(&mut open, false)),
                Some(Event::End) => {
                    assert!(!open);
                    return Ok(parts);
                }
                None => match pieces.next() {
                    Some(piece) => parser.push(piece),
                    None => parser.finish(),
                },
            }
            assert!(parser.buffer.len() <= 64 + 10 + size, "the buffer stays small");
        }
    }

    #[test]
    fn parts_are_found_in_pieces_of_any_size() {
        for (body, expected) in [
            ("--b\r\nx: 1\r\n\r\none\r\n--b--\r\n", &[("1", "one")][..]),
            ("--b\r\nx: 1\r\n\r\none\r\n--b--", &[("1", "one")]),
            (
                "\r\n--b\r\nx: 1\r\n\r\none\r\n--b\r\nx: 2\r\n\r\n\r\ntwo\r\n\r\n--b--",
                &[("1", "one"), ("2", "\r\ntwo\r\n")],
            ),
            (
                "preamble\r\n--b \t\r\nx: 1\r\n\r\none\r\n--b-- \r\nepilogue\r\n--b\r\n",
                &[("1", "one")],
            ),
            ("--b\r\nx: 1\r\n\r\n\r\n--b--", &[("1", "")]),
            ("--b\r\nx: 1\r\n\r\n--b--", &[("1", "")]),
            ("--b\r\n\r\none\r\n--b--", &[("", "one")]),
            (
                "--b\r\nx: 1\r\n\r\n\r\n--bc\r\n--b-x\r\n--b--x\r\n--\r\r\n--b--",
                &[("1", "\r\n--bc\r\n--b-x\r\n--b--x\r\n--\r")],
            ),
            ("--b--", &[]),
            ("--b\r\nx: 1\r\n\r\n--b\r\nx: 2\r\n\r\n--b--", &[("1", ""), ("2", "")]),
        ] {
            for size in [1, 2, 3, 7, 1000] {
                let found = parts(body.as_bytes(), size);
                let expected: Vec<_> = expected
                    .iter()
                    .map(|(x, text)| ((*x).to_owned(), text.as_bytes().to_vec()))
                    .collect();
                assert_eq!(found.as_ref(), Ok(&expected), "{body:?} by {size}");
            }
        }
    }

    #[test]
    fn what_is_broken_is_a_fault() {
        let long = format!("--b\r\nx: {}\r\n\r\n\r\n--b--", "1".repeat(100));
        let preamble = format!("{}\r\n--b--", "1".repeat(100));
        let delimiters = "--b\r\n".repeat(100);
        let spaces = format!("--b{}\r\n\r\n\r\n--b--", " ".repeat(100));
        for (body, fault) in [
            ("", Fault::Cut),
            ("--b", Fault::Cut),
            ("--b-", Fault::Cut),
            ("--b\r\n", Fault::Cut),
            ("--b\r\nx: 1", Fault::Cut),
            ("--b\r\nx: 1\r\n\r\none", Fault::Cut),
            ("--b\r\nx: 1\r\n\r\none\r\n--b", Fault::Cut),
            ("--b\r\nx: 1\r\n\r\none\r\n--b\r\n", Fault::Cut),
            ("--b\nx: 1\n\none\n--b--\n", Fault::Cut),
            ("x", Fault::Cut),
            ("--b\r\nno colon\r\n\r\n\r\n--b--", Fault::Head),
            ("--b\r\nx: \0\r\n\r\n\r\n--b--", Fault::Head),
            (&long, Fault::HeadTooLarge),
            (&preamble, Fault::HeadTooLarge),
            (&delimiters, Fault::HeadTooLarge),
            (&spaces, Fault::HeadTooLarge),
        ] {
            for size in [1, 5, 1000] {
                assert_eq!(parts(body.as_bytes(), size), Err(fault), "{body:?} by {size}");
            }
        }
        let many = format!("--b\r\n{}\r\n\r\n--b--", "x:\r\n".repeat(33));
        let mut parser = Parser::new("b", 1000);
        parser.push(many.as_bytes());
        assert_eq!((parser.next(), parser.next()), (Err(Fault::Head), Err(Fault::Head)));
    }

    proptest::proptest! {
        #[test]
        fn the_size_of_the_pieces_changes_nothing(body in "(\r\n--b|--|\r|\n|b|x:|-| |a){0,40}", size in 1..9_usize) {
            proptest::prop_assert_eq!(parts(body.as_bytes(), size), parts(body.as_bytes(), 1000));
        }

        #[test]
        fn content_is_found_as_it_was_put(contents in proptest::collection::vec("(\r\n--|b|-|\r|\n|a){0,12}", 0..4), size in 1..9_usize) {
            let contents: Vec<_> = contents.into_iter().map(|text| text.replace("\r\n--b", "")).collect();
            let is_clear = contents.iter().all(|text| !format!("{text}\r\n").contains("\r\n--b"));
            proptest::prop_assume!(is_clear && contents.iter().all(|text| !text.starts_with("--b")));
            let mut body = String::new();
            for content in &contents {
                body = body + "--b\r\nx: 1\r\n\r\n" + content + "\r\n";
            }
            body += "--b--\r\n";
            let expected: Vec<_> = contents.iter().map(|text| ("1".to_owned(), text.as_bytes().to_vec())).collect();
            proptest::prop_assert_eq!(parts(body.as_bytes(), size), Ok(expected));
        }
    }
}
