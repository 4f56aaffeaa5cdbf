//! Does the page stay smooth: gaps of its thread while 100,000 files are looked at, and frames while 10,000 studies are
//! scrolled, each beside what an empty page gets on the same machine at the same time.

use super::driver::Driven;
use super::{command_line, heading};
use crate::desk::Desk;
use crate::shell::say;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;

/// Asked for a turn every 10 ms, the page's thread gets it later when something holds it up; this notes how much later.
const NOTE_GAPS: &str = "
    const gaps = []; let last = performance.now();
    const screen = () => document.querySelector('main')?.dataset.screen ?? '';
    const beat = setInterval(() => {
        const now = performance.now(); gaps.push([now - last - 10, screen()]); last = now; }, 10);
    const told = () => { clearInterval(beat); gaps.sort(([a], [b]) => a - b);
        const at = (share) => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))];
        return { turns: gaps.length, middle: at(0.5)[0], high: at(0.99)[0], worst: at(1)[0], on: at(1)[1],
                 over: gaps.filter(([gap]) => gap > 100).length }; };";

/// A while more, so that what the new screen fetches counts, too.
const AND_A_WHILE: &str = "setTimeout(() => done(told()), 1000)";

/// Scrolls a little at every frame, for five seconds, and notes the frames.
const SCROLL: &str = "
    const at = []; const step = (now) => { at.push(now); box.scrollTop += 60;
        if (now - at[0] < 5000) requestAnimationFrame(step); else tell(); };
    const tell = () => { const gaps = at.slice(1).map((now, index) => now - at[index]).sort((a, b) => a - b);
        done({ frames: gaps.length / ((at[at.length - 1] - at[0]) / 1000), high: gaps[Math.floor(gaps.length * 0.99)],
               worst: gaps[gaps.length - 1], moved: box.scrollTop }); };
    requestAnimationFrame(step);";

/// A page with nothing on it but height.
const EMPTY: &str = "
    document.body.style.height = '4000000px'; const box = document.scrollingElement;";

/// Each is done so often, at a desk of its own: a single run says little about a worst case.
const ROUNDS: usize = 3;

pub(super) fn run(place: &Path, program: &Path, studies: &Path) -> Result<()> {
    let mut scrolled = Vec::new();
    heading("Window: how much later than asked the page's thread gets its turn, in ms");
    say(&format!(
        "{:<40} {:>8} {:>8} {:>8} {:>8} {:>10}",
        "", "turns", "middle", "99 %", "worst", "over 100"
    ));
    for _ in 0..ROUNDS {
        scrolled.push(round(place, program, studies)?);
    }
    heading("Window: frames while scrolling, 60 pixels a frame for 5 s");
    say(&format!("{:<40} {:>10} {:>10} {:>10}", "", "frames/s", "99 % ms", "worst ms"));
    for (list, empty) in &scrolled {
        frames("10,000 studies", list)?;
        frames("an empty page", empty)?;
    }
    Ok(())
}

/// Looks at the files, then scrolls what was found, then an empty page.
fn round(place: &Path, program: &Path, studies: &Path) -> Result<(Value, Value)> {
    let desk = Desk::lay(&place.join("desk"))?;
    desk.knows_an_archive(&command_line())?;
    let window = Driven::start(&desk, program)?;
    window.run(&screen_is("send"))?;
    gaps(
        "nothing happens, for 5 s",
        &window.run(&format!("{NOTE_GAPS} setTimeout(() => done(told()), 5000);"))?,
    )?;
    let mut second = desk.program(program);
    second.arg(studies);
    // The second start is begun before the script is, and found there: it hands its path over within the first beats.
    let mut second = second.spawn()?;
    let looked = window.run(&format!("{NOTE_GAPS} {}", when_screen("review", AND_A_WHILE)))?;
    second.wait()?;
    gaps("100,000 files are looked at", &looked)?;
    let list = window.run(&format!("const box = document.querySelector('.scroll'); {SCROLL}"))?;
    desk.screen.look()?.save(&place.join("scrolled.png"))?;
    window.go("about:blank")?;
    let empty = window.run(&format!("{EMPTY} {SCROLL}"))?;
    Ok((list, empty))
}

fn screen_is(screen: &str) -> String {
    when_screen(screen, "done(true)")
}

fn when_screen(screen: &str, then: &str) -> String {
    format!(
        "const look = setInterval(() => {{
            if (document.querySelector('main')?.dataset.screen !== '{screen}') return;
            clearInterval(look); {then}; }}, 50);"
    )
}

fn gaps(name: &str, told: &Value) -> Result<()> {
    let number = |key: &str| number(told, key);
    say(&format!(
        "{name:<40} {:>8} {:>8.1} {:>8.1} {:>8.1} {:>10}  the worst on: {}",
        number("turns")?,
        number("middle")?,
        number("high")?,
        number("worst")?,
        number("over")?,
        told.get("on").and_then(Value::as_str).unwrap_or_default()
    ));
    Ok(())
}

fn frames(name: &str, told: &Value) -> Result<()> {
    ensure!(number(told, "moved")? > 1_000.0, "{name}: nothing scrolled");
    say(&format!(
        "{name:<40} {:>10.1} {:>10.1} {:>10.1}",
        number(told, "frames")?,
        number(told, "high")?,
        number(told, "worst")?
    ));
    Ok(())
}

fn number(told: &Value, key: &str) -> Result<f64> {
    told.get(key).and_then(Value::as_f64).with_context(|| format!("no {key} in {told}"))
}
