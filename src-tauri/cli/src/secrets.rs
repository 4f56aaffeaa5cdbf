//! Where secrets come from: the environment, a file, standard input. Never an argument, never a log.

use crate::args::{Common, SignInArgs};
use relaypacs_model::{Code, Fault, Secret, SignIn};
use relaypacs_relay::KeySource;
use std::path::Path;

/// The key of the queue: a passphrase where one is given, otherwise the key store of the system.
pub(crate) fn key_source(common: &Common) -> Result<KeySource, Fault> {
    if let Some(file) = &common.passphrase_file {
        return Ok(KeySource::Passphrase(first_line(file)?));
    }
    match std::env::var("RELAYPACS_PASSPHRASE") {
        Ok(text) if !text.is_empty() => Ok(KeySource::Passphrase(Secret::new(text))),
        _ => Ok(KeySource::Store),
    }
}

/// How to sign in to a destination.
pub(crate) fn sign_in(args: &SignInArgs) -> Result<SignIn, Fault> {
    if let Some(file) = &args.token_file {
        return Ok(SignIn::Bearer { token: first_line(file)? });
    }
    let Some(user) = &args.user else { return Ok(SignIn::None) };
    let password = if args.password_stdin {
        let mut line = String::new();
        std::io::stdin()
            .read_line(&mut line)
            .map_err(|error| Fault::with(Code::CredentialFile, error.kind()))?;
        Secret::new(line.trim_end_matches(['\r', '\n']))
    } else {
        let text = std::env::var("RELAYPACS_PASSWORD").map_err(|_| {
            Fault::with(Code::CredentialFile, "--user needs RELAYPACS_PASSWORD or --password-stdin")
        })?;
        Secret::new(text)
    };
    Ok(SignIn::Basic { user: user.clone(), password })
}

fn first_line(file: &Path) -> Result<Secret, Fault> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Fault::with(Code::CredentialFile, error.kind()))?;
    match text.lines().next() {
        Some(line) if !line.trim().is_empty() => Ok(Secret::new(line.trim())),
        _ => Err(Fault::with(Code::CredentialFile, "the file's first line is empty")),
    }
}
