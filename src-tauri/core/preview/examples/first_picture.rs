//! How long the first picture of each file takes, with the start of a worker and without. Pictures go to a folder:
//! `cargo run --release -p relaypacs-preview --example first_picture -- WORKER EDGE FOLDER|- FILES...`

use relaypacs_preview::{
    Cancel, InstanceKey, Placeholder, Preview, Request, Seekable, Settings, Source,
};
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let worker = words.next().ok_or("which worker?")?;
    let edge = words.next().ok_or("which edge?")?.parse()?;
    let folder = words.next().ok_or("which folder?")?;
    let mut out = io::stdout().lock();
    let warm = preview(&worker);
    warm.warm();
    for (number, path) in words.enumerate() {
        let cold = preview(&worker);
        let (first, _) = timed(&cold, 0, &path, edge);
        let (second, answer) = timed(&warm, number as u64, &path, edge);
        let said = match &answer {
            Ok(picture) => format!("{} x {}", picture.width, picture.height),
            Err(placeholder) => placeholder.code().to_owned(),
        };
        writeln!(out, "{:>7.1} ms cold {:>7.1} ms warm  {said:<20} {path}", ms(first), ms(second))?;
        if let Ok(picture) = answer
            && folder != "-"
        {
            let name = path.replace('/', "_");
            fs::write(Path::new(&folder).join(format!("{name}.png")), &picture.png)?;
        }
    }
    Ok(())
}

fn preview(worker: &str) -> Preview {
    let worker = worker.to_owned();
    Preview::new(move || Command::new(&worker), Settings::default())
}

type Answer = Result<std::sync::Arc<relaypacs_preview::Picture>, Placeholder>;

fn timed(preview: &Preview, number: u64, path: &str, edge: u32) -> (Duration, Answer) {
    let begin = Instant::now();
    let open = || {
        let file = File::open(path).map_err(|_| Placeholder::Unreadable)?;
        let source = Seekable::new(file).map_err(|_| Placeholder::Unreadable)?;
        Ok(Box::new(source) as Box<dyn Source>)
    };
    let request = Request::thumbnail(edge);
    let answer = preview.frame(InstanceKey(number), &request, open, &Cancel::new());
    (begin.elapsed(), answer)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
