//! Measures the queue with a million instances: `cargo run --release -p relaypacs-queue --example million_instances [instances]`.
#![expect(clippy::print_stdout, reason = "a measurement is there to be read")]

use relaypacs_model::{
    ArchiveRoot, Destination, Encoding, Found, Header, Location, Moment, Patient, PatientText,
    ReadBack, Series, SeriesInstanceUid, SignIn, SopClassUid, SopInstanceUid, Study,
    StudyInstanceUid, TransferSyntaxUid,
};
use relaypacs_queue::{
    Answer, Asked, Event, Limits, Queue, QueueKey, Scope, StateName, StudyFilter, StudyId,
};
use std::error::Error;
use std::time::{Duration, Instant, SystemTime};

const PER_STUDY: u64 = 1_000;
const CHUNK: u64 = 4_096;
const NOW: Moment = Moment(1_795_414_245_000);

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse::<u64>())?;
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("queue.db");
    let key = QueueKey::new([7; 32]);
    let mut queue = Queue::open(&path, &key, NOW)?;
    let destination = queue.destination_in_place(&Destination {
        label: "measure".into(),
        root: ArchiveRoot::parse("https://pacs.example/dicom-web")?,
        sign_in: SignIn::None,
        ca: None,
        read_back: ReadBack::None,
    })?;

    let mut import = queue.begin_import(destination, NOW)?;
    let (mut making, mut taking) = (Duration::ZERO, Duration::ZERO);
    let mut made = 0;
    while made < count {
        let began = Instant::now();
        let chunk: Vec<Found> =
            (made..count.min(made + CHUNK)).map(found).collect::<Result<_, _>>()?;
        making += began.elapsed();
        let began = Instant::now();
        queue.offer(&mut import, &chunk)?;
        taking += began.elapsed();
        made += CHUNK;
    }
    say("enqueue", count, taking);
    println!("  (making the values took {making:?} besides)");
    timed("finish", || queue.finish_import(&import, NOW))?;
    timed("barrier", || queue.barrier())?;
    println!("  database {} MB", std::fs::metadata(&path)?.len() / 1_000_000);

    let asked = timed("studies to ask, 100", || queue.studies_to_ask(destination, NOW, 100))?;
    let began = Instant::now();
    for study in &asked {
        let ask = queue.begin_ask(study.study, NOW)?;
        if queue.asked(&ask)? != Asked::Open {
            return Err("the study did not open".into());
        }
    }
    say("ask", asked.len() as u64, began.elapsed());
    let limits = Limits { bytes: 64 << 20, count: 100 };
    let (mut claims, mut claiming, mut settling) = (0, Duration::ZERO, Duration::ZERO);
    let mut last = StudyId(0);
    loop {
        let began = Instant::now();
        let claim = queue.claim(destination, None, limits, NOW, Duration::from_secs(60))?;
        claiming += began.elapsed();
        let Some(claim) = claim else { break };
        claims += 1;
        last = claim.study;
        let answers: Vec<Answer> = claim
            .rows
            .iter()
            .map(|row| Answer::to_claim(row.id, row.attempt, Event::Stored))
            .collect();
        let began = Instant::now();
        queue.settle(&answers, NOW)?;
        settling += began.elapsed();
    }
    say("claim of 100", claims, claiming);
    say("settle of 100", claims, settling);

    let tallied = timed("studies to tally, 100", || queue.studies_to_tally(destination, NOW, 100))?;
    println!("  {} studies", tallied.len());
    timed("counts of all", || queue.view().counts(Scope::All))?;
    timed("counts of a study", || queue.view().counts(Scope::Study(last)))?;
    timed("list 100 studies", || queue.view().studies(&StudyFilter::default(), None, 100))?;
    timed("next wake", || queue.view().next_wake(destination))?;
    timed("expire leases", || queue.expire_leases(None, NOW))?;
    confirm_and_erase(&mut queue, last)?;
    drop(queue);
    timed("open again", || Queue::open(&path, &key, NOW))?;
    Ok(())
}

fn confirm_and_erase(queue: &mut Queue, study: StudyId) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let ask = queue.begin_ask(study, NOW)?;
    let mut after = None;
    loop {
        let rows = queue.view().instances(study, after, 1_000)?;
        let Some(row) = rows.last() else { break };
        after = Some(row.id);
        let uids: Vec<SopInstanceUid> = rows.into_iter().map(|row| row.sop_uid).collect();
        queue.listed(&ask, &uids)?;
    }
    let mut after = None;
    loop {
        let rows = queue.asked_rows(&ask, after, 1_000)?;
        let Some(row) = rows.last() else { break };
        after = Some(row.row.id);
        let answers: Vec<Answer> = rows
            .iter()
            .filter(|row| row.listed)
            .map(|row| Answer::to_ask(&ask, row.row.id, Event::ArchiveListsIt))
            .collect();
        queue.settle(&answers, NOW)?;
    }
    say("ask, list and confirm one study", 1, began.elapsed());
    let confirmed = queue.view().counts(Scope::Study(study))?.of(StateName::Confirmed);
    println!("  {} instances confirmed", confirmed.instances);
    timed("erase the study", || queue.erase_study(study))?;
    timed("barrier", || queue.barrier())?;
    Ok(())
}

fn say(what: &str, count: u64, took: Duration) {
    let seconds = took.as_secs_f64();
    let rate = count as f64 / seconds;
    let each = seconds * 1e3 / count as f64;
    println!("{what}: {count} in {seconds:.3} s, {rate:.0}/s, {each:.3} ms each");
}

fn timed<T, E>(what: &str, f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let began = Instant::now();
    let out = f()?;
    println!("{what}: {:.3} ms", began.elapsed().as_secs_f64() * 1e3);
    Ok(out)
}

fn found(number: u64) -> Result<Found, Box<dyn Error>> {
    let (study, instance) = (number / PER_STUDY, number % PER_STUDY);
    let root = "1.3.6.1.4.1.5962.99.1.2280943358.716200484.1363785608958";
    let text = |text: String| PatientText::new(text);
    Ok(Found {
        location: Location::File(format!("/media/disc/DICOM/S{study:05}/I{instance:06}").into()),
        bytes: 526_336,
        modified: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + number)),
        header: Header {
            sop_class_uid: SopClassUid::parse("1.2.840.10008.5.1.4.1.1.2")?,
            sop_instance_uid: SopInstanceUid::parse(&format!("{root}.{study}.{instance}"))?,
            series_instance_uid: SeriesInstanceUid::parse(&format!("{root}.{study}"))?,
            study_instance_uid: StudyInstanceUid::parse(&format!("{root}.{study}"))?,
            transfer_syntax_uid: Some(TransferSyntaxUid::parse("1.2.840.10008.1.2.1")?),
            encoding: Encoding::ExplicitLittle,
            part10: true,
            patient: Patient { name: text(format!("Doe^J{study}")), ..Patient::default() },
            study: Study::default(),
            series: Series { modality: "CT".into(), ..Series::default() },
            instance_number: Some(1),
            number_of_frames: None,
            text_doubtful: false,
        },
        damage: None,
    })
}
