//! The practice archive forgets, and keeps its hands off what a person saved.

use super::*;
use crate::destinations::save_draft;
use crate::destinations::tests::{draft, open_shell};

type Row = (String, String, bool);

async fn rows(shell: &Shell) -> Vec<Row> {
    let rows = shell.relay().unwrap().destinations().await.unwrap();
    let row = |row: DestinationRow| {
        let name = row.name.map(|name| name.as_str().to_owned()).unwrap();
        (name, row.destination.root.as_str().to_owned(), row.practice)
    };
    rows.into_iter().map(row).collect()
}

#[tokio::test]
async fn what_it_was_given_is_gone_when_it_stops_and_before_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    let shell = open_shell(folder.path()).await;
    let store = folder.path().join(STORE);
    let of_the_cli = shell.opened().unwrap().home.practice();
    std::fs::create_dir(&of_the_cli).unwrap();
    let leave_something = || {
        let series = store.join("instances/1.2/1.2.3");
        std::fs::create_dir_all(&series).unwrap();
        std::fs::write(series.join("1.2.3.4.dcm"), b"a patient").unwrap();
    };
    // Killed, an earlier run left something, and its destination was forgotten meanwhile.
    leave_something();
    at_start(&shell).await;
    assert!(!store.exists());
    leave_something();
    start(&shell).await.unwrap();
    assert!(!store.join("instances/1.2").exists());
    leave_something();
    stop(&shell);
    assert!(!store.exists());
    start(&shell).await.unwrap();
    leave_something();
    let id = shell.board.read(|state| state.destinations[0].id);
    destinations::forget(&shell, id).await.unwrap();
    assert!(!store.exists());
    assert!(of_the_cli.is_dir(), "the command line has one of its own");
}

#[tokio::test]
async fn a_persons_destination_is_never_taken_for_it_whatever_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let shell = open_shell(folder.path()).await;
    // The command line takes any name.
    let hers = Destination {
        label: String::new(),
        root: ArchiveRoot::parse("https://pacs.example/dicom-web").unwrap(),
        sign_in: SignIn::None,
        ca: None,
        read_back: ReadBack::None,
    };
    shell.relay().unwrap().save_destination(NAME, hers).await.unwrap();
    at_start(&shell).await;
    assert!(lock(&shell.practice).is_none(), "there is no practice archive to start");
    start(&shell).await.unwrap();
    stop(&shell);
    at_start(&shell).await;
    let all = rows(&shell).await;
    let hers = (NAME.to_owned(), "https://pacs.example/dicom-web".to_owned(), false);
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(all[0], hers);
    assert_eq!((all[1].0.as_str(), all[1].2), ("Practice PACS 2", true));
}

#[tokio::test]
async fn its_name_and_its_destination_are_not_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let shell = open_shell(folder.path()).await;
    let refused = save_draft(&shell, draft(None, " practice PACS ")).await.unwrap_err();
    assert_eq!(refused.code.0, Code::DestinationNotUsable);
    start(&shell).await.unwrap();
    save_draft(&shell, draft(None, "Main")).await.unwrap();
    let id = |name: &str| {
        let is_it = |row: &&crate::view::Destination| row.name.as_deref() == Some(name);
        shell.board.read(|state| state.destinations.iter().find(is_it).unwrap().id)
    };
    let (main, practice) = (id("Main"), id(NAME));
    let before = rows(&shell).await;
    for (id, name) in [(main, "Practice PACS"), (practice, NAME)] {
        let refused = save_draft(&shell, draft(Some(id), name)).await.unwrap_err();
        assert_eq!(refused.code.0, Code::DestinationNotUsable);
    }
    assert_eq!(rows(&shell).await, before);
}
