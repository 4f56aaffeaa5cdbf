//! Opening the books of a home, and putting a damaged queue aside: nothing of it is overwritten, and work goes on with a
//! new one. What the old one held is still on its sources, and what was confirmed is in the archive.

use crate::clock::now;
use crate::desk::Books;
use crate::faults::OrFault;
use crate::home::{Home, disk_fault};
use crate::key::Keys;
use crate::spool::SpoolFolder;
use relaypacs_ledger::{Event, EventId, Ledger, LedgerKey, LedgerReader};
use relaypacs_model::Fault;
use relaypacs_queue::{Queue, QueueError, QueueKey, set_aside};
use std::fs;
use std::time::SystemTime;

/// The books of a home.
pub(crate) struct Opened {
    pub(crate) books: Books,
    /// True where a damaged queue was put aside.
    pub(crate) set_aside: bool,
}

/// Opens the books.
pub(crate) fn open(home: &Home, keys: &Keys) -> Result<Opened, Fault> {
    let open_ledger = || Ledger::open(&home.ledger(), &LedgerKey::new(*keys.ledger)).or_fault();
    let open_queue = || Queue::open(&home.queue(), &QueueKey::new(*keys.queue), now());
    // A ledger with a history opens with the key of this home alone. Both keys come from one secret, so a queue that does
    // not open after that has not another key, it is damaged.
    let proof = if has_history(home) { Some(open_ledger()?) } else { None };
    // Looked at before it is opened: opening would make a new one of it.
    let queue =
        if proof.is_some() && is_emptied(home)? { Err(QueueError::Damaged) } else { open_queue() };
    let (mut ledger, queue) = match (queue, proof) {
        (Ok(queue), proof) => (proof.map_or_else(open_ledger, Ok)?, Some(queue)),
        (Err(QueueError::Damaged | QueueError::WrongKey), Some(ledger)) => (ledger, None),
        // Told from a wrong key by pages that do open with this one.
        (Err(QueueError::Damaged), None) => (open_ledger()?, None),
        (Err(error), _) => return Err(error).or_fault(),
    };
    if let Some(queue) = queue {
        return Ok(Opened {
            books: Books::new(queue, ledger, SpoolFolder::new(home.spool())),
            set_aside: false,
        });
    }
    ledger.append(id_of(home)?, &Event::QueueSetAside, now()).or_fault()?;
    let stamp = now();
    // The spool first: its keys are in the damaged queue, and a new queue would have its files swept away.
    SpoolFolder::set_aside(&home.spool(), stamp)?;
    set_aside(&home.queue(), stamp).or_fault()?;
    tracing::error!("the queue is damaged and was put aside");
    let queue = open_queue().or_fault()?;
    Ok(Opened { books: Books::new(queue, ledger, SpoolFolder::new(home.spool())), set_aside: true })
}

/// True for a queue that once was there and has not a byte left: a database without a byte would count as a new one.
pub(crate) fn is_emptied(home: &Home) -> Result<bool, Fault> {
    match fs::metadata(home.queue()) {
        Ok(file) => Ok(file.len() == 0 && has_history(home)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(disk_fault(&error)),
    }
}

fn has_history(home: &Home) -> bool {
    let events = LedgerReader::open(&home.ledger()).and_then(|ledger| ledger.history(1, None));
    events.is_ok_and(|events| !events.is_empty())
}

/// The same for the same damaged file, so that a crash before it was put aside does not make two events of one.
fn id_of(home: &Home) -> Result<EventId, Fault> {
    let file = fs::metadata(home.queue()).map_err(|error| disk_fault(&error))?;
    let changed = file.modified().ok();
    let changed = changed.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    let changed = changed.unwrap_or_default().as_nanos();
    Ok(EventId::of(&[b"queue set aside", &file.len().to_le_bytes(), &changed.to_le_bytes()]))
}
