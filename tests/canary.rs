//! A canary: a patient, and secrets, that occur nowhere else in the world. Before, during and after a send no file of
//! ours has a trace of them, in any spelling; and UIDs are nowhere but in the encrypted queue.

#![cfg(test)]

use relaypacs_practice_pacs::{Fault, Faults, Kind as On, Options, PracticePacs, SignIn, Which};
use relaypacs_tests::cli::{Cli, Spawned};
use relaypacs_tests::fixture::{Instance, Kind, Person, Script};
use relaypacs_tests::lines::{arg, files};
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

/// What must not be found, by what it is.
type Wanted = BTreeMap<String, Vec<Vec<u8>>>;

/// Everything that a text may be written as in a file.
fn spellings(text: &str) -> Vec<Vec<u8>> {
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let escaped: String = text
        .chars()
        .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
        .collect();
    let percent: String = text
        .bytes()
        .map(|b| match b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            true => char::from(b).to_string(),
            false => format!("%{b:02X}"),
        })
        .collect();
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
    let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
    let mut all = vec![
        text.into(),
        text.to_lowercase().into(),
        text.to_uppercase().into(),
        utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        escaped.to_uppercase().replace("\\U", "\\u").into(),
        escaped.into(),
        percent.into(),
        latin,
        hex.to_uppercase().into(),
        hex.into(),
    ];
    all.extend((0..3).map(|before| base64_inside(text.as_bytes(), before).into()));
    all.sort();
    all.dedup();
    all
}

/// The letters that BASE64 has for these bytes, wherever they stand: with so many bytes before them, modulo three.
fn base64_inside(bytes: &[u8], before: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = std::iter::repeat_n(0, before)
        .chain(bytes.iter().copied())
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    // Only letters that are made of these bytes alone.
    let whole = bits.chunks_exact(6).skip((before * 8).div_ceil(6));
    let value = |six: &[u8]| six.iter().fold(0_usize, |n, bit| n << 1 | usize::from(*bit));
    whole.map(|six| char::from(LETTERS[value(six)])).collect()
}

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
    texts.into_iter().map(|(what, text)| (what.to_owned(), spellings(text))).collect()
}

/// Whose file, and what stands in it; `None` is how it should be.
fn trace(folders: &[&Path], wanted: &Wanted) -> Option<String> {
    for file in folders.iter().flat_map(|folder| files(folder)) {
        // One that vanishes meanwhile has no trace any more.
        let Ok(bytes) = fs::read(&file) else { continue };
        let name = file.to_str().unwrap().as_bytes();
        for (what, spellings) in wanted {
            if spellings.iter().any(|one| holds(&bytes, one) || holds(name, one)) {
                return Some(format!("{what} in {}", file.display()));
            }
        }
    }
    None
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else { return false };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(wanted) {
            return true;
        }
        rest = &rest[1..];
    }
    false
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
    let end = Instant::now() + Duration::from_secs(30);
    while stored() == 0 {
        assert!(Instant::now() < end, "nothing was ever stored");
        // Also keeps its output from filling a pipe.
        let _ = run.wait_for(Duration::from_millis(2), |_| false);
    }
}

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

    let ran = cli.run(&["run", "--json", "--log", "trace"]).unwrap();
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_eq!(pacs.stored(), made.len());
    clean("after it was done");
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

#[test]
fn every_spelling_is_found_wherever_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let encoded = |before: &str| {
        let text = format!("{before}{NAME} and more");
        base64_inside(text.as_bytes(), 0)
    };
    let escaped = "Kanarienv\\u00f6gel^Quirin\\u00e4us".to_owned();
    for text in [encoded(""), encoded("x"), encoded("xy"), escaped, NAME.to_owned()] {
        fs::write(folder.path().join("file"), &text).unwrap();
        let found = trace(&[folder.path()], &wanted());
        assert!(found.is_some_and(|found| found.contains("name")), "{text}");
    }
    fs::write(folder.path().join("file"), "Canary^Another").unwrap();
    assert_eq!(trace(&[folder.path()], &wanted()), None);
}
