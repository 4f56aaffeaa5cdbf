//! What a person typed becomes a destination, or a clear word why not.

use super::*;
use std::collections::BTreeMap;

fn typed(kind: &str, values: &[(&str, &str)]) -> SignInDraft {
    let values: BTreeMap<String, Secret> =
        values.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
    SignInDraft { kind: kind.into(), values }
}

fn basic(user: &str, password: &str) -> SignIn {
    SignIn::Basic { user: user.into(), password: Secret::new(password) }
}

#[test]
fn a_password_that_is_not_typed_anew_stays_for_the_same_user_only() {
    let old = basic("anna", "first");
    let same = sign_in_of(&typed("basic", &[("user", "anna"), ("password", "")]), Some(&old));
    assert_eq!(same.unwrap(), old);
    let other = sign_in_of(&typed("basic", &[("user", "berta")]), Some(&old));
    assert_eq!(other.unwrap_err().code, Code::DestinationNotUsable);
    let anew = sign_in_of(&typed("basic", &[("user", "anna"), ("password", "second")]), Some(&old));
    assert_eq!(anew.unwrap(), basic("anna", "second"));
}

#[test]
fn every_kind_that_the_form_offers_can_be_read() {
    for kind in crate::view::SignInKind::all() {
        let values: Vec<(&str, &str)> = kind.fields.iter().map(|field| (field.name, "x")).collect();
        assert!(sign_in_of(&typed(kind.kind, &values), None).is_ok(), "{}", kind.kind);
        for field in kind.fields.iter().filter(|field| field.required) {
            let without: Vec<_> =
                values.iter().copied().filter(|(name, _)| *name != field.name).collect();
            let fault = sign_in_of(&typed(kind.kind, &without), None).unwrap_err();
            assert!(fault.detail.contains(field.name), "{fault}");
        }
    }
    assert!(sign_in_of(&typed("palm reading", &[]), None).is_err());
}
