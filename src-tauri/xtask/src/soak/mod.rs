//! `cargo xtask soak`: random faults on everything at once, for as long as asked; then they stop, and the promises are
//! checked. Chance follows a seed that is printed; what meets what is left to time, so a seed repeats the script and not
//! the moment.

mod acts;
mod archive;
mod promises;
mod site;

use crate::need;
use crate::shell::{cargo, go, say};
use anyhow::{Context, Result, bail};
use relaypacs_tests::chance::Chance;
use site::{Site, Told};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Homes that are worked at the same time, each with a source, a network and an archive of its own.
const SITES: u64 = 4;
/// How often it says how far it is.
const SAYS: Duration = Duration::from_secs(60);

/// `--minutes N`, and, to repeat a script, `--seed S`.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let (minutes, seed) = asked(words)?;
    need::to_build()?;
    go(&mut cargo(&["build", "--package", "relaypacs-cli"]))?;
    say(&format!("soaking {minutes} minutes with --seed {seed}, {SITES} homes at a time"));
    let (begun, end) = (Instant::now(), Instant::now() + Duration::from_secs_f64(minutes * 60.0));
    let ends: Vec<Result<Told>> = std::thread::scope(|scope| {
        let each = |n| scope.spawn(move || soak(n, seed, end));
        let running: Vec<_> = (0..SITES).map(each).collect();
        let mut said = Instant::now();
        while running.iter().any(|one| !one.is_finished()) {
            std::thread::sleep(Duration::from_millis(200));
            if said.elapsed() >= SAYS {
                said = Instant::now();
                say(&format!("  {:.0} minutes", begun.elapsed().as_secs_f64() / 60.0));
            }
        }
        let joined = |one: std::thread::ScopedJoinHandle<'_, Result<Told>>| {
            one.join().unwrap_or_else(|_| bail!("the soak itself panicked"))
        };
        running.into_iter().map(joined).collect()
    });
    let mut sum = Told::default();
    let mut broken = 0;
    for end in ends {
        match end {
            Ok(told) => sum.add(&told),
            Err(error) => {
                broken += 1;
                say(&format!("BROKEN: {error:#}"));
            }
        }
    }
    say(&sum.to_string());
    if broken > 0 {
        bail!("{broken} of {SITES} did not hold with --seed {seed}; what they left is named above");
    }
    say("every promise held");
    Ok(())
}

fn asked(words: &[&str]) -> Result<(f64, u64)> {
    let (mut minutes, mut seed) = (None, None);
    let mut rest = words;
    while let [name, value, more @ ..] = rest {
        match *name {
            "--minutes" => minutes = Some(value.parse().context("--minutes takes a number")?),
            "--seed" => seed = Some(value.parse().context("--seed takes a whole number")?),
            _ => bail!("soak takes --minutes N and --seed S"),
        }
        rest = more;
    }
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs());
    match (rest, minutes) {
        ([], Some(minutes)) => Ok((minutes, seed.unwrap_or_else(clock))),
        _ => bail!("soak takes --minutes N and --seed S"),
    }
}

/// One home after the other until the time is over. Each lives for some minutes, so that its end is checked often.
fn soak(n: u64, seed: u64, end: Instant) -> Result<Told> {
    let mut told = Told::default();
    let mut chance = Chance::new(seed.wrapping_add(n << 32));
    while Instant::now() < end {
        let mut site = Site::new(n, chance.number())?;
        let lives = Duration::from_secs_f64(60.0 + 120.0 * chance.part());
        let until = end.min(Instant::now() + lives);
        let held = acts::rounds(&mut site, until).and_then(|()| promises::hold(&mut site));
        if let Err(error) = held {
            return Err(error.context(site.left_behind()));
        }
        told.add(&site.told);
        told.homes += 1;
    }
    Ok(told)
}
