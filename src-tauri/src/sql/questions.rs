//! The window's questions: of all that can be said in SQL, the web view may say the statements of `ui/ledger-sql.js`, word
//! for word. The page reads them from the same file, so none can be forgotten here, and nothing is there to be got round.

use std::collections::HashSet;
use tauri::ipc::{Invoke, InvokeBody};
use tauri::plugin::Plugin;
use tauri::{AppHandle, RunEvent, Runtime};

/// The file as the page has it.
const FILE: &str = include_str!("../../../ui/ledger-sql.js");

/// Every statement of the file: what stands between back quotes. The first one is what the others name.
pub(super) fn questions() -> HashSet<String> {
    let mut quoted = FILE.split('`').skip(1).step_by(2);
    let shared = quoted.next().unwrap_or_default();
    quoted.map(|text| text.replace("${STUDIES}", shared)).collect()
}

/// `tauri-plugin-sql` for a web view that asks these questions and no others.
pub(crate) struct OnlyQuestions<P> {
    plugin: P,
    questions: HashSet<String>,
}

impl<P> OnlyQuestions<P> {
    pub(crate) fn of(plugin: P) -> Self {
        Self { plugin, questions: questions() }
    }

    /// True for a select of a question, whatever values are bound to it.
    fn knows(&self, command: &str, body: &InvokeBody) -> bool {
        let InvokeBody::Json(arguments) = body else { return false };
        let query = arguments.get("query").and_then(serde_json::Value::as_str);
        command == "select" && query.is_some_and(|query| self.questions.contains(query))
    }
}

impl<R: Runtime, P: Plugin<R>> Plugin<R> for OnlyQuestions<P> {
    fn name(&self) -> &'static str {
        self.plugin.name()
    }

    fn initialize(
        &mut self,
        app: &AppHandle<R>,
        config: serde_json::Value,
    ) -> Result<(), Box<dyn std::error::Error>> {
        self.plugin.initialize(app, config)
    }

    fn on_event(&mut self, app: &AppHandle<R>, event: &RunEvent) {
        self.plugin.on_event(app, event);
    }

    fn extend_api(&mut self, invoke: Invoke<R>) -> bool {
        if self.knows(invoke.message.command(), invoke.message.payload()) {
            return self.plugin.extend_api(invoke);
        }
        invoke.resolver.reject("this is none of the window's questions");
        true
    }
}
