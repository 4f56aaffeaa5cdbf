//! The faults that need nothing but a request's header. Pure.

use crate::body::{self, Body};
use crate::faults::{CutAt, Fault};
use crate::gate::{Cut, duration};
use hyper::Response;
use hyper::header::{HeaderName, HeaderValue, LOCATION, RETRY_AFTER};

const PAGE: &str =
    "<html><body><h1>Welcome</h1><p>Please sign in to the guest network.</p></body></html>";

/// What a fault makes of a request at its start.
pub(crate) enum Scripted {
    /// Nothing yet.
    Goes,
    /// The end of the connection.
    Cut(Cut),
    /// This answer, before the body is read.
    AtOnce(Response<Body>),
    /// This answer, once the body is read: a server that answers and closes with bytes unread resets the connection,
    /// which is another fault.
    AfterBody(Response<Body>),
}

/// Acts, for a request that says that its body has so many bytes.
pub(crate) fn act(fault: &Fault, declared_length: u64) -> Scripted {
    Scripted::AfterBody(match fault {
        Fault::Cut { at: CutAt::Before, reset } => return Scripted::Cut(Cut { reset: *reset }),
        Fault::TooLarge { above, early: true } if declared_length > *above => {
            return Scripted::AtOnce(body::plain(413, "Too large."));
        }
        Fault::Status { code, headers, body } => {
            let mut response = body::text(*code, "text/plain; charset=utf-8", body.clone());
            for (name, value) in headers {
                add(&mut response, name, value);
            }
            response
        }
        Fault::RetryAfter { code, seconds, .. } => {
            let mut response = body::plain(*code, "Come back later.");
            let whole = duration(*seconds).as_secs_f64().ceil();
            add(&mut response, RETRY_AFTER.as_str(), &format!("{whole}"));
            response
        }
        Fault::Garbage => body::text(200, "text/html", PAGE.into()),
        Fault::Redirect { code, to } => {
            let mut response = body::plain(*code, "It is elsewhere.");
            add(&mut response, LOCATION.as_str(), to);
            response
        }
        Fault::Full => body::plain(507, "There is no room left."),
        Fault::Refuse
        | Fault::Partial { .. }
        | Fault::TooLarge { .. }
        | Fault::Cut { .. }
        | Fault::Stall { .. }
        | Fault::Slow { .. }
        | Fault::AnswerAfter { .. }
        | Fault::Lose { .. }
        | Fault::Alter { .. }
        | Fault::Xml
        | Fault::IgnoreLimit { .. }
        | Fault::Poison { .. }
        | Fault::FailsOver { .. }
        | Fault::Strangers { .. }
        | Fault::Phantom
        | Fault::Reason { .. } => return Scripted::Goes,
    })
}

fn add(response: &mut Response<Body>, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        response.headers_mut().insert(name, value);
    }
}
