//! `practice-pacs`, and the archive that `--to practice` starts for one run.

use crate::args::PracticeArgs;
use crate::exit::Exit;
use crate::people;
use crate::session::Session;
use relaypacs_model::{ArchiveRoot, Code, Destination, Fault, ReadBack, SignIn};
use relaypacs_practice_pacs::{Faults, Options, PracticePacs, Running};
use relaypacs_relay::Home;

/// Serves until it is stopped. Its root is the one line on standard output.
pub(crate) async fn serve(session: &Session, args: PracticeArgs) -> Result<Exit, Fault> {
    let store = match args.store {
        Some(folder) => folder,
        None => session.home()?.practice(),
    };
    let faults = match args.faults {
        Some(file) => {
            let unreadable =
                |error: &dyn std::fmt::Display| Fault::with(Code::CredentialFile, error);
            let text = std::fs::read_to_string(file).map_err(|error| unreadable(&error.kind()))?;
            Faults::parse(&text).map_err(|error| unreadable(&error))?
        }
        None => Faults::default(),
    };
    let options = Options { port: args.port, faults, ..Options::in_folder(store) };
    let running = PracticePacs::start(options).map_err(|error| cannot_start(&error))?;
    people::show(&running.root());
    people::say("The practice archive is for synthetic and training images. Ctrl-C ends it.");
    session.stop.stopped().await;
    running.stop();
    Ok(Exit::Done)
}

/// The practice archive of a home, in this process.
pub(crate) fn start(home: &Home) -> Result<Running, Fault> {
    PracticePacs::start(Options::in_folder(home.practice())).map_err(|error| cannot_start(&error))
}

/// The destination that it is.
pub(crate) fn destination(running: &Running) -> Result<Destination, Fault> {
    let root =
        ArchiveRoot::parse(&running.root()).map_err(|fault| Fault::with(Code::Internal, fault))?;
    Ok(Destination {
        label: "practice".to_owned(),
        root,
        sign_in: SignIn::None,
        ca: None,
        read_back: ReadBack::None,
    })
}

fn cannot_start(error: &std::io::Error) -> Fault {
    Fault::with(
        Code::DestinationNotUsable,
        format_args!("the practice archive did not start: {}", error.kind()),
    )
}
