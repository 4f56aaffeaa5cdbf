//! Runs a program of the system and waits for it, but not for ever.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long ejecting may take: a disc has to stop turning.
const MOST: Duration = Duration::from_secs(30);
/// How often it is looked whether the program has ended.
const LOOK: Duration = Duration::from_millis(50);

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ran {
    Well,
    /// What it said, in lower case.
    Badly(String),
    /// There is no such program.
    Missing,
    TooLong,
}

/// Runs a program without input. Its words are asked for in English, so that they can be told apart.
pub(crate) fn run(command: &mut Command) -> Ran {
    command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else { return Ran::Missing };
    // Read beside the waiting: one that says much would else stop in the middle of it.
    let said = child.stderr.take().map(|mut from| {
        thread::spawn(move || {
            let mut said = String::new();
            let _cut_off = from.by_ref().take(16 << 10).read_to_string(&mut said);
            said.to_lowercase()
        })
    });
    let begin = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ran::Well,
            Ok(Some(_)) => {
                let said = said.and_then(|said| said.join().ok());
                return Ran::Badly(said.unwrap_or_default());
            }
            Ok(None) if begin.elapsed() < MOST => thread::sleep(LOOK),
            Ok(None) | Err(_) => {
                let _already_gone = child.kill();
                let _status_of_no_interest = child.wait();
                return Ran::TooLong;
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_heard_and_one_that_is_missing_is_known() {
        assert_eq!(run(&mut Command::new("true")), Ran::Well);
        let mut command = Command::new("sh");
        command.args(["-c", "echo Target is BUSY >&2; exit 1"]);
        assert_eq!(run(&mut command), Ran::Badly("target is busy\n".into()));
        assert_eq!(run(&mut Command::new("/no/such/program")), Ran::Missing);
    }
}
