//! Where a review goes: nowhere, until that is said.

use super::*;
use crate::destinations::save_draft;
use crate::destinations::tests::{draft, open_shell};
use crate::looking;
use crate::view::Settings;
use tauri::test::{mock_builder, mock_context, noop_assets};

#[tokio::test(flavor = "multi_thread")]
async fn where_each_review_is_asked_for_none_goes_anywhere_before_the_answer() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let home = tempfile::tempdir().unwrap();
    let disc = tempfile::tempdir().unwrap();
    relaypacs_sample::sample_disc(&disc.path().join("disc"), 1).unwrap();
    let app = mock_builder().build(mock_context(noop_assets())).unwrap();
    app.manage(open_shell(home.path()).await);
    let shell = app.state::<Shell>();
    save_draft(&shell, draft(None, "Main")).await.unwrap();
    save_draft(&shell, draft(None, "Ward")).await.unwrap();
    let asks = Settings { standard_destination: Standard::Ask, ..Settings::default() };
    shell.board.change(|state| state.settings = asks);

    looking::look(app.handle(), vec![disc.path().join("disc")]).unwrap();
    shell.board.watch().wait_for(|state| state.review.is_some()).await.unwrap();
    let goal = || shell.board.read(|state| state.review.clone().unwrap().destination);
    assert_eq!(goal(), None);
    let studies = shell.review_studies(0, 10).await.unwrap();
    assert_eq!(studies.rows.len(), 5);
    assert!(
        lock(&shell.held().unwrap().presence).is_empty(),
        "an archive that nobody chose was asked"
    );
    let review = shell.board.read(|state| state.review.clone().unwrap().id);
    let refused = shell.review_send(review, None, PriorityWord::Routine).await.unwrap_err();
    assert_eq!(refused.code.0, Code::DestinationUnknown);
    assert!(shell.review_destination("Nowhere").await.is_err());
    assert_eq!(goal(), None);

    shell.review_destination("Ward").await.unwrap();
    assert_eq!(goal().as_deref(), Some("Ward"));
    shell.review_send(review, None, PriorityWord::Routine).await.unwrap();
    let queued = shell.queue_studies(0, 10).await.unwrap().rows;
    assert!(queued.len() == 5 && queued.iter().all(|row| row.destination == "Ward"));
}
