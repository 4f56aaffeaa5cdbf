//! Workers that die, hang or never start; requests that are no longer wanted; what is asked of a source.

use crate::support::{EXPLICIT, Value, file, fixture, frame, grey, pixels, preview, worker};
use relaypacs_preview::{
    Cancel, Held, InstanceKey, Placeholder, Preview, Request, Settings, Source,
};
use std::io;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Counts what is read.
struct Counted {
    inner: Held,
    read: Arc<AtomicU64>,
}

impl Source for Counted {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn read_at(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read_at(at, buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[test]
fn of_a_long_film_only_the_wanted_frame_is_read() {
    let (frames, pixels) = (400, vec![7; 400 * 128 * 128]);
    let mut elements = grey(128, 128, (8, 8), false);
    elements.insert(2, (0x0028_0008, Value::Text("400 ")));
    elements.push((0x7FE0_0010, Value::Bytes(b"OB", &pixels)));
    let read = Arc::new(AtomicU64::new(0));
    let source = Counted { inner: Held(file(EXPLICIT, &elements)), read: Arc::clone(&read) };
    let request = Request { frame: frames - 1, ..Request::thumbnail(64) };
    let open = || Ok(Box::new(source) as Box<dyn Source>);
    preview().frame(InstanceKey(1), &request, open, &Cancel::new()).unwrap();
    let read = read.load(Ordering::Relaxed);
    assert!(read < 200_000, "{read} of 6.5 million bytes were read");
}

#[test]
fn a_picture_that_was_made_is_not_made_again_until_it_is_forgotten() {
    let (preview, opened) = (preview(), AtomicUsize::new(0));
    let ask = || {
        let open = || {
            opened.fetch_add(1, Ordering::Relaxed);
            Ok(Box::new(Held(fixture("grey.dcm"))) as Box<dyn Source>)
        };
        preview.frame(InstanceKey(1), &Request::thumbnail(64), open, &Cancel::new()).unwrap()
    };
    assert_eq!(ask().png, ask().png);
    assert_eq!(opened.load(Ordering::Relaxed), 1);
    preview.forget(InstanceKey(1));
    ask();
    assert_eq!(opened.load(Ordering::Relaxed), 2);
}

#[test]
fn without_a_worker_process_the_same_picture_comes_out() {
    let guarded = Preview::in_process(Settings::default());
    for name in ["grey_jls.dcm", "rgb_j2k.dcm", "grey_rle.dcm"] {
        let bytes = fixture(name);
        let one = frame(&preview(), &bytes, &Request::thumbnail(64)).unwrap();
        let other = frame(&guarded, &bytes, &Request::thumbnail(64)).unwrap();
        assert_eq!(pixels(&one), pixels(&other), "{name}");
    }
}

#[test]
fn what_only_the_limits_of_a_worker_hold_is_decoded_in_a_worker_alone() {
    let guarded = Preview::in_process(Settings::default());
    for name in ["grey_jxl.dcm", "rgb_jxl.dcm"] {
        let bytes = fixture(name);
        assert!(frame(&preview(), &bytes, &Request::thumbnail(64)).is_ok(), "{name}");
        let answer = frame(&guarded, &bytes, &Request::thumbnail(64));
        assert_eq!(answer.err(), Some(Placeholder::UnknownCompression), "{name}");
    }
}

#[test]
fn a_worker_that_cannot_be_started_is_a_placeholder() {
    let preview = Preview::new(|| Command::new("/no/such/program"), Settings::default());
    let answer = frame(&preview, &fixture("grey.dcm"), &Request::thumbnail(64));
    assert_eq!(answer.err(), Some(Placeholder::NoDecoder));
}

#[test]
fn what_is_cancelled_before_it_is_asked_opens_nothing() {
    let cancel = Cancel::new();
    cancel.cancel();
    let open = || panic!("it was opened");
    let answer = preview().frame(InstanceKey(1), &Request::thumbnail(64), open, &cancel);
    assert_eq!(answer.err(), Some(Placeholder::Cancelled));
}

#[test]
fn a_source_that_cannot_be_read_is_a_placeholder_and_the_worker_goes_on() {
    struct Gone;
    impl Source for Gone {
        fn size(&self) -> u64 {
            1 << 20
        }
        fn read_at(&mut self, _: u64, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::NotFound.into())
        }
    }
    let preview = preview();
    let open = || Ok(Box::new(Gone) as Box<dyn Source>);
    let answer = preview.frame(InstanceKey(1), &Request::thumbnail(64), open, &Cancel::new());
    assert_eq!(answer.err(), Some(Placeholder::Unreadable));
    assert!(frame(&preview, &fixture("grey.dcm"), &Request::thumbnail(64)).is_ok());
}

#[test]
fn many_at_once_are_all_answered() {
    let preview = preview();
    let bytes = fixture("grey_jpll_sv1.dcm");
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| assert!(frame(&preview, &bytes, &Request::thumbnail(64)).is_ok()));
        }
    });
}

#[cfg(unix)]
mod on_unix {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::sync::mpsc;

    /// The first workers are `script`, all after `bad` of them are real.
    fn after(script: &'static str, bad: usize, settings: Settings) -> Preview {
        let started = AtomicUsize::new(0);
        let command = move || {
            if started.fetch_add(1, Ordering::Relaxed) < bad {
                let mut command = Command::new("sh");
                command.args(["-c", script]);
                command
            } else {
                worker()
            }
        };
        Preview::new(command, settings)
    }

    #[test]
    fn a_worker_that_dies_costs_one_picture() {
        let settings = Settings { workers: 1, ..Settings::default() };
        let preview = after("head -c 1; kill -9 $$", 1, settings);
        let bytes = fixture("grey.dcm");
        let ask = || frame(&preview, &bytes, &Request::thumbnail(64));
        assert_eq!(ask().err(), Some(Placeholder::DecoderDied));
        assert!(ask().is_ok());
    }

    #[test]
    fn a_worker_that_hangs_is_ended_and_another_takes_its_place() {
        let decode_limit = Duration::from_secs(5);
        let settings = Settings { workers: 1, decode_limit, ..Settings::default() };
        let preview = after("exec sleep 600", 1, settings);
        let bytes = fixture("grey.dcm");
        let ask = || frame(&preview, &bytes, &Request::thumbnail(64));
        assert_eq!(ask().err(), Some(Placeholder::TooSlow));
        assert!(ask().is_ok());
    }

    #[test]
    fn a_file_that_took_a_worker_down_is_not_tried_again_at_once() {
        let preview = after("head -c 1; kill -9 $$", 1, Settings::default());
        let opened = AtomicUsize::new(0);
        for _ in 0..3 {
            let open = || {
                opened.fetch_add(1, Ordering::Relaxed);
                Ok(Box::new(Held(fixture("grey.dcm"))) as Box<dyn Source>)
            };
            let request = Request::thumbnail(64);
            let answer = preview.frame(InstanceKey(1), &request, open, &Cancel::new());
            assert_eq!(answer.err(), Some(Placeholder::DecoderDied));
        }
        assert_eq!(opened.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_worker_does_not_get_the_secrets_of_its_parent() {
        let seen = tempfile::NamedTempFile::new().unwrap();
        let path = seen.path().to_owned();
        let command = move || {
            // A worker that takes the place of this one may write as well.
            let mut command = Command::new("sh");
            command.args(["-c", "env >> \"$0\"; head -c 1"]).arg(&path);
            command.env("RELAYPACS_CANARY", "secret").env("OTHER_WORD", "seen");
            command
        };
        let preview = Preview::new(command, Settings::default());
        let answer = frame(&preview, &fixture("grey.dcm"), &Request::thumbnail(64));
        assert_eq!(answer.err(), Some(Placeholder::DecoderDied));
        let text = std::fs::read_to_string(seen.path()).unwrap();
        assert!(text.contains("OTHER_WORD") && !text.contains("CANARY"), "{text}");
    }

    #[test]
    fn what_is_no_longer_wanted_is_given_up_though_the_worker_hangs() {
        let (started, starts) = mpsc::channel();
        let first = AtomicUsize::new(0);
        let command = move || {
            if first.fetch_add(1, Ordering::Relaxed) > 0 {
                return worker();
            }
            started.send(()).unwrap();
            let mut command = Command::new("sleep");
            command.arg("600");
            command
        };
        let preview = Preview::new(command, Settings { workers: 1, ..Settings::default() });
        let (bytes, cancel, request) = (fixture("grey.dcm"), Cancel::new(), Request::thumbnail(64));
        let open = || Ok(Box::new(Held(bytes.clone())) as Box<dyn Source>);
        thread::scope(|scope| {
            let asked = scope.spawn(|| preview.frame(InstanceKey(1), &request, open, &cancel));
            starts.recv().unwrap();
            cancel.cancel();
            assert_eq!(asked.join().unwrap().err(), Some(Placeholder::Cancelled));
        });
        assert!(frame(&preview, &bytes, &Request::thumbnail(64)).is_ok());
    }

    #[test]
    fn a_worker_ends_when_its_parent_is_gone() {
        let mut child = worker();
        child.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
        let mut child = child.spawn().unwrap();
        drop(child.stdin.take());
        let status = child.wait().unwrap();
        assert_eq!((status.code(), status.signal()), (Some(0), None));
    }
}

/// What the system lets a worker take.
#[cfg(target_os = "linux")]
#[test]
fn a_worker_has_limits_before_it_reads_the_first_byte() {
    use std::io::{Read, Write};
    let mut command = worker();
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut to, mut from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    // Frame 0, edge 64, levels of the file without a window, an instance of one byte: it will want that byte.
    let request: Vec<u8> = [&[0; 4][..], &[64, 0, 0, 0], &[0; 18], &[1], &[0; 7]].concat();
    to.write_all(&request).unwrap();
    let mut wanted = [0; 13];
    from.read_exact(&mut wanted).unwrap();
    assert_eq!(wanted[0], b'W');
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line.trim_start_matches(name).split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(limit("Max address space"), (3u64 << 29).to_string());
    assert_eq!([limit("Max core file size"), limit("Max file size")], ["0", "0"]);
    drop(to);
    child.wait().unwrap();
}
