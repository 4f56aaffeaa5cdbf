//! Pictures: tokens that the web view has, and the pixels behind them. A token says nothing, is of no use in another
//! session, and is forgotten with the review that it was made for.

mod made;

pub(crate) use made::describe;

use crate::shell::{Shell, lock};
use crate::token;
use relaypacs_model::Fault;
use relaypacs_preview::{Cancel, Preview};
use relaypacs_relay::InstanceId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tauri::http::{Method, Request, Response, StatusCode, header};
use tauri::{Manager, Runtime, UriSchemeContext, UriSchemeResponder};

/// The scheme of their addresses.
pub(crate) const SCHEME: &str = "relaypacs";

/// The largest edge of a picture, in pixels.
const LARGEST_EDGE: u32 = 4_096;

/// Tokens of what is shown, and the one who makes the pictures.
pub(crate) struct Pictures {
    tokens: Mutex<Tokens>,
    preview: Arc<Preview>,
}

#[derive(Default)]
struct Tokens {
    instances: HashMap<String, InstanceId>,
    tokens: HashMap<InstanceId, String>,
    /// Turned when the review that the tokens are of is over: nobody looks any more.
    over: Cancel,
}

impl Default for Pictures {
    fn default() -> Self {
        Self { tokens: Mutex::default(), preview: Arc::new(made::preview()) }
    }
}

impl Pictures {
    /// Has a decoder ready before the first picture is asked for.
    pub(crate) fn warm(&self) {
        self.preview.warm();
    }

    /// The token of an instance, the same for as long as its review is shown.
    pub(crate) fn token(&self, instance: InstanceId) -> Result<String, Fault> {
        let mut tokens = lock(&self.tokens);
        if let Some(token) = tokens.tokens.get(&instance) {
            return Ok(token.clone());
        }
        let token = token::new()?;
        tokens.instances.insert(token.clone(), instance);
        tokens.tokens.insert(instance, token.clone());
        Ok(token)
    }

    /// The token of an instance where there is one.
    pub(crate) fn of(&self, instance: Option<InstanceId>) -> Result<Option<String>, Fault> {
        instance.map(|instance| self.token(instance)).transpose()
    }

    /// The instance of a token.
    pub(crate) fn instance(&self, token: &str) -> Option<InstanceId> {
        lock(&self.tokens).instances.get(token).copied()
    }

    /// Forgets all of them, and the pictures with them.
    pub(crate) fn clear(&self) {
        let gone = std::mem::take(&mut *lock(&self.tokens));
        gone.over.cancel();
        for instance in gone.tokens.keys() {
            self.preview.forget(made::key(*instance));
        }
    }

    /// The sign that nobody looks any more.
    fn over(&self) -> Cancel {
        lock(&self.tokens).over.clone()
    }
}

/// What an address asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    /// Whose picture.
    pub(crate) token: String,
    /// Which frame, from 0.
    pub(crate) frame: u32,
    /// The longer edge, in pixels.
    pub(crate) edge: u32,
    /// Window center and width, where a person set them.
    pub(crate) window: Option<(f64, f64)>,
}

impl Wanted {
    /// Reads `/picture/<token>?frame=0&edge=256[&center=..&width=..]`.
    fn parse(path: &str, query: &str) -> Option<Self> {
        let token = path.strip_prefix("/picture/")?;
        if token.len() != 32 || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let (mut frame, mut edge, mut center, mut width) = (0, 256, None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=')?;
            match name {
                "frame" => frame = value.parse().ok()?,
                "edge" => edge = value.parse().ok()?,
                "center" => {
                    center = Some(value.parse::<f64>().ok().filter(|value| value.is_finite())?)
                }
                "width" => {
                    width = Some(value.parse::<f64>().ok().filter(|value| value.is_finite())?)
                }
                _ => return None,
            }
        }
        let window = center.zip(width);
        Some(Self { token: token.to_owned(), frame, edge: edge.clamp(16, LARGEST_EDGE), window })
    }
}

/// Answers a request of the scheme. Pixels are decoded elsewhere; this thread is the window's own.
pub(crate) fn answer<R: Runtime>(
    context: UriSchemeContext<'_, R>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let app = context.app_handle().clone();
    let wanted = Wanted::parse(request.uri().path(), request.uri().query().unwrap_or_default());
    match wanted {
        Some(wanted) if request.method() == Method::GET => {
            tauri::async_runtime::spawn(async move {
                let shown = made::picture(&app.state::<Shell>(), &wanted).await;
                responder.respond(reply(shown));
            });
        }
        _ => responder.respond(reply(Shown::Unknown)),
    }
}

/// What there is to show.
enum Shown {
    /// A PNG.
    Png(Vec<u8>),
    /// Something without a picture; `picture(token)` has the words.
    Placeholder,
    /// A token of nothing.
    Unknown,
}

fn reply(shown: Shown) -> Response<Vec<u8>> {
    let (status, kind, body) = match shown {
        Shown::Png(png) => (StatusCode::OK, "image/png", png),
        Shown::Placeholder => (StatusCode::NO_CONTENT, "", Vec::new()),
        Shown::Unknown => (StatusCode::NOT_FOUND, "", Vec::new()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    if !kind.is_empty() {
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_token_and_bounded_numbers_and_nothing_else() {
        let token = "0123456789abcdef0123456789abcdef";
        let parse = |path: &str, query: &str| Wanted::parse(path, query);
        let wanted =
            parse(&format!("/picture/{token}"), "frame=3&edge=99999&center=40&width=400").unwrap();
        assert_eq!(
            (wanted.frame, wanted.edge, wanted.window),
            (3, LARGEST_EDGE, Some((40.0, 400.0)))
        );
        for (path, query) in [
            ("/picture/short".to_owned(), ""),
            (format!("/picture/../{token}"), ""),
            (format!("/file/{token}"), ""),
            (format!("/picture/{token}"), "frame=-1"),
            (format!("/picture/{token}"), "center=NaN&width=1"),
            (format!("/picture/{token}"), "path=/etc/passwd"),
        ] {
            assert_eq!(parse(&path, query), None, "{path}?{query}");
        }
    }

    #[test]
    fn a_token_stays_the_same_until_it_is_forgotten() {
        let pictures = Pictures::default();
        let token = pictures.token(InstanceId(7)).unwrap();
        assert_eq!(pictures.token(InstanceId(7)).unwrap(), token);
        assert_eq!(pictures.instance(&token), Some(InstanceId(7)));
        pictures.clear();
        assert_eq!(pictures.instance(&token), None);
    }

    #[test]
    fn no_answer_may_be_kept_by_the_web_view() {
        for shown in [Shown::Png(vec![1]), Shown::Placeholder, Shown::Unknown] {
            assert_eq!(reply(shown).headers()[header::CACHE_CONTROL], "no-store");
        }
    }
}
