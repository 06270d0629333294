//! Multipart forms (RFC 7578), part by part as they come, in flat memory whatever their size.
//!
//! 1. Each part has a name; a part without one, or whose disposition is not `form-data` or stands
//!    twice, is an error with status 400, and so is a body that ends before its last delimiter.
//! 2. A boundary has 1 to 70 characters of those that RFC 2046 allows; two boundaries or two content
//!    types are a 400, another content type is a 415.
//! 3. A file's name is advice: [`Part::file_name`] is the last component of what the client sent,
//!    without controls, and none where that is nothing, `.` or `..`.
//! 4. The [limits](FormLimits) hold for parts that are streamed, too: the total, the number of parts
//!    and of fields, the size of a head. The size of fields, each and together, is checked where they
//!    are read whole. What comes before the first part is bounded as a head is.
//! 5. A part that is not read to its end is passed over; what stands behind the last is thrown away,
//!    within the total.
//! 6. Parts are not nested, and have no transfer encodings and lengths of their own (sections 4.3,
//!    4.7, 4.8).
//!
//! ```
//! use paste_core::{ReadExt, Request, Result, form::FormLimits, response};
//!
//! async fn upload(mut request: Request) -> Result {
//!     let mut parts = request.multipart_within(FormLimits::new().total(10 << 30))?;
//!     let mut told = String::new();
//!     while let Some(mut part) = parts.next_part().await? {
//!         let mut size = 0;
//!         while let Some(chunk) = part.chunk().await? {
//!             size += chunk.len();
//!         }
//!         told += &format!("{}: {size} bytes\n", part.name());
//!     }
//!     Ok(response::text(told))
//! }
//! ```

mod disposition;
mod parser;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};

use self::disposition::Disposition;
use self::parser::{Event, Fault, Parser};
use crate::content_type::{ContentType, unsupported};
use crate::form::{Form, FormLimits, too_large};
use crate::spool::{Spool, Spooled};
use crate::{Body, Error, Request, Result};

/// The parts of a multipart body, one after the other: see the [module](self).
#[derive(Debug)]
pub struct Multipart {
    body: Body,
    parser: Parser,
    limits: FormLimits,
    read: u64,
    parts: usize,
    fields: usize,
    /// How much text was read of fields.
    text: usize,
}

/// A part of a multipart body: a field, or a file.
#[derive(Debug)]
pub struct Part<'a> {
    multipart: &'a mut Multipart,
    name: String,
    file_name: Option<String>,
    is_file: bool,
    headers: HeaderMap,
    ended: bool,
}

/// A file of a [`Form`].
#[derive(Debug)]
pub struct Upload {
    file_name: Option<String>,
    content_type: Option<String>,
    content: Spooled,
}

impl Multipart {
    /// Takes the body of `request`.
    pub(crate) fn of(request: &mut Request, limits: FormLimits) -> Result<Self> {
        let content_type = ContentType::of(request.headers())?;
        if content_type.essence != "multipart/form-data" {
            return Err(unsupported("The body is to be of the type multipart/form-data."));
        }
        let boundary = content_type.parameter("boundary").filter(|boundary| is_boundary(boundary));
        let Some(boundary) = boundary else {
            return Err(Error::bad_request("The content type has no sound boundary."));
        };
        let parser = Parser::new(boundary, limits.part_head);
        let body = std::mem::take(request.body_mut());
        Ok(Self { body, parser, limits, read: 0, parts: 0, fields: 0, text: 0 })
    }

    /// The next part, when its head is there; `None` at the end of the body.
    pub async fn next_part(&mut self) -> Result<Option<Part<'_>>> {
        loop {
            match self.event().await? {
                Event::Head(headers) => return self.part(headers).map(Some),
                Event::Content(_) | Event::PartEnd => {} // of a part that nobody read
                Event::End => return Ok(None),
            }
        }
    }

    fn part(&mut self, headers: HeaderMap) -> Result<Part<'_>> {
        self.parts += 1;
        if self.parts > self.limits.parts {
            return Err(too_large(format!("The form has more than {} parts.", self.limits.parts)));
        }
        let mut dispositions = headers.get_all(header::CONTENT_DISPOSITION).iter();
        let disposition =
            dispositions.next().and_then(|value| Disposition::parse(value.as_bytes()));
        let Some(Disposition { name, file_name }) =
            disposition.filter(|_| dispositions.next().is_none())
        else {
            return Err(Error::bad_request("A part of the form has no name."));
        };
        let is_file = file_name.is_some();
        self.fields += usize::from(!is_file);
        self.limits.check_fields(self.fields)?;
        let file_name = file_name.as_deref().and_then(last_component);
        Ok(Part { multipart: self, name, file_name, is_file, headers, ended: false })
    }

    /// The whole form, files spooled.
    pub(crate) async fn into_form(mut self) -> Result<Form> {
        let mut form = Form::default();
        let limits = self.limits;
        let mut memory = limits.memory;
        while let Some(part) = self.next_part().await? {
            if part.is_file() {
                if form.files.len() >= limits.files {
                    let most = limits.files;
                    return Err(too_large(format!("The form has more than {most} files.")));
                }
                let name = part.name.clone();
                let file = part.spool_within(memory).await?;
                if !file.content.is_on_disk() {
                    memory -= usize::try_from(file.content.size()).unwrap_or(memory).min(memory);
                }
                form.files.push((name, file));
            } else {
                let name = part.name.clone();
                let value = part.text().await?;
                limits.check_field_size(&name, &value)?;
                form.fields.push((name, value));
            }
        }
        Ok(form)
    }

    async fn event(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = self.parser.next().map_err(|fault| self.refusal(fault))? {
                return Ok(event);
            }
            match self.body.chunk().await? {
                Some(data) => {
                    self.read += data.len() as u64;
                    if self.read > self.limits.total {
                        self.body = Body::empty();
                        let total = self.limits.total;
                        return Err(too_large(format!(
                            "The body is larger than the limit of {total} bytes."
                        )));
                    }
                    self.parser.push(&data);
                }
                None => self.parser.finish(),
            }
        }
    }

    fn refusal(&self, fault: Fault) -> Error {
        let limit = self.limits.part_head;
        match fault {
            Fault::Cut => Error::bad_request("The form ends before its last delimiter."),
            Fault::Head => Error::bad_request("The head of a part is malformed."),
            Fault::HeadTooLarge => Error::bad_request(format!(
                "The head of a part, or what comes before the first, is larger than {limit} bytes."
            )),
        }
    }
}

/// RFC 2046, section 5.1.1.
fn is_boundary(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    (1..=70).contains(&text.len()) && text.bytes().all(is_allowed) && !text.ends_with(' ')
}

/// What stands behind the last slash or backslash, without controls.
fn last_component(file_name: &str) -> Option<String> {
    let last = file_name.rsplit(['/', '\\']).next()?;
    let last: String = last.chars().filter(|character| !character.is_control()).collect();
    (!matches!(&*last, "" | "." | "..")).then_some(last)
}

impl Part<'_> {
    /// The name of the field.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is a file: the client has named one, if only by the empty name that browsers send
    /// for a file field that is left empty.
    pub fn is_file(&self) -> bool {
        self.is_file
    }

    /// The name of the file on the client's side, without its path: see rule 3 of the
    /// [module](self). It is still the client's choice: do not save under it.
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// The content type that the client states.
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(header::CONTENT_TYPE)?.to_str().ok()
    }

    /// All headers of the part.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The next piece of the content; `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        if self.ended {
            return Ok(None);
        }
        match self.multipart.event().await? {
            Event::Content(data) => Ok(Some(data)),
            Event::PartEnd | Event::End | Event::Head(_) => {
                self.ended = true;
                Ok(None)
            }
        }
    }

    /// The whole content, within the limit for a field.
    pub async fn bytes(mut self) -> Result<Bytes> {
        let mut whole = BytesMut::new();
        let limits = self.multipart.limits;
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > limits.field_size {
                return Err(limits.field_too_large());
            }
            self.multipart.text += chunk.len();
            limits.check_text(self.multipart.text)?;
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// The whole content as text, within the limit for a field: in the charset of the part's content
    /// type, or else UTF-8. What does not fit becomes U+FFFD.
    pub async fn text(self) -> Result<String> {
        let content_type = self.content_type().and_then(ContentType::parse).unwrap_or_default();
        let charset = content_type.parameter("charset").unwrap_or("utf-8");
        let encoding = encoding_rs::Encoding::for_label(charset.as_bytes());
        let bytes = self.bytes().await?;
        let (text, _) = encoding.unwrap_or(encoding_rs::UTF_8).decode_without_bom_handling(&bytes);
        Ok(text.into_owned())
    }

    /// The whole content as a file: in memory while it is small, on disk beyond.
    pub async fn spool(self) -> Result<Upload> {
        let memory = self.multipart.limits.memory;
        self.spool_within(memory).await
    }

    async fn spool_within(mut self, memory: usize) -> Result<Upload> {
        let mut spool = Spool::new().memory(memory);
        while let Some(chunk) = self.chunk().await? {
            spool.write(&chunk).await?;
        }
        Ok(Upload {
            content_type: self.content_type().map(str::to_owned),
            content: spool.finish().await?,
            file_name: self.file_name,
        })
    }
}

impl Upload {
    /// The name of the file on the client's side: see [`Part::file_name`].
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// The content type that the client states.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The content.
    pub fn content(&self) -> &Spooled {
        &self.content
    }

    /// The content, to keep.
    pub fn into_content(self) -> Spooled {
        self.content
    }
}

#[cfg(test)]
mod tests;
