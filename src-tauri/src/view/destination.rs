//! Destinations as the window shows and edits them. Secrets come in and never go out.

use super::{Failure, ReadBackWord};
use relaypacs_model::Secret;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// A destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Destination {
    /// Its number in the queue.
    pub id: i64,
    /// Its name; `null` for one that was given in place.
    pub name: Option<String>,
    /// The root of its DICOMweb service.
    pub url: String,
    /// The kind of sign-in, a `SignInKind.kind`.
    pub sign_in: &'static str,
    /// Who signs in, where the kind has a user.
    pub user: Option<String>,
    /// True where it has a certificate authority of its own.
    pub has_ca: bool,
    /// How much is read back and compared.
    pub read_back: ReadBackWord,
    /// Where we stand with it.
    pub standing: Standing,
    /// Why it is not `ready`.
    pub failure: Option<Failure>,
    /// When it is tried again, in milliseconds since 1970.
    pub tries_again_at: Option<i64>,
    /// Studies that wait for it.
    pub waiting_studies: u64,
    /// True for the practice archive in this process.
    pub practice: bool,
}

/// Where we stand with a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Standing {
    /// It answered when it was last asked, in this session.
    Ready,
    /// It cannot be reached; it is tried again by itself.
    Offline,
    /// It does not accept the sign-in.
    NeedsSignIn,
    /// Something else that a person should read.
    Trouble,
    /// It was not asked in this session, or did not answer the last time.
    Unknown,
}

/// A way to sign in: the form is built from it, so that another kind is another row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SignInKind {
    /// A word.
    pub kind: &'static str,
    /// What has to be typed.
    pub fields: Vec<SignInField>,
}

/// One thing to type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SignInField {
    /// A word.
    pub name: &'static str,
    /// True where it is not to be shown.
    pub secret: bool,
    /// True where it cannot be left out.
    pub required: bool,
}

/// A destination as a person typed it.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct DestinationDraft {
    /// The one that is edited; `null` for a new one.
    pub id: Option<i64>,
    /// Its name.
    pub name: String,
    /// The root of its DICOMweb service.
    pub url: String,
    /// How to sign in.
    pub sign_in: SignInDraft,
    /// The token that `choose_ca` gave; `null` to leave it as it is.
    pub ca: Option<String>,
    /// How much is read back and compared.
    pub read_back: ReadBackWord,
}

/// How to sign in, as typed.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SignInDraft {
    /// A `SignInKind.kind`.
    pub kind: String,
    /// Its fields. A secret that is left out on an edited destination stays as it is.
    #[serde(deserialize_with = "secrets")]
    #[cfg_attr(test, ts(type = "Record<string, string>"))]
    pub values: BTreeMap<String, Secret>,
}

fn secrets<'de, D: Deserializer<'de>>(values: D) -> Result<BTreeMap<String, Secret>, D::Error> {
    let values = BTreeMap::<String, String>::deserialize(values)?;
    Ok(values.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
}

/// What a check found, in facts; the UI has the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Checked {
    /// The product and its version, where it says so.
    pub software: Option<String>,
    /// How it is spoken to.
    #[cfg_attr(test, ts(type = "\"dicomweb\" | \"orthanc_dicomweb\" | \"orthanc_rest\""))]
    pub speaks: &'static str,
    /// How the connection is protected.
    #[cfg_attr(test, ts(type = "\"loopback\" | \"public\" | \"private_ca\""))]
    pub tls: &'static str,
    /// True where it took the sign-in.
    pub signed_in: bool,
    /// True where it takes images, as far as can be told without sending one.
    pub can_store: bool,
    /// True where it can be asked what it holds.
    pub can_confirm: bool,
    /// True where what it holds can be compared with ours.
    pub can_compare: bool,
    /// Keys of words for whatever else is worth saying.
    pub notes: Vec<&'static str>,
}
