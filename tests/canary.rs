//! A canary: a patient, and secrets, that occur nowhere else in the world. Before, during and after a send no file of
//! ours has a trace of them, in any spelling; and UIDs are nowhere but in the encrypted queue.

#![cfg(test)]

use relaypacs_practice_pacs::{Fault, Faults, Kind as On, Options, PracticePacs, SignIn, Which};
use relaypacs_tests::cli::{Cli, LIMIT, Spawned};
use relaypacs_tests::fixture::{Instance, Kind, Person, Script};
use relaypacs_tests::lines::{arg, files};
use relaypacs_tests::trace::{self, Wanted, holds, spellings, trace};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const NAME: &str = "Kanarienvögel^Quirinäus";
const ID: &str = "ZZQ-7719-KNR";
const BIRTH: &str = "18931127";
const USER: &str = "kanari-user";
const PASSWORD: &str = "pw-Vöglein-4417-xq";
const TOKEN: &str = "tok.kanari.9b1f77e2aa";
const PASSPHRASE: &str = "passphrase of Käfig 3391";

fn wanted() -> Wanted {
    let family = NAME.split('^').next().unwrap();
    let pair = format!("{USER}:{PASSWORD}");
    let texts = [
        ("name", NAME),
        ("family name", family),
        ("patient ID", ID),
        ("birth date", BIRTH),
        ("password", PASSWORD),
        ("sign-in", &pair),
        ("token", TOKEN),
        ("passphrase", PASSPHRASE),
    ];
    trace::wanted(texts)
}

fn uids(made: &[Instance]) -> Wanted {
    let each = |name: &str, uid: fn(&Instance) -> String| {
        (name.to_owned(), made.iter().map(uid).flat_map(|uid| spellings(&uid)).collect())
    };
    BTreeMap::from([
        each("a SOP Instance UID", Instance::sop_uid),
        each("a Series Instance UID", Instance::series_uid),
        each("a Study Instance UID", Instance::study_uid),
    ])
}

fn study(folder: &Path) -> Vec<Instance> {
    let person = Person {
        id: ID.to_owned(),
        character_set: "ISO_IR 192",
        name: NAME.into(),
        shown_name: NAME.to_owned(),
        birth_date: BIRTH.to_owned(),
        ..Person::new(Script::Ascii, 1)
    };
    let made: Vec<Instance> = (1..=40)
        .map(|n| Instance::new(Kind::Ct).seed(99).person(&person).number(n, 40).size(100, 100))
        .collect();
    for (n, instance) in made.iter().enumerate() {
        fs::write(folder.join(format!("IM{n:03}")), instance.bytes()).unwrap();
    }
    made
}

/// In the middle of the store, while the files are as full as they get.
fn until_it_stores(run: &mut Spawned, stored: impl Fn() -> usize) {
    let end = Instant::now() + LIMIT;
    while stored() == 0 {
        assert!(Instant::now() < end, "nothing was ever stored");
        // Also keeps its output from filling a pipe.
        let _ = run.wait_for(Duration::from_millis(2), |_| false);
    }
}

/// `arguments` go to every send; with `--spool always` among them the same holds of a source that is copied first.
fn bird_is_never_seen(sign_in: SignIn, arguments: &[&str], cli: Cli) -> Cli {
    let [source, store, temp] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let made = study(source.path());
    let mut cli = cli.env("TMPDIR", arg(temp.path())).env("RELAYPACS_PASSWORD", PASSWORD);
    cli.passphrase(Some(PASSPHRASE));
    let ours = [cli.home().to_path_buf(), temp.path().to_path_buf()];
    let ours: Vec<&Path> = ours.iter().map(|path| &**path).collect();
    let (wanted, uids) = (wanted(), uids(&made));
    assert!(trace(&[source.path()], &wanted).is_some(), "the search finds what is there");
    assert!(trace(&[source.path()], &uids).is_some(), "the search finds what is there");

    // Small requests, of which most do not get through before the power goes.
    let pacs = PracticePacs::start(Options {
        sign_in: Some(sign_in),
        faults: Faults::default()
            .with(On::Store, Which::Nth(vec![1]), Fault::TooLarge { above: 100_000, early: false })
            .with(
                On::Store,
                Which::FromTo { from: 3, to: None },
                Fault::Stall { seconds: 60.0, at_bytes: 0 },
            ),
        ..Options::in_folder(store.path())
    })
    .unwrap();
    let root = pacs.root();
    let send = ["send", "--json", "--log", "trace", arg(source.path()), "--to", &root];
    let mut run = cli.spawn(&[&send, arguments].concat()).unwrap();
    until_it_stores(&mut run, || pacs.stored());
    let clean = |when: &str| {
        assert_eq!(trace(&ours, &wanted), None, "{when}");
        assert_eq!(trace(&ours, &uids), None, "{when}");
    };
    clean("while it sends");
    run.kill().unwrap();
    clean("after the power was cut");
    assert!(pacs.stored() < made.len(), "it was done before the power was cut");
    pacs.set_faults(Faults::default());
    let asked = |words: &[&str]| {
        let ran = cli.run(words).unwrap();
        assert_eq!(ran.status, Some(0), "{words:?}: {}", ran.stderr);
        ran
    };
    asked(&["queue", "pause", "--log", "trace"]);
    assert!(!asked(&["queue", "list", "--json"]).lines.is_empty(), "nothing waits");
    assert_eq!(cli.run(&["run", "--patience", "0", "--log", "trace"]).unwrap().status, Some(4));
    clean("while it is paused");
    asked(&["queue", "resume", "--log", "trace"]);

    let ran = cli.run(&["run", "--json", "--log", "trace"]).unwrap();
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_eq!(pacs.stored(), made.len());
    clean("after it was done");
    assert!(asked(&["queue", "list", "--json"]).lines.is_empty(), "the patient's rows are there");
    // A refusal is told and logged with its reason, and it stays in the queue.
    let other = made[0].clone().altered();
    fs::write(source.path().join("IM000"), other.bytes()).unwrap();
    let again = cli.run(&[&send, arguments].concat()).unwrap();
    assert_eq!(again.status, Some(3), "{}", again.stderr);
    clean("while a conflict waits for a person");
    assert!(files(cli.home()).len() > 3, "nothing was searched");
    assert!(trace(&[store.path()], &wanted).is_some(), "the archive has the patient");
    cli
}

#[test]
fn nobody_finds_a_patient_or_a_password_in_any_file_of_ours() {
    let basic = SignIn::Basic { user: USER.to_owned(), password: PASSWORD.to_owned() };
    drop(bird_is_never_seen(basic, &["--user", USER], Cli::new().unwrap()));
}

#[test]
fn nobody_finds_a_patient_in_the_copy_of_a_disc_in_any_file_of_ours() {
    let basic = SignIn::Basic { user: USER.to_owned(), password: PASSWORD.to_owned() };
    let copied = ["--user", USER, "--spool", "always", "--spool-keep-free", "0"];
    let cli = bird_is_never_seen(basic, &copied, Cli::new().unwrap());
    assert_eq!(files(&cli.home().join("spool")).len(), 1, "the conflict alone is kept");
}

#[test]
fn nobody_finds_a_token_in_any_file_of_ours() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let bearer = SignIn::Bearer { token: TOKEN.to_owned() };
    drop(bird_is_never_seen(bearer, &["--token-file", arg(file.path())], Cli::new().unwrap()));
}

#[test]
fn errors_name_no_patient_and_no_secret() {
    let [source, store] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    study(source.path());
    let down = Fault::Status { code: 500, headers: BTreeMap::new(), body: NAME.to_owned() };
    let faults = Faults::default().with(On::Any, Which::FromTo { from: 3, to: None }, down);
    let options = Options { faults, ..Options::in_folder(store.path()) };
    let pacs = PracticePacs::start(options).unwrap();
    let mut cli = Cli::new().unwrap().env("RELAYPACS_PASSWORD", PASSWORD);
    cli.passphrase(Some(PASSPHRASE));
    let root = pacs.root();
    let send = ["send", arg(source.path()), "--to", &root, "--user", USER, "--patience", "1"];
    let ran = cli.run(&send).unwrap();
    assert_eq!(ran.status, Some(4), "{}", ran.stderr);
    let said = [ran.stderr, ran.lines.join("\n")].concat();
    for (what, spellings) in wanted() {
        assert!(!spellings.iter().any(|one| holds(said.as_bytes(), one)), "{what}: {said}");
    }
    assert_eq!(trace(&[cli.home()], &wanted()), None);
}
