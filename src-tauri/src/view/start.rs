//! The state before anything is known.

use super::{
    DropState, Failure, Platform, Practice, QueueHead, Settings, SignInField, SignInKind, Stage,
    State,
};
use relaypacs_model::Fault;

impl State {
    /// Something that a person should have read, met with by looking inside a source or by what goes on by itself.
    pub(crate) fn note(&mut self, fault: &Fault, of_look: bool) {
        self.notice = Some(Failure::from(fault));
        self.notice_of_look = of_look;
    }

    /// The state of a process that has just begun.
    #[must_use]
    pub fn at_start(touch: bool) -> Self {
        Self {
            stage: Stage::Starting,
            failure: None,
            notice: None,
            notice_of_look: false,
            platform: Platform {
                os: tauri_plugin_os::platform(),
                version: env!("CARGO_PKG_VERSION"),
                touch,
                can_choose_folder: cfg!(desktop),
                has_key_store: true,
                tray: false,
            },
            settings: Settings::default(),
            destinations: Vec::new(),
            sign_in_kinds: SignInKind::all(),
            volumes: Vec::new(),
            recents: Vec::new(),
            ledger: 0,
            drop: DropState::None,
            looking: None,
            review: None,
            queue: QueueHead::default(),
            done: None,
            practice: Practice::default(),
            quitting: false,
            new_passphrase: false,
        }
    }
}

impl SignInKind {
    /// Every way to sign in.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let field = |name, secret| SignInField { name, secret, required: true };
        vec![
            Self { kind: "none", fields: Vec::new() },
            Self { kind: "basic", fields: vec![field("user", false), field("password", true)] },
            Self { kind: "bearer", fields: vec![field("token", true)] },
        ]
    }
}
