//! What is known of one exchange. It is logged when it is dropped, so that none is forgotten.

use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};
use paste_core::{ClientAddr, RemoteUser, Request, RequestExt, Sent};

use super::AccessLog;

/// nginx's number for a client that went before it was answered.
const CLIENT_CLOSED_REQUEST: StatusCode = match StatusCode::from_u16(499) {
    Ok(status) => status,
    Err(_) => unreachable!(),
};

/// One exchange, as far as it has come.
#[derive(Debug)]
pub(super) struct Entry {
    log: AccessLog,
    /// Whether there is a line at all: not for control flow that someone else takes.
    is_own: bool,
    pub(super) time: SystemTime,
    begun: Instant,
    pub(super) method: Method,
    pub(super) target: Uri,
    pub(super) version: Version,
    pub(super) client: Option<ClientAddr>,
    pub(super) user: Option<RemoteUser>,
    /// The values of the headers that the format wants, in its order.
    pub(super) request_headers: Vec<Option<HeaderValue>>,
    pub(super) response_headers: Vec<Option<HeaderValue>>,
    /// Nothing: the client went before there was a response.
    status: Option<StatusCode>,
    /// Nothing: no body was sent, or nobody told.
    pub(super) sent: Option<Sent>,
}

impl Entry {
    pub(super) fn of_request(log: AccessLog, request: &Request) -> Self {
        let wanted = log.format.request_headers();
        Self {
            is_own: true,
            time: log.clock.now(),
            begun: Instant::now(),
            method: request.method().clone(),
            target: request.original_uri().clone(),
            version: request.version(),
            client: request.client_addr(),
            user: request.remote_user().cloned(),
            request_headers: values(wanted, request.headers()),
            response_headers: Vec::new(),
            status: None,
            sent: None,
            log,
        }
    }

    /// There is a response, or an error that will be one.
    pub(super) fn answered(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        user: Option<&RemoteUser>,
    ) {
        self.status = Some(status);
        self.response_headers = values(self.log.format.response_headers(), headers);
        if self.user.is_none() {
            self.user = user.cloned();
        }
    }

    /// There is control flow: whoever takes it answers. It is a line only if nobody does.
    pub(super) fn passed_on(&mut self, status: StatusCode) {
        self.status = Some(status);
        self.is_own = false;
    }

    /// The body has ended. Dropping the entry logs it.
    pub(super) fn end(mut self, sent: Sent) {
        self.sent = Some(sent);
        self.is_own = true;
    }

    /// The status, or 499 for a client that went before there was one, or 500 for an app that panics.
    pub(super) fn status(&self) -> StatusCode {
        let unanswered = || {
            let is_panicking = std::thread::panicking();
            if is_panicking { StatusCode::INTERNAL_SERVER_ERROR } else { CLIENT_CLOSED_REQUEST }
        };
        self.status.unwrap_or_else(unanswered)
    }

    /// Whether the client was sent all of the response. Where nobody told, it is believed.
    pub(super) fn is_complete(&self) -> bool {
        self.status.is_some() && self.sent.is_none_or(|sent| sent.complete)
    }

    pub(super) fn duration(&self) -> Duration {
        self.begun.elapsed()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.is_own {
            self.log.write(self);
        }
    }
}

fn values(names: &[http::HeaderName], headers: &HeaderMap) -> Vec<Option<HeaderValue>> {
    names.iter().map(|name| headers.get(name).cloned()).collect()
}
