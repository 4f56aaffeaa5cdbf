//! The HTTP client of one destination: whom it trusts, how it signs in, how long it waits.

use crate::Timing;
use base64::Engine as _;
use relaypacs_model::{Code, Destination, Fault, SignIn};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, redirect};
use std::path::Path;
use url::Host;

/// Bigger than any bundle of authorities.
const MAX_CA_BYTES: u64 = 4 << 20;

pub(super) fn build(destination: &Destination, timing: &Timing) -> Result<Client, Fault> {
    // An error means that a provider is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("RelayPACS/", env!("CARGO_PKG_VERSION")))
        .default_headers(sign_in(&destination.sign_in)?)
        .redirect(redirect::Policy::none())
        // Batches in flight would share one flow-control window in HTTP/2.
        .http1_only()
        .connect_timeout(timing.connect)
        .pool_idle_timeout(timing.pool_idle)
        .tcp_nodelay(true)
        .tcp_keepalive(timing.keepalive)
        .tcp_keepalive_interval(timing.keepalive / 3);
    #[cfg(any(target_os = "android", target_os = "linux"))]
    {
        builder = builder.tcp_user_timeout(timing.unacknowledged);
    }
    if is_this_machine(destination) {
        // Plain http is allowed to this machine only: a proxy would carry it away.
        builder = builder.no_proxy();
    }
    if let Some(ca) = &destination.ca {
        builder = builder.tls_certs_merge(certificates(ca)?);
    }
    builder.build().map_err(|_| Fault::with(Code::TlsFailed, "no trust store"))
}

fn sign_in(sign_in: &SignIn) -> Result<HeaderMap, Fault> {
    let value = match sign_in {
        SignIn::None => return Ok(HeaderMap::new()),
        SignIn::Basic { user, password } => {
            let pair = format!("{user}:{}", password.reveal());
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
        }
        SignIn::Bearer { token } => format!("Bearer {}", token.reveal().trim()),
    };
    let mut value = HeaderValue::from_str(&value)
        .map_err(|_| Fault::with(Code::DestinationNotUsable, "the token has a line break"))?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, Fault> {
    let fault = |detail: &str| Fault::with(Code::CredentialFile, detail);
    let length = std::fs::metadata(path).map_err(|error| fault(&error.kind().to_string()))?.len();
    if length > MAX_CA_BYTES {
        return Err(fault("too large for certificates"));
    }
    let pem = std::fs::read(path).map_err(|error| fault(&error.kind().to_string()))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(fault("no PEM certificate in it")),
    }
}

fn is_this_machine(destination: &Destination) -> bool {
    match destination.root.url().host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
