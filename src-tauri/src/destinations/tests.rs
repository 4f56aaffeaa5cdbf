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

/// A shell over a fresh home that is open.
pub(crate) async fn open_shell(folder: &std::path::Path) -> Shell {
    let shell = Shell::new(folder.to_owned(), false);
    let home = relaypacs_relay::Home::open(folder).unwrap();
    let key = relaypacs_relay::KeySource::Passphrase(Secret::new("a passphrase for a test"));
    let relay = relaypacs_relay::Relay::open(&home, &key).await.unwrap();
    shell.open(crate::shell::Opened { home, relay: std::sync::Arc::new(relay) });
    shell
}

pub(crate) fn draft(id: Option<i64>, name: &str) -> DestinationDraft {
    DestinationDraft {
        id,
        name: name.into(),
        url: "http://127.0.0.1:9/dicom-web".into(),
        sign_in: typed("none", &[]),
        ca: None,
        read_back: crate::view::ReadBackWord::None,
    }
}

#[tokio::test]
async fn a_destination_that_is_edited_stays_the_one_it_was_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let shell = open_shell(folder.path()).await;
    let shown = || {
        shell.board.read(|state| {
            let rows = state.destinations.iter();
            rows.map(|row| (row.id, row.name.clone().unwrap())).collect::<Vec<_>>()
        })
    };
    save_draft(&shell, draft(None, "Main")).await.unwrap();
    let (id, _) = shown()[0].clone();
    save_draft(&shell, draft(Some(id), "Ward")).await.unwrap();
    assert_eq!(shown(), [(id, "Ward".to_owned())], "a second one was made");
    assert_eq!(shell.kept.settings().standard_destination, Standard::Named("Ward".into()));
    save_draft(&shell, draft(None, "Zoo")).await.unwrap();
    let refused = save_draft(&shell, draft(Some(id), "Zoo")).await.unwrap_err();
    assert_eq!(refused.code.0, Code::DestinationNotUsable, "it would be two of one name");
    let refused = save_draft(&shell, draft(None, " Zoo ")).await.unwrap_err();
    assert_eq!(refused.code.0, Code::DestinationNotUsable, "it would take the place of the other");
    assert_eq!(shown().len(), 2);
}

#[tokio::test]
async fn what_is_opened_before_there_is_a_destination_waits_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let shell = open_shell(folder.path()).await;
    shell.board.change(|state| state.stage = Stage::Open);
    shell.turns.keep(vec!["/media/cd".into()]);
    assert_eq!(crate::arriving::ready(&shell), None);
    let asked = |state: &crate::view::State| (state.stage, state.notice.is_some());
    assert_eq!(shell.board.read(asked), (Stage::FirstStart, true));
    save_draft(&shell, draft(None, "Main")).await.unwrap();
    assert_eq!(crate::arriving::ready(&shell), Some(vec!["/media/cd".into()]));
    assert_eq!(shell.board.read(asked), (Stage::Open, false));
}

/// Where reviews go by themselves as it stands: what is set, and where the next one goes.
fn standard(shell: &Shell) -> (Standard, Option<String>) {
    let aim = shell.standard_target().unwrap();
    let relaypacs_relay::Target::Saved(name) = aim.target else { panic!("it is not saved") };
    (shell.kept.settings().standard_destination, aim.has_goal.then_some(name))
}

fn id_of(shell: &Shell, name: &str) -> i64 {
    let is_it = |row: &&Shown| row.name.as_deref() == Some(name);
    shell.board.read(|state| state.destinations.iter().find(is_it).unwrap().id)
}

#[tokio::test]
async fn to_ask_each_time_stays_whatever_comes_and_goes() {
    let folder = tempfile::tempdir().unwrap();
    let shell = open_shell(folder.path()).await;
    save_draft(&shell, draft(None, "Main")).await.unwrap();
    let main = Some("Main".to_owned());
    assert_eq!(standard(&shell), (Standard::Named("Main".into()), main));
    set_standard(&shell, Standard::Ask).unwrap();
    assert_eq!(standard(&shell), (Standard::Ask, None), "also where there is only one");
    save_draft(&shell, draft(None, "Ward")).await.unwrap();
    practice::start(&shell).await.unwrap();
    forget(&shell, id_of(&shell, "Main")).await.unwrap();
    save_draft(&shell, draft(Some(id_of(&shell, "Ward")), "North")).await.unwrap();
    practice::at_start(&shell).await;
    assert_eq!(standard(&shell), (Standard::Ask, None));
    let kept = crate::settings::Kept::read(folder.path()).settings();
    assert_eq!(kept.standard_destination, Standard::Ask, "also at the next start");
}

#[tokio::test]
async fn the_practice_archive_is_gone_by_only_where_there_is_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let shell = open_shell(folder.path()).await;
    practice::start(&shell).await.unwrap();
    let practice = Some("Practice PACS".to_owned());
    assert_eq!(standard(&shell), (Standard::Unset, practice));
    for name in ["Main", "Ward", "Zoo"] {
        save_draft(&shell, draft(None, name)).await.unwrap();
        assert_eq!(standard(&shell).1.as_deref(), Some("Main"), "the first real one");
    }
    // Nobody knows which of the others is meant.
    forget(&shell, id_of(&shell, "Main")).await.unwrap();
    assert_eq!(standard(&shell), (Standard::Unset, None));
    forget(&shell, id_of(&shell, "Zoo")).await.unwrap();
    assert_eq!(standard(&shell).1.as_deref(), Some("Ward"), "there is one left");
}

#[tokio::test]
async fn ready_is_said_after_an_answer_of_this_session_and_until_one_fails() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let shell = open_shell(folder.path()).await;
    practice::start(&shell).await.unwrap();
    let id = id_of(&shell, "Practice PACS");
    let shown = || shell.board.read(|state| state.destinations[0].standing);
    assert_eq!(shown(), Standing::Unknown);
    let mut row = shell.relay().unwrap().destinations().await.unwrap().remove(0);
    row.learned.dialect = Dialect::DicomWeb;
    assert_eq!(standing(&row, false), Standing::Unknown, "what was learned was another day");
    try_now(&shell, id).await.unwrap();
    assert_eq!(shown(), Standing::Ready);
    practice::stop(&shell);
    assert!(try_now(&shell, id).await.is_err());
    assert_eq!(shown(), Standing::Unknown);
}

#[tokio::test]
async fn another_address_under_the_same_name_has_not_answered_yet() {
    let folder = tempfile::tempdir().unwrap();
    let shell = open_shell(folder.path()).await;
    save_draft(&shell, draft(None, "Main")).await.unwrap();
    let id = id_of(&shell, "Main");
    heard(&shell, "Main", true).await;
    let shown = || shell.board.read(|state| state.destinations[0].standing);
    save_draft(&shell, draft(Some(id), "Ward")).await.unwrap();
    assert_eq!(shown(), Standing::Ready, "it is the same archive");
    let url = "http://127.0.0.1:10/dicom-web".to_owned();
    save_draft(&shell, DestinationDraft { url, ..draft(Some(id), "Ward") }).await.unwrap();
    assert_eq!(shown(), Standing::Unknown);
}

#[tokio::test]
async fn a_destination_that_a_review_is_to_go_to_is_kept_and_says_why() {
    let (folder, disc) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    relaypacs_tests::fixture::sample_disc(disc.path(), 1).unwrap();
    let shell = open_shell(folder.path()).await;
    save_draft(&shell, draft(None, "Main")).await.unwrap();
    let id = shell.board.read(|state| state.destinations[0].id);
    let (relay, to) = (shell.relay().unwrap(), relaypacs_relay::Target::Saved("Main".into()));
    let (nobody, stop) = (std::sync::Arc::new(relaypacs_relay::Nobody), Default::default());
    let sources = vec![disc.path().to_owned()];
    let review = relay.review(sources, &to, false, nobody, &stop).await.unwrap();
    let refused = forget(&shell, id).await.unwrap_err();
    assert_eq!(refused.code.0, Code::DestinationInUse);
    review.discard().await.unwrap();
    forget(&shell, id).await.unwrap();
    assert!(shell.board.read(|state| state.destinations.is_empty()));
}
