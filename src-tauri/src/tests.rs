//! What holds the shell together: lists that have to agree, the generated types, the access control list, how the home
//! opens; a review through the commands.

mod acl;
mod lists;
mod opening;
mod reviews;

use crate::shell::Shell;
use crate::{with_commands, with_everyday_plugins};
use std::path::Path;
use tauri::test::{MockRuntime, mock_builder};
use tauri::{App, Manager, WebviewWindow, WebviewWindowBuilder};

/// The program without a screen, on this home, which is not opened yet.
pub(crate) fn app(home: &Path) -> App<MockRuntime> {
    let builder = with_commands(with_everyday_plugins(mock_builder()));
    let app = builder.build(tauri::generate_context!()).unwrap();
    app.manage(Shell::new(home.to_owned(), false));
    app
}

/// A window of it.
pub(crate) fn window(app: &App<MockRuntime>, label: &str) -> WebviewWindow<MockRuntime> {
    WebviewWindowBuilder::new(app, label, Default::default()).build().unwrap()
}
