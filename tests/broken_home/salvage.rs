//! What is saved of a damaged queue: whatever stood on pages that are whole, with its archive asked first.

use super::{put_aside, waiting_with};
use crate::peer::truth;
use relaypacs_tests::chance::Chance;
use relaypacs_tests::lines::{number, text};
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

const PAGE: usize = 4096;
/// Pages that are damaged, one at a time.
const ROUNDS: u64 = 8;
/// More rows than fit on one page.
const ON_A_PAGE: u64 = 30;

#[test]
fn of_three_hundred_waiting_images_all_go_on_but_those_on_the_damaged_page() {
    let seed = std::env::var("RELAYPACS_SEED").ok().and_then(|text| text.parse().ok());
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let seed: u64 = seed.unwrap_or_else(clock);
    println!("RELAYPACS_SEED={seed}");
    let mut most = 0;
    for round in 0..ROUNDS {
        let site = waiting_with((3, 100, 2_000));
        let path = site.cli.home().join("queue.db");
        let mut bytes = fs::read(&path).unwrap();
        let pages = bytes.len() / PAGE;
        // Rows are what the last pages hold; the first ones are the tables' own, without which nothing can be read.
        let page = pages - 1 - Chance::new(seed + round).number() as usize % (pages / 4);
        bytes[page * PAGE + 1_000] ^= 4;
        fs::write(&path, &bytes).unwrap();
        let ran = site.cli.run(&["run", "--json"]).unwrap();
        truth(&site, &ran).unwrap();
        let told = ran.events("queue_set_aside").unwrap().pop().unwrap();
        let salvaged = number(&told, "salvaged");
        most = most.max(300 - salvaged);
        assert!(salvaged >= 300 - ON_A_PAGE, "page {page} of {pages}: {told}");
        assert_eq!(told["not_salvaged"].as_u64(), Some(300 - salvaged), "{told}");
        let status = if salvaged == 300 { 0 } else { 3 };
        assert_eq!(ran.status, Some(status), "{}", ran.stderr);
        assert_eq!(site.held().len() as u64, salvaged, "by themselves");
        assert!(matches!(&put_aside(site.cli.home())[..], [(_, kept)] if *kept == bytes));
    }
    println!("a page cost {most} of 300 at most");
}

#[test]
fn a_queue_cut_in_half_goes_on_with_what_is_left_and_one_without_its_first_page_says_so() {
    let site = waiting_with((3, 300, 1_300));
    let path = site.cli.home().join("queue.db");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let ran = site.cli.run(&["run", "--json"]).unwrap();
    truth(&site, &ran).unwrap();
    let told = ran.events("queue_set_aside").unwrap().pop().unwrap();
    assert_eq!((text(&told, "code"), ran.status), ("queue_partly_salvaged", Some(3)));
    let salvaged = number(&told, "salvaged");
    assert!((200..900).contains(&salvaged), "{told}");
    assert_eq!(site.held().len() as u64, salvaged);

    let site = waiting_with((1, 20, 2_000));
    let path = site.cli.home().join("queue.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[..PAGE].fill(0);
    fs::write(&path, &bytes).unwrap();
    let ran = site.cli.run(&["run", "--json"]).unwrap();
    let told = ran.events("queue_set_aside").unwrap().pop().unwrap();
    assert_eq!((text(&told, "code"), number(&told, "salvaged")), ("queue_damaged", 0));
    assert!(told["not_salvaged"].is_null(), "nobody can know: {told}");
    assert_eq!((ran.status, site.pacs.stored()), (Some(3), 0), "{}", ran.stderr);
}
